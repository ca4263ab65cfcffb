"""The flags of DeepSpeech.py 0.9.3: each is a setting of RunConfig, or acted on by the command, or accepted, or refused.

Names, defaults and meanings: `training/deepspeech_training/util/flags.py`. absl parses them, as in 0.9.3, so that
`--name value`, `--name=value`, `--noname`, `--flagfile` and `--helpfull` work as before.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import flags

from deepspeech.config import RunConfig, resolve
from deepspeech.errors import ConfigError
from deepspeech.files import atomic_path

COMMAND = "command"  # acted on by cli/old_trainer.py
DROPPABLE = ("layer_2", "layer_3", "lstm", "layer_5", "layer_6")  # what drop_source_layers counts, from the end
CARD = "about the exported model"


@dataclass(frozen=True)
class Flag:
    """One old flag. `use` is a setting's path, COMMAND, or "" where `note` explains why it has no effect."""

    name: str
    default: Any
    meaning: str
    use: str = ""
    note: str = ""

    @property
    def obsolete(self) -> bool:
        """Whether it is accepted and has no effect."""
        return not self.use

    @property
    def many(self) -> bool:
        return self.default is None


def _accepted(name: str, default: Any, meaning: str, note: str) -> Flag:
    return Flag(name, default, meaning, note=note)


