"""The catalogue of published models: which there are, where they come from, and which were fetched.

In: `models.json` beside this file, and names. Out: the paths of fetched files, in
`$XDG_CACHE_HOME/deepspeech/catalogue/NAME/`: files as published, `model.onnx` converted from the old model among them,
and `SHA256SUMS` of all. Where a publisher states no SHA-256, that of the first fetch is recorded and required from then
on. Only `fetch` downloads.
"""

import difflib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from deepspeech.errors import ConfigError, RemoteError, ScorerError
from deepspeech.files import atomic_path, sha256_of
from deepspeech.remote.download import ChecksumError, download
from deepspeech.remote.files import Name, alone, cache_folder, lock_of
from deepspeech.untrusted import read_json

PAGE = Path(__file__).with_name("models.json")
MODEL, SCORER = "model", "scorer"  # kinds of files
CONVERTED = "model.onnx"
SUMS = "SHA256SUMS"  # as sha256sum writes and checks it


@dataclass(frozen=True)
class PublishedFile:
    """A file at an address; `member`: the path of the model in it, where it is a tar archive."""

    address: str
    kind: str  # MODEL or SCORER
    bytes: int | None  # None: not known
    sha256: str | None  # None: not known
    member: str = ""

    @property
    def name(self) -> str:
        """The name it is downloaded under."""
        return unquote(self.address.rpartition("/")[2])


