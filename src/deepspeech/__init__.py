"""DeepSpeech: train and run CTC speech recognition models.

Names are imported lazily: `import deepspeech` is fast and does not import torch.
"""

from importlib import import_module
from typing import Any

from deepspeech._version import __version__

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
