"""RunConfig: the configuration of a training run. Values only: it opens no file and touches no device.

Sources, in this order: the defaults below, a TOML file whose tables are the fields of RunConfig, and
`--set table.key=value`. Unknown keys raise ConfigError with the closest known key. The resolved configuration is
printed once and saved with every checkpoint.
"""

import difflib
import json
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from deepspeech.acoustic import registry as acoustic
from deepspeech.acoustic.config import NetworkConfig
from deepspeech.datasets.augment.spec import parse
from deepspeech.datasets.config import DataConfig
from deepspeech.decoder.options import DecodeOptions
from deepspeech.errors import ConfigError
from deepspeech.features import registry as features
from deepspeech.features.config import FrontEndConfig, MfccConfig
from deepspeech.remote.files import beside
from deepspeech.renamed import current, saved
from deepspeech.text.config import TextConfig
from deepspeech.text.reading import text_of
from deepspeech.untrusted import LARGEST_NUMBER, LARGEST_PAGE, check_values, is_number

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class TrainingConfig:
    """Optimizer, schedule, stopping and other training settings."""

    epochs: int = 75
    batch_size: int | str = 16  # clips, over all ranks; "auto": as many as fit into memory
    batch_seconds: float = 0.0  # batch by seconds of audio, padding included; 0: by number of clips
    accumulate: int = 1  # gradient accumulation: batches per step
    eval_batch_size: int = 16
    optimizer: str = "adam"  # or "nesterov": SGD with Nesterov momentum
    momentum: float = 0.99  # of "nesterov"
    learning_rate: float = 0.001  # peak learning rate, with a schedule
    schedule: str = "constant"  # or "cosine": warmup, then cosine decay to 0 at the last step;
    # "annealed": warmup, then multiply by `anneal` after each epoch
    anneal: float = 0.95
    warmup_epochs: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0  # "adam": decoupled (AdamW); "nesterov": L2 penalty added to the gradient
    clip_norm: float = 0.0  # gradient clipping by norm; 0: none
    inter_ctc: float = 0.0  # weight of the CTC losses of intermediate layers; 0: none
    consistency: float = 0.0  # CR-CTC: weight of the disagreement between two masked views of each clip; 0: one view
    average_decay: float = 0.0  # EMA of the weights, used to evaluate and export; 0: none
    select_by: str = "loss"  # the best checkpoint is that of lowest dev "loss", "cer" or "wer" (in bytes mode CER too)
    test_jitter_ms: float = 0.0  # test-time jitter: average over the clip and the clip shifted both ways
    evaluate_every: int = 1  # epochs between validations
    early_stop_epochs: int = 0  # stop after so many epochs without improvement; 0: never
    early_stop_min_delta: float = 0.05  # minimum improvement of the dev loss
    plateau_epochs: int = 0  # epochs without improvement before reloading the best and lowering the rate; 0: never
    plateau_factor: float = 0.1
    precision: str = "float32"  # or "bfloat16": 16-bit matrix products; "auto": bfloat16 where supported
    seed: int = 4568
    threads: int = 0  # intra-op threads; 0: all cores
    probe: bool = True  # dry run of the largest batch before the first epoch, to check memory
    memory_mb: int = 0  # memory limit of "auto" without a GPU; 0: half of memory
    compile: bool = False  # torch.compile: minutes of compilation, then faster steps on a GPU
    preview_every_s: float = 60.0  # seconds between sample previews (transcripts of dev clips); 0: never
    summaries: str = ""  # folder for TensorBoard event files; empty: none

    def __post_init__(self) -> None:
        for name, choices in (
            ("optimizer", ("adam", "nesterov")),
            ("schedule", ("constant", "cosine", "annealed")),
            ("select_by", ("loss", "wer", "cer")),
            ("precision", ("float32", "bfloat16", "auto")),
        ):
            if getattr(self, name) not in choices:
                raise ConfigError(f"training.{name} is '{getattr(self, name)}'; use one of {', '.join(choices)}")
        for name in ("epochs", "batch_size", "accumulate", "eval_batch_size", "evaluate_every"):
            value = getattr(self, name)
            if value != "auto" and (isinstance(value, str) or value < 1):
                advice = ', or "auto"' if name == "batch_size" else ""
                raise ConfigError(f"training.{name} is {value!r:.100}; it must be a number of at least 1{advice}")
        for name in ("learning_rate", "epsilon"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"training.{name} is {getattr(self, name)}; it must be positive")
        for name in (
            "warmup_epochs",
            "test_jitter_ms",
            "weight_decay",
            "clip_norm",
            "inter_ctc",
            "consistency",
            "early_stop_epochs",
            "plateau_epochs",
            "seed",
            "threads",
            "batch_seconds",
            "memory_mb",
            "preview_every_s",
        ):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"training.{name} is {getattr(self, name)}; it must not be negative")
        for name in ("momentum", "anneal", "beta1", "beta2", "average_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"training.{name} is {getattr(self, name)}; it must be at least 0 and below 1")


@dataclass(frozen=True)
class CheckpointConfig:
    """Where a run keeps its state. Without `load`, training resumes from `folder`."""

    folder: str = "checkpoints"
    load: str = ""  # another folder to start from
    which: str = "auto"  # "last", "best" (of its own folder: go back to it; later ones are moved aside), "init" (start
    # from scratch), "auto": last, else best, else init;
    # "transfer": the best, else the last, of `load`
    every_s: float = 600.0  # seconds between checkpoints within an epoch; 0: only at its end
    keep: int = 5  # number of "last" checkpoints to keep; 0: all
    reset_rate: bool = False  # reset the learning rate lowered by plateaus to training.learning_rate

    def __post_init__(self) -> None:
        if self.which not in ("auto", "last", "best", "init", "transfer"):
            raise ConfigError(f"checkpoint.which is '{self.which}'; use auto, last, best, init or transfer")
        if self.which == "transfer" and not self.load:
            raise ConfigError("checkpoint.which is 'transfer'; name the folder to start from with checkpoint.load")
        for name in ("every_s", "keep"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"checkpoint.{name} is {getattr(self, name)}; it must not be negative")


@dataclass(frozen=True)
class TransferConfig:
    """Transfer learning from another run's checkpoint: layers to re-initialize, how fast each learns, what is kept."""

    drop: tuple[str, ...] = ()  # layers to re-initialize; another alphabet requires the last one
    freeze: tuple[str, ...] = ()  # layers to freeze
    layer_decay: float = 1.0  # learning rate of each layer as a fraction of that of the layer above it
    unfreeze_epochs: float = 0.0  # gradual unfreezing: epochs until the next layer below is trained too; 0: all at once
    keep: float = 0.0  # L2-SP: decay towards the weights training started from, instead of towards 0; 0: none

    def __post_init__(self) -> None:
        if not 0 < self.layer_decay <= 1:
            raise ConfigError(f"transfer.layer_decay is {self.layer_decay}; it must be above 0 and at most 1")
        for name in ("unfreeze_epochs", "keep"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"transfer.{name} is {getattr(self, name)}; it must not be negative")

    def check(self, network: NetworkConfig) -> None:
        """Raise ConfigError if it does not fit this network."""
        for name in ("drop", "freeze"):
            for layer in getattr(self, name):
                if network.layer_named(layer) not in network.layers:
                    raise ConfigError(f"transfer.{name} names '{layer}'; layers are {', '.join(network.layers)}")
        if {network.layer_named(name) for name in self.freeze} >= set(network.layers):
            raise ConfigError("transfer.freeze names every layer; leave at least one trainable")


@dataclass(frozen=True)
class CardConfig:
    """Entries of the exported model's card, set by the user."""

    name: str = "model"
    version: str = "0.0.1"
    author: str = ""
    contact: str = ""
    language: str = ""
    license: str = ""
    description: str = ""


@dataclass(frozen=True)
class RunConfig:
    """One run. Tables of the TOML file are the fields below; `augment` is a list of `name[key=value,…]`."""

    data: DataConfig = field(default_factory=DataConfig)
    text: TextConfig = field(default_factory=TextConfig)  # how transcripts are normalized; see docs/text.md
    features: FrontEndConfig = field(default_factory=MfccConfig)  # features.kind says which; see docs/features.md
    augment: tuple[str, ...] = ()
    augment_after: float = 0.0  # fraction of the epochs before augmentation starts
    scorer: str = ""  # a .scorer file to decode tests with; empty: none
    network: NetworkConfig = field(
        default_factory=acoustic.family(acoustic.DEFAULT).config
    )  # of the family that `kind` names
    training: TrainingConfig = field(default_factory=TrainingConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    transfer: TransferConfig = field(default_factory=TransferConfig)
    decoding: DecodeOptions = field(default_factory=DecodeOptions)
    card: CardConfig = field(default_factory=CardConfig)

    def __post_init__(self) -> None:
        for text in self.augment:
            parse(text)
        self.transfer.check(self.network)
        if self.training.inter_ctc and not self.network.intermediate:
            raise ConfigError(
                f"training.inter_ctc is {self.training.inter_ctc:g}, but this network of kind "
                f"{self.network.kind} has no intermediate outputs; leave it 0"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as saved in run.json: renamed settings have the names that every version reads.

        `resolve` reads them back, with `warn` False.
        """
        values = _values(self)
        if not self.text:
            del values["text"]
        return {table: saved(table, values[table]) if isinstance(values[table], dict) else values[table]
                for table in values}  # fmt: skip


def _values(config: RunConfig) -> dict[str, Any]:
    """Plain values under the current names; with features.kind, if it is not that of the network's family."""
    values = asdict(config)
    if config.features.kind != config.network.front_end:
        values["features"] = {"kind": config.features.kind, **values["features"]}
    return values


def read(path: Path) -> dict[str, Any]:
    """Read the tables of a TOML file; paths of data files in it are relative to the file."""
    try:
        with path.open("rb") as file:  # may be a pipe
            tables = _parsed(text_of(file.read(LARGEST_PAGE)))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration ({error.strerror})") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML ({error})") from None
    data = tables.get("data")
    if isinstance(data, dict):
        for key in ("train", "dev", "test", "metrics"):
            if isinstance(data.get(key), list | str):
                names = [data[key]] if isinstance(data[key], str) else data[key]
                data[key] = [beside(path.parent, str(name)) for name in names]
        for key in ("alphabet", "subwords"):
            if data.get(key):
                data[key] = beside(path.parent, str(data[key]))
    if isinstance(tables.get("text"), dict) and tables["text"].get("map"):
        tables["text"]["map"] = beside(path.parent, str(tables["text"]["map"]))
    if tables.get("scorer"):
        tables["scorer"] = beside(path.parent, str(tables["scorer"]))
    return tables


def _parsed(text: str) -> dict[str, Any]:
    """Tables of a TOML text. Raises only ValueError."""
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    check_values(tables)
    return tables


def override(tables: dict[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Apply each `table.key=value` to `tables`; a value is TOML, or else plain text."""
    tables = _renamed(tables)
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set {assignment}: write table.key=value, for example training.epochs=20")
        try:
            value = _parsed(f"value = {text}")["value"]
        except ValueError:
            value = text
        *path, key = name.strip().split(".")
        table = tables
        for part in path:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError(f"--set {assignment}: {part} is a value, not a table")
        table |= current(".".join(path), {key: value})
    return tables


def resolve(tables: Mapping[str, Any], warn: bool = True) -> RunConfig:
    """Build the configuration from `tables`. Raises ConfigError for unknown keys and wrong types.

    Without features.kind the features are those of the network's family. `warn`: about old names of settings.
    """
    tables = _renamed(tables, warn)
    network, chosen = tables.get("network", {}), tables.get("features", {})
    if isinstance(network, Mapping) and isinstance(chosen, Mapping):
        family, _ = acoustic.config_of_kind(network)
        tables = {**tables, "features": {"kind": family.front_end, **chosen}}
    config: RunConfig = _build(RunConfig, tables, "")
    return config


def _renamed(tables: Mapping[str, Any], warn: bool = True) -> dict[str, Any]:
    """`tables` with the current names of settings; a RenamedSetting warning for each old one."""
    return {key: current(key, value, warn) if isinstance(value, Mapping) else value for key, value in tables.items()}


def _build(kind: Any, tables: Mapping[str, Any], path: str) -> Any:
    hints = get_type_hints(kind)
    known = [item.name for item in fields(kind) if item.init]
    for key in tables:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            advice = f"did you mean {path}{near[0]}?" if near else f"there are: {', '.join(known)}"
            raise ConfigError(f"unknown setting {path}{key}; {advice}")
    return kind(**{key: _value(hints[key], value, f"{path}{key}") for key, value in tables.items()})


# Tables whose settings depend on their `kind`.
BY_KIND: dict[Any, Callable[[Mapping[str, Any]], tuple[Any, dict[str, Any]]]] = {
    FrontEndConfig: features.config_of_kind,
    NetworkConfig: acoustic.config_of_kind,
}


def _value(hint: Any, value: Any, path: str) -> Any:
    if hint in BY_KIND and isinstance(value, Mapping):
        hint, value = BY_KIND[hint](value)
    if is_dataclass(hint) or hint in BY_KIND:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path} is a table of settings, not {value!r:.100}")
        return _build(hint, value, path + ".")
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        items = [value] if isinstance(value, item) else value
        if item is float and isinstance(items, list | tuple):
            items = [float(one) if type(one) is int and is_number(one, -LARGEST_NUMBER) else one for one in items]
        if isinstance(items, list | tuple) and all(type(one) is item for one in items):
            return tuple(items)
        names = {str: "texts", int: "whole numbers", float: "numbers"}
        raise ConfigError(f"{path} is a list of {names[item]}, not {value!r:.100}")
    kinds = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
    if value is None and type(None) in kinds:
        return None
    if float in kinds and isinstance(value, int) and is_number(value, -LARGEST_NUMBER):
        return float(value)
    if type(value) in kinds:
        return value
    wanted = " or ".join("nothing" if k is type(None) else k.__name__ for k in kinds)
    advice = f""" (write '{path}="{value}"')""" if kinds == (str,) and not isinstance(value, dict | list) else ""
    raise ConfigError(f"{path} is {value!r:.100}; it must be {wanted}{advice}")


def page(config: RunConfig) -> str:
    """Format the configuration as TOML that `read` reads back."""
    lines: list[str] = []
    values = _values(config)
    for name, value in values.items():
        if not isinstance(value, dict):
            lines.insert(0, f"{name} = {_toml(value)}")
    for name, table in values.items():
        if isinstance(table, dict):
            lines += [
                "",
                f"[{name}]",
                *(_line(key, value) for key, value in table.items()),
            ]
    return "\n".join(lines) + "\n"


def _line(key: str, value: Any) -> str:
    return f"# {key} is not set" if value is None else f"{key} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # else JSON's escapes are TOML's
    return repr(value)
