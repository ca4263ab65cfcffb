"""Server-sent events of OpenAI's transcription: what is stable of a recording, while it is being read.

transcript.text.delta … ─ transcript.text.segment, where asked for ─ … ─ transcript.text.done
"""

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from math import log
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.transcript import Transcript, Word
from deepspeech.runtime.events import Final
from deepspeech.serve.answers import error_body
from deepspeech.serve.deltas import Deltas
from deepspeech.serve.limits import Refused
from deepspeech.serve.models import ServedModel
from deepspeech.serve.service import Service

LEAST_CONFIDENCE = 1e-10  # its logarithm is JSON


async def event_response(
    service: Service,
    model: ServedModel,
    content: bytes,
    phrases: HotPhrases | None,
    with_logprobs: bool,
    with_segments: bool,
    with_words: bool,
    held: ExitStack,
) -> Response:
    """The response; what `held` holds is released at its end. Raises Refused before the first event only."""
    began_s = time.monotonic()
    duration_s, events = await service.uploads.stream(model, content, phrases)
    seconds = round(duration_s, 3)

    async def lines() -> AsyncIterator[str]:
        deltas, segments = Deltas(), list[Transcript]()
        try:
            async for event in events:
                if delta := deltas.take(event):
                    more = logprobs([event.transcript]) if isinstance(event, Final) and with_logprobs else []
                    yield sse({"type": "transcript.text.delta", "delta": delta} | ({"logprobs": more} if more else {}))
                if isinstance(event, Final) and event.transcript.text:
                    segments.append(event.transcript)
                    if with_segments:
                        yield sse(_segment(len(segments) - 1, event.transcript, with_words))
        except Refused as refusal:  # of a damaged recording, after its first words
            yield sse(error_body(refusal))
            return
        text = " ".join(one.text for one in segments)
        done: dict[str, Any] = {"type": "transcript.text.done", "text": text}
        done["usage"] = {"type": "duration", "seconds": seconds}
        yield sse(done | ({"logprobs": logprobs(segments)} if with_logprobs else {}))
        took_s = time.monotonic() - began_s
        service.log.write("upload", text, protocol="openai-sse", model=model.name, audio_s=seconds, duration_s=took_s)

    return _Holding(StreamingResponse(lines(), media_type="text/event-stream"), held.pop_all())


class _Holding(Response):
    """A response that releases something when it has been sent, or cannot be."""

    def __init__(self, response: Response, held: ExitStack) -> None:
        super().__init__()
        self._response, self._held = response, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await self._response(scope, receive, send)


def _segment(number: int, segment: Transcript, with_words: bool) -> dict[str, Any]:
    words = segment.words
    more = {"words": [_word(word) for word in words]} if with_words else {}
    return {
        "type": "transcript.text.segment", "id": f"seg_{number:03d}", "start": round(words[0].start_s, 3),
        "end": round(words[-1].end_s, 3), "text": segment.text, "speaker": "",
    } | more  # fmt: skip


def _word(word: Word) -> dict[str, Any]:
    """A word as in `verbose_json`, with its confidence."""
    value = {"word": word.text, "start": round(word.start_s, 3), "end": round(word.end_s, 3)}
    return value | ({} if word.confidence is None else {"confidence": round(word.confidence, 4)})


def logprobs(segments: Sequence[Transcript]) -> list[dict[str, Any]]:
    """The logarithm of each word's confidence, in the shape of OpenAI's tokens."""
    words = [word for segment in segments for word in segment.words]
    return [
        {
            "token": (" " if number else "") + word.text,
            "logprob": round(log(max(LEAST_CONFIDENCE, word.confidence or LEAST_CONFIDENCE)), 4),
            "bytes": list(((" " if number else "") + word.text).encode()),
        }
        for number, word in enumerate(words)
    ]


def sse(value: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
