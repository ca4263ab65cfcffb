"""The old trainer's flags: all of them are known, with their defaults, and each does, explains or refuses."""

import ast
from dataclasses import asdict
from pathlib import Path
from typing import Any

import flags_page
import pytest

from deepspeech.compat import flags
from deepspeech.compat.flags import BY_NAME, COMMAND, FLAGS, default_folder, notes, to_config, values_of
from deepspeech.config import RunConfig
from deepspeech.errors import ConfigError

# Name and default of each flag of DeepSpeech.py 0.9.3 (`training/deepspeech_training/util/flags.py`).
OLD: dict[str, Any] = {
    # data
    "train_files": "", "dev_files": "", "test_files": "", "metrics_files": "", "read_buffer": "1MB",
    "feature_cache": "", "cache_for_epochs": 0, "feature_win_len": 32, "feature_win_step": 20,
    "audio_sample_rate": 16000, "augment": None,
    "limit_train": 0, "limit_dev": 0, "limit_test": 0, "reverse_train": False, "reverse_dev": False,
    "reverse_test": False,
    # training
    "epochs": 75, "dropout_rate": 0.05, "dropout_rate2": -1.0, "dropout_rate3": -1.0, "dropout_rate6": -1.0,
    "dropout_rate4": 0.0, "dropout_rate5": 0.0, "relu_clip": 20.0, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
    "learning_rate": 0.001, "train_batch_size": 1, "dev_batch_size": 1, "test_batch_size": 1, "random_seed": 4568,
    "early_stop": False, "es_epochs": 25, "es_min_delta": 0.05, "reduce_lr_on_plateau": False, "plateau_epochs": 10,
    "plateau_reduction": 0.1, "force_initialize_learning_rate": False,
    # geometry
    "n_hidden": 2048, "layer_norm": False,
    # performance
    "inter_op_parallelism_threads": 0, "intra_op_parallelism_threads": 0, "use_allow_growth": False,
    "load_cudnn": False,
    "train_cudnn": False, "automatic_mixed_precision": False,
    # checkpoints
    "checkpoint_dir": "", "load_checkpoint_dir": "", "save_checkpoint_dir": "", "checkpoint_secs": 600,
    "max_to_keep": 5,
    "load_train": "auto", "load_evaluate": "auto", "drop_source_layers": 0,
    # export
    "export_dir": "", "remove_export": False, "export_tflite": False, "n_steps": 16, "export_batch_size": 1,
    "export_zip": False, "export_file_name": "output_graph", "export_beam_width": 500, "export_author_id": "author",
    "export_model_name": "model", "export_model_version": "0.0.1",
    # reporting
    "log_level": 1, "show_progressbar": True, "log_placement": False, "report_count": 5, "summary_dir": "",
    "test_output_file": "",
    # decoder
    "bytes_output_mode": False, "alphabet_config_path": "data/alphabet.txt", "scorer_path": "", "scorer": "",
    "beam_width": 1024, "lm_alpha": 0.931289039105002, "lm_beta": 1.1834137581510284, "cutoff_prob": 1.0,
    "cutoff_top_n": 300, "one_shot_infer": "", "lm_alpha_max": 5.0, "lm_beta_max": 5.0, "n_trials": 2400,
}  # fmt: skip
# Their old default was their own help text in angle brackets; here an unset flag has no value.
DESCRIPTIONS = (
    "export_contact_info", "export_license", "export_language", "export_min_ds_version", "export_max_ds_version",
    "export_description",
)  # fmt: skip

