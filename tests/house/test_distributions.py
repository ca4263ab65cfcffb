"""What is given to others holds what builds and runs the package, and nothing of what a checkout gathers in use."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = {"deepspeech": ".", "deepspeech_light": "packaging/light"}
SOURCES = ("native", "src", "packaging", "pyproject.toml", "LICENSE", "README.md", ".gitignore")
LEFT_BY_USE = (
    "native/src/beam.o", "native/src/_native.abi3.so", "native/build/CMakeCache.txt", "src/deepspeech/_native.abi3.so",
    "src/deepspeech/_native.pyd", "src/deepspeech/__pycache__/pool.cpython-311.pyc", "build/fuzz/scorers",
    "packaging/light/build/x.o", "packaging/light/dist/old.whl", "dist/old.whl", "demo-run/demo.onnx",
    "checkpoints/best/model.safetensors", "data/demo/clips/a.flac", "tests/test_pool.py", ".venv/bin/python",
)  # fmt: skip
BUILD = "import sys; from scikit_build_core import build; getattr(build, sys.argv[1])(sys.argv[2], eval(sys.argv[3]))"


def build(what: str, folder: Path, settings: dict[str, str]) -> Path:
    """The file that the project's build backend makes of a folder; nothing is compiled."""
    out = folder.parent / f"{what}-{folder.name}"
    command = [sys.executable, "-c", BUILD, f"build_{what}", str(out), repr(settings)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout after years of use."""
    folder = tmp_path_factory.mktemp("used") / "checkout"
    unused = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.o")
    for name in SOURCES:
        copy = shutil.copyfile if (ROOT / name).is_file() else shutil.copytree
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name, **({} if copy is shutil.copyfile else {"ignore": unused}))  # type: ignore[operator]
    for name in LEFT_BY_USE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"left")
    return folder


@pytest.fixture(scope="module", params=PROJECTS)
def sdist(request: pytest.FixtureRequest, used: Path) -> Path:
    """A source distribution made there, unpacked."""
    packed = build("sdist", used / PROJECTS[request.param], {})
    folder = used.parent / "unpacked"
    with tarfile.open(packed) as archive:
        archive.extractall(folder)
    return folder / packed.name.removesuffix(".tar.gz")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_source_distribution_holds_the_sources_and_nothing_else(sdist: Path) -> None:
    held = files(sdist)
    due = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("src/deepspeech/**/*", "native/src/*.cc", "native/src/*.hh", "native/CMakeLists.txt")
        for path in ROOT.glob(pattern)
        if path.is_file() and path.suffix not in {".pyc", ".so", ".pyd", ".o"}
    }
    assert due <= held
    rest = {"LICENSE", "PKG-INFO", "pyproject.toml"}
    rest |= {"README.md"} if "light" in sdist.name else {"packaging/description.md"}
    assert held - due == rest


def test_a_wheel_of_it_holds_the_package(sdist: Path, used: Path) -> None:
    """From the source distribution and from the checkout: the same files, but for the extension, which is left out."""
    named = {}
    origins = {"sdist": sdist, "checkout": used / PROJECTS[sdist.name.rpartition("-")[0]]}
    for origin, folder in origins.items():
        with zipfile.ZipFile(build("wheel", folder, {"wheel.cmake": "false", "wheel.py-api": "py3"})) as archive:
            named[origin] = {name for name in archive.namelist() if not name.endswith("/")}
    assert named["sdist"] == named["checkout"]
    held = named["sdist"]
    for name in ("deepspeech/__init__.py", "deepspeech/py.typed", "deepspeech/serve/page/index.html"):
        assert name in held
    assert ("deepspeech/training/run.py" in held) == ("light" not in sdist.name)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    assert [name for name in held if name.endswith((".o", ".so", ".pyd", ".pyc"))] == []


def test_the_description_needs_no_checkout(sdist: Path) -> None:
    metadata, _, description = (sdist / "PKG-INFO").read_text(encoding="utf-8").partition("\n\n")
    assert "Description-Content-Type: text/markdown" in metadata
    assert len(description) > 500
    assert re.findall(r"\]\((?!https?://)[^)]*\)|<img|make demo", description) == []


def test_both_promise_the_pythons_that_wheels_are_built_and_tried_for() -> None:
    trainer, light = ((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8") for folder in PROJECTS.values())
    promised = [re.findall(r"Programming Language :: Python :: 3\.(\d+)", text) for text in (trainer, light)]
    (wheels,) = re.findall(r"^build = (\[.*\])$", trainer, re.MULTILINE)
    assert promised[0] == promised[1] == re.findall(r"cp3(\d+)-\*", wheels)
    assert f'requires-python = ">=3.{promised[0][0]}"' in trainer
    assert f'requires-python = ">=3.{promised[0][0]}"' in light