FLAGS = (
    # data
    Flag("train_files", "", "comma list of CSV files to train on; empty: no training", "data.train"),
    Flag("dev_files", "", "comma list of CSV files to validate on, each reported apart", "data.dev"),
    Flag("test_files", "", "comma list of CSV files to test on, each reported apart", "data.test"),
    Flag("metrics_files", "", "comma list of CSV files to validate on and report; they do not select checkpoints", "data.metrics"),
    _accepted("read_buffer", "1MB", "size of the read buffer", "the operating system's buffers serve"),
    Flag("feature_cache", "", "path prefix of a feature cache on disk", "data.feature_cache"),
    _accepted("cache_for_epochs", 0, "epochs after which the feature cache is rebuilt",
              "augmented clips are never cached, so the cache stays valid"),
    Flag("feature_win_len", 32, "length of a feature window in ms", "features.window_ms"),
    Flag("feature_win_step", 20, "step of the feature windows in ms", "features.step_ms"),
    Flag("audio_sample_rate", 16000, "sample rate of the model in Hz", "features.sample_rate_hz"),
    Flag("augment", None, "an augmentation, name[key=value,…]; may be repeated, order counts", "augment"),
    Flag("limit_train", 0, "use at most this many training samples, the shortest; 0: all", "data.limit_train"),
    Flag("limit_dev", 0, "use at most this many samples of each dev file, the shortest; 0: all", "data.limit_dev"),
    Flag("limit_test", 0, "use at most this many samples of each test file, the shortest; 0: all", "data.limit_test"),
    Flag("reverse_train", False, "train on the longest clips first; limit_train keeps the longest", COMMAND),
    Flag("reverse_dev", False, "limit_dev keeps the longest clips; the longest are validated first in any case", COMMAND),
    Flag("reverse_test", False, "limit_test keeps the longest clips; the longest are tested first in any case", COMMAND),
    # training
    Flag("epochs", 75, "passes over the training data", "training.epochs"),
    Flag("dropout_rate", 0.05, "dropout of dense layer 1, and of 2, 3 and 5 unless they say otherwise", COMMAND),
    Flag("dropout_rate2", -1.0, "dropout of dense layer 2; negative: dropout_rate", COMMAND),
    Flag("dropout_rate3", -1.0, "dropout of dense layer 3; negative: dropout_rate", COMMAND),
    _accepted("dropout_rate4", 0.0, "never had an effect", "it never had an effect"),
    _accepted("dropout_rate5", 0.0, "never had an effect", "it never had an effect; the flag of layer 5 is dropout_rate6"),
    Flag("dropout_rate6", -1.0, "dropout of dense layer 5; negative: dropout_rate", COMMAND),
    Flag("relu_clip", 20.0, "upper limit of the dense layers' outputs", "network.relu_clip"),
    Flag("beta1", 0.9, "Adam's decay of the first moment", "training.beta1"),
    Flag("beta2", 0.999, "Adam's decay of the second moment", "training.beta2"),
    Flag("epsilon", 1e-8, "Adam's epsilon", "training.epsilon"),
    Flag("learning_rate", 0.001, "learning rate of Adam", "training.learning_rate"),
    Flag("train_batch_size", 1, "clips in a training batch", "training.batch_size"),
    Flag("dev_batch_size", 1, "clips in a validation batch", COMMAND),
    Flag("test_batch_size", 1, "clips in a test batch", COMMAND),
    Flag("random_seed", 4568, "random seed", "training.seed"),
    Flag("early_stop", False, "stop when validation no longer improves", COMMAND),
    Flag("es_epochs", 25, "epochs without improvement before an early stop", COMMAND),
    Flag("es_min_delta", 0.05, "least change of the validation loss that counts as improvement", "training.early_stop_min_delta"),
    Flag("reduce_lr_on_plateau", False, "lower the learning rate when validation no longer improves", COMMAND),
    Flag("plateau_epochs", 10, "epochs without improvement before the rate is lowered", COMMAND),
    Flag("plateau_reduction", 0.1, "factor by which it is lowered", "training.plateau_factor"),
    Flag("force_initialize_learning_rate", False, "begin with learning_rate again, however far plateaus lowered it before", "checkpoint.reset_rate"),
    # geometry
    Flag("n_hidden", 2048, "width of every layer", "network.hidden"),
    Flag("layer_norm", False, "layer normalization after each dense layer but the last", "network.layer_norm"),
    # performance
    _accepted("inter_op_parallelism_threads", 0, "TensorFlow's threads between operations", "PyTorch needs no such setting"),
    Flag("intra_op_parallelism_threads", 0, "threads of arithmetic; 0: all cores", "training.threads"),
    _accepted("use_allow_growth", False, "allocate GPU memory on demand", "PyTorch always does"),
    _accepted("load_cudnn", False, "load a cuDNN checkpoint of TensorFlow", "TensorFlow checkpoints are read, cuDNN's too"),
    _accepted("train_cudnn", False, "use cuDNN's LSTM", "PyTorch uses cuDNN by itself on a GPU"),
    Flag("automatic_mixed_precision", False, "multiply matrices in 16 bits where the processor or GPU is faster in them (bfloat16)", COMMAND),
    # checkpoints
    Flag("checkpoint_dir", "", "where checkpoints are read and written", COMMAND),
    Flag("load_checkpoint_dir", "", "where checkpoints are read; default checkpoint_dir", COMMAND),
    Flag("save_checkpoint_dir", "", "where checkpoints are written; default checkpoint_dir", COMMAND),
    Flag("checkpoint_secs", 600, "seconds between checkpoints within an epoch; 0: none", "checkpoint.every_s"),
    Flag("max_to_keep", 5, "number of checkpoints to keep", "checkpoint.keep"),
    Flag("load_train", "auto", "checkpoint to train from: last, best, init (none), auto (last, best, init), transfer (best or last of load_checkpoint_dir)", COMMAND),
    Flag("load_evaluate", "auto", "checkpoint to test and export: last, best, auto (best, last)", COMMAND),
    Flag("drop_source_layers", 0, "last layers to reinitialize when starting from another checkpoint, 1 to 5", COMMAND),
    # export
    Flag("export_dir", "", "export a model file to this folder after training", COMMAND),
    Flag("remove_export", False, "first delete the files of an earlier export from export_dir, and no others", COMMAND),
    Flag("export_tflite", False, "export with 8-bit weights, as .tflite had; exports are ONNX in any case", COMMAND),
    _accepted("n_steps", 16, "frames per step of the exported network", "exports take any number of frames"),
    _accepted("export_batch_size", 1, "clips per batch of the exported network", "exports take any number of clips"),
    Flag("export_zip", False, "export with 8-bit weights and pack model, card and scorer into export_dir.zip; export_dir must be empty", COMMAND),
    Flag("export_file_name", "output_graph", "name of the model file, without its ending", COMMAND),
    Flag("export_beam_width", 500, "beam width written into the model", COMMAND),
    Flag("export_author_id", "author", f"author, {CARD}", "card.author"),
    Flag("export_model_name", "model", f"name, {CARD}", "card.name"),
    Flag("export_model_version", "0.0.1", f"version, {CARD}", "card.version"),
    Flag("export_contact_info", "", f"how to reach its author, {CARD}", "card.contact"),
    Flag("export_license", "", f"license, {CARD}", "card.license"),
    Flag("export_language", "", f"language, {CARD}", "card.language"),
    Flag("export_min_ds_version", "", f"oldest version of the client, {CARD}", COMMAND),
    Flag("export_max_ds_version", "", f"newest version of the client, {CARD}", COMMAND),
    Flag("export_description", "", f"description, {CARD}", "card.description"),
    # reporting
    Flag("log_level", 1, "lowest level of messages to print: 0 debug, 1 info, 2 warnings, 3 errors", COMMAND),
    Flag("show_progressbar", True, "show a progress bar on stderr if that is a terminal, else log lines", COMMAND),
    _accepted("log_placement", False, "report which device runs which operation", "there is one device; `deepspeech doctor` names it"),
    Flag("report_count", 5, "samples in each of the lists of best, median and worst", COMMAND),
    Flag("summary_dir", "", "folder for TensorBoard's event files; empty: none", "training.summaries"),
    Flag("test_output_file", "", "write test results to this file as JSON", COMMAND),
    # decoder
    Flag("bytes_output_mode", False, "labels are UTF-8 bytes; no alphabet is needed", "data.bytes_output"),
    Flag("alphabet_config_path", "data/alphabet.txt", "the alphabet, one character per line", COMMAND),
    Flag("scorer_path", "", "scorer to decode with", COMMAND),
    Flag("scorer", "", "the same as scorer_path", COMMAND),
    Flag("beam_width", 1024, "beam width of the search", "decoding.beam_width"),
    Flag("lm_alpha", 0.931289039105002, "weight of the scorer, whatever the scorer itself recommends", "decoding.alpha"),
    Flag("lm_beta", 1.1834137581510284, "bonus for each word, whatever the scorer itself recommends", "decoding.beta"),
    Flag("cutoff_prob", 1.0, "per frame, use the most probable tokens up to this cumulative probability; 1: all", "decoding.cutoff_prob"),
    Flag("cutoff_top_n", 300, "and at most this many, where cutoff_prob is below 1", "decoding.cutoff_top_n"),
    Flag("one_shot_infer", "", "transcribe this wav with the checkpoint, and print its text", COMMAND),
    Flag("lm_alpha_max", 5.0, "highest lm_alpha that lm_optimizer.py tries", COMMAND),
    Flag("lm_beta_max", 5.0, "highest lm_beta that lm_optimizer.py tries", COMMAND),
    Flag("n_trials", 2400, "trials of lm_optimizer.py", COMMAND),
)  # fmt: skip
BY_NAME = {flag.name: flag for flag in FLAGS}
SKIP_BAD = Flag(
    "skip_bad", False, "new: leave out samples that cannot be trained on instead of refusing to start", COMMAND
)
_BY_CORES = "segments are recognized one per core, the longest too"
OF_COMMAND = {
    "transcribe.py": (
        Flag("src", "", "a sound file, a folder of them, or a .catalog of DSAlign", COMMAND),
        Flag("dst", "", "the .tlog to write for one sound file; default: next to it", COMMAND),
        Flag("recursive", False, "look into the folders of a folder too", COMMAND),
        Flag("force", False, "overwrite existing .tlog files", COMMAND),
        Flag("vad_aggressiveness", 3, "how much is treated as silence: 0 (little) to 3", COMMAND),
        _accepted("batch_size", 40, "segments in a batch", _BY_CORES),
        _accepted("outlier_duration_ms", 10000, "segments longer than this are batched apart", _BY_CORES),
        _accepted("outlier_batch_size", 1, "segments in such a batch", _BY_CORES),
    ),
}


