"""Service: one per process; what all protocols share: models, batcher, threads, limits, metrics and log."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from deepspeech.cores import cores
from deepspeech.serve.admission import Admission
from deepspeech.serve.batcher import LARGEST, Batcher
from deepspeech.serve.limits import Limits
from deepspeech.serve.live import LiveSession, Pace, StreamOptions
from deepspeech.serve.log import Log
from deepspeech.serve.metrics import Metrics
from deepspeech.serve.models import Models, ServedModel
from deepspeech.serve.uploads import Uploads, step_back

STREAM_THREADS = 10  # per core; they mostly wait for the network, and a batch holds as many streams at most


class Service:
    """Created within the event loop that serves."""

    def __init__(
        self,
        load: Callable[[Batcher], Models],
        limits: Limits | None = None,
        log: Log | None = None,
        largest_batch: int = LARGEST,
    ) -> None:
        """`load` opens the models. `largest_batch` 1: no batching, for comparisons."""
        self.limits, self.log = limits or Limits(), log or Log()
        self.admission = Admission(self.limits)
        self.metrics = Metrics(
            lambda: self.admission.streams, lambda: self.admission.uploads, lambda: self.batcher.waiting
        )
        self.batcher = Batcher(largest=largest_batch, on_batch=self._batch)
        self.models = load(self.batcher)
        self._threads = ThreadPoolExecutor(STREAM_THREADS * cores(), "stream")
        self._upload_threads = ThreadPoolExecutor(cores(), "upload", initializer=step_back)
        self.uploads = Uploads(self.limits, self._upload_threads, self.metrics)

    def open(self, model: ServedModel, options: StreamOptions, pace: Pace) -> LiveSession:
        """A live stream. Raises Refused, also for networks that cannot stream."""
        return LiveSession(model, options, pace, self.batcher, self._threads, self.metrics)

    async def drain(self) -> None:
        """Accept nothing more; return when everything accepted has ended, or after `drain_s`."""
        self.admission.draining.set()
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self.limits.drain_s
        while (self.admission.streams or self.admission.uploads) and loop.time() < until_s:
            await asyncio.sleep(0.05)

    def close(self) -> None:
        """End all threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._upload_threads.shutdown(wait=False, cancel_futures=True)
        self.batcher.close()

    def _batch(self, size: int, waited_s: float) -> None:
        self.metrics.batch.observe(size)
        self.metrics.wait.observe(waited_s)
