"""The page of a run: it reads back as itself, and what is wrong on it is named."""

import dataclasses
import json
import math
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.conformer.config import ConformerConfig
from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.registry import FAMILIES
from deepspeech.config import (
    CardConfig,
    CheckpointConfig,
    RunConfig,
    TrainingConfig,
    override,
    page,
    read,
    resolve,
)
from deepspeech.datasets.config import DataConfig
from deepspeech.errors import ConfigError
from deepspeech.features.config import LogMelConfig
from deepspeech.renamed import RenamedSetting

TABLES: dict[str, Any] = {
    name: type(table) for name, table in vars(RunConfig()).items() if is_dataclass(table)
}  # each with the settings of its default kind
PLAIN = [item for item in fields(RunConfig) if item.name not in TABLES]  # settings outside tables
SETTINGS = [(table, item.name) for table, kind in TABLES.items() for item in fields(kind)]


def toml(folder: Path, content: str | bytes) -> Path:
    path = folder / "run.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reread(folder: Path, config: RunConfig) -> RunConfig:
    plain, explained = (resolve(read(toml(folder, page(config, one)))) for one in (False, True))
    assert plain == explained
    return plain


def fault(tables: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(tables)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_tables_hold_no_tables() -> None:
    assert not [(table, name) for table, name in SETTINGS if is_dataclass(get_type_hints(TABLES[table])[name])]


@pytest.mark.parametrize(("table", "name"), SETTINGS)
def test_every_setting_is_on_the_page(table: str, name: str) -> None:
    section = page(RunConfig()).split(f"\n[{table}]\n")[1].split("\n\n")[0].split("\n")
    value = getattr(getattr(RunConfig(), table), name)
    shown = f"# {name} is not set" if value is None else f"{name} = "
    assert sum(line.startswith(shown) for line in section) == 1


def test_settings_outside_tables_are_above_them_on_the_page() -> None:
    above = page(resolve({"augment": ["volume[p=0.1]", "tempo"]})).split("\n\n[")[0].split("\n")
    assert 'augment = ["volume[p=0.1]", "tempo"]' in above
    assert sorted(line.split(" = ")[0] for line in above) == sorted(item.name for item in PLAIN)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_page_may_explain_every_setting_in_comments_of_a_terminals_width(family: str) -> None:
    config = resolve({"network": {"kind": family}})
    above: list[str] = []
    seen = []
    for line in page(config, explained=True).split("\n"):
        setting = re.match(r"(?:# )?(\w+)(?: = | is not set)", line)
        if not setting:
            assert len(line) < 80
            above = [*above, line] if line.startswith("#") else []
            continue
        seen.append(setting[1])
        assert above[0].startswith("# ")
        assert any(part.startswith("# Change: ") for part in above[1:])
        above = []
    plain = [line.removeprefix("# ").split()[0] for line in page(config).split("\n") if line and line[0] != "["]
    assert sorted({*seen}) == sorted({*plain, "kind"})
    assert "# passes over the training set [epochs]\n# Change: more while" in page(config, explained=True)


def test_the_defaults_read_back(tmp_path: Path) -> None:
    assert reread(tmp_path, RunConfig()) == RunConfig()


def test_a_page_of_other_values_reads_back(tmp_path: Path) -> None:
    tables: dict[str, Any] = {item.name: other(RunConfig, item) for item in PLAIN}
    for table, kind in TABLES.items():
        tables[table] = {item.name: other(kind, item) for item in fields(kind)}
    layers = tables["network"].pop("lstm_layers")  # there is one where the recurrent layer is another
    del tables["training"]["inter_ctc"]  # which this family has not
    config = resolve(tables)
    default = RunConfig()  # every other setting is put to the proof:
    same = [(t, n) for t, n in SETTINGS if getattr(getattr(config, t), n) == getattr(getattr(default, t), n)]
    assert same == [("network", "lstm_layers"), ("training", "inter_ctc")]
    assert not [item.name for item in PLAIN if getattr(config, item.name) == getattr(default, item.name)]
    assert reread(tmp_path, config) == config
    deep = resolve({"network": {"lstm_layers": layers}})
    assert reread(tmp_path, deep) == deep != default


CHOICES = {
    "order": "ascending", "on_bad_sample": "skip", "end": "pad", "schedule": "cosine", "select_by": "wer",
    "window_ms": 64.0, "step_ms": 10.0, "sample_rate_hz": 8000, "high_hz": 3000.0,
    "cutoff_prob": 0.5, "train": ("/a.csv", "/b.csv"), "dev": ("/c.csv",), "test": ("/d.csv",), "metrics": ("/e.csv",),
    "longest": ("dev",), "alphabet": "/a.txt", "subwords": "/pieces.model",
    "case": "keep", "form": "NFD", "punctuation": "keep", "numbers": False, "map": "/map.tsv", "words": ("a=b",),
    "drop": ("layer_5", "layer_6"), "freeze": ("layer_1",),
    "scorer": "/a.scorer", "recurrent": "relu", "optimizer": "nesterov",
    "augment": ("volume[p=0.2,dbfs=-10:-40]", "tempo"), "precision": "bfloat16", "which": "best",
}  # fmt: skip


def other(kind: Any, item: dataclasses.Field[Any]) -> Any:
    """A permitted value that is not the default."""
    if item.name in CHOICES:
        return list(CHOICES[item.name]) if isinstance(CHOICES[item.name], tuple) else CHOICES[item.name]
    default = item.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    if isinstance(default, float):
        return default / 2 + 0.001
    if default is None:
        return 0.25
    return f'other "{default}" \\ ünï'


@given(st.text(st.characters(blacklist_categories=["Cs"])))
@example('\x00\t\r\n\x1f\x7f\x80"\\')
def test_any_text_reads_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    config = RunConfig(card=CardConfig(description=text))
    assert reread(tmp_path_factory.getbasetemp(), config) == config


@given(st.floats(1e-300, allow_infinity=False), st.integers(1, 2**62))
def test_any_number_reads_back(tmp_path_factory: pytest.TempPathFactory, rate: float, epochs: int) -> None:
    config = RunConfig(training=TrainingConfig(learning_rate=rate, epochs=epochs))
    assert reread(tmp_path_factory.getbasetemp(), config) == config


def test_data_files_are_relative_to_the_page(tmp_path: Path) -> None:
    content = '[data]\ntrain = ["clips/a.csv", "/abs/b.csv"]\ndev = "c.csv"\nalphabet = "a.txt"\nsubwords = "a.model"\n'
    data = resolve(read(toml(tmp_path, content))).data
    assert data.train == (str(tmp_path / "clips/a.csv"), "/abs/b.csv")
    assert data.dev == (str(tmp_path / "c.csv"),)
    assert (data.alphabet, data.subwords) == (str(tmp_path / "a.txt"), str(tmp_path / "a.model"))
    assert data.test == ()


def test_checkpoints_are_relative_to_where_the_command_runs(tmp_path: Path) -> None:
    assert resolve(read(toml(tmp_path, '[checkpoint]\nfolder = "here"\n'))).checkpoint.folder == "here"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[data", "not TOML"),
        ("x = ", "not TOML"),
        (b'[card]\nname = "\xff"\n', "not TOML"),
        ("x = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_page_is_reported(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(toml(tmp_path, content))
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "run.toml"))


def test_a_missing_page_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the configuration \\(No such file"):
        read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"trainig": {}}, "unknown setting trainig; did you mean training?"),
        (
            {"training": {"lerning_rate": 1}},
            "unknown setting training.lerning_rate; did you mean training.learning_rate?",
        ),
        ({"network": {"n_hidden": 1}}, "did you mean network.hidden?"),
        ({"data": {"zzz": 1}}, "unknown setting data.zzz; there are: train, dev, test"),
        ({"training": 3}, "training is a table of settings, not 3"),
        ({"training": {"epochs": "many"}}, "training.epochs is 'many'; it must be int"),
        ({"training": {"epochs": 2.5}}, "training.epochs is 2.5; it must be int"),
        ({"training": {"epochs": True}}, "training.epochs is True; it must be int"),
        ({"training": {"learning_rate": True}}, "it must be float"),
        ({"network": {"layer_norm": 1}}, "network.layer_norm is 1; it must be bool"),
        ({"card": {"version": 1.0}}, "card.version is 1.0; it must be str"),
        ({"features": {"high_hz": "all"}}, "features.high_hz is 'all'; it must be float or nothing"),
        ({"data": {"train": 3}}, "data.train is a list of texts, not 3"),
        ({"data": {"train": [3]}}, "data.train is a list of texts"),
        ({"augment": {"volume": 1}}, "augment is a list of texts"),
        ({"augment": ["loudness"]}, "augment 'loudness' is unknown"),
    ],
)
def test_what_is_wrong_is_named(tables: dict[str, Any], words: str) -> None:
    assert words in fault(tables)


