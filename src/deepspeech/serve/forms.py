"""Bodies of requests, bounded and in memory, never on disk: raw ones, and multipart forms with one file."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from deepspeech.serve.limits import Limits, Refused

FIELDS = 1100  # hot phrases are a field each
FIELD_BYTES = 1 << 16


@dataclass(frozen=True)
class Form:
    """A multipart form: one file, and texts by name; a name may be repeated, with or without "[]"."""

    content: bytes
    texts: dict[str, list[str]]

    def one(self, name: str, default: str = "") -> str:
        """The last text of that name."""
        return self.texts.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        return self.texts.get(name, [])


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body. Raises Refused: too large, too slow, empty."""
    parts = [chunk async for chunk in _chunks(request, limits)]
    body = b"".join(parts)
    if not body:
        raise Refused("the request has no body; send a sound file", 400, "empty", "file")
    return body


async def read_form(request: Request, limits: Limits, file_field: str = "file") -> Form:
    """A multipart form whose field `file_field` is a file. Raises Refused, also for what is no such form."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refused("send multipart/form-data with the recording in the field 'file'", 400, "invalid_form")
    parser = MultiPartParser(
        request.headers, _chunks(request, limits), max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES
    )
    parser.spool_max_size = limits.upload_bytes + 1  # the body is smaller, so its file stays in memory
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Refused(f"the form cannot be read: {error.message}", 400, "invalid_form") from None
    content, texts = b"", dict[str, list[str]]()
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                texts.setdefault(name.removesuffix("[]"), []).append(value)
            elif name == file_field:
                content = await value.read()
            else:
                raise Refused(f"a file in the field '{name[:40]}'; send it as '{file_field}'", 400, "invalid_form")
    finally:
        await form.close()
    if not content:
        raise Refused(f"the field '{file_field}' is missing, or an empty file", 400, "missing_file", file_field)
    return Form(content, texts)


async def _chunks(request: Request, limits: Limits) -> AsyncGenerator[bytes, None]:
    """The body as it arrives, up to the limit."""
    too_large = Refused(
        f"the body is larger than {limits.upload_mb:g} MB, the limit of this server; send flac, ogg or mp3, or cut it",
        413, "too_large", "file",
    )  # fmt: skip
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limits.upload_bytes:
        raise too_large
    stream: Any = request.stream()
    taken = 0
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), limits.idle_s)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise Refused(f"nothing more of the body came for {limits.idle_s:g} s", 408, "timeout") from None
        taken += len(chunk)
        if taken > limits.upload_bytes:
            raise too_large
        yield chunk
