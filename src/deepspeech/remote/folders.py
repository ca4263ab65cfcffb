"""Mirror a remote folder locally, for checkpoints and exports.

`mirror` downloads it; callers work in the local copy; `push` uploads changes in the order they were written and deletes
remotely what was deleted locally. The state is in the copy (`.remote.json`), so a killed run's files are uploaded by
the next push.
"""

import json
from pathlib import Path
from typing import Any

from deepspeech.errors import RemoteError
from deepspeech.files import atomic_path
from deepspeech.remote.files import Name, address, alone, fetch, is_folder, landing, lock_of, opened, reaching, version
from deepspeech.renamed import renamed
from deepspeech.untrusted import read_json

STATE = ".remote.json"


def download(name: Name) -> Path:
    """Download a file or folder and return its local path. Raises RemoteError where neither exists."""
    place = address(name)
    if place is None:
        return Path(name)
    return mirror(place) if is_folder(place) else fetch(place)


def mirror(name: Name) -> Path:
    """Download a folder, which need not exist yet, and return the local copy; a local path is returned unchanged."""
    place, folder = address(name), landing(name)
    if place is None:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with alone(lock_of(folder)):  # the ranks of a machine call this at the same time
        _fill(folder, place)
    return folder


def _fill(folder: Path, place: str) -> None:
    state = _state(folder) or {"address": place, "files": {}}
    known: dict[str, Any] = state["files"]
    with reaching(place, "read"):
        system, root = opened(place)
        system.invalidate_cache()
        found = _listing(system, root)
        try:
            for name_there, there in found.items():
                if _unsent(folder, name_there, known):
                    continue  # newer here than there
                same = there and known.get(name_there, {}).get("there") == there
                if not (same and (folder / name_there).is_file()):
                    _get(system, f"{root}/{name_there}", folder / name_there)
                    known[name_there] = {"there": there, "here": _stamp(folder / name_there)}
            for gone in [name for name in known if name not in found and not _unsent(folder, name, known)]:
                (folder / gone).unlink(missing_ok=True)
                _remove_empty(folder, gone)
                del known[gone]
        finally:
            _keep(folder, state)


def push(folder: Path) -> None:
    """Upload what changed in a mirror; no-op for other folders. Raises RemoteError."""
    state = _state(folder)
    if state is None:
        return
    known: dict[str, Any] = state["files"]
    with reaching(state["address"], "written"):
        system, root = opened(state["address"])
        system.invalidate_cache()
        try:
            for path in _changed(folder, known):
                name, here = path.relative_to(folder).as_posix(), _stamp(path)
                target = f"{root}/{name}"
                system.makedirs(target.rpartition("/")[0], exist_ok=True)
                system.put_file(str(path), target)
                known[name] = {"there": version(system.info(target)), "here": here}
            # What was written last goes first, so that half a checkpoint is not taken for one.
            for name in sorted(known, key=lambda name: -known[name]["here"][1]):
                if not (folder / name).exists():
                    if system.exists(f"{root}/{name}"):
                        system.rm_file(f"{root}/{name}")
                    del known[name]
        finally:
            _keep(folder, state)


def _state(folder: Path) -> dict[str, Any] | None:
    """The content of `.remote.json`: the address, and for each synchronized file its remote and local versions."""
    try:
        state: dict[str, Any] = read_json(folder / STATE)
        _ = state["address"], state["files"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise RemoteError(f"{folder / STATE}: damaged; delete this folder, it is a copy") from None
    return state


def _keep(folder: Path, state: dict[str, Any]) -> None:
    with atomic_path(folder / STATE) as partial:
        partial.write_text(json.dumps(state, indent=1), encoding="utf-8")


def _listing(system: Any, root: str) -> dict[str, str]:
    """Files below `root` by their name relative to it, each with a token that changes with its content."""
    if not system.exists(root):
        return {}
    prefix = root.rstrip("/") + "/"
    found = system.find(root, detail=True)
    return {path.removeprefix(prefix): version(info) for path, info in found.items() if path.startswith(prefix)}


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _unsent(folder: Path, name: str, known: dict[str, Any]) -> bool:
    """Whether the file was created or changed locally since the last download or upload."""
    path = folder / name
    return path.is_file() and (name not in known or known[name]["here"] != _stamp(path))


def _changed(folder: Path, known: dict[str, Any]) -> list[Path]:
    """Files to send, oldest first. Names that start with a dot, of files or folders, are unfinished."""
    files = (path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder) for path in files]
    shown = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    return sorted(
        (folder / name for name in shown if _unsent(folder, name.as_posix(), known)),
        key=lambda path: path.stat().st_mtime_ns,
    )


def _get(system: Any, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as partial:
        system.get_file(path, str(partial))


def _remove_empty(folder: Path, name: str) -> None:
    """Remove the folders of a removed file that hold nothing more."""
    for path in (folder / name).parents:
        if path == folder or not path.is_dir() or any(path.iterdir()):
            return
        path.rmdir()


__getattr__ = renamed(__name__, {"bring": "deepspeech.remote.folders:download"})