@pytest.mark.parametrize(
    ("table", "name", "value"),
    [
        ("training", "epochs", 0),
        ("training", "batch_size", 0),
        ("training", "eval_batch_size", -1),
        ("training", "evaluate_every", 0),
        ("training", "learning_rate", 0.0),
        ("training", "learning_rate", math.nan),
        ("training", "epsilon", 0.0),
        ("training", "seed", -1),
        ("training", "threads", -1),
        ("training", "clip_norm", -1.0),
        ("training", "weight_decay", math.nan),
        ("training", "warmup_epochs", -1.0),
        ("training", "beta1", 1.0),
        ("training", "beta2", -0.1),
        ("training", "average_decay", 1.5),
        ("training", "early_stop_epochs", -1),
        ("training", "plateau_epochs", -1),
        ("training", "schedule", "linear"),
        ("training", "select_by", "letters"),
        ("checkpoint", "keep", -1),
        ("checkpoint", "every_s", -1.0),
        ("checkpoint", "which", "newest"),
        ("data", "order", "random"),
        ("data", "on_bad_sample", "ignore"),
        ("data", "workers", 0),
        ("data", "longest", ("metrics",)),
        ("data", "limit_train", -1),
        ("data", "cache_mb", -1),
        ("network", "hidden", 0),
        ("network", "context_frames", -1),
        ("network", "relu_clip", 0.0),
        ("network", "dropout_lstm", 1.0),
        ("features", "end", "wrap"),
        ("decoding", "beam_width", 0),
        ("decoding", "cutoff_prob", 0.0),
    ],
)
def test_impossible_values_are_refused_by_their_whole_name(table: str, name: str, value: Any) -> None:
    assert f"{table}.{name} " in fault({table: {name: value}})


