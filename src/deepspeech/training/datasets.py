"""Reads and checks the data sets of a run before training; faults are handled by `data.on_bad_sample`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from deepspeech.config import RunConfig
from deepspeech.datasets.check import Fault, describe, examine_all, refuse
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import join, read_samples
from deepspeech.datasets.shards.cache import ShardCache
from deepspeech.datasets.shards.check import examine_shards
from deepspeech.datasets.shards.shard_set import ShardSet
from deepspeech.errors import ConfigError, DataError
from deepspeech.modelfile.vocabulary import read_vocabulary
from deepspeech.text.normalize import Normalizer
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks

Files = dict[str, Sequence[Sample]]


@dataclass(frozen=True)
class Datasets:
    """Usable samples: train as one list, the others by file, as they are reported separately."""

    train: Sequence[Sample]
    dev: Files
    test: Files
    metrics: Files = field(default_factory=dict)


def alphabet_of(config: RunConfig) -> TokenSet:
    """The token set of a run. Raises ConfigError for two kinds of tokens, TextError for a damaged file."""
    data = config.data
    if data.subwords and (data.alphabet or data.bytes_output):
        other = "data.bytes_output" if data.bytes_output else "data.alphabet"
        raise ConfigError(f"data.subwords and {other} are both set; a network has one kind of tokens")
    if data.bytes_output:
        return Utf8Bytes()
    if data.subwords:
        return read_vocabulary(data.subwords)
    return Characters.from_file(data.alphabet) if data.alphabet else ENGLISH


def limited(files: Files, limit: int, longest: bool, together: bool) -> Files:
    """Keep the `limit` shortest (or longest) samples by wav_filesize, per file or of all files `together`.

    As `feeding.py` of 0.9.3; 0 keeps all. Order is kept; files without remaining samples are dropped.
    """
    if not limit or not files:
        return files
    if not together:
        return {name: limited({name: files[name]}, limit, longest, True).get(name, []) for name in files}
    sizes = {name: _sizes(samples) for name, samples in files.items()}
    order = np.concatenate(list(sizes.values()))
    # Ties keep the first, as Python's sort does in both directions.
    kept = np.zeros(len(order), bool)
    kept[np.argsort(-order if longest else order, kind="stable")[:limit]] = True
    parts = np.split(kept, np.cumsum([len(rows) for rows in sizes.values()])[:-1])
    chosen = {
        name: [samples[row] for row in np.flatnonzero(part).tolist()]
        for (name, samples), part in zip(files.items(), parts, strict=True)
    }
    return {name: samples for name, samples in chosen.items() if samples or not files[name]}


def _sizes(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """wav_filesize of each sample; of a sharded set without reading a line."""
    if isinstance(samples, ShardSet) and samples.contents:
        return samples.contents.records["bytes"].astype(np.int64)
    return np.array([sample.size_bytes for sample in samples], np.int64)


def open_datasets(config: RunConfig, alphabet: TokenSet, log: Log, ranks: Ranks = ALONE) -> Datasets:
    """Read and check all files, each rank its shard; the faults of all files are reported together."""
    data = config.data
    limits = {"train": data.limit_train, "dev": data.limit_dev, "test": data.limit_test, "metrics": 0}
    cache, normalizer = ShardCache(data.shard_cache_mb), Normalizer(config.text, alphabet) if config.text else None
    opened: dict[str, Files] = {}
    faults: list[Fault] = []
    for kind, limit in limits.items():
        opened[kind] = {}
        files = {name: _normalized(read_samples(name, cache=cache), name, normalizer) for name in getattr(data, kind)}
        for name, samples in limited(files, limit, kind in data.longest, together=kind == "train").items():
            good: Sequence[Sample]
            if isinstance(samples, ShardSet):  # each rank reads the manifest, no sound
                good, bad = examine_shards(samples, alphabet, config.features, name, config.network.outputs)
            else:
                mine = ranks.shard(samples)
                found = examine_all(mine, alphabet, config.features, name, data.workers, config.network.outputs)
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
    return Datasets(join(opened["train"].values()), opened["dev"], opened["test"], opened["metrics"])


def _normalized(samples: Sequence[Sample], name: str, normalizer: Normalizer | None) -> Sequence[Sample]:
    if normalizer is None:
        return samples
    if isinstance(samples, ShardSet):
        raise ConfigError(
            f"{name}: a sharded set is trained on as it is, but the table [text] has settings; normalize its text when "
            "it is written: deepspeech data convert"
        )
    return [replace(sample, transcript=normalizer(sample.transcript)) for sample in samples]


def _put_together(
    samples: Sequence[Sample], mine: Sequence[Sample], good: Sequence[Sample], bad: Sequence[Fault], ranks: Ranks
) -> tuple[list[Sample], list[Fault]]:
    """Gather the results of all ranks for all of `samples`, in order."""
    if ranks.count == 1:
        return list(good), list(bad)
    reasons = {id(fault.sample): (fault.reason, fault.kind) for fault in bad}
    usable = iter(good)
    rows = [{"fault": reasons[id(s)]} if id(s) in reasons else {"s": next(usable).duration_s} for s in mine]
    verdicts = list(zip(samples, ranks.unshard(rows), strict=True))
    return (
        [replace(sample, duration_s=row["s"]) for sample, row in verdicts if "s" in row],
        [Fault(sample, *row["fault"]) for sample, row in verdicts if "fault" in row],
    )
