"""Remote files (`s3://…`, `gs://…`, any fsspec URL): download to a local cache, upload, and check.

In: an address. Out: a path below `$XDG_CACHE_HOME/deepspeech/remote/` with the downloaded file. Uploads are whole
files: object stores show a file when its last byte has arrived. A name without `://` is a local path, which every
function accepts and leaves alone. Thread-safe.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from deepspeech.errors import ConfigError, DeepSpeechError, MissingPartError, RemoteError
from deepspeech.files import atomic_path
from deepspeech.installing import install_hint
from deepspeech.pool import ordered_map
from deepspeech.progress import Progress
from deepspeech.remote.web import WebFiles

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Name: TypeAlias = str | Path
_MARKS = ("ETag", "etag", "md5Hash", "LastModified", "updated", "mtime", "created")  # by protocol
ALLOW_ADDRESSES = "DEEPSPEECH_ALLOW_ADDRESSES"  # set by a user whose data sets name files at addresses
THREADS = 16  # they wait for the network, not for a core
# A Path swallows one of the slashes. Protocols have two characters at least: C:/ is a disk.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)


def address(name: Name) -> str | None:
    """`name` as an address, also where it was made a Path; None for a path of this machine."""
    text = str(name)
    if isinstance(name, str) and "://" not in text:
        return None
    found = _ADDRESS.fullmatch(text)
    return f"{found[1].lower()}://{found[2]}" if found else None


def beside(folder: Name, name: str) -> str:
    """`name` resolved relative to `folder`: addresses and absolute paths stay, the rest is joined."""
    place = address(folder)
    if address(name) or os.path.isabs(name):
        return name
    return f"{place.rstrip('/')}/{name}" if place else str(Path(folder) / name)


def listed(folder: Name, name: str, where: str) -> str:
    """`name` resolved for a data set in `folder`; an address must have the scheme of the set's own.

    Else whoever made the set could have this machine ask any other. Raises RemoteError, which `where` begins.
    """
    if "://" in name and not os.environ.get(ALLOW_ADDRESSES):
        place, home = address(name), address(folder)
        if place and (home is None or place.partition(":")[0] != home.partition(":")[0]):
            raise RemoteError(
                f"{where}: names the address {place[:200]}; where you trust the data set, set {ALLOW_ADDRESSES}=1"
            )
    return beside(folder, name)


def parent(name: Name) -> str:
    """The folder of a file, as an address or a path."""
    place = address(name)
    return place.rpartition("/")[0] if place else str(Path(name).parent)


def landing(name: Name) -> Path:
    """Local cache path of the address `name`; a local path is returned unchanged."""
    place = address(name)
    if place is None:
        return Path(name)
    protocol, _, rest = place.partition("://")
    parts = [part for part in rest.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise ConfigError(f"{place}: not the address of a file or folder; write it without '..'")
    return cache_folder().joinpath(protocol, *parts)


def cache_folder() -> Path:
    """Folder of downloaded files (XDG base directory specification); safe to delete at any time."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "deepspeech" / "remote"


def fetch(name: Name, again: bool = True) -> Path:
    """Download a file if needed and return its local path; with `again`, refresh a cached copy if the remote changed.

    Raises RemoteError, or MissingPartError where the address's protocol needs a package.
    """
    place, target = address(name), landing(name)
    if place is None or (target.is_file() and not again):
        return target
    note = _note(target)
    with reaching(place, "fetched"), alone(lock_of(target)):
        if target.is_file() and not again:
            return target  # another process was faster
        system, path = opened(place)
        there = version(system.info(path)) if again else ""
        if there and target.is_file() and note.is_file() and note.read_text() == there:
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        note.unlink(missing_ok=True)
        with atomic_path(target) as partial:
            system.get_file(path, str(partial))
        if there:
            note.write_text(there)
    return target


def is_folder(name: Name) -> bool:
    """Is there a folder of this name? Raises RemoteError."""
    place = address(name)
    if place is None:
        return Path(name).is_dir()
    with reaching(place, "looked at"):
        system, path = opened(place)
        return bool(system.isdir(path))


def exists(name: Name) -> bool:
    """Is there a file of this name? Raises RemoteError."""
    return sizes(parent(name), [Path(name).name]) != [None]


