"""DataConfig: training, validation and test sets of a run, and how to read them."""

from dataclasses import dataclass

from deepspeech.datasets.shards.cache import DEFAULT_MB
from deepspeech.errors import ConfigError
from deepspeech.settings import setting

ORDERS = ("shuffled", "ascending", "descending")


@dataclass(frozen=True)
class DataConfig:
    """Files are CSVs with the columns wav_filename, wav_filesize, transcript; several are read as one set.

    `order` is the order of batches in an epoch: "shuffled" shuffles clips of similar length each epoch, "ascending"
    sorts from short to long as DeepSpeech 0.9.3 did, "descending" from long to short.
    """

    train: tuple[str, ...] = setting((), "training sets: CSVs, JSON lines, tars, shards; read as one", "always")
    dev: tuple[str, ...] = setting((), "validation sets; they select the best checkpoint", "always")
    test: tuple[str, ...] = setting((), "sets to test on after training", "to end with an error rate")
    metrics: tuple[str, ...] = setting(
        (), "evaluated like dev and reported; not used for selection", "to watch other voices or noise"
    )
    alphabet: str = setting(
        "", "an alphabet.txt; empty: space, a to z and apostrophe", "for every language but plain English"
    )
    bytes_output: bool = setting(
        False, "tokens are UTF-8 bytes instead of characters", "for scripts of thousands of characters"
    )
    subwords: str = setting(
        "",
        "tokens are subwords: a SentencePiece model or a list with one piece per line",
        "for a hundred hours and more with a network of stride 4",
    )
    order: str = setting(
        "shuffled",
        '"shuffled"; "ascending", from short to long as in 0.9.3; "descending"',
        '"ascending" to repeat an old training, "descending" to meet the longest clips first',
    )
    shuffle_window: int = setting(
        20000,
        "clips of a sharded set shuffled together, in whole shards",
        "fewer where the cache is too small for two windows",
        "clips",
    )
    shard_cache_mb: int = setting(
        DEFAULT_MB, "size of the LRU cache of remote shards", "to the disk that is free", "MB"
    )
    on_bad_sample: str = setting(
        "refuse", '"refuse"; "skip": train without samples that cannot be used', '"skip" once you have read which'
    )
    limit_train: int = setting(
        0, "use at most so many samples, the shortest by wav_filesize; 0: all", "to try something out", "clips"
    )
    limit_dev: int = setting(0, "the same for dev sets", "where validation takes long", "clips")
    limit_test: int = setting(0, "the same for test sets", "to try something out", "clips")
    longest: tuple[str, ...] = setting(
        (),
        'of "train", "dev", "test": limited sets that keep their longest samples',
        "to find out what fits into memory",
    )
    workers: int = setting(2, "threads that read and prepare clips", "more where a GPU waits for clips", "threads")
    cache_mb: int = setting(
        1024, "decoded clips kept in memory up to this size; 0: none", "0 for sets many times its size", "MB"
    )
    feature_cache: str = setting(
        "",
        "prefix of files, or folder, to cache features on disk; empty: no cache",
        "for many epochs without augmentation of the signal",
    )

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise ConfigError(f"data.order is '{self.order}'; use one of {', '.join(ORDERS)}")
        if self.on_bad_sample not in ("refuse", "skip"):
            raise ConfigError(f"data.on_bad_sample is '{self.on_bad_sample}'; use 'refuse' or 'skip'")
        for name in self.longest:
            if name not in ("train", "dev", "test"):
                raise ConfigError(f"data.longest names '{name}'; limited sets are train, dev and test")
        for name in ("workers", "shuffle_window", "shard_cache_mb"):
            if getattr(self, name) < 1:
                raise ConfigError(f"data.{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("limit_train", "limit_dev", "limit_test", "cache_mb"):
            if getattr(self, name) < 0:
                raise ConfigError(f"data.{name} is {getattr(self, name)}; it must not be negative")