@dataclass(frozen=True)
class PublishedModel:
    """A model that somebody published: what it is, and its files."""

    name: str
    language: str  # BCP 47
    license: str  # SPDX
    about: str
    files: tuple[PublishedFile, ...]

    @property
    def folder(self) -> Path:
        """Where its files are fetched to."""
        return cache_folder().parent / "catalogue" / self.name

    @property
    def bytes(self) -> int | None:
        """Of all its files; None where one is not known."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size)

    @property
    def has_scorer(self) -> bool:
        """Whether it was published with one."""
        return any(file.kind == SCORER for file in self.files)

    @property
    def is_fetched(self) -> bool:
        """Whether the model is here and opens; its scorer may not be."""
        return self.path(MODEL).is_file()

    @property
    def original(self) -> Path:
        """The model as it was published."""
        file = self._file(MODEL)
        return self.folder / (Path(file.member).name or file.name)

    def opened(self, scorer: bool) -> list[Path]:
        """The files that are opened, its scorer among them if `scorer` and it has one."""
        return [self.path(file.kind) for file in self.files if scorer or file.kind != SCORER]

    def path(self, kind: str) -> Path:
        """The file that is opened: the converted model, or the scorer. Raises ConfigError where it has no scorer."""
        return self.folder / CONVERTED if kind == MODEL else self.folder / self._file(kind).name

    def _file(self, kind: str) -> PublishedFile:
        for file in self.files:
            if file.kind == kind:
                return file
        raise ConfigError(f"{self.name}: was published without a {kind}; leave --{kind} out, or name a file")


def published(language: str = "") -> tuple[PublishedModel, ...]:
    """All models, or those of a language: `en` includes `en-US` (RFC 4647, basic filtering)."""
    tag = language.lower()
    return tuple(one for one in _read(PAGE) if not tag or f"{one.language.lower()}-".startswith(f"{tag}-"))


def find(name: str) -> PublishedModel:
    """The model of this name. Raises ConfigError."""
    for model in published():
        if model.name == name:
            return model
    raise ConfigError(f"{name}: no published model has this name{near(name) or '; `deepspeech models` lists them'}")


def near(name: Name) -> str:
    """What to add to the message that there is no such file: the name that is probably meant, or nothing."""
    names = {model.name.lower(): model.name for model in published()} if _is_name(name) else {}
    found = difflib.get_close_matches(str(name).lower(), names, 1)
    return f"; did you mean {names[found[0]]}?" if found and str(name) not in names.values() else ""


def model_of(name: Name) -> Name:
    """The fetched model file of a name in the catalogue; any other name, and that of a file, unchanged.

    Raises RemoteError where it was not fetched.
    """
    return _fetched(name, lambda model: model.path(MODEL))


def scorer_of(name: Name) -> Name:
    """Like `model_of`, the scorer of a published model.

    Raises ConfigError, too, where it has none, and ScorerError for what is no file and nearly a name.
    """
    if hint := near(name):
        raise ScorerError(f"{name}: there is no such file{hint}")
    return _fetched(name, lambda model: model.path(SCORER))


def original_of(name: Name) -> Name:
    """Like `model_of`, the old model as it was published."""
    return _fetched(name, lambda model: model.original)


def fetch(model: PublishedModel, convert: Callable[[Path, Path], object], scorer: bool = True) -> list[Path]:
    """Download what is missing of a model, check it, `convert(old, new)` it, and return the files that are opened.

    A conversion is kept as long as neither it nor the old model changes. Files appear whole; an interrupted download is
    resumed. `scorer` False: the model alone. Raises RemoteError: no connection, not the expected file, no space.
    """
    new = model.path(MODEL)
    with alone(lock_of(model.folder)):
        for file in model.files:
            if scorer or file.kind != SCORER:
                _fetch(file, model.folder)
        if not _is_converted(model):
            source = model._file(MODEL)
            if source.member:
                _unpack(model.folder / source.name, source.member, model.original)
            convert(model.original, new)
            _remember(model.folder, {CONVERTED: _sha256(new)})
    return model.opened(scorer)


@cache
def _read(page: Path) -> tuple[PublishedModel, ...]:
    return tuple(
        PublishedModel(**{**entry, "files": tuple(PublishedFile(**file) for file in entry["files"])})
        for entry in read_json(page)
    )


def _is_name(name: Name) -> bool:
    """Whether it may be one of the catalogue: no folder, and no file of this machine."""
    return Path(name).name == str(name) and not os.path.exists(name)


def _fetched(name: Name, path_of: Callable[[PublishedModel], Path]) -> Name:
    for model in published() if _is_name(name) else ():
        if model.name == str(name):
            path = path_of(model)
            if not path.is_file():
                raise RemoteError(f"{name}: a published model that is not here yet: deepspeech models fetch {name}")
            return path
    return name


def _fetch(file: PublishedFile, folder: Path) -> None:
    path, sums = folder / file.name, dict(_sums(folder / SUMS))
    expected = file.sha256 or sums.get(file.name, "")
    if expected and path.is_file() and _sha256(path) != expected:
        raise RemoteError(f"{path}: not the file that was fetched (its SHA-256 differs); delete it and fetch it again")
    try:
        download(file.address, path, expected, size=file.bytes)
    except ChecksumError:
        if file.sha256 or not expected:
            raise
        raise RemoteError(
            f"{file.address}: not the file that was fetched first (SHA-256 {expected}), and it was removed; if you "
            f"trust the new one, delete {folder} and fetch again"
        ) from None
    found = expected or _sha256(path)
    if sums.get(file.name) != found:
        of_another = {CONVERTED: ""} if file.kind == MODEL else {}
        _remember(folder, {file.name: found, **of_another})


def _remember(folder: Path, found: dict[str, str]) -> None:
    """Write SHA-256 by name to the list of a folder; empty ones are removed from it."""
    sums = {name: sha256 for name, sha256 in (dict(_sums(folder / SUMS)) | found).items() if sha256}
    with atomic_path(folder / SUMS, RemoteError) as partial:
        partial.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items())), encoding="utf-8")


def _is_converted(model: PublishedModel) -> bool:
    """Whether the converted model is that of the old model, which is here, too."""
    new = model.path(MODEL)
    both = new.is_file() and model.original.is_file()
    return both and dict(_sums(model.folder / SUMS)).get(CONVERTED) == _sha256(new)


def _sums(path: Path) -> Iterator[tuple[str, str]]:
    """Names and SHA-256 of the files that were fetched. Raises RemoteError."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        sha256, gap, name = line.partition("  ")
        if not (gap and name and len(sha256) == 64):
            raise RemoteError(f"{path}: damaged; delete {path.parent} and fetch again")
        yield name, sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return sha256_of(file).hex()


def _unpack(archive: Path, member: str, target: Path) -> None:
    """Write one file of a tar archive, whatever its path there, to `target`."""
    try:
        with tarfile.open(archive) as packed, atomic_path(target, RemoteError) as partial:
            source = packed.extractfile(member)
            if source is None:
                raise KeyError(member)
            with source, partial.open("wb") as file:
                shutil.copyfileobj(source, file)
    except (tarfile.TarError, EOFError, KeyError):
        raise RemoteError(f"{archive}: holds no {member}; delete {archive.parent} and fetch again") from None
