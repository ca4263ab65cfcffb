"""Which checkpoint is exported, what its card says and which clips prove the file; `export.py` writes and proves it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deepspeech import checkpoint
from deepspeech.acoustic.restore import Restored, restore
from deepspeech.audio.formats import read_audio
from deepspeech.audio.source import AudioSource
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import AudioError
from deepspeech.export.export import ParityReport, export, model_file
from deepspeech.modelfile.card import ModelCard
from deepspeech.remote.files import address, fetch_all, landing, publish
from deepspeech.remote.folders import download
from deepspeech.renamed import current

PROOF_CLIPS = 40


def export_checkpoint(
    source: Path,
    output: Path,
    described: Mapping[str, str | None],
    data: Sequence[Path] | None,
    int8: bool,
    tolerance: float,
    beam_width: int,
    on_bad: Callable[[AudioSource, AudioError], None],
) -> tuple[ModelCard, ParityReport]:
    """Write the best checkpoint at `source` as the model file `output`; both may be addresses.

    `described`: entries of the card, in place of the run's own where they are not None. `data`: sets whose first clips
    prove the file; by default those that the run was validated on; where that
    left out clips that cannot be read, they go to `on_bad`. Raises CheckpointError, ModelFileError.
    """
    restored = restore(checkpoint.best_or_newest(download(source)))
    card = _card(restored, described, int8, beam_width)
    clips = _clips(restored, data)
    if not data and restored.run["config"]["data"].get("on_bad_sample") == "skip":
        clips = [clip for clip in clips if _readable(clip, on_bad)]
    local = landing(output)
    proof = export(restored, card, local, clips, tolerance)
    publish(local, output)
    return card, proof


def model_of(source: Path) -> bytes:
    """The float32 model file of the checkpoint `source`, for use at once: it is not compared with the network.

    Its beam width is that of the run's tests. Raises CheckpointError.
    """
    restored = restore(source)
    beam_width = checkpoint.setting(restored.run, "config.decoding.beam_width", int)
    return model_file(restored, _card(restored, {}, False, beam_width))


def _card(restored: Restored, described: Mapping[str, str | None], int8: bool, beam_width: int) -> ModelCard:
    shape = restored.network.config
    own = current("card", checkpoint.setting(restored.run, "config.card", dict), warn=False)
    return ModelCard(
        tokens=restored.tokens,
        features=restored.features,
        normalization=restored.normalization,
        model=shape.described(),
        chunk=shape.chunk,
        text=checkpoint.text_of(restored.run),
        beam_width=beam_width,
        precision="int8" if int8 else "float32",
        made_with=checkpoint.setting(restored.run, "made_with", str),
        **(own | {key: value for key, value in described.items() if value is not None}),
    )


def _clips(restored: Restored, data: Sequence[Path] | None) -> list[AudioSource]:
    sets = [checkpoint.setting(restored.run, f"config.data.{key}", list, tuple) for key in ("dev", "test", "train")]
    own: Sequence[str] = next(filter(None, sets), [])
    files: Sequence[str | Path] = data or [name for name in own if address(name) or Path(name).is_file()]
    samples = [sample for name in files for sample in read_samples(name)][:PROOF_CLIPS]
    fetch_all([sample.id for sample in samples if isinstance(sample.audio, Path)], "fetching clips")
    return [sample.audio for sample in samples]


def _readable(clip: AudioSource, on_bad: Callable[[AudioSource, AudioError], None]) -> bool:
    try:
        read_audio(clip)
    except AudioError as error:
        on_bad(clip, error)
        return False
    return True
