"""The data sets of a run: read and looked over before anything is learnt; faults meet the configured policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepspeech.config import RunConfig
from deepspeech.datasets.check import Fault, describe, examine_all, refuse
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import join, read_samples
from deepspeech.datasets.shard_check import examine_shards
from deepspeech.datasets.shards import ShardSet
from deepspeech.errors import DataError
from deepspeech.text.alphabet import ENGLISH, Alphabet, ByteAlphabet
from deepspeech.training.log import Log


@dataclass(frozen=True)
class Sets:
    """Usable samples: train as one list; dev and test by file, because they are reported apart."""

    train: Sequence[Sample]
    dev: dict[str, Sequence[Sample]]
    test: dict[str, Sequence[Sample]]


def alphabet_of(config: RunConfig) -> Alphabet:
    if config.data.bytes_output:
        return ByteAlphabet()
    return Alphabet.from_file(config.data.alphabet) if config.data.alphabet else ENGLISH


def open_sets(config: RunConfig, alphabet: Alphabet, log: Log) -> Sets:
    """Read and check every file of the run; all faults of all files are reported together."""
    data = config.data
    limits = {"train": data.limit_train, "dev": data.limit_dev, "test": data.limit_test}
    opened: dict[str, dict[str, Sequence[Sample]]] = {}
    faults: list[Fault] = []
    for kind, limit in limits.items():
        opened[kind] = {}
        for name in getattr(data, kind):
            samples = read_samples(Path(name))[: limit or None]
            good: Sequence[Sample]
            if isinstance(samples, ShardSet):
                good, bad = examine_shards(samples, alphabet, config.features, name)
            else:
                good, bad = examine_all(samples, alphabet, config.features, name, data.workers)
            opened[kind][name] = good
            faults += bad
    if data.on_bad_sample == "refuse":
        refuse(faults, "given")
    elif faults:
        log.line(describe(faults, "given"))
    for kind, files in opened.items():
        for name, samples in files.items():
            if not samples:
                raise DataError(f"{name}: no usable sample in this {kind} set")
    return Sets(join(opened["train"].values()), opened["dev"], opened["test"])