# A value for each flag that changes the configuration, and the settings that it changes.
EFFECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "train_files": ("a.csv,b.csv", {"data.train": ("a.csv", "b.csv")}),
    "dev_files": ("a.csv", {"data.dev": ("a.csv",)}),
    "test_files": ("a.csv,,b.csv", {"data.test": ("a.csv", "b.csv")}),
    "feature_cache": ("/tmp/kept", {"data.feature_cache": "/tmp/kept"}),
    "feature_win_len": ("64", {"features.window_ms": 64.0}),
    "feature_win_step": ("10", {"features.step_ms": 10.0}),
    "audio_sample_rate": ("8000", {"features.sample_rate_hz": 8000}),
    "augment": ("volume[p=0.1,dbfs=-3]", {"augment": ("volume[p=0.1,dbfs=-3]",)}),
    "limit_train": ("3", {"data.limit_train": 3}),
    "limit_dev": ("3", {"data.limit_dev": 3}),
    "limit_test": ("3", {"data.limit_test": 3}),
    "metrics_files": ("a.csv,b.csv", {"data.metrics": ("a.csv", "b.csv")}),
    "reverse_train": ("true", {"data.order": "descending", "data.longest": ("train",)}),
    "reverse_dev": ("true", {"data.longest": ("dev",)}),
    "reverse_test": ("true", {"data.longest": ("test",)}),
    "automatic_mixed_precision": ("true", {"training.precision": "auto"}),
    "force_initialize_learning_rate": ("true", {"checkpoint.reset_rate": True}),
    "summary_dir": ("there", {"training.summaries": "there"}),
    "epochs": ("3", {"training.epochs": 3}),
    "dropout_rate": ("0.2", {f"network.dropout_{layer}": 0.2 for layer in "1235"}),
    "dropout_rate2": ("0.2", {"network.dropout_2": 0.2}),
    "dropout_rate3": ("0.2", {"network.dropout_3": 0.2}),
    "dropout_rate6": ("0.2", {"network.dropout_5": 0.2}),
    "relu_clip": ("10", {"network.relu_clip": 10.0}),
    "beta1": ("0.5", {"training.beta1": 0.5}),
    "beta2": ("0.5", {"training.beta2": 0.5}),
    "epsilon": ("0.5", {"training.epsilon": 0.5}),
    "learning_rate": ("0.5", {"training.learning_rate": 0.5}),
    "train_batch_size": ("8", {"training.batch_size": 8}),
    "dev_batch_size": ("8", {"training.eval_batch_size": 8}),
    "test_batch_size": ("8", {"training.eval_batch_size": 8}),
    "random_seed": ("1", {"training.seed": 1}),
    "early_stop": ("true", {"training.early_stop_epochs": 25}),
    "es_min_delta": ("0.5", {"training.early_stop_min_delta": 0.5}),
    "reduce_lr_on_plateau": ("true", {"training.plateau_epochs": 10}),
    "plateau_reduction": ("0.5", {"training.plateau_factor": 0.5}),
    "n_hidden": ("100", {"network.hidden": 100}),
    "layer_norm": ("true", {"network.layer_norm": True}),
    "intra_op_parallelism_threads": ("2", {"training.threads": 2}),
    "checkpoint_dir": ("here", {"checkpoint.folder": "here"}),
    "load_checkpoint_dir": ("there", {"checkpoint.load": "there"}),
    "save_checkpoint_dir": ("here", {"checkpoint.folder": "here"}),
    "checkpoint_secs": ("60", {"checkpoint.every_s": 60.0}),
    "max_to_keep": ("1", {"checkpoint.keep": 1}),
    "load_train": ("init", {"checkpoint.which": "init"}),
    "drop_source_layers": ("2", {"transfer.drop": ("layer_5", "layer_6")}),
    "export_author_id": ("me", {"card.author": "me"}),
    "export_model_name": ("mine", {"card.name": "mine"}),
    "export_model_version": ("2.0", {"card.version": "2.0"}),
    "export_contact_info": ("a@b", {"card.contact": "a@b"}),
    "export_license": ("MIT", {"card.license": "MIT"}),
    "export_language": ("fr", {"card.language": "fr"}),
    "export_description": ("large", {"card.description": "large"}),
    "bytes_output_mode": ("true", {"data.bytes_output": True, "data.alphabet": ""}),
    "alphabet_config_path": ("my.txt", {"data.alphabet": "my.txt"}),
    "beam_width": ("10", {"decoding.beam_width": 10}),
    "cutoff_prob": ("0.5", {"decoding.cutoff_prob": 0.5}),
    "cutoff_top_n": ("10", {"decoding.cutoff_top_n": 10}),
    "scorer_path": ("my.scorer", {"scorer": "my.scorer"}),
    "scorer": ("my.scorer", {"scorer": "my.scorer"}),
    "lm_alpha": ("0.5", {"decoding.alpha": 0.5}),
    "lm_beta": ("0.5", {"decoding.beta": 0.5}),
}
# These change something only together with the flag that turns them on.
WITH = {"es_epochs": "early_stop", "plateau_epochs": "reduce_lr_on_plateau"}
ACCEPTED = [flag for flag in FLAGS if flag.obsolete]
TRAINER = Path(__file__).resolve().parents[2] / "src/deepspeech/cli/old_trainer.py"
CARD = TRAINER.parents[1] / "compat/exported.py"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where checkpoints are kept by default."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path


def config(*arguments: str) -> RunConfig:
    return to_config(values_of(arguments, "DeepSpeech.py"))