def values_of(arguments: Sequence[str], command: str) -> flags.FlagValues:
    """Read `arguments` (without the program's name). Raises ConfigError for unknown and refused flags."""
    values = flags.FlagValues()  # type: ignore[no-untyped-call]
    for flag in (*FLAGS, SKIP_BAD, *OF_COMMAND.get(command, ())):
        _define(values, flag, command)
    flags.DEFINE_bool("help", False, "show this help", short_name="h", module_name=command, flag_values=values)
    flags.DEFINE_bool("helpfull", False, "show this help", module_name=command, flag_values=values)
    try:
        rest = values([command, *arguments])[1:]
    except flags.Error as error:
        raise ConfigError(f"{command}: {error}") from None
    if rest:
        raise ConfigError(f"{command}: '{rest[0]}' is not a flag; every value follows a --flag (see --helpfull)")
    _check(values)
    return values


def _check(values: Any) -> None:
    """Check early what would fail only after hours of training."""
    if values.load_evaluate not in ("auto", "last", "best"):
        raise ConfigError(f"--load_evaluate is '{values.load_evaluate}'; use auto, last or best")
    if not values.export_dir:
        for name in ("export_zip", "remove_export"):
            if values[name].value:
                raise ConfigError(f"--{name}: name the folder with --export_dir")


