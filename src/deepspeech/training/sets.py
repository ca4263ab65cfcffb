"""The data sets of a run: read and looked over before anything is learnt; faults meet the configured policy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deepspeech.config import RunConfig
from deepspeech.datasets.check import Fault, describe, examine_all, refuse
from deepspeech.datasets.csv_files import read_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.text.alphabet import ENGLISH, Alphabet, ByteAlphabet
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks


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


def open_sets(config: RunConfig, alphabet: Alphabet, log: Log, ranks: Ranks = ALONE) -> Sets:
    """Read and check every file of the run; all faults of all files are reported together. Ranks share the look."""
    data = config.data
    limits = {"train": data.limit_train, "dev": data.limit_dev, "test": data.limit_test}
    opened: dict[str, dict[str, list[Sample]]] = {}
    faults: list[Fault] = []
    for kind, limit in limits.items():
        opened[kind] = {}
        for name in getattr(data, kind):
            samples = read_csv(Path(name))[: limit or None]
            mine = ranks.share(samples)
            found = examine_all(mine, alphabet, config.features, name, data.workers)
            good, bad = _put_together(samples, mine, *found, ranks)
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


def _put_together(
    samples: Sequence[Sample], mine: Sequence[Sample], good: Sequence[Sample], bad: Sequence[Fault], ranks: Ranks
) -> tuple[list[Sample], list[Fault]]:
    """What the ranks have found of their shares, for all of `samples`, in their order."""
    if ranks.count == 1:
        return list(good), list(bad)
    reasons = {id(fault.sample): fault.reason for fault in bad}
    usable = iter(good)
    rows = [{"fault": reasons[id(s)]} if id(s) in reasons else {"s": next(usable).duration_s} for s in mine]
    verdicts = list(zip(samples, ranks.collect(rows), strict=True))
    return (
        [replace(sample, duration_s=row["s"]) for sample, row in verdicts if "s" in row],
        [Fault(sample, row["fault"]) for sample, row in verdicts if "fault" in row],
    )
