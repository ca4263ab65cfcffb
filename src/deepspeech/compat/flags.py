"""The flags of DeepSpeech.py 0.9.3: each is a setting of RunConfig, or the door's business, or explained, or refused.

Names, defaults and meanings: `training/deepspeech_training/util/flags.py`. absl reads them, as it did then, so that
`--name value`, `--name=value`, `--noname`, `--flagfile` and `--helpfull` are what they were.
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

DOOR = "door"  # acted on by cli/old_trainer.py
DROPPABLE = ("layer_2", "layer_3", "lstm", "layer_5", "layer_6")  # what drop_source_layers counts, from the end
CARD = "about the exported model"


@dataclass(frozen=True)
class Flag:
    """One old flag. `use` is a setting's path, DOOR, or "" where `note` says what became of it.

    A flag without use is accepted with its note where `harmless`, else refused when it is given another value.
    """

    name: str
    default: Any
    meaning: str
    use: str = ""
    note: str = ""
    harmless: bool = False

    @property
    def many(self) -> bool:
        return self.default is None


def _accepted(name: str, default: Any, meaning: str, note: str) -> Flag:
    return Flag(name, default, meaning, note=note, harmless=True)


def _absent(name: str, default: Any, meaning: str, note: str) -> Flag:
    return Flag(name, default, meaning, note=note)


FLAGS = (
    # data
    Flag("train_files", "", "comma list of CSV files to train on; without it nothing is trained", "data.train"),
    Flag("dev_files", "", "comma list of CSV files to validate on, each reported apart", "data.dev"),
    Flag("test_files", "", "comma list of CSV files to test on, each reported apart", "data.test"),
    Flag("metrics_files", "", "comma list of CSV files that are judged after validation and reported, but choose nothing", "data.metrics"),
    _accepted("read_buffer", "1MB", "size of the read buffer", "the operating system's buffers serve"),
    Flag("feature_cache", "", "path prefix of a feature cache on disk", "data.feature_cache"),
    _accepted("cache_for_epochs", 0, "epochs after which the feature cache is made anew",
              "augmented clips are never kept, so what is kept stays right"),
    Flag("feature_win_len", 32, "length of a feature window in ms", "features.window_ms"),
    Flag("feature_win_step", 20, "step of the feature windows in ms", "features.step_ms"),
    Flag("audio_sample_rate", 16000, "sample rate of the model in Hz", "features.sample_rate_hz"),
    Flag("augment", None, "an augmentation, name[key=value,…]; may be repeated, order counts", "augment"),
    Flag("limit_train", 0, "use at most so many training samples, the shortest; 0: all", "data.limit_train"),
    Flag("limit_dev", 0, "use at most so many samples of each dev file, the shortest; 0: all", "data.limit_dev"),
    Flag("limit_test", 0, "use at most so many samples of each test file, the shortest; 0: all", "data.limit_test"),
    Flag("reverse_train", False, "train on the longest clips first; limit_train keeps the longest", DOOR),
    Flag("reverse_dev", False, "limit_dev keeps the longest clips; the longest are judged first in any case", DOOR),
    Flag("reverse_test", False, "limit_test keeps the longest clips; the longest are judged first in any case", DOOR),
    # training
    Flag("epochs", 75, "passes over the training data", "training.epochs"),
    Flag("dropout_rate", 0.05, "dropout of dense layer 1, and of 2, 3 and 5 unless they say otherwise", DOOR),
    Flag("dropout_rate2", -1.0, "dropout of dense layer 2; negative: dropout_rate", DOOR),
    Flag("dropout_rate3", -1.0, "dropout of dense layer 3; negative: dropout_rate", DOOR),
    _accepted("dropout_rate4", 0.0, "never had an effect", "it never had an effect"),
    _accepted("dropout_rate5", 0.0, "never had an effect", "it never had an effect; the flag of layer 5 is dropout_rate6"),
    Flag("dropout_rate6", -1.0, "dropout of dense layer 5; negative: dropout_rate", DOOR),
    Flag("relu_clip", 20.0, "upper limit of the dense layers' outputs", "network.relu_clip"),
    Flag("beta1", 0.9, "Adam's decay of the first moment", "training.beta1"),
    Flag("beta2", 0.999, "Adam's decay of the second moment", "training.beta2"),
    Flag("epsilon", 1e-8, "Adam's epsilon", "training.epsilon"),
    Flag("learning_rate", 0.001, "learning rate of Adam", "training.learning_rate"),
    Flag("train_batch_size", 1, "clips in a training batch", "training.batch_size"),
    Flag("dev_batch_size", 1, "clips in a validation batch", DOOR),
    Flag("test_batch_size", 1, "clips in a test batch", DOOR),
    Flag("random_seed", 4568, "seed of everything random", "training.seed"),
    Flag("early_stop", False, "stop when validation no longer improves", DOOR),
    Flag("es_epochs", 25, "epochs without improvement before an early stop", DOOR),
    Flag("es_min_delta", 0.05, "least change of the validation loss that counts as improvement", "training.early_stop_min_delta"),
    Flag("reduce_lr_on_plateau", False, "lower the learning rate when validation no longer improves", DOOR),
    Flag("plateau_epochs", 10, "epochs without improvement before the rate is lowered", DOOR),
    Flag("plateau_reduction", 0.1, "factor by which it is lowered", "training.plateau_factor"),
    Flag("force_initialize_learning_rate", False, "begin with learning_rate again, however far plateaus lowered it before", "checkpoint.reset_rate"),
    # geometry
    Flag("n_hidden", 2048, "width of every layer", "network.hidden"),
    Flag("layer_norm", False, "layer normalization after each dense layer but the last", "network.layer_norm"),
    # performance
    _accepted("inter_op_parallelism_threads", 0, "TensorFlow's threads between operations", "PyTorch needs no such setting"),
    Flag("intra_op_parallelism_threads", 0, "threads of arithmetic; 0: all cores", "training.threads"),
    _accepted("use_allow_growth", False, "take GPU memory little by little", "PyTorch always does"),
    _accepted("load_cudnn", False, "load a cuDNN checkpoint of TensorFlow", "TensorFlow checkpoints are read, cuDNN's too"),
    _accepted("train_cudnn", False, "use cuDNN's LSTM", "PyTorch uses cuDNN by itself on a GPU"),
    Flag("automatic_mixed_precision", False, "multiply matrices in 16 bits where the processor or GPU can (bfloat16)", DOOR),
    # checkpoints
    Flag("checkpoint_dir", "", "where checkpoints are read and written", DOOR),
    Flag("load_checkpoint_dir", "", "where checkpoints are read; default checkpoint_dir", DOOR),
    Flag("save_checkpoint_dir", "", "where checkpoints are written; default checkpoint_dir", DOOR),
    Flag("checkpoint_secs", 600, "seconds between checkpoints within an epoch; 0: none", "checkpoint.every_s"),
    Flag("max_to_keep", 5, "checkpoints that are kept", "checkpoint.keep"),
    Flag("load_train", "auto", "checkpoint to train from: last, best, init (none), auto (last, best, init), transfer (best or last of load_checkpoint_dir)", DOOR),
    Flag("load_evaluate", "auto", "checkpoint to test and export: last, best, auto (best, last)", DOOR),
    Flag("drop_source_layers", 0, "last layers to train anew when starting from another checkpoint, 1 to 5", DOOR),
    # export
    Flag("export_dir", "", "write a model file there after training", DOOR),
    Flag("remove_export", False, "first delete what an earlier export wrote into export_dir, and nothing else", DOOR),
    Flag("export_tflite", False, "export with 8-bit weights, as .tflite had; exports are ONNX in any case", DOOR),
    _accepted("n_steps", 16, "frames that the exported network takes at once", "exports take any number of frames"),
    _accepted("export_batch_size", 1, "clips that the exported network takes at once", "exports take any number of clips"),
    Flag("export_zip", False, "export with 8-bit weights and pack model, card and scorer into export_dir.zip; export_dir must be empty", DOOR),
    Flag("export_file_name", "output_graph", "name of the model file, without its ending", DOOR),
    Flag("export_beam_width", 500, "beam width written into the model", DOOR),
    Flag("export_author_id", "author", f"author, {CARD}", "card.author"),
    Flag("export_model_name", "model", f"name, {CARD}", "card.name"),
    Flag("export_model_version", "0.0.1", f"version, {CARD}", "card.version"),
    Flag("export_contact_info", "", f"how to reach its author, {CARD}", "card.contact"),
    Flag("export_license", "", f"license, {CARD}", "card.license"),
    Flag("export_language", "", f"language, {CARD}", "card.language"),
    Flag("export_min_ds_version", "", f"oldest version of the client, {CARD}", DOOR),
    Flag("export_max_ds_version", "", f"newest version of the client, {CARD}", DOOR),
    Flag("export_description", "", f"description, {CARD}", "card.description"),
    # reporting
    Flag("log_level", 1, "least weight of what is printed: 0 debug, 1 info, 2 warnings, 3 errors", DOOR),
    Flag("show_progressbar", True, "a progress bar on stderr, where that is a terminal; else lines as in a log", DOOR),
    _accepted("log_placement", False, "say which device runs which operation", "there is one device; `deepspeech doctor` names it"),
    Flag("report_count", 5, "samples in each of the lists of best, median and worst", DOOR),
    Flag("summary_dir", "", "folder for TensorBoard's event files; without it there are none", "training.summaries"),
    Flag("test_output_file", "", "write test results there as JSON", DOOR),
    # decoder
    Flag("bytes_output_mode", False, "labels are UTF-8 bytes; no alphabet is needed", "data.bytes_output"),
    Flag("alphabet_config_path", "data/alphabet.txt", "the alphabet, one letter a line", DOOR),
    Flag("scorer_path", "", "scorer to decode with", DOOR),
    Flag("scorer", "", "the same as scorer_path", DOOR),
    Flag("beam_width", 1024, "prefixes that the search keeps", "decoding.beam_width"),
    Flag("lm_alpha", 0.931289039105002, "weight of the scorer, whatever the scorer itself recommends", "decoding.alpha"),
    Flag("lm_beta", 1.1834137581510284, "bonus for each word, whatever the scorer itself recommends", "decoding.beta"),
    Flag("cutoff_prob", 1.0, "of a frame's letters use the likeliest that reach this sum; 1: all", "decoding.cutoff_prob"),
    Flag("cutoff_top_n", 300, "and at most so many of them, where cutoff_prob is below 1", "decoding.cutoff_top_n"),
    Flag("one_shot_infer", "", "transcribe this wav with the checkpoint, and print its text", DOOR),
    Flag("lm_alpha_max", 5.0, "highest lm_alpha that lm_optimizer.py tries", DOOR),
    Flag("lm_beta_max", 5.0, "highest lm_beta that lm_optimizer.py tries", DOOR),
    Flag("n_trials", 2400, "trials of lm_optimizer.py", DOOR),
)  # fmt: skip
BY_NAME = {flag.name: flag for flag in FLAGS}
SKIP_BAD = Flag(
    "skip_bad", False, "new: leave out samples that cannot be trained on instead of refusing to start", DOOR
)
_BY_CORES = "segments are recognised one to a core, the longest too"
OF_DOOR = {
    "transcribe.py": (
        Flag("src", "", "a sound file, a folder of them, or a .catalog of DSAlign", DOOR),
        Flag("dst", "", "the .tlog to write for one sound file; default: beside it", DOOR),
        Flag("recursive", False, "look into the folders of a folder too", DOOR),
        Flag("force", False, "write .tlog files anew that exist already", DOOR),
        Flag("vad_aggressiveness", 3, "how much is taken for silence: 0 (little) to 3", DOOR),
        _accepted("batch_size", 40, "segments that the network takes at once", _BY_CORES),
        _accepted("outlier_duration_ms", 10000, "segments longer than this are batched apart", _BY_CORES),
        _accepted("outlier_batch_size", 1, "and so many of them at once", _BY_CORES),
    ),
}


def values_of(arguments: Sequence[str], door: str) -> flags.FlagValues:
    """Read `arguments` (without the program's name). Raises ConfigError for what is unknown or refused."""
    values = flags.FlagValues()  # type: ignore[no-untyped-call]
    for flag in (*FLAGS, SKIP_BAD, *OF_DOOR.get(door, ())):
        _define(values, flag, door)
    flags.DEFINE_bool("help", False, "show this help", short_name="h", module_name=door, flag_values=values)
    flags.DEFINE_bool("helpfull", False, "show this help", module_name=door, flag_values=values)
    try:
        rest = values([door, *arguments])[1:]
    except flags.Error as error:
        raise ConfigError(f"{door}: {error}") from None
    if rest:
        raise ConfigError(f"{door}: '{rest[0]}' is not a flag; every value follows a --flag (see --helpfull)")
    refused = [flag for flag in FLAGS if not flag.use and not flag.harmless and _changed(values, flag)]
    if refused:
        raise ConfigError("; ".join(f"--{flag.name}: {flag.note}" for flag in refused))
    _check(values)
    return values


def _check(values: Any) -> None:
    """What would be found out only after hours of training."""
    if values.load_evaluate not in ("auto", "last", "best"):
        raise ConfigError(f"--load_evaluate is '{values.load_evaluate}'; use auto, last or best")
    if not values.export_dir:
        for name in ("export_zip", "remove_export"):
            if values[name].value:
                raise ConfigError(f"--{name}: name the folder with --export_dir")


def _define(values: flags.FlagValues, flag: Flag, door: str) -> None:
    text = flag.meaning + (f" [{'accepted: ' if flag.harmless else 'refused: '}{flag.note}]" if flag.note else "")
    rest: Mapping[str, Any] = {"flag_values": values, "module_name": door}
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
    """What to say about accepted flags that were given and do nothing."""
    known = (*FLAGS, *(flag for own in OF_DOOR.values() for flag in own if flag.name in values))
    return [f"--{flag.name}: {flag.note}" for flag in known if flag.harmless and _changed(values, flag)]


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
        if flag.use and flag.use != DOOR:
            value: Any = values[flag.name].value
            if flag.use in ("data.train", "data.dev", "data.test", "data.metrics"):
                value = [name for name in value.split(",") if name]
            put(flag.use, value or [] if flag.many else value)
    for path, value in _derived(values).items():
        put(path, value)
    return resolve(tables)


def write_file(values: flags.FlagValues, folder: Path) -> None:
    """`flags.txt` beside the checkpoints, a flag a line, as 0.9.3 left it; `--flagfile` reads it back."""
    text: str = values.flags_into_string()  # type: ignore[no-untyped-call]
    rows = [row for row in text.splitlines() if row.startswith("--") and row not in ("--nohelp", "--nohelpfull")]
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / "flags.txt") as partial:
        partial.write_text("\n".join(rows) + "\n", encoding="utf-8")


def default_folder() -> str:
    """Where 0.9.3 kept checkpoints unless told otherwise (XDG base directory specification)."""
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
        "checkpoint.folder": own,
        "checkpoint.load": source if source and source != own else "",
        "checkpoint.which": values.load_train,
        "transfer.drop": list(DROPPABLE[-values.drop_source_layers :]) if values.drop_source_layers > 0 else [],
    }
    return derived | {f"network.dropout_{k}": v if v >= 0 else values.dropout_rate for k, v in rates.items()}