def _define(values: flags.FlagValues, flag: Flag, command: str) -> None:
    text = flag.meaning + (f" [accepted: {flag.note}]" if flag.note else "")
    rest: Mapping[str, Any] = {"flag_values": values, "module_name": command}
    if flag.many:
        flags.DEFINE_multi_string(flag.name, flag.default, text, **rest)
    elif isinstance(flag.default, bool):
        flags.DEFINE_bool(flag.name, flag.default, text, **rest)
    elif isinstance(flag.default, int):
        flags.DEFINE_integer(flag.name, flag.default, text, **rest)
    elif isinstance(flag.default, float):
        flags.DEFINE_float(flag.name, flag.default, text, **rest)
    else:
        flags.DEFINE_string(flag.name, flag.default, text, **rest)


def _changed(values: flags.FlagValues, flag: Flag) -> bool:
    return bool(values[flag.name].value != flag.default)


def notes(values: flags.FlagValues) -> list[str]:
    """Notes on flags that were set, are accepted and have no effect."""
    known = (*FLAGS, *(flag for own in OF_COMMAND.values() for flag in own if flag.name in values))
    return [f"--{flag.name}: {flag.note}" for flag in known if flag.obsolete and _changed(values, flag)]


def to_config(values: flags.FlagValues) -> RunConfig:
    """The same run as a RunConfig."""
    tables: dict[str, Any] = {}

    def put(path: str, value: Any) -> None:
        *names, key = path.split(".")
        table = tables
        for name in names:
            table = table.setdefault(name, {})
        table[key] = value

    for flag in FLAGS:
        if flag.use and flag.use != COMMAND:
            value: Any = values[flag.name].value
            if flag.use in ("data.train", "data.dev", "data.test", "data.metrics"):
                value = [name for name in value.split(",") if name]
            put(flag.use, value or [] if flag.many else value)
    for path, value in _derived(values).items():
        put(path, value)
    return resolve(tables)


def write_file(values: flags.FlagValues, folder: Path) -> None:
    """Write `flags.txt` next to the checkpoints, one flag per line, as 0.9.3 did; `--flagfile` reads it back."""
    text: str = values.flags_into_string()  # type: ignore[no-untyped-call]
    rows = [row for row in text.splitlines() if row.startswith("--") and row not in ("--nohelp", "--nohelpfull")]
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / "flags.txt") as partial:
        partial.write_text("\n".join(rows) + "\n", encoding="utf-8")


def default_folder() -> str:
    """Where 0.9.3 kept checkpoints by default (XDG base directory specification)."""
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(home, "deepspeech", "checkpoints")


def _derived(values: flags.FlagValues) -> dict[str, Any]:
    """Settings that take more than one flag."""
    own = values.save_checkpoint_dir or values.checkpoint_dir or default_folder()
    source = values.load_checkpoint_dir or values.checkpoint_dir
    rates: dict[str, Any] = {layer: values[f"dropout_rate{n}"].value for layer, n in (("2", 2), ("3", 3), ("5", 6))}
    derived: dict[str, Any] = {
        "data.order": "descending" if values.reverse_train else "ascending",
        "data.longest": [name for name in ("train", "dev", "test") if values[f"reverse_{name}"].value],
        "data.on_bad_sample": "skip" if values.skip_bad else "refuse",
        "scorer": values.scorer_path or values.scorer,
        "data.alphabet": "" if values.bytes_output_mode else values.alphabet_config_path,
        "training.eval_batch_size": max(values.dev_batch_size, values.test_batch_size),
        "training.early_stop_epochs": values.es_epochs if values.early_stop else 0,
        "training.plateau_epochs": values.plateau_epochs if values.reduce_lr_on_plateau else 0,
        "training.precision": "auto" if values.automatic_mixed_precision else "float32",
        "network.dropout_1": values.dropout_rate,
        "decoding.beam_threshold": 0.0,
        "decoding.token_min_logp": 0.0,
        "checkpoint.folder": own,
        "checkpoint.load": source if source and source != own else "",
        "checkpoint.which": values.load_train,
        "transfer.drop": list(DROPPABLE[-values.drop_source_layers :]) if values.drop_source_layers > 0 else [],
    }
    return derived | {f"network.dropout_{k}": v if v >= 0 else values.dropout_rate for k, v in rates.items()}