def sizes(folder: Name, names: Sequence[str]) -> list[int | None]:
    """Bytes of the files of these names in a folder; None for one that is missing. Raises RemoteError."""
    place = address(folder)
    listed: dict[str, int | None] = {}
    if place and len(names) > 1:
        with reaching(place, "listed"):
            system, root = opened(place)
            system.invalidate_cache()
            listed = {str(info["name"]).rpartition("/")[2]: info.get("size") for info in system.ls(root, detail=True)}

    def size(name: str) -> int | None:
        known = listed.get(name)  # web servers list names at best
        return _size(beside(folder, name)) if known is None else int(known)

    return list(ordered_map(size, names, THREADS))


@contextmanager
def alone(lock: str) -> Iterator[None]:
    """Hold a machine-wide lock of this name, across threads and processes."""
    folder = cache_folder().parent / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / lock).open("w") as file:
        with suppress(OSError):  # some network disks have none; partial files have names of their own
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget(name: Name) -> None:
    """Delete the cached copy of a remote file; local paths are left alone."""
    if address(name):
        copy = landing(name)
        _note(copy).unlink(missing_ok=True)
        copy.unlink(missing_ok=True)


def fetch_all(names: Iterable[Name], label: str) -> None:
    """Download all addresses among `names` that are not cached; missing files are left to their reader to report."""
    wanted = [place for name in names if (place := address(name)) and not landing(place).is_file()]
    if not wanted:
        return
    for _ in Progress(len(wanted), label, "files").over(ordered_map(_fetch_if_there, wanted, THREADS, name=str)):
        pass


def publish(local: Path, name: Name) -> None:
    """Upload the file `local` to `name`; no-op if `name` is a local path. Raises RemoteError."""
    place = address(name)
    if place is None:
        return
    with reaching(place, "written"):
        system, path = opened(place)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.put_file(str(local), path)


def open_bytes(name: Name) -> BinaryIO:
    """Open a file for reading without a full download; only the bytes read are fetched."""
    place = address(name)
    if place is None:
        return Path(name).open("rb")
    with reaching(place, "opened"):
        system, path = opened(place)
        return cast(BinaryIO, system.open(path, "rb"))


def opened(place: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    if place.startswith(("http://", "https://")) and find_spec("aiohttp") is None:
        return WebFiles(), place
    try:
        import fsspec  # here: it takes a while, and most need no addresses
    except ImportError:
        raise MissingPartError(f"{place}: an address needs fsspec: {install_hint('remote')}") from None
    system, path = fsspec.core.url_to_fs(place)
    return system, str(path)


def version(info: dict[str, Any]) -> str:
    """A version token (ETag, mtime …) from the store's metadata; "" where it has none."""
    marks = [info.get(key) for key in _MARKS]
    return hashlib.sha256(f"{info.get('size')} {marks}".encode()).hexdigest()[:16] if any(marks) else ""


@contextmanager
def reaching(place: str, done: str) -> Iterator[None]:
    """Turn any exception of a protocol's package into a one-line RemoteError about `place`."""
    try:
        yield
    except DeepSpeechError:
        raise
    except FileNotFoundError:
        raise RemoteError(f"{place}: there is no such file; check the address") from None
    except ImportError as error:
        raise MissingPartError(f"{place}: {_line(error)}; install what this address needs (docs/remote.md)") from None
    except Exception as error:
        raise RemoteError(f"{place}: cannot be {done} ({_line(error)}); check address, network and rights") from None


def _fetch_if_there(place: str) -> None:
    try:
        fetch(place, again=False)
    except RemoteError as error:
        if "there is no such file" not in str(error):
            raise


def _note(copy: Path) -> Path:
    """Path of the file that records the version of a cached copy."""
    return copy.with_name(f".{copy.name[-100:]}.version")


def lock_of(copy: Path) -> str:
    """Name of the download lock: one of 256, since lock files are not deleted."""
    return hashlib.sha256(str(copy).encode("utf-8", "surrogateescape")).hexdigest()[:2]


def _size(name: str) -> int | None:
    place = address(name)
    if place is None:
        return os.path.getsize(name) if os.path.isfile(name) else None
    try:
        with reaching(place, "looked at"):
            system, path = opened(place)
            return int(system.info(path)["size"])
    except RemoteError as error:
        if "there is no such file" in str(error):
            return None
        raise


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
