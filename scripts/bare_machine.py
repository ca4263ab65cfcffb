"""Is this machine fit to build and install? Says what is missing and what gets it. Standard library only."""

import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path


def missing() -> list[str]:
    """Debian packages that are not here."""
    packages = []
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-venv")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        packages.append("python3-dev")
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        packages.append("g++")
    return packages


if __name__ == "__main__":
    if sys.version_info < (3, 10):  # noqa: UP036 (this script runs on whatever Python is there)
        sys.exit(f"Python {sys.version.split()[0]} is too old: 3.10 or newer is needed (make PYTHON=/path/to/python3)")
    if packages := missing():
        sys.exit(f"missing: {', '.join(packages)}; on Debian: sudo apt-get install {' '.join(packages)}")
