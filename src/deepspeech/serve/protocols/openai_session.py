"""The configuration of an OpenAI Realtime transcription session: what `session.update` may set, and its effect.

Both forms are read: today's (`session.audio.input…`) and the beta's (`input_audio_format` …).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from deepspeech.audio import g711
from deepspeech.audio.pcm import Int16
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.serve.fields import number, table, text, texts
from deepspeech.serve.limits import Limits, Refused
from deepspeech.serve.live import StreamOptions, endpoint_rules
from deepspeech.serve.models import Models, ServedModel, phrases_of, spellable

PCM, ULAW, ALAW = "audio/pcm", "audio/pcmu", "audio/pcma"
BETA_FORMATS = {"pcm16": PCM, "g711_ulaw": ULAW, "g711_alaw": ALAW}
PCM_HZ = 24_000
PADDING_MS, SILENCE_MS, THRESHOLD = 300, 500, 0.5
EAGERNESS_MS = {"low": 1200, "medium": 800, "auto": 800, "high": 500}
LOGPROBS = "item.input_audio_transcription.logprobs"


@dataclass(frozen=True)
class SessionConfig:
    """Settings of a session. `turns` None: the client commits."""

    model: ServedModel
    kind: str = PCM
    rate_hz: int = PCM_HZ
    language: str | None = None
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    turns: str | None = "server_vad"
    silence_ms: int = SILENCE_MS
    padding_ms: int = PADDING_MS
    threshold: float = THRESHOLD
    eagerness: str = "auto"
    logprobs: bool = False

    @property
    def decode(self) -> Callable[[bytes], Int16] | None:
        """How bytes become samples; None: they are 16-bit PCM."""
        return {ULAW: g711.decode_ulaw, ALAW: g711.decode_alaw}.get(self.kind)

    def options(self, limits: Limits) -> StreamOptions:
        """The stream's options. Raises Refused."""
        keywords = phrases_of(self.keywords, limits, "keywords")
        words = spellable(self.model, self.prompt.split(), limits)
        strengths = {**(words.strengths if words else {}), **(keywords.strengths if keywords else {})}
        phrases = HotPhrases(strengths) if strengths else None
        return StreamOptions(self.rate_hz, self.turns is not None, self.silence_ms / 1000, phrases)

    def described(self, session_id: str) -> dict[str, Any]:
        """The session as the server shows it, with the values in effect."""
        turns: dict[str, Any] | None = None
        if self.turns == "server_vad":
            effective_s = endpoint_rules(self.model, self.silence_ms / 1000).trailing_silence_s
            turns = {
                "type": "server_vad", "threshold": self.threshold, "prefix_padding_ms": self.padding_ms,
                "silence_duration_ms": round(effective_s * 1000),
            }  # fmt: skip
        elif self.turns:
            turns = {"type": self.turns, "eagerness": self.eagerness}
        transcription: dict[str, Any] = {"model": self.model.name, "prompt": self.prompt}
        if self.language:
            transcription["language"] = self.language
        if self.keywords:
            transcription["keywords"] = list(self.keywords)
        form = {"type": PCM, "rate": self.rate_hz} if self.kind == PCM else {"type": self.kind}
        return {
            "id": session_id, "object": "realtime.transcription_session", "type": "transcription",
            "audio": {"input": {"format": form, "transcription": transcription, "turn_detection": turns}},
            "include": [LOGPROBS] if self.logprobs else None,
        }  # fmt: skip


def updated(config: SessionConfig, session: Any, models: Models, limits: Limits) -> SessionConfig:
    """`config` after `session.update` or the beta's `transcription_session.update`. Raises Refused; nothing half."""
    session = table(session, "session")
    if session.get("type", "transcription") != "transcription":
        raise Refused("this server has transcription sessions only", 400, "invalid_value", "session.type")
    source = table(table(session.get("audio", {}), "session.audio").get("input", {}), "session.audio.input")
    beta = {"format": "input_audio_format", "transcription": "input_audio_transcription"}
    values = {new: session[old] for new, old in beta.items() if old in session}
    if "turn_detection" in session:
        values["turn_detection"] = session["turn_detection"]
    values |= source
    if values.get("format") is not None:
        config = _with_format(config, values["format"])
    if values.get("transcription") is not None:
        config = _with_transcription(config, table(values["transcription"], "transcription"), models)
    if "turn_detection" in values:
        config = _with_turns(config, values["turn_detection"])
    if "include" in session:
        config = replace(config, logprobs=LOGPROBS in texts(session, "include"))
    config.options(limits)
    return config


def _with_format(config: SessionConfig, value: Any) -> SessionConfig:
    kind = BETA_FORMATS.get(value) if isinstance(value, str) else table(value, "format").get("type")
    if kind not in (PCM, ULAW, ALAW):
        raise Refused(f"the format is not {PCM}, {ULAW} or {ALAW}", 400, "invalid_value", "format")
    rate = value.get("rate", PCM_HZ) if isinstance(value, dict) and kind == PCM else PCM_HZ
    if not isinstance(rate, int) or isinstance(rate, bool):
        raise Refused("format.rate is no whole number", 400, "invalid_type", "format.rate")
    return replace(config, kind=kind, rate_hz=rate if kind == PCM else g711.RATE_HZ)


def _with_transcription(config: SessionConfig, values: dict[str, Any], models: Models) -> SessionConfig:
    language, prompt = text(values, "language"), text(values, "prompt")
    return replace(
        config,
        model=models.choose(text(values, "model") or config.model.name, language),
        language=language or config.language,
        prompt=config.prompt if prompt is None else prompt,
        keywords=tuple(texts(values, "keywords")) if "keywords" in values else config.keywords,
    )


def _with_turns(config: SessionConfig, value: Any) -> SessionConfig:
    if value is None:
        return replace(config, turns=None)
    values = table(value, "turn_detection")
    kind = values.get("type", "server_vad")
    if kind == "semantic_vad":
        eagerness = values.get("eagerness", "auto")
        if eagerness not in EAGERNESS_MS:
            raise Refused("eagerness is low, medium, high or auto", 400, "invalid_value", "turn_detection.eagerness")
        return replace(config, turns=kind, eagerness=eagerness, silence_ms=EAGERNESS_MS[eagerness])
    if kind != "server_vad":
        raise Refused("turn_detection is server_vad, semantic_vad or null", 400, "invalid_value", "turn_detection.type")
    return replace(
        config,
        turns=kind,
        silence_ms=round(number(values, "silence_duration_ms", SILENCE_MS, 20, 10_000)),
        padding_ms=round(number(values, "prefix_padding_ms", PADDING_MS, 0, 10_000)),
        threshold=number(values, "threshold", THRESHOLD, 0, 1),
    )
