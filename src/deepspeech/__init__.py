"""Open a model and transcribe:

    from deepspeech import Recognizer

    model = Recognizer.open("model.onnx")
    print(model.transcribe("hello.wav").text)

DeepSpeech trains and runs CTC speech recognition models. `deepspeech --help` shows the commands, `deepspeech models`
published models. Names are imported lazily: `import deepspeech` is fast and does not import torch.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from deepspeech._version import __version__

if TYPE_CHECKING:  # what `_HOMES` says, for type checkers and editors
    from deepspeech.alignment.align import AlignOptions as AlignOptions
    from deepspeech.alignment.align import align as align
    from deepspeech.alignment.result import Alignment as Alignment
    from deepspeech.compat.client import CandidateTranscript, Metadata, Model, Stream, TokenMetadata
    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.decoder.phrases import HotPhrases
    from deepspeech.decoder.transcript import Transcript
    from deepspeech.errors import DeepSpeechError
    from deepspeech.runtime.endpoints import EndpointRules
    from deepspeech.runtime.events import Final, Partial, SpeechStarted, SpeechStopped
    from deepspeech.runtime.recognizer import Recognizer

_HOMES = {
    "EndpointRules": "deepspeech.runtime.endpoints",
    "Recognizer": "deepspeech.runtime.recognizer",
    "SpeechStarted": "deepspeech.runtime.events",
    "Partial": "deepspeech.runtime.events",
    "SpeechStopped": "deepspeech.runtime.events",
    "Final": "deepspeech.runtime.events",
    "Transcript": "deepspeech.decoder.transcript",
    "DecodeOptions": "deepspeech.decoder.options",
    "DeepSpeechError": "deepspeech.errors",
    "HotPhrases": "deepspeech.decoder.phrases",
    # not in __all__, as the light installation lacks it
    "Alignment": "deepspeech.alignment.result",
    "AlignOptions": "deepspeech.alignment.align",
    "align": "deepspeech.alignment.align",
    # the old API
    "Model": "deepspeech.compat.client",
    "Stream": "deepspeech.compat.client",
    "Metadata": "deepspeech.compat.client",
    "CandidateTranscript": "deepspeech.compat.client",
    "TokenMetadata": "deepspeech.compat.client",
}

__all__ = [
    "CandidateTranscript",
    "DecodeOptions",
    "DeepSpeechError",
    "EndpointRules",
    "Final",
    "HotPhrases",
    "Metadata",
    "Model",
    "Partial",
    "Recognizer",
    "SpeechStarted",
    "SpeechStopped",
    "Stream",
    "TokenMetadata",
    "Transcript",
    "__version__",
    "version",
]


def version() -> str:
    """Return the version of this package, as the old clients did."""
    return __version__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'deepspeech' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    here = {name for name, home in _HOMES.items() if find_spec(home.rpartition(".")[0])}  # a light one lacks some
    return sorted({*globals(), *here})