LOG_MEL = [item for item in fields(LogMelConfig) if item.init]


def test_another_kind_of_features_has_its_own_settings_and_defaults(tmp_path: Path) -> None:
    assert resolve({"features": {"kind": "mfcc"}}) == RunConfig()
    config = resolve(override({}, ["features.kind=log_mel", "features.mel_bands=64"]))
    assert config.features == LogMelConfig(mel_bands=64)
    assert config.to_dict()["features"] == {"kind": "log_mel"} | {
        item.name: getattr(config.features, item.name) for item in LOG_MEL
    }
    assert reread(tmp_path, config) == config


def test_a_page_of_other_values_of_another_kind_reads_back(tmp_path: Path) -> None:
    chosen = {item.name: other(LogMelConfig, item) for item in LOG_MEL}
    config = resolve({"features": {"kind": "log_mel", **chosen, "step_ms": 12.5}})
    assert not [i.name for i in LOG_MEL if getattr(config.features, i.name) == getattr(LogMelConfig(), i.name)]
    assert reread(tmp_path, config) == config


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({"kind": "mel"}, "features.kind is 'mel'; use mfcc or log_mel"),
        ({"kind": 3}, "features.kind is 3; use mfcc or log_mel"),
        ({"preemphasis": 0.9}, "unknown setting features.preemphasis; there are: sample_rate_hz"),
        ({"kind": "log_mel", "coefficients": 13}, "unknown setting features.coefficients; there are: sample_rate_hz"),
        ({"kind": "log_mel", "mel_bands": "many"}, "features.mel_bands is 'many'; it must be int"),
        ("log_mel", "features is a table of settings, not 'log_mel'"),
    ],
)
def test_what_is_wrong_about_features_is_named(features: Any, words: str) -> None:
    assert words in fault({"features": features})


