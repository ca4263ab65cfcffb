"""The data sets of a run: read and looked over before anything is learnt; faults meet the configured policy."""

from dataclasses import dataclass
from pathlib import Path

from deepspeech.config import RunConfig
from deepspeech.datasets.check import Fault, describe, examine_all, refuse
from deepspeech.datasets.csv_files import read_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.text.alphabet import ENGLISH, Alphabet, ByteAlphabet
from deepspeech.training.log import Log


@dataclass(frozen=True)
class Sets:
    """Usable samples: train as one list; dev and test by file, because they are reported apart."""

    train: list[Sample]
    dev: dict[str, list[Sample]]
    test: dict[str, list[Sample]]


def alphabet_of(config: RunConfig) -> Alphabet:
    if config.data.bytes_output:
        return ByteAlphabet()
    return Alphabet.from_file(config.data.alphabet) if config.data.alphabet else ENGLISH


def open_sets(config: RunConfig, alphabet: Alphabet, log: Log) -> Sets:
    """Read and check every file of the run; all faults of all files are reported together."""
    data = config.data
    limits = {"train": data.limit_train, "dev": data.limit_dev, "test": data.limit_test}
    opened: dict[str, dict[str, list[Sample]]] = {}
    faults: list[Fault] = []
    for kind, limit in limits.items():
        opened[kind] = {}
        for name in getattr(data, kind):
            samples = read_csv(Path(name))[: limit or None]
            good, bad = examine_all(samples, alphabet, config.features, name, data.workers, config.network.stride)
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
    return Sets([s for samples in opened["train"].values() for s in samples], opened["dev"], opened["test"])
