"""RunConfig: the configuration of a training run. Values only: it opens no file and touches no device.

Sources, in this order: the defaults below, a TOML file whose tables are the fields of RunConfig, and
`--set table.key=value`. Unknown keys raise ConfigError with the closest known key. The resolved configuration is
printed when a run first starts and saved with every checkpoint.
"""

import difflib
import json
import sys
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from deepspeech.run_settings import CardConfig, CheckpointConfig, TrainingConfig, TransferConfig
from deepspeech.settings import Setting, documented, setting
from deepspeech.text.config import TextConfig
from deepspeech.text.reading import text_of
from deepspeech.untrusted import LARGEST_NUMBER, LARGEST_PAGE, check_values, is_number

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class RunConfig:
    """One run. Tables of the TOML file are the fields below; `augment` is a list of `name[key=value,…]`."""

    data: DataConfig = field(default_factory=DataConfig)
    text: TextConfig = field(default_factory=TextConfig)  # see docs/text.md
    features: FrontEndConfig = field(default_factory=MfccConfig)  # features.kind says which; see docs/features.md
    augment: tuple[str, ...] = setting(
        (),
        "augmentations, each as name[key=value,…]; see the page on augmentation",
        "for nearly every training: fewer errors on new voices and in noise",
    )
    augment_after: float = setting(
        0.0, "fraction of the epochs before augmentation starts", "0.03 to 0.1 with strong augmentation"
    )
    scorer: str = setting("", "a .scorer file to decode tests with; empty: none", "to see the error rates of use")
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


_WIDTH = 79  # columns of a comment
_HEAD = "Settings of a run, for `deepspeech train FILE`. Relative paths of data files start at the folder of this file."
_KINDS = {
    "network": Setting("family of networks; each has its own settings", "for more accuracy: see the page on networks"),
    "features": Setting("front end; not set: that of the family of networks", "seldom"),
}


def page(config: RunConfig, explained: bool = False) -> str:
    """Format the configuration as TOML that `read` reads back; `explained`: with comments above each setting."""
    values = _values(config)
    outside = {name: value for name, value in reversed(values.items()) if not isinstance(value, dict)}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    if not explained:
        parts = [[_line(key, value) for key, value in outside.items()]]
        parts += [[f"[{name}]", *(_line(key, value) for key, value in one.items())] for name, one in tables.items()]
        return "\n\n".join("\n".join(lines) for lines in parts) + "\n"
    tables["network"] = {"kind": config.network.kind, **tables["network"]}
    tables["features"] = {"kind": None, **tables["features"]}
    blocks = ["\n".join(_comment(_HEAD)), *_explained(config, outside)]
    for name, table in tables.items():
        blocks += [f"[{name}]", *_explained(getattr(config, name), table, _KINDS.get(name))]
    return "\n\n".join(blocks) + "\n"


def _explained(settings: Any, values: Mapping[str, Any], kind: Setting | None = None) -> Iterator[str]:
    """Each of `values` below its documentation; `kind`: that of the setting kind."""
    texts = {name: one for name, _, one in documented(settings)} | ({"kind": kind} if kind else {})
    for key, value in values.items():
        one = texts[key]
        effect = f"{one.effect} [{one.unit}]" if one.unit else one.effect
        yield "\n".join([*_comment(effect), *_comment(f"Change: {one.change}"), _line(key, value)])


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False
    )


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