def test_whole_numbers_serve_where_fractions_are_wanted() -> None:
    rate = resolve({"training": {"learning_rate": 1}}).training.learning_rate
    assert (rate, type(rate)) == (1.0, float)


def test_one_text_serves_for_a_list_of_one() -> None:
    assert resolve({"data": {"train": "a.csv"}}).data.train == ("a.csv",)


@pytest.mark.parametrize(
    ("assignment", "path", "expected"),
    [
        ("training.epochs=20", ("training", "epochs"), 20),
        ("training.learning_rate=1e-4", ("training", "learning_rate"), 1e-4),
        ("network.layer_norm=true", ("network", "layer_norm"), True),
        ("data.train=clips/a.csv", ("data", "train"), ("clips/a.csv",)),
        ('data.train=["a.csv", "b.csv"]', ("data", "train"), ("a.csv", "b.csv")),
        ("card.version=0.0.1", ("card", "version"), "0.0.1"),
        ('card.version="1"', ("card", "version"), "1"),
        ("card.name=a=b", ("card", "name"), "a=b"),
        ("checkpoint.folder=", ("checkpoint", "folder"), ""),
        (" training.epochs = 20", ("training", "epochs"), 20),
    ],
)
def test_settings_of_the_command_line(assignment: str, path: tuple[str, str], expected: Any) -> None:
    config = resolve(override({}, [assignment]))
    assert getattr(getattr(config, path[0]), path[1]) == expected


def test_augmentations_can_be_set_on_the_command_line() -> None:
    assert resolve(override({}, ["augment=volume[p=0.1,dbfs=-3]"])).augment == ("volume[p=0.1,dbfs=-3]",)
    assert resolve(override({"augment": ["tempo"]}, ["augment=[]"])).augment == ()


