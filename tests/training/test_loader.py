"""The loader: the same batches whatever prepares them, clips by name where they fail, and what comes next asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from deepspeech.datasets.batch import stack
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.pipeline import Example, Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import AudioError, DataError, TextError, TrainingError
from deepspeech.features.config import MfccConfig
from deepspeech.features.mfcc import Mfcc
from deepspeech.text.tokens import ENGLISH
from deepspeech.training.loader import AHEAD, CLIPS_A_TASK, TensorBatch, load, refuse
from tests.fakes import corpus

PIPELINE = Pipeline(Mfcc(MfccConfig()), ENGLISH, ClipCache(0))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Sample]:
    return read_samples(corpus(tmp_path_factory.mktemp("corpus"), 2 * CLIPS_A_TASK + 3))


def loaded(groups: Sequence[Sequence[Sample]], workers: int = 2, microbatches: int = 1) -> list[list[TensorBatch]]:
    return [parts for _, parts in load(groups, PIPELINE, 0, workers, CPU, refuse, microbatches)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_are_those_of_one_clip_after_another(samples: Sequence[Sample], workers: int) -> None:
    groups = [samples, samples[:1], samples[3 : 3 + CLIPS_A_TASK], *([sample] for sample in samples)]
    for group, (batch,) in zip(groups, loaded(groups, workers), strict=True):
        expected = stack([PIPELINE.prepare(sample, 0) for sample in group])
        assert batch.ids == tuple(sample.id for sample in group)
        np.testing.assert_array_equal(batch.features_BTF.numpy(), expected.features_BTF)
        np.testing.assert_array_equal(batch.labels.numpy(), expected.labels)


def test_microbatches_hold_each_clip_once(samples: Sequence[Sample]) -> None:
    (parts,) = loaded([samples], microbatches=3)
    assert len(parts) == 3
    assert sorted(name for part in parts for name in part.ids) == sorted(sample.id for sample in samples)


def test_clips_that_cannot_be_read_are_told_by_name_and_left_out(samples: Sequence[Sample], tmp_path: Path) -> None:
    group = list(samples)
    bad = [2, CLIPS_A_TASK, len(group) - 1]
    for place in bad:
        group[place] = replace(group[place], id=f"bad {place}", audio=tmp_path / f"{place}.wav")
    told: list[tuple[str, str]] = []

    def on_bad(sample: Sample, error: AudioError) -> None:
        told.append((sample.id, str(error)))

    ((kept, (batch,)),) = load([group], PIPELINE, 0, 2, CPU, on_bad)
    assert told == [(f"bad {i}", f"{tmp_path}/{i}.wav: there is no such file; check the path") for i in bad]
    assert tuple(sample.id for sample in kept) == batch.ids
    assert list(batch.ids) == [sample.id for place, sample in enumerate(group) if place not in bad]


def test_a_group_without_a_clip_that_can_be_read_has_no_shares(samples: Sequence[Sample], tmp_path: Path) -> None:
    group = [replace(sample, audio=tmp_path / "none.wav") for sample in samples]
    assert list(load([group], PIPELINE, 0, 2, CPU, lambda sample, error: None)) == [([], [])]


def test_judging_ends_where_a_clip_cannot_be_read(samples: Sequence[Sample], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.wav: there is no such file; check the path; fix the file or remove it"):
        loaded([[samples[0], replace(samples[1], audio=tmp_path / "none.wav")]])


def test_a_transcript_that_cannot_be_written_ends_the_run(samples: Sequence[Sample]) -> None:
    with pytest.raises(TextError, match="characters outside the alphabet"):
        loaded([[samples[0], replace(samples[1], transcript="ö")]])


def test_what_nobody_foresaw_names_the_clip(samples: Sequence[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = Pipeline.prepare

    def prepared(self: Pipeline, sample: Sample, epoch: int) -> Example:
        return prepare(self, sample, epoch if sample is not samples[5] else 1 // 0)

    monkeypatch.setattr(Pipeline, "prepare", prepared)
    with pytest.raises(TrainingError, match=r"train005.wav: .*ZeroDivisionError.*test_loader.py:\d+\); remove it"):
        loaded([samples])


def test_each_clip_is_asked_for_though_nothing_waits_for_that(
    samples: Sequence[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {sample.id: Event() for sample in samples}
    prepare = Pipeline.prepare

    def prepared(self: Pipeline, sample: Sample, epoch: int) -> Example:
        assert asked[sample.id].wait(30)
        return prepare(self, sample, epoch)

    monkeypatch.setattr(Pipeline, "prepare", prepared)
    monkeypatch.setattr(Pipeline, "expect", lambda self, sample: asked[sample.id].set())
    assert len(loaded([[sample] for sample in samples])) == len(samples)


def test_no_more_is_begun_than_what_comes_next(samples: Sequence[Sample]) -> None:
    begun: list[Sample] = []

    def groups() -> Iterator[list[Sample]]:
        for sample in samples:
            begun.append(sample)
            yield [sample]

    coming = load(groups(), PIPELINE, 0, 2, CPU, refuse)
    next(coming)
    assert len(begun) == AHEAD + 1
