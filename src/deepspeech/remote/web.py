"""Files at `http://` and `https://` addresses with the standard library alone, where fsspec's packages for them are not
installed: whole files are read, nothing is listed or written.

In: an address. Out: what `files.py` uses of an fsspec file system.
"""

import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deepspeech.installing import install_hint

TIMEOUT_S = 60.0
_NEEDS = (
    f"only whole files are read from web servers without it: pip install aiohttp requests; {install_hint('remote')}"
)


class WebFiles:
    """A file system of web servers. Raises FileNotFoundError for a file that is not there, else urllib's errors."""

    def info(self, place: str) -> dict[str, Any]:
        """Size and version of a file, as the server states them."""
        with _answer(urllib.request.Request(place, method="HEAD")) as answer:
            length = answer.headers.get("Content-Length")
            marks = {"ETag": answer.headers.get("ETag"), "LastModified": answer.headers.get("Last-Modified")}
            return {"name": place, "size": int(length) if length else None, **marks}

    def get_file(self, place: str, target: str) -> None:
        """Download a file."""
        with _answer(urllib.request.Request(place)) as answer, Path(target).open("wb") as file:
            length = answer.headers.get("Content-Length")
            shutil.copyfileobj(answer, file)
        if length and Path(target).stat().st_size != int(length):
            raise ConnectionError("the connection ended early")

    def isdir(self, place: str) -> bool:
        """Web servers have no folders."""
        return False

    def __getattr__(self, name: str) -> Any:
        raise ImportError(_NEEDS)


@contextmanager
def _answer(request: urllib.request.Request) -> Iterator[Any]:
    request.add_header("User-Agent", "deepspeech")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise FileNotFoundError(request.full_url) from None
        raise ConnectionError(f"the server says {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise ConnectionError(str(error.reason)) from None
