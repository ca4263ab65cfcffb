"""MemoryProbe: measures peak memory of a training step before training, on copies of the longest clip.

In: components and samples. Out: peak bytes of a batch size, or the largest batch size that fits.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch

from deepspeech.datasets.pipeline import Example, Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.order import durations
from deepspeech.errors import AudioError, DataError, TrainingError
from deepspeech.lm.memory import memory_bytes
from deepspeech.training.build import Parts
from deepspeech.training.loader import cut
from deepspeech.training.log import Log
from deepspeech.training.step import Trainer

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SPARE = 0.9  # usable fraction of GPU memory
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc")  # in torch's messages


@contextmanager
def explain_out_of_memory(batch: str) -> Iterator[None]:
    """Convert out-of-memory errors to a TrainingError that names the `batch`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not (isinstance(error, MemoryError) or any(words in str(error) for words in _OUT_OF_MEMORY)):
            raise
        raise TrainingError(
            f"{batch} does not fit into memory; lower training.batch_size and raise training.accumulate by as much, "
            'or set training.batch_size = "auto"'
        ) from None


def longest(samples: Sequence[Sample], pipeline: Pipeline, epoch: int) -> Example:
    """The example of the longest readable clip."""
    lengths_s = np.array(durations(samples))
    for _ in range(len(samples)):
        place = int(np.argmax(lengths_s))
        try:
            return pipeline.prepare(samples[place], epoch)
        except AudioError:  # reported by the training loop
            lengths_s[place] = -1.0
    raise DataError("no clip of the training set can be read; check data.train")


class MemoryProbe:
    """Dry runs of training steps on copies of one clip, which change no weights; each rank probes alone."""

    def __init__(self, trainer: Trainer, example: Example, device: torch.device, microbatches: int, later: int) -> None:
        """`later`: bytes that the run will need beyond the first step, such as Adam's moments."""
        self._trainer, self._example, self._device, self._microbatches = trainer, example, device, microbatches
        self._later = later

    def peak_bytes(self, clips: int) -> int:
        """Peak bytes of a step on `clips` copies. Raises TrainingError if out of memory."""
        _forget_peak(self._device)
        with explain_out_of_memory(f"a batch of {clips} clips of {len(self._example.features_TF)} frames"):
            self._trainer.dry_run(cut([self._example] * clips, self._device, self._microbatches))
        return _peak(self._device) + self._later


def new_probe(parts: Parts, samples: Sequence[Sample], epoch: int) -> MemoryProbe:
    """A probe with the longest of `samples`; adds Adam's moments and, on a CPU, the clip cache."""
    trained = sum(p.numel() for p in parts.network.parameters() if p.requires_grad)
    later = 8 * trained + (parts.config.data.cache_mb * 1_000_000 if parts.device.type == "cpu" else 0)
    clip = longest(samples, parts.pipeline, epoch)
    return MemoryProbe(parts.trainer, clip, parts.device, parts.microbatches, later)


def fitting_batch_size(parts: Parts, epoch: int, log: Log) -> int:
    """The largest batch size, over all ranks, that fits into memory if all clips are the longest."""
    train, ranks = parts.datasets.train, parts.ranks
    limit = memory_limit(parts.device, parts.config.training.memory_mb, ranks.local_count)
    found = largest(new_probe(parts, train, epoch).peak_bytes, limit, -(-len(train) // ranks.count))
    size = ranks.count * -round(ranks.all_reduce_max(-found))
    log.line(f"Batches of {size} of the longest clips fit into {limit / 1e6:.0f} MB per process")
    return size


def largest(needs: Callable[[int], int], limit: int, most: int) -> int:
    """The largest batch size up to `most` that `needs` at most `limit` bytes.

    Extrapolates linearly from two sizes, then lowers the result until it fits. Raises TrainingError if one clip does
    not fit.
    """
    one = needs(1)
    if one > limit:
        raise TrainingError(
            f"not even one clip fits: a step on the longest needs {one / 1e6:.0f} MB, there are {limit / 1e6:.0f}; "
            "remove the longest clips, or make the network smaller"
        )
    if most < 2 or not _fits(needs, 2, limit):
        return 1
    few = min(8, most) if _fits(needs, min(8, most), limit) else 2  # more clips: a smaller error of the slope
    each = max(1.0, (needs(few) - one) / (few - 1))
    size = min(most, int((limit - one) / each) + 1)
    while size > few and not _fits(needs, size, limit):
        size = max(few, size * 7 // 8)
    return max(size, few)


def memory_limit(device: torch.device, wanted_mb: int, processes: int) -> int:
    """Bytes per process: nearly all of a GPU; without one, `wanted_mb` or half of memory, divided by `processes`."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(SPARE * (free + torch.cuda.memory_reserved(device)))
    return (wanted_mb * 1_000_000 or memory_bytes("50%")) // processes


def _fits(needs: Callable[[int], int], clips: int, limit: int) -> bool:
    try:
        return needs(clips) <= limit
    except TrainingError:
        return False


def _forget_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        return
    with suppress(OSError):  # without it the peak is that of the whole process so far, an upper bound
        Path("/proc/self/clear_refs").write_text("5")


def _peak(device: torch.device) -> int:
    """Peak bytes of GPU memory, or of resident memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    if resource is None:  # Windows
        raise TrainingError("this system does not tell how much memory a step takes; set training.batch_size")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
