"""Settings of a run that only training reads: optimizer and schedule, checkpoints, transfer learning, the card.

Values only, with their documentation; `config.py` composes them with those of data, features, network and search.
"""

from dataclasses import dataclass

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.errors import ConfigError
from deepspeech.settings import setting


@dataclass(frozen=True)
class TrainingConfig:
    """Optimizer, schedule, stopping and other training settings."""

    epochs: int = setting(
        75,
        "passes over the training set",
        "more while the dev loss still falls at the end, fewer to try something out",
        "epochs",
    )
    batch_size: int | str = setting(
        16,
        'clips in a batch, over all ranks; "auto": as many as fit into memory',
        "smaller if memory runs out; larger, with a higher learning rate, on a GPU",
        "clips",
    )
    batch_seconds: float = setting(
        0.0,
        "batch by seconds of audio, padding included; 0: by number of clips",
        "for clips of very different lengths",
        "seconds",
    )
    accumulate: int = setting(
        1,
        "batches whose gradients are added up for one step",
        "for large batches in little memory",
        "batches",
    )
    eval_batch_size: int = setting(
        16, "clips in a batch of validation and tests; changes no result", "smaller if memory runs out", "clips"
    )
    optimizer: str = setting(
        "adam", '"adam" or "nesterov": SGD with Nesterov momentum', '"nesterov" only to repeat the paper'
    )
    momentum: float = setting(0.99, 'momentum of "nesterov"', "lower if the loss swings")
    learning_rate: float = setting(
        0.001,
        "learning rate; with a schedule its highest value",
        "lower if the loss jumps or is not finite, higher if it falls slowly from the start",
    )
    schedule: str = setting(
        "constant",
        '"constant"; "cosine": warmup, then cosine decay to 0 at the last step; "annealed": warmup, then multiply by '
        "`anneal` after each epoch",
        '"cosine" where the number of epochs is known: the error rates end lower',
    )
    anneal: float = setting(0.95, 'factor of "annealed" after each epoch', "nearer to 1 for many epochs")
    warmup_epochs: float = setting(
        0.0,
        "epochs in which the learning rate rises from 0",
        "1 to 5 for large batches, high learning rates and Conformers",
        "epochs",
    )
    beta1: float = setting(0.9, "decay of Adam's mean of gradients", "seldom")
    beta2: float = setting(
        0.999, "decay of Adam's mean of squared gradients", "0.98 or 0.99 for short trainings with a high learning rate"
    )
    epsilon: float = setting(1e-8, "added to the divisor of Adam's steps", "seldom")
    weight_decay: float = setting(
        0.0,
        '"adam": decoupled (AdamW); "nesterov": L2 penalty added to the gradient',
        "0.01 where the train loss falls and the dev loss rises",
    )
    clip_norm: float = setting(
        0.0, "gradients of a greater norm are scaled down to it; 0: none", "10 to 20 if single steps spoil the loss"
    )
    inter_ctc: float = setting(
        0.0,
        "weight of the CTC losses of intermediate layers; 0: none",
        '0.3 for deep networks ("deep_lstm", "conformer")',
    )
    consistency: float = setting(
        0.0,
        "CR-CTC: weight of the disagreement between two masked views of each clip; 0: one view",
        "0.2 for little data, if twice the time and memory are affordable",
    )
    average_decay: float = setting(
        0.0,
        "EMA of the weights, used to evaluate and export; 0: none",
        "0.997 to 0.9995: the fewer steps in all, the lower",
    )
    select_by: str = setting(
        "loss",
        'the best checkpoint is that of lowest dev "loss", "cer" or "wer" (in bytes mode CER too)',
        '"wer" for a dev set of thousands of words, "cer" for scripts without spaces',
    )
    test_jitter_ms: float = setting(
        0.0,
        "tests average over the clip and the clip shifted both ways",
        "half of features.step_ms, for three times the cost",
        "milliseconds",
    )
    evaluate_every: int = setting(1, "epochs between validations", "more where the dev set takes long", "epochs")
    early_stop_epochs: int = setting(
        0, "stop after so many epochs without improvement; 0: never", "10 to 25 with a constant learning rate", "epochs"
    )
    early_stop_min_delta: float = setting(
        0.05, "smallest fall of the dev loss that counts as improvement", "lower where losses are below 1"
    )
    plateau_epochs: int = setting(
        0,
        "epochs without improvement before reloading the best and lowering the rate; 0: never",
        "5 to 10 with a constant learning rate",
        "epochs",
    )
    plateau_factor: float = setting(0.1, "factor by which a plateau lowers the learning rate", "0.5 for gentler steps")
    precision: str = setting(
        "float32",
        '"float32"; "bfloat16": 16-bit matrix products; "auto": bfloat16 where that is faster',
        '"auto" on a GPU or a recent CPU',
    )
    seed: int = setting(4568, "seed of initial weights, order and augmentation", "to see how much is luck")
    threads: int = setting(0, "threads of arithmetic; 0: all cores", "fewer to leave cores to others", "threads")
    probe: bool = setting(
        True, "dry run of the largest batch before the first epoch, to check memory", "false where memory is no concern"
    )
    memory_mb: int = setting(
        0,
        'memory that batch_size "auto" may use without a GPU; 0: half of memory',
        "on machines shared with others",
        "MB",
    )
    compile: bool = setting(
        False,
        "torch.compile: minutes of compilation, then faster steps on a GPU",
        "true for hours of training on a GPU",
    )
    preview_every_s: float = setting(
        60.0,
        "time between sample previews (transcripts of dev clips); 0: never",
        "longer where even a few clips take long",
        "seconds",
    )
    summaries: str = setting("", "folder for TensorBoard event files; empty: none", "to watch many runs in TensorBoard")

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

    folder: str = setting("checkpoints", "where the run keeps its state", "always: a folder for each run")
    load: str = setting("", "another folder to start from; it is only read", "for transfer learning and fine-tuning")
    which: str = setting(
        "auto",
        '"last"; "best" (of its own folder: go back to it; later ones are moved aside); "init": start from scratch; '
        '"auto": last, else best, else init; "transfer": the best, else the last, of `load`',
        '"best" to go on from the best, "init" to begin again',
    )
    every_s: float = setting(
        600.0,
        "time between checkpoints within an epoch; 0: only at its end",
        "shorter where machines are taken away",
        "seconds",
    )
    keep: int = setting(5, 'number of "last" checkpoints to keep; 0: all', "fewer where disk is short", "checkpoints")
    reset_rate: bool = setting(
        False,
        "reset the learning rate lowered by plateaus to training.learning_rate",
        "to go on with new data after plateaus",
    )

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

    drop: tuple[str, ...] = setting(
        (),
        "layers to re-initialize; another alphabet requires the last one",
        "the last for another language; the one before too for very different audio or much data",
    )
    freeze: tuple[str, ...] = setting((), "layers that are not trained", "the lower ones for minutes of speech")
    layer_decay: float = setting(
        1.0, "learning rate of each layer as a fraction of that of the layer above it", "0.7 for little data"
    )
    unfreeze_epochs: float = setting(
        0.0,
        "gradual unfreezing: epochs until the next layer below is trained too; 0: all at once",
        "1 for little data",
        "epochs",
    )
    keep: float = setting(
        0.0,
        "L2-SP: decay towards the weights training started from, instead of towards 0; 0: none",
        "3 to 30 to adapt to a voice and forget others less",
    )

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

    name: str = setting("model", "name of the model", "for each model that you give to others")
    version: str = setting("0.0.1", "its version", "with each new training that you publish")
    author: str = setting("", "who made it", "before publishing")
    contact: str = setting("", "how to reach the author", "before publishing")
    language: str = setting("", "its language as a tag, such as en or pt-BR", "always: servers choose models by it")
    license: str = setting("", "its license, as an SPDX name", "before publishing")
    description: str = setting("", "what it was trained on, and what for", "before publishing")
