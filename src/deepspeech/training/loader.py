"""Data loader: prepares samples in threads, a few batches ahead, and converts batches to torch.

Threads suffice because decoding, resampling and features release the interpreter lock. One more thread starts reading
the files of the next batches (read-ahead).
"""

import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from deepspeech.datasets.batch import Batch, stack
from deepspeech.datasets.pipeline import Example, Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, DataError, DeepSpeechError, TrainingError

AHEAD = 4
CLIPS_A_TASK = 8  # per task; single clips would cost too much scheduling


@dataclass(frozen=True)
class TensorBatch:
    """A Batch on the device: features [B, T, F] and labels; lengths stay on the CPU, as CTC requires.

    With two views, B is twice the number of clips.
    """

    ids: tuple[str, ...]
    features_BTF: Tensor
    lengths_B: Tensor
    labels: Tensor
    label_lengths_B: Tensor

    @property
    def views(self) -> int:
        """Rows of features per clip."""
        return len(self.lengths_B) // len(self.ids)


def load(
    groups: Iterable[Sequence[Sample]],
    pipeline: Pipeline,
    epoch: int,
    workers: int,
    device: torch.device,
    on_bad: Callable[[Sample, AudioError], None],
    microbatches: int = 1,
) -> Iterator[tuple[list[Sample], list[TensorBatch]]]:
    """Batches of `groups` in their order, each with its samples and cut into at most so many `microbatches`.

    Unreadable clips go to `on_bad` and are skipped; a batch without clips has no microbatches.
    """
    pool, ahead = ThreadPoolExecutor(workers), ThreadPoolExecutor(1)
    try:
        waiting: deque[tuple[Sequence[Sample], list[Future[list[Example | Exception]]]]] = deque()
        for group in groups:
            ahead.submit(_expect, pipeline, group)
            tasks = [group[first : first + CLIPS_A_TASK] for first in range(0, len(group), CLIPS_A_TASK)]
            waiting.append((group, [pool.submit(_prepared, pipeline, task, epoch) for task in tasks]))
            if len(waiting) > AHEAD:
                yield _ready(*waiting.popleft(), device, on_bad, microbatches)
        while waiting:
            yield _ready(*waiting.popleft(), device, on_bad, microbatches)
    finally:
        ahead.shutdown(cancel_futures=True)
        pool.shutdown(cancel_futures=True)


def _expect(pipeline: Pipeline, samples: Sequence[Sample]) -> None:
    for sample in samples:
        pipeline.expect(sample)


def _prepared(pipeline: Pipeline, samples: Sequence[Sample], epoch: int) -> list[Example | Exception]:
    """The example of each sample, or the exception."""
    found: list[Example | Exception] = []
    for sample in samples:
        try:
            found.append(pipeline.prepare(sample, epoch))
        except Exception as error:
            found.append(error)
    return found


def _ready(
    group: Sequence[Sample],
    futures: Sequence["Future[list[Example | Exception]]"],
    device: torch.device,
    on_bad: Callable[[Sample, AudioError], None],
    microbatches: int,
) -> tuple[list[Sample], list[TensorBatch]]:
    samples, examples = [], []
    for sample, found in zip(group, chain.from_iterable(future.result() for future in futures), strict=True):
        if isinstance(found, Example):
            examples.append(found)
            samples.append(sample)
        elif isinstance(found, AudioError):
            on_bad(sample, found)
        elif isinstance(found, DeepSpeechError):
            raise found
        else:
            at = traceback.extract_tb(found.__traceback__)[-1]
            raise TrainingError(
                f"{sample.audio}: preparing this clip failed unexpectedly ({type(found).__name__}: {found}, "
                f"{Path(at.filename).name}:{at.lineno}); remove it from the list, and please report it"
            ) from found
    return samples, cut(examples, device, microbatches)


def cut(examples: Sequence[Example], device: torch.device, microbatches: int) -> list[TensorBatch]:
    """Divide the examples into at most `microbatches` of similar size, on the device."""
    # Groups are roughly sorted by length, so every n-th clip balances the microbatches.
    count = min(microbatches, len(examples))
    return [to_tensors(stack(examples[first::count]), device) for first in range(count)]


def to_tensors(batch: Batch, device: torch.device) -> TensorBatch:
    return TensorBatch(
        batch.ids,
        torch.from_numpy(batch.features_BTF).to(device, non_blocking=True),
        torch.from_numpy(batch.lengths_B),
        torch.from_numpy(batch.labels).to(device, non_blocking=True),
        torch.from_numpy(batch.label_lengths_B),
    )


def refuse(sample: Sample, error: AudioError) -> None:
    """Raise DataError for an unreadable clip."""
    raise DataError(f"{error}; fix the file or remove it from the list") from None
