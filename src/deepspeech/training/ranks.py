"""Ranks: data-parallel training with several processes: rank, size and collectives.

`torchrun --nproc-per-node 2 -m deepspeech train …` starts them. All ranks run the same code with the same
settings and keep the same weights: they divide the clips of each batch, all-reduce gradients, and branch only on values
equal on all ranks. Only rank 0 writes. With one process all collectives are no-ops. Why gradients are not reduced by
torch's DistributedDataParallel: docs/decisions/0019.
"""

import json
import os
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any, TypeVar

import torch
import torch.distributed.nn
from torch import Tensor, distributed
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

from deepspeech.cores import affinity, cores
from deepspeech.errors import ConfigError, DeepSpeechError, TrainingError
from deepspeech.training.signals import Stopped

Item = TypeVar("Item")


class Ranks:
    """The rank of this process, and collectives. All ranks call methods other than `shard` in the same order."""

    def __init__(self, number: int = 0, count: int = 1, local: int = 0, local_count: int = 1) -> None:
        """`number` of `count`; on this machine `local` of `local_count`."""
        self.number, self.count, self.local, self.local_count = number, count, local, local_count

    def cores(self) -> int:
        """Cores of this rank: those that its launcher bound it to, or its share of the machine's. Collective."""
        host = socket.gethostname()
        rows = self.gather([host, affinity()])
        peers = [own for number, (other, own) in enumerate(rows) if other == host and number != self.number]
        return cores(peers=peers)

    @property
    def first(self) -> bool:
        """Whether this is rank 0, which writes files and messages."""
        return self.number == 0

    def shard(self, items: Sequence[Item]) -> list[Item]:
        """This rank's part of `items`: every n-th, which balances a sorted batch."""
        return list(items[self.number :: self.count])

    def unshard(self, rows: Sequence[Any]) -> list[Any]:
        """Inverse of `shard` for results: one JSON value per item, in the order of all items."""
        parts = self.gather(list(rows))
        return [parts[i % self.count][i // self.count] for i in range(sum(map(len, parts)))]

    def all_gather(self, rows: Sequence[Any]) -> list[Any]:
        """Concatenated JSON values of all ranks, in rank order."""
        return [row for part in self.gather(list(rows)) for row in part]

    def gather(self, value: Any) -> list[Any]:
        """One JSON value per rank, in order."""
        if self.count == 1:
            return [value]
        data = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.count)]
        with _peer_errors():
            distributed.all_gather(sizes, torch.tensor([len(data)]))
            padded = torch.zeros(int(max(sizes)), dtype=torch.uint8)
            padded[: len(data)] = data
            found = [torch.empty_like(padded) for _ in range(self.count)]
            distributed.all_gather(found, padded)
        return [json.loads(bytes(row[:size].numpy())) for row, size in zip(found, sizes, strict=True)]

    def broadcast(self, value: Any) -> Any:
        """The first rank's JSON value, on all ranks."""
        return self.gather(value if self.first else None)[0]

    def check_same(self, what: str, value: Any) -> None:
        """Raise TrainingError unless all ranks have the same JSON value; `what` it is goes into the message."""
        values = self.gather(value)
        for number, other in enumerate(values):
            if other != values[0]:
                raise TrainingError(
                    f"process {number} of this run has {what} other than process 0 ({other} and {values[0]}); "
                    "every machine needs the same files, settings and versions"
                )

    def all_reduce_sum(self, *values: float) -> list[float]:
        """The sum over all ranks of each value."""
        return self._reduced(values, distributed.ReduceOp.SUM)

    def all_reduce_max(self, value: float) -> float:
        """The largest value of any rank."""
        return self._reduced([value], distributed.ReduceOp.MAX)[0]

    def all_reduce_(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all ranks; the same bits on each."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _peer_errors():
            distributed.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        torch._foreach_copy_(list(tensors), [p.view_as(t) for p, t in zip(parts, tensors, strict=True)])

    def barrier(self) -> None:
        """Wait for all ranks."""
        self.all_reduce_sum(0.0)

    def _reduced(self, values: Sequence[float], how: Any) -> list[float]:
        if self.count == 1:
            return list(values)
        numbers = torch.tensor(values, dtype=torch.float64)
        with _peer_errors():
            distributed.all_reduce(numbers, how)
        return [float(number) for number in numbers]


ALONE = Ranks()


@contextmanager
def joined() -> Iterator[Ranks]:
    """The ranks that torchrun started, or this process alone.

    Only the first rank writes to stderr; errors of others are raised with their number.
    """
    number, count = _of_environment("RANK", 0), _of_environment("WORLD_SIZE", 1)
    if count == 1:
        yield ALONE
        return
    ranks = Ranks(number, count, _of_environment("LOCAL_RANK", 0), _of_environment("LOCAL_WORLD_SIZE", 1))
    if torch.cuda.is_available():
        if ranks.local >= torch.cuda.device_count():
            raise ConfigError(f"process {ranks.local} of this machine has no GPU: start one process per GPU")
        torch.cuda.set_device(ranks.local)
    with process_group(number, count):
        if ranks.first:
            yield ranks
            return
        try:
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
                yield ranks
        except DeepSpeechError as error:
            raise type(error)(f"process {ranks.number} of {ranks.count}: {error}") from None


@contextmanager
def process_group(number: int, count: int) -> Iterator[None]:
    """A process group of torch, whose threads are gone afterwards.

    Threads of gloo that are still there when the interpreter ends may abort the process. `torch.distributed.nn` must be
    imported before: its functions have the group that exists when it is imported (optimizers do) as a default argument,
    which would keep the group alive.
    """
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    with _peer_errors():
        store = next(rendezvous("env://"))[0]
        distributed.init_process_group(backend, store=fresh_store(store, number, count), rank=number, world_size=count)
    try:
        yield
    except Exception as error:
        if backend == "gloo" or isinstance(error, Stopped):  # NCCL might wait for a peer that is gone
            distributed.destroy_process_group()
        raise
    distributed.destroy_process_group()


def fresh_store(store: Store, number: int, count: int) -> Store:
    """A new namespace of `store`, the same for the `count` processes that call this together.

    torchrun keeps one store while it restarts processes, so that the addresses of dead ones would be found in it, and
    its counts of restarts differ from machine to machine. Process 0 therefore chooses an id; another process accepts it
    only together with its own id of this start.
    """
    own = uuid.uuid4().hex
    if number:
        store.set(f"joins {number}", own)
        while own not in (start := store.get("start").decode().split()):
            time.sleep(0.01)
        store.set(f"{start[0]} {number}", "")
        return PrefixStore(start[0], store)
    others = range(1, count)
    while not store.check([f"{own} {n}" for n in others]):
        store.set("start", " ".join([own, *(store.get(f"joins {n}").decode() for n in others)]))
        time.sleep(0.01)
    return PrefixStore(own, store)


def restarted() -> bool:
    """Whether torchrun restarted this process after a failure."""
    return _of_environment("TORCHELASTIC_RESTART_COUNT", 0) > 0


def _of_environment(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    if text and not text.isdecimal():
        raise ConfigError(f"the environment variable {name} is '{text}'; torchrun sets it to a number")
    return int(text or otherwise)


@contextmanager
def _peer_errors() -> Iterator[None]:
    """Wraps collectives: a RuntimeError here means that a peer died."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"lost connection to another process of this run ({reason}); run again to resume from the last "
            "checkpoint; torchrun --max-restarts does so automatically"
        ) from None