def fault(*arguments: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def flat(run: RunConfig) -> dict[str, Any]:
    """Every setting by its path."""
    settings: dict[str, Any] = {}
    for table, values in asdict(run).items():
        settings |= {f"{table}.{key}": v for key, v in values.items()} if isinstance(values, dict) else {table: values}
    return settings


def other(flag: flags.Flag) -> str:
    """A value that is not the default."""
    if isinstance(flag.default, bool):
        return str(not flag.default)
    return str(flag.default + 1) if isinstance(flag.default, int | float) else "other"


def test_every_old_flag_is_known_exactly_once() -> None:
    assert sorted(flag.name for flag in FLAGS) == sorted([*OLD, *DESCRIPTIONS])
    assert len(BY_NAME) == len(FLAGS)


@pytest.mark.parametrize("name", OLD)
def test_defaults_and_types_are_the_old_ones(name: str) -> None:
    assert BY_NAME[name].default == OLD[name]
    assert type(BY_NAME[name].default) is type(OLD[name])
    assert values_of([], "DeepSpeech.py")[name].value == OLD[name]


@pytest.mark.parametrize("flag", FLAGS, ids=lambda f: f.name)
def test_every_flag_has_a_meaning_and_a_use_or_a_word_about_it(flag: flags.Flag) -> None:
    assert flag.meaning
    assert bool(flag.use) != bool(flag.note)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_descriptions_default_to_nothing(name: str) -> None:
    assert BY_NAME[name].default == ""


def test_without_flags_it_is_the_old_run(home: Path) -> None:
    run = config()
    assert run.training.batch_size == run.training.eval_batch_size == 1
    assert (run.data.order, run.data.alphabet, run.data.on_bad_sample) == ("ascending", "data/alphabet.txt", "refuse")
    assert (run.decoding.beam_width, run.decoding.cutoff_top_n) == (1024, 300)
    assert (run.training.early_stop_epochs, run.training.plateau_epochs) == (0, 0)
    assert run.checkpoint.folder == str(home / "deepspeech" / "checkpoints") == default_folder()
    assert {f"network.dropout_{i}": 0.05 for i in "1235"}.items() <= flat(run).items()


@pytest.mark.parametrize("name", EFFECTS)
def test_a_flag_changes_its_settings_and_no_others(name: str) -> None:
    value, expected = EFFECTS[name]
    before, after = flat(config()), flat(config(f"--{name}={value}"))
    assert {key: after[key] for key in after if after[key] != before[key]} == expected


@pytest.mark.parametrize(("name", "switch"), WITH.items())
def test_a_number_of_epochs_counts_with_its_switch(name: str, switch: str) -> None:
    setting = {"es_epochs": "training.early_stop_epochs", "plateau_epochs": "training.plateau_epochs"}[name]
    assert flat(config(f"--{name}=3"))[setting] == 0
    assert flat(config(f"--{name}=3", f"--{switch}"))[setting] == 3


def test_every_flag_with_a_use_is_proved_here_or_acted_on_by_the_command() -> None:
    used = {flag.name for flag in FLAGS if flag.use}
    left = used - set(EFFECTS) - set(WITH)
    assert all(BY_NAME[name].use == COMMAND for name in left)
    tree = ast.parse(TRAINER.read_text(encoding="utf-8"))
    read = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and ast.unparse(node.value) == "values"
    }
    tree = ast.parse(CARD.read_text(encoding="utf-8"))  # names its flags as texts
    read |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert left <= read
    assert not (set(EFFECTS) | set(WITH)) - used


@pytest.mark.parametrize("flag", ACCEPTED, ids=lambda f: f.name)
def test_an_accepted_flag_gives_a_note_and_changes_nothing(flag: flags.Flag) -> None:
    values = values_of([f"--{flag.name}={other(flag)}"], "DeepSpeech.py")
    assert notes(values) == [f"--{flag.name}: {flag.note}"]
    assert to_config(values) == config()


