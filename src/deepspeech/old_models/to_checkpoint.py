"""Convert old models to checkpoints for further training.

In: an old model. Out: a folder with `best-000000`, for TensorFlow checkpoints also `train-000000` with Adam's moments,
and `alphabet.txt`. Steps are counted from 0 again, so schedules restart.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from deepspeech import checkpoint
from deepspeech.checkpoint import Tensors
from deepspeech.config import RunConfig
from deepspeech.errors import CheckpointError
from deepspeech.features.registry import read_config
from deepspeech.files import atomic_path
from deepspeech.old_models import convert, from_checkpoint
from deepspeech.old_models.old_model import ImportedModel
from deepspeech.run_settings import CardConfig
from deepspeech.text.token_files import write_alphabet
from deepspeech.text.tokens import Characters, TokenSet, Utf8Bytes

START = {
    "epoch": 0, "batch": 0, "step": 0, "loss_sum": 0.0, "clips": 0, "rate_factor": 1.0, "progress": {},
}  # fmt: skip
KINDS = {"best": "best", "last": "train"}  # TensorFlow's, and ours
BOTH = ("best", "last")
WANTED = {"auto": BOTH, "transfer": BOTH, "best": ("best",), "last": ("last",)}  # by checkpoint.which


def write_all(
    path: Path, folder: Path, alphabet: TokenSet | None = None, kinds: tuple[str, ...] = BOTH
) -> list[tuple[Path, ImportedModel]]:
    """Convert the model at `path`, of a folder each of `kinds` that exists; the written paths and their models."""
    if not path.is_dir():
        model = convert.read(path, alphabet, moments=True)
        return [(write(model, folder, "best" if not model.step else "train"), model)]
    written = []
    for kind in kinds:
        if prefix := from_checkpoint.find(path, (kind,)):
            model = from_checkpoint.read(prefix, alphabet, moments=True)
            written.append((write(model, folder, KINDS[kind]), model))
    if not written:
        raise CheckpointError(f"{path}: no TensorFlow checkpoint there; name a folder that holds one")
    return written


def write(model: ImportedModel, folder: Path, kind: str) -> Path:
    """Write one checkpoint. Raises CheckpointError if it cannot be written."""
    run = {
        "config": _config(model).to_dict(),
        "alphabet": write_alphabet(model.card.tokens),
        "position": START,
        "made_with": model.card.made_with,
    }
    optimizer: Tensors = {}
    for name in model.moments[0]:
        optimizer[f"first/{name}"], optimizer[f"second/{name}"] = (moment[name] for moment in model.moments)
        optimizer[f"step/{name}"] = np.asarray(model.step, np.float32)
    path = checkpoint.save(folder, kind, 0, (dict(model.float_weights()), {}, optimizer), run)
    if isinstance(model.card.tokens, Characters):
        _write_alphabet(model.card.tokens, folder / "alphabet.txt")
    return path


def _write_alphabet(alphabet: Characters, path: Path) -> None:
    if path.is_file() and Characters.from_file(path) == alphabet:
        return
    with atomic_path(path) as partial:
        partial.write_text(alphabet.to_text(), encoding="utf-8")


def settings(model: ImportedModel) -> dict[str, object]:
    """The settings, other than defaults, of a run that continues from the model."""
    config = _config(model)
    kept: dict[str, object] = {"network.hidden": model.network.hidden}
    plain = RunConfig()
    for table, names in (("network", ("context_frames", "relu_clip", "layer_norm")),
                         ("features", ("sample_rate_hz", "window_ms", "step_ms"))):  # fmt: skip
        for name in names:
            value = getattr(getattr(config, table), name)
            if value != getattr(getattr(plain, table), name):
                kept[f"{table}.{name}"] = value
    if model.card.tokens.bytes_mode:
        kept["data.bytes_output"] = True
    return kept


def _config(model: ImportedModel) -> RunConfig:
    card, plain = model.card, RunConfig()
    return replace(
        plain,
        data=replace(plain.data, bytes_output=card.tokens.bytes_mode),
        features=read_config(card.features.to_dict() | {"end": "drop"}),  # as the old trainer cut its clips
        network=model.network,
        decoding=replace(plain.decoding, beam_width=card.beam_width),
        card=CardConfig(language=card.language),
    )


def _alphabet_of(config: RunConfig) -> TokenSet | None:
    """The alphabet that a run names."""
    if config.data.bytes_output:
        return Utf8Bytes()
    return Characters.from_file(config.data.alphabet) if config.data.alphabet else None


def adopted(config: RunConfig) -> tuple[RunConfig, list[str]]:
    """`config` with a folder of TensorFlow checkpoints, if it names one to start from, replaced by its conversion.

    Checkpoints in the run's own folder are converted there, and training continues with Adam's moments. Those of
    another folder, or if layers are reinitialized, go to `converted` in the run's folder. Also returns messages.
    """
    own, source = Path(config.checkpoint.folder), Path(config.checkpoint.load or config.checkpoint.folder)
    ours = checkpoint.newest(own, ("train",)) or checkpoint.newest(source, ("train", "best"))
    kinds = WANTED.get(config.checkpoint.which, ())
    if ours or not kinds or not from_checkpoint.find(source, kinds):
        return config, []
    folder = own if source == own and not config.transfer.drop else own / "converted"
    alphabet = (
        None if config.network.head in config.transfer.drop else _alphabet_of(config)
    )  # that is for the new layer
    done = [f"Converted {model.in_words()} to {path}" for path, model in write_all(source, folder, alphabet, kinds)]
    return replace(config, checkpoint=replace(config.checkpoint, load="" if folder == own else str(folder))), done