def test_the_command_line_wins_over_the_page_and_the_last_over_the_first() -> None:
    tables = {"training": {"epochs": 3, "seed": 9}}
    training = resolve(override(tables, ["training.epochs=4", "training.epochs=5"])).training
    assert (training.epochs, training.seed) == (5, 9)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("training.epochs", "write table.key=value"),
        ("", "write table.key=value"),
        ("augment.x=1", "augment is a value, not a table"),
        ("training.epoch=1", "did you mean training.epochs?"),
        ("epochs=1", "unknown setting epochs"),
        ("training=1", "training is a table of settings"),
        ("training.epochs.x=1", "training.epochs is"),
    ],
)
def test_wrong_settings_of_the_command_line_are_named(assignment: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(override({"augment": []}, [assignment]))
    assert words in str(caught.value)


def test_a_configuration_cannot_be_changed() -> None:
    for kind in (RunConfig, DataConfig, NetworkConfig, TrainingConfig, CheckpointConfig, CardConfig):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(kind(), fields(kind)[0].name, None)


def test_plain_values_build_the_same_configuration() -> None:
    assert resolve(RunConfig().to_dict(), warn=False) == RunConfig()


OLD_NAMES = [
    ("training", "optimiser", "optimizer", "nesterov"),
    ("training", "peek_every_s", "preview_every_s", 5.0),
    ("network", "normalise_features", "normalize_features", False),
    ("card", "licence", "license", "MPL-2.0"),
]


@pytest.mark.parametrize(("table", "old", "new", "value"), OLD_NAMES)
def test_old_names_of_settings_work_and_warn(table: str, old: str, new: str, value: Any) -> None:
    with pytest.warns(RenamedSetting, match=f"^{table}: '{old}' is deprecated; use '{new}'$"):
        config = resolve({table: {old: value}})
    assert config == resolve({table: {new: value}}) != RunConfig()
    assert config.to_dict()[table][old] == value  # run.json: as older versions read it
    assert new not in config.to_dict()[table]
    assert f"\n{new} = " in page(config)
    assert f"\n{old} = " not in page(config)


def test_a_setting_under_both_names_is_refused() -> None:
    assert "'optimiser' is the old name of 'optimizer'" in fault(
        {"training": {"optimiser": "adam", "optimizer": "adam"}}
    )


@pytest.mark.parametrize(("first", "last"), [("optimiser", "optimizer"), ("optimizer", "optimiser")])
def test_an_assignment_under_either_name_overrides_both(first: str, last: str) -> None:
    with pytest.warns(RenamedSetting):
        config = resolve(override({"training": {first: "adam"}}, [f"training.{last}=nesterov"]))
    assert config.training.optimizer == "nesterov"


# ---- families of networks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["conformer", "deep_lstm"])
def test_a_family_brings_its_front_end_where_none_is_named(kind: str, tmp_path: Path) -> None:
    config = resolve({"network": {"kind": kind}, "features": {"mel_bands": 64}})
    assert config.features == LogMelConfig(mel_bands=64)
    assert 'kind = "log_mel"' in page(config).split("[network]")[0]
    assert reread(tmp_path, config) == config
    assert RunConfig().features.kind == resolve({"network": {"hidden": 8}}).features.kind == "mfcc"


@pytest.mark.parametrize(("network", "features"), [("conformer", "mfcc"), ("deepspeech", "log_mel")])
def test_another_front_end_may_be_named_and_reads_back(network: str, features: str, tmp_path: Path) -> None:
    config = resolve({"network": {"kind": network}, "features": {"kind": features}})
    assert config.features.kind == features
    assert reread(tmp_path, config) == resolve(json.loads(json.dumps(config.to_dict())), warn=False) == config


def test_a_size_stands_for_settings_and_a_set_number_wins(tmp_path: Path) -> None:
    config = resolve({"network": {"kind": "conformer", "size": "medium", "blocks": 2, "dropout": 0.2}})
    assert config.network == ConformerConfig(width=256, blocks=2, heads=4, dropout=0.2)
    assert "size" not in config.to_dict()["network"]
    assert reread(tmp_path, config) == config
    assert resolve({"network": {"kind": "deep_lstm", "size": "small"}}).network == DeepLstmConfig()


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"network": {"kind": "conformer", "size": "huge"}}, "network.size is 'huge'; use small or medium or large"),
        ({"network": {"kind": "conformer", "size": 3}}, "network.size is 3"),
        ({"network": {"size": "small"}}, "unknown setting network.size"),
        (
            {"network": {"kind": "conformer", "train_chunks": [4, 0.5]}},
            "network.train_chunks is a list of whole numbers",
        ),
        ({"network": {"kind": "conformer", "train_chunk_weights": ["a"]}}, "is a list of numbers"),
        ({"network": {"kind": "conformer"}, "features": {"coefficients": 26}}, "unknown setting features.coefficients"),
        ({"training": {"inter_ctc": 0.3}}, "training.inter_ctc is 0.3, but this network of kind deepspeech has no"),
        ({"training": {"inter_ctc": -1.0}}, "training.inter_ctc is -1.0; it must not be negative"),
    ],
)
def test_what_is_wrong_with_a_family_is_named(tables: dict[str, Any], words: str) -> None:
    assert words in fault(tables)
