"""cores: affinity, quotas of both cgroup versions, systems without affinity; and nobody counts cores another way."""

import os
import re
from pathlib import Path

import pytest

from deepspeech.cores import cores

SOURCE = Path(__file__).resolve().parents[1] / "src" / "deepspeech"


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def system(root: Path, groups: str, **files: str) -> Path:
    """A made-up proc and sys; `files`: path below sys/fs/cgroup with __ for / → content."""
    for name, text in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{n}": t for n, t in files.items()}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),  # one and a half: two threads can use it
        ("0::/\n", {"cpu.max": "1000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "1600000 100000\n"}, 8),
        ("0::/a/b\n", {"cpu.max": "400000 100000\n", "a/b/cpu.max": "max 100000\n"}, 4),
        ("0::/a/b\n", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "500000 100000\n"}, 3),
        ("0::/host/path/of/a/container\n", {"cpu.max": "200000 100000\n"}, 2),
        (
            "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n",
            {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            3,
        ),
        (
            "5:cpu,cpuacct:/job\n",
            {"cpu,cpuacct/job/cpu.cfs_quota_us": "100000\n", "cpu,cpuacct/job/cpu.cfs_period_us": "50000\n"},
            2,
        ),
        ("5:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ("5:cpuset:/\n", {"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ("nonsense\n\n", {"cpu.max": "some text\n"}, 8),
    ],
)
@pytest.mark.usefixtures("eight")
def test_the_least_of_affinity_and_quotas(tmp_path: Path, groups: str, files: dict[str, str], expected: int) -> None:
    assert cores(system(tmp_path, groups, **files)) == expected


def test_a_system_without_affinity_and_control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores(tmp_path) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores(tmp_path) == 1


@pytest.mark.parametrize(
    ("peers", "quota", "expected"),
    [
        ([range(8)], "max", 4),  # nobody is bound
        ([range(8)] * 2, "max", 2),
        ([range(8, 16)], "max", 8),  # each to its own
        ([range(4, 12)], "max", 6),  # four of one's own, four shared
        ([range(8)] * 9, "max", 1),
        ([range(8, 16)], "600000", 3),  # a quota holds for all together
        ([[]], "max", 8),
    ],
)
@pytest.mark.usefixtures("eight")
def test_processes_of_a_job_divide_only_what_they_share(
    tmp_path: Path, peers: list[range], quota: str, expected: int
) -> None:
    root = system(tmp_path, "0::/\n", **{"cpu.max": f"{quota} 100000\n"})
    assert cores(root, peers) == expected


def test_without_affinity_processes_divide_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores(tmp_path, [[], []]) == 2


def test_nobody_else_counts_cores() -> None:
    counts = re.compile(r"\b(cpu_count|sched_getaffinity|process_cpu_count)\b")
    found = {
        path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if counts.search(path.read_text("utf-8"))
    }
    assert found == {"cores.py"}