def test_no_flags_no_notes() -> None:
    assert notes(values_of(["--epochs=3"], "DeepSpeech.py")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--n_hiden", "100"], "n_hidden"),
        (["--train_file=a.csv"], "train_files"),
        (["--unheard_of"], "Unknown command line flag 'unheard_of'"),
    ],
)
def test_an_unknown_flag_is_refused_with_the_nearest_one(arguments: list[str], words: str) -> None:
    message = fault(*arguments)
    assert message.startswith("DeepSpeech.py: ")
    assert words in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epochs=many"], "epochs"),
        (["--epochs=2.5"], "epochs"),
        (["--epochs"], "epochs"),
        (["--learning_rate=fast"], "learning_rate"),
        (["--early_stop=perhaps"], "early_stop"),
        (["--load_train=newest"], "newest"),
        (["--load_evaluate=init"], "--load_evaluate is 'init'; use auto, last or best"),
        (["--export_zip"], "--export_zip: name the folder with --export_dir"),
        (["--remove_export"], "--remove_export: name the folder"),
        (["--augment=loudness"], "'loudness' is unknown"),
        (["--augment=overlay"], "set source=…"),
        (["--epochs=0"], "training.epochs is 0"),
        (["--random_seed=-1"], "training.seed is -1"),
        (["--feature_win_len=33", "--audio_sample_rate=8100"], "features.window_ms"),
        (["a.csv"], "'a.csv' is not a flag"),
        (["--epochs", "3", "4"], "'4' is not a flag"),
    ],
)
def test_a_wrong_value_is_named(arguments: list[str], words: str) -> None:
    assert words in fault(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--n_hidden", "100", "--early_stop"],
        ["--n_hidden=100", "--early_stop=true"],
        ["-n_hidden", "100", "-early_stop"],
        ["-n_hidden=100", "-early_stop=True"],
        ["--n_hidden=5", "--noearly_stop", "--early_stop", "--n_hidden=100"],
        ["--n_hidden=100", "--early_stop=1"],
    ],
)
def test_flags_are_written_as_they_were(arguments: list[str]) -> None:
    run = config(*arguments)
    assert (run.network.hidden, run.training.early_stop_epochs) == (100, 25)


def test_a_switch_is_turned_off_by_no() -> None:
    assert config("--early_stop", "--noearly_stop") == config()
    assert notes(values_of(["--nouse_allow_growth", "--log_placement"], "DeepSpeech.py")) == [
        f"--log_placement: {BY_NAME['log_placement'].note}"
    ]


def test_a_file_of_flags(tmp_path: Path) -> None:
    file = tmp_path / "flags.txt"
    file.write_text("# a comment\n\n--n_hidden=100\n--augment=tempo\n--noearly_stop\n")
    run = config("--epochs=3", f"--flagfile={file}", "--augment", "pitch")
    assert (run.network.hidden, run.training.epochs, run.augment) == (100, 3, ("tempo", "pitch"))
    assert config("--flagfile", str(file), "--n_hidden=7").network.hidden == 7


def test_a_missing_flagfile_is_reported(tmp_path: Path) -> None:
    assert str(tmp_path / "none.txt") in fault(f"--flagfile={tmp_path / 'none.txt'}")


def test_augmentations_keep_their_order() -> None:
    assert config("--augment", "tempo", "--augment=pitch", "--augment", "volume").augment == (
        "tempo",
        "pitch",
        "volume",
    )


def test_the_larger_batch_size_serves_for_validation_and_test() -> None:
    assert config("--dev_batch_size=4", "--test_batch_size=6").training.eval_batch_size == 6


def test_a_layers_own_dropout_wins_and_zero_is_a_value() -> None:
    network = config("--dropout_rate=0.3", "--dropout_rate2=0", "--dropout_rate6=0.1").network
    assert (network.dropout_1, network.dropout_2, network.dropout_3, network.dropout_5) == (0.3, 0, 0.3, 0.1)


@pytest.mark.parametrize(
    ("arguments", "folder", "load"),
    [
        (["--checkpoint_dir=a"], "a", ""),
        (["--checkpoint_dir=a", "--load_checkpoint_dir=b"], "a", "b"),
        (["--checkpoint_dir=a", "--save_checkpoint_dir=b"], "b", "a"),
        (["--load_checkpoint_dir=a", "--save_checkpoint_dir=b"], "b", "a"),
        (["--load_checkpoint_dir=a", "--save_checkpoint_dir=a"], "a", ""),
        (["--save_checkpoint_dir=b"], "b", ""),
    ],
)
def test_folders_of_checkpoints(arguments: list[str], folder: str, load: str) -> None:
    checkpoint = config(*arguments).checkpoint
    assert (checkpoint.folder, checkpoint.load) == (folder, load)


def test_the_default_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert default_folder() == "/home/me/.local/share/deepspeech/checkpoints"


def test_the_new_flag_that_leaves_out_bad_samples() -> None:
    assert config("--skip_bad").data.on_bad_sample == "skip"


def test_two_readings_do_not_mix() -> None:
    first = values_of(["--augment=tempo", "--epochs=3"], "DeepSpeech.py")
    second = values_of([], "evaluate.py")
    assert (first.epochs, second.epochs, second.augment) == (3, 75, None)


def test_the_docs_explain_every_flag() -> None:
    text = flags_page.PAGE.read_text(encoding="utf-8")
    assert text == flags_page.with_table(text), "run: python tests/compat/flags_page.py"
