"""OpenAI's REST API for transcription: a multipart upload in, text, JSON, subtitles or server-sent events out.

https://platform.openai.com/docs/api-reference/audio. `prompt` and `keywords[]` become hot phrases. What belongs to
other models (temperature, chunking_strategy) is accepted where it is valid and changes nothing.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.transcript import Transcript
from deepspeech.decoder.writers import TranscriptWriter
from deepspeech.runtime.recording import Recording
from deepspeech.serve.answers import address
from deepspeech.serve.forms import Form, read_form
from deepspeech.serve.limits import Refused
from deepspeech.serve.models import ServedModel, phrases_of, spellable
from deepspeech.serve.protocols.openai_events import event_response, logprobs
from deepspeech.serve.service import Service

FORMATS = ("json", "text", "srt", "vtt", "verbose_json")


def openai_routes(service: Service) -> list[BaseRoute]:
    """The routes below /v1."""
    started = int(time.time())

    def entry(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": started, "owned_by": "deepspeech"}

    async def models(request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [entry(name) for name in service.models]})

    async def model(request: Request) -> Response:
        return JSONResponse(entry(service.models.choose(request.path_params["name"]).name))

    async def transcriptions(request: Request) -> Response:
        return await _transcribed(service, request)

    async def translations(request: Request) -> Response:
        raise Refused(
            "these models do not translate: they write what was said, in its own language; use "
            "/v1/audio/transcriptions", 400, "not_supported",
        )  # fmt: skip

    return [
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
        Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
        Route("/v1/audio/translations", translations, methods=["POST"]),
    ]


async def _transcribed(service: Service, request: Request) -> Response:
    began_s = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(service.admission.upload(address(request)))
        form = await read_form(request, service.limits)
        form_of_answer, streamed = _checked(form)
        model = service.models.choose(form.one("model") or None, form.one("language") or None)
        phrases = _phrases(service, model, form)
        service.metrics.requests.add(protocol="openai", model=model.name)
        if streamed:
            segments, words = form_of_answer == "verbose_json", "word" in form.all("timestamp_granularities")
            return await event_response(service, model, form.content, phrases, _logprobs(form), segments, words, stack)
        recording = await service.uploads.transcribe(model, form.content, phrases)
    service.log.write(
        "upload", recording.text, protocol="openai", model=model.name, address=address(request),
        audio_s=recording.duration_s, duration_s=time.monotonic() - began_s,
    )  # fmt: skip
    return _answer(form_of_answer, model, recording, form)


def _checked(form: Form) -> tuple[str, bool]:
    """The response format, and whether it is streamed. Raises Refused."""
    chosen, streamed = form.one("response_format", "json"), form.one("stream").lower() in ("true", "1")
    if chosen not in FORMATS:
        why = "; speakers are not told apart" if chosen == "diarized_json" else ""
        message = f"'{chosen[:40]}' is not one of {', '.join(FORMATS)}{why}"
        raise Refused(message, 400, "invalid_value", "response_format")
    if streamed and chosen not in ("json", "verbose_json"):
        raise Refused("a streamed response is json or verbose_json", 400, "invalid_value", "response_format")
    granularities = form.all("timestamp_granularities")
    if set(granularities) - {"word", "segment"}:
        raise Refused("timestamp_granularities[] are word and segment", 400, "invalid_value", "timestamp_granularities")
    if granularities and chosen != "verbose_json":
        raise Refused("timestamps are in verbose_json only", 400, "invalid_value", "timestamp_granularities")
    if set(form.all("include")) - {"logprobs"}:
        raise Refused("include[] may be logprobs", 400, "invalid_value", "include")
    try:
        if not 0 <= float(form.one("temperature") or "0") <= 1:
            raise ValueError
    except ValueError:
        raise Refused("temperature is no number from 0 to 1", 400, "invalid_value", "temperature") from None
    return chosen, streamed


def _phrases(service: Service, model: ServedModel, form: Form) -> HotPhrases | None:
    keywords = phrases_of(form.all("keywords"), service.limits, "keywords")
    prompt = form.one("prompt")
    if len(prompt) > service.limits.phrase_characters:
        most = service.limits.phrase_characters
        raise Refused(f"the prompt is longer than {most} characters", 400, "too_many_phrases", "prompt")
    words = spellable(model, prompt.split(), service.limits)
    if not words or not keywords:
        return keywords or words
    return HotPhrases({**words.strengths, **keywords.strengths})


def _logprobs(form: Form) -> bool:
    return "logprobs" in form.all("include")


def _answer(chosen: str, model: ServedModel, recording: Recording, form: Form) -> Response:
    if chosen == "text":
        return PlainTextResponse(recording.text + "\n")
    if chosen in ("srt", "vtt"):
        writer = TranscriptWriter(chosen)
        text = writer.head() + writer.body("", recording.segments, recording.duration_s)
        return PlainTextResponse(text, media_type="text/vtt" if chosen == "vtt" else "application/x-subrip")
    found: dict[str, Any] = {"text": recording.text}
    if chosen == "verbose_json":
        found |= _verbose(model, recording, form.all("timestamp_granularities") or ["segment"])
    found["usage"] = {"type": "duration", "seconds": round(recording.duration_s, 3)}
    if _logprobs(form):
        found["logprobs"] = logprobs(recording.segments)
    return JSONResponse(found | ({"warning": recording.warning} if recording.warning else {}))


def _verbose(model: ServedModel, recording: Recording, granularities: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "task": "transcribe", "language": model.card.language, "duration": round(recording.duration_s, 3),
    }  # fmt: skip
    if "word" in granularities:
        found["words"] = [
            {"word": word.text, "start": round(word.start_s, 3), "end": round(word.end_s, 3)}
            for segment in recording.segments
            for word in segment.words
        ]
    if "segment" in granularities:
        found["segments"] = [_segment(number, segment) for number, segment in enumerate(recording.segments)]
    return found


def _segment(number: int, segment: Transcript) -> dict[str, Any]:
    """`avg_logprob` is of words, by the network alone; what only Whisper has is neutral."""
    words, chances = segment.words, [entry["logprob"] for entry in logprobs([segment])]
    return {
        "id": number, "seek": 0, "start": round(words[0].start_s, 3), "end": round(words[-1].end_s, 3),
        "text": segment.text, "tokens": [], "temperature": 0.0,
        "avg_logprob": round(sum(chances) / max(1, len(chances)), 4), "compression_ratio": 1.0, "no_speech_prob": 0.0,
    }  # fmt: skip
