"""Wheels for arm64, cross-built and tried under qemu-user, and wheels tried on a Python that this machine has not.

    python3 scripts/wheels_elsewhere.py ~/.pyenv/versions/3.1*/bin/python3        (after scripts/wheels.py)

In: Pythons to build with, one of 3.11 and one from 3.12 on. It needs mmdebstrap, qemu-user, g++-aarch64-linux-gnu and
pip's index; a root user is not needed. Out: trees of Debian's Pythons below build/wheels, wheels for arm64 in
build/wheels/dist, and what packaging/try_wheel.py and the tests of search, features and 8-bit kernels say there.
Ends with 1 at the first step that fails.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wheels import CLIP, DIST, FOLDER, PROJECTS, ROOT, built, environment, run, tag, version

PACKAGES = "python3,libpython3-dev,libstdc++6"
PLATFORMS = ("2_34", "2_28", "2_27", "2_17", "2_12", "2_5")
# ONNX Runtime looks there for the kind of processor; qemu would show it the machine's own.
CPUINFO = """processor\t: 0
Features\t: fp asimd crc32 atomics fphp asimdhp asimddp
CPU implementer\t: 0x41
CPU part\t: 0xd0c
"""
# A real processor, with dot products. On qemu's own, which has more, ONNX Runtime's 8-bit operators err (qemu 7.2).
QEMU = ("-cpu", "neoverse-n1")
TESTS = ("decoder", "features", "modelfile", "runtime/test_int8.py")
NEED_TRAINER = ("modelfile/test_hostile_graph.py",)


@dataclass(frozen=True)
class Tree:
    """Files of a Debian for one machine: its Python and C library, for cross-compilers and for running."""

    suite: str
    debian: str  # Debian's name of the machine
    machine: str  # Python's

    @property
    def root(self) -> Path:
        return FOLDER / f"{self.suite}-{self.debian}"

    @property
    def python(self) -> Path:
        return self.root / "usr/bin" / os.readlink(self.root / "usr/bin/python3")

    @property
    def version(self) -> tuple[int, int]:
        major, minor = self.python.name.removeprefix("python").split(".")
        return int(major), int(minor)

    @property
    def foreign(self) -> bool:
        return self.machine != os.uname().machine

    def make(self) -> None:
        """The packages are unpacked, not set up. A snapshot of a suite may be older than its date allows."""
        if not self.root.exists():
            any_age = '--aptopt=Acquire::Check-Valid-Until "false"'
            command = ("mmdebstrap", "--variant=extract", f"--arch={self.debian}", any_age, f"--include={PACKAGES}")
            partial = self.root.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            run(*command, self.suite, partial)
            if not (partial / "lib").exists():  # newer suites make this link when they are set up
                (partial / "lib").symlink_to("usr/lib")
            if self.foreign:
                (partial / "proc").mkdir(exist_ok=True)
                (partial / "proc/cpuinfo").write_text(CPUINFO)
            partial.replace(self.root)

    def call(self, site: Path, *arguments: object) -> str:
        """Stdout of the tree's Python, with what is installed in `site`."""
        libraries = self.root / f"usr/lib/{self.machine}-linux-gnu"
        runner: list[object] = ["qemu-" + self.machine, *QEMU, "-L", self.root]
        if not self.foreign:
            runner = [next((self.root / "usr/lib64").glob("ld-linux*")), "--library-path", libraries]
        variables = (f"PYTHONHOME={self.root}/usr", f"PYTHONPATH={site}", "PYTHONDONTWRITEBYTECODE=1")
        return run("env", *variables, *runner, self.python, *arguments)


TREES = (
    Tree("bookworm", "arm64", "aarch64"),
    Tree("trixie", "arm64", "aarch64"),
    Tree("sid", "amd64", "x86_64"),
)


def cross_build(python: Path, tree: Tree, tools: Path) -> None:
    """Wheels of both distributions for the tree's machine and the version of `python`, with the tree's headers."""
    toolchain = FOLDER / f"{tree.machine}.cmake"
    modes = "\n".join(f"set(CMAKE_FIND_ROOT_PATH_MODE_{what} ONLY)" for what in ("LIBRARY", "INCLUDE"))
    toolchain.write_text(
        f"set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR {tree.machine})\nset(CMAKE_SYSROOT {tree.root})\n"
        f"set(CMAKE_CXX_COMPILER {tree.machine}-linux-gnu-g++)\n{modes}\n"
    )
    maker = environment(python, f"cross-{python.name}", "build", "scikit-build-core", "nanobind")
    abi = "abi3" if tag(tree.version).endswith("abi3") else f"cpython-3{tree.version[1]}-{tree.machine}-linux-gnu"
    variables = (
        f"CMAKE_TOOLCHAIN_FILE={toolchain}",
        f"_PYTHON_HOST_PLATFORM=linux-{tree.machine}",
        f"SETUPTOOLS_EXT_SUFFIX=.{abi}.so",
    )
    raw = FOLDER / "raw-cross"
    for project, folder in PROJECTS.items():
        shutil.rmtree(raw, ignore_errors=True)
        run("env", *variables, maker, "-m", "build", "--wheel", "--no-isolation", "--outdir", raw, folder)
        (wheel,) = raw.glob("*.whl")
        run(tools, "-m", "auditwheel", "repair", "--wheel-dir", DIST, wheel)
        print(run(tools, "-m", "auditwheel", "show", built(project, tree.version, tree.machine)), file=sys.stderr)


def site(tree: Tree, pip: Path, wheel: Path) -> Path:
    """A folder with the wheel, its dependencies and pytest, as the tree's Python would install them."""
    folder = FOLDER / f"site-{tree.suite}-{tree.debian}"
    shutil.rmtree(folder, ignore_errors=True)
    platforms = [f"--platform=manylinux_{glibc}_{tree.machine}" for glibc in PLATFORMS]
    of = ("--only-binary", ":all:", *platforms, "--python-version", "{}.{}".format(*tree.version))
    run(pip, "-m", "pip", "install", "-q", "--target", folder, *of, wheel, "pytest", "pytest-timeout", "hypothesis")
    return folder


def main(pythons: Sequence[Path]) -> None:
    os.environ["PATH"] = f"{FOLDER / 'tools/bin'}:{os.environ['PATH']}"
    tools = FOLDER / "tools/bin/python"
    here = {tag(version(python)): python for python in pythons}
    for tree in TREES:
        tree.make()
        python = here[tag(tree.version)]
        if tree.foreign and not built("deepspeech", tree.version, tree.machine).is_file():
            cross_build(python, tree, tools)
        wheel = built("deepspeech_light", tree.version, tree.machine)
        folder = site(tree, python, wheel)
        print(f"{wheel.name}, {wheel.stat().st_size / 1e6:.2f} MB, on Debian {tree.suite}'s Python:", flush=True)
        print(tree.call(folder, ROOT / "packaging/try_wheel.py", CLIP), flush=True)
        tests = [ROOT / "tests" / name for name in TESTS] + [f"--ignore={ROOT}/tests/{name}" for name in NEED_TRAINER]
        print(tree.call(folder, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--rootdir", ROOT, *tests)[-600:])


if __name__ == "__main__":
    main([Path(name).absolute() for name in sys.argv[1:]])
