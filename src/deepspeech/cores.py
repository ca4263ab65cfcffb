"""cores: how many CPU cores this process may use, which in containers and batch jobs is fewer than the machine has.

The least of three: the machine's cores, the process's CPU affinity (where the system has such a thing: Linux; macOS
and Windows do not), and the CPU quota of its control groups (cgroup v1 and v2). Standard library only.
"""

import math
import os
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath


def cores(root: Path = Path("/"), peers: Sequence[Collection[int]] = ()) -> int:
    """Threads of work that can run at once, at least 1.

    `root`: where proc and sys are mounted. `peers`: the `affinity` of other processes of this job on this machine; a
    core is divided among those that may use it, a quota among all.
    """
    processes = 1 + len(peers)
    own = affinity()
    count = sum(Fraction(1, 1 + sum(core in peer for peer in peers)) for core in own)
    if not own:
        count = Fraction(os.cpu_count() or 1, processes)
    return max(1, int(min([count, *(Fraction(math.ceil(quota), processes) for quota in _quotas(root))])))


def affinity() -> list[int]:
    """The cores that this process may run on; empty where the system has no such thing."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _quotas(root: Path) -> Iterator[float]:
    """The quota of each group that this process belongs to, in cores; a group without one gives none."""
    groups = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            files, mounts = ["cpu.max"], [groups]
        elif "cpu" in controllers.split(","):
            files, mounts = ["cpu.cfs_quota_us", "cpu.cfs_period_us"], [groups / "cpu", groups / controllers]
        else:
            continue
        # A container sees its own group at the mount's root, whatever path the host knows it by.
        inner = PurePosixPath(path.lstrip("/"))
        for mount in mounts:
            for group in [mount / inner, *(mount / parent for parent in inner.parents)]:
                yield from _quota(" ".join(_text(group / file) for file in files))


def _quota(text: str) -> Iterator[float]:
    """Of "QUOTA PERIOD", both in microseconds; "max" and -1 mean no quota."""
    try:
        quota, period = (int(number) for number in text.split())
    except ValueError:
        return
    if quota > 0 and period > 0:
        yield quota / period


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
