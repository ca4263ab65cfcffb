"""Opens a model file as an EvaluatedModel, without torch."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError
from deepspeech.evaluation.averaged import averaged, shifts
from deepspeech.evaluation.emissions import AcousticModel
from deepspeech.evaluation.evaluate import Emitted
from deepspeech.evaluation.evaluated_model import EvaluatedModel
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session


def open_model_file(
    path: Path, jitter_ms: float = 0.0, on_bad: Callable[[Sample, AudioError], None] | None = None
) -> EvaluatedModel:
    """Open a model file. Unreadable clips go to `on_bad` and are skipped; without it, the error is raised.

    With jitter, emissions are averaged over the clip and the clip shifted both ways.
    """
    session = Session(path)
    card = session.card

    def shifted_model(shift_samples: int) -> AcousticModel:
        files = FileAcousticModel(session, shift_samples=shift_samples)

        def emit(samples: Sequence[Sample], /) -> Iterable[Emitted]:
            emissions = files.emit_all([sample.audio for sample in samples])
            for sample, found in zip(samples, emissions, strict=True):
                if not isinstance(found, AudioError):
                    yield Emitted(sample, found)
                elif on_bad:
                    on_bad(sample, found)
                else:
                    raise found

        return emit

    emit = averaged([shifted_model(shift) for shift in shifts(jitter_ms, card.features.sample_rate_hz)])
    return EvaluatedModel(
        (path,), card.tokens, card.features, card.beam_width, False, card.chunk.outputs, emit, card.text
    )
