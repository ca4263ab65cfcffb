"""Resumable downloads of corpora, whose faults are those of an import."""

from pathlib import Path

from deepspeech.errors import CorpusError, RemoteError
from deepspeech.remote import download


class RefusedError(CorpusError):
    """The server answered, but not with the file."""


def fetch(url: str, path: str | Path, sha256: str = "", timeout_s: float = 60.0, shown: bool = True) -> Path:
    """`remote.download` of a part of a corpus. Raises CorpusError, or RefusedError, where that raises RemoteError."""
    try:
        return download.download(url, path, sha256, timeout_s, shown)
    except download.RefusedError as error:
        raise RefusedError(str(error)) from None
    except RemoteError as error:
        raise CorpusError(str(error)) from None
