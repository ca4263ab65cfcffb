"""DataConfig: training, validation and test sets of a run, and how to read them."""

from dataclasses import dataclass

from deepspeech.datasets.shards.cache import DEFAULT_MB
from deepspeech.errors import ConfigError

ORDERS = ("shuffled", "ascending", "descending")


@dataclass(frozen=True)
class DataConfig:
    """Files are CSVs with the columns wav_filename, wav_filesize, transcript; several are read as one set.

    `order` is the order of batches in an epoch: "shuffled" shuffles clips of similar length each epoch, "ascending"
    sorts from short to long as DeepSpeech 0.9.3 did, "descending" from long to short.
    """

    train: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()  # evaluated like dev and reported; not used for selection
    alphabet: str = ""  # an alphabet.txt; empty: space, a to z and apostrophe
    bytes_output: bool = False  # tokens are UTF-8 bytes instead of characters
    subwords: str = ""  # tokens are subwords: a SentencePiece model or a list with one piece per line
    order: str = "shuffled"
    shuffle_window: int = 20000  # clips of a sharded set shuffled together, in whole shards
    shard_cache_mb: int = DEFAULT_MB  # size of the LRU cache of remote shards
    on_bad_sample: str = "refuse"  # or "skip": train without samples that cannot be used
    limit_train: int = 0  # use at most so many samples, the shortest by wav_filesize; 0: all
    limit_dev: int = 0
    limit_test: int = 0
    longest: tuple[str, ...] = ()  # of "train", "dev", "test": limited sets that keep their longest samples instead
    workers: int = 2  # threads that read and prepare clips
    cache_mb: int = 1024  # decoded clips kept in memory up to this size
    feature_cache: str = ""  # prefix of files, or folder, to cache features on disk; empty: no cache

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
