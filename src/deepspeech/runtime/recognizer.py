"""Recognizer: transcribes audio with a model file, without torch.

from deepspeech import Recognizer
model = Recognizer.open("model.onnx")
print(model.transcribe("hello.wav").text)
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias, cast, overload

from deepspeech.audio.blocks import Blocks
from deepspeech.audio.resample import LEAST_HZ, MOST_HZ
from deepspeech.audio.samples import Samples
from deepspeech.audio.source import AudioSlice, NamedPath
from deepspeech.audio.vad import SilenceRules
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError, ConfigError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.modelfile.card import ModelCard
from deepspeech.remote.catalogue import model_of, scorer_of
from deepspeech.remote.files import fetch
from deepspeech.runtime.batch_transcriber import BATCH, BatchTranscriber
from deepspeech.runtime.endpointed import EndpointedStream
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.recording import Channel, Recording, Source, local
from deepspeech.runtime.session import Session
from deepspeech.runtime.stream import RecognizerStream

Sound: TypeAlias = str | Path | AudioSlice | bytes | BinaryIO | Samples
Model: TypeAlias = str | Path


class Recognizer:
    """`open` a model file, then `transcribe` a recording, `transcribe_all` of many, or open a `stream`;
    `segments` gives a long one piece by piece.

        model = Recognizer.open("model.onnx", scorer="my.scorer")
        print(model.transcribe("hello.wav").text)

    Immutable and thread-safe; streams belong to one thread each.
    """

    @classmethod
    def open(
        cls,
        path: Model,
        scorer: str | Path | None = None,
        options: DecodeOptions | None = None,
        hot_words: Mapping[str, float] | None = None,
        threads: int = 1,
        phrases: HotPhrases | None = None,
        device: str = "auto",
    ) -> "Recognizer":
        """Load a model file (old ones: `deepspeech convert`) and, if named, a scorer; both may lie at addresses.

        Or those of a published model, by the name under which `deepspeech models` lists it, once it was fetched.

        `phrases` are names and terms to boost, with or without a scorer. `hot_words` maps words of the scorer
        to what is added to their log probability. `device`: cpu, cuda, or auto: a GPU where ONNX Runtime has CUDA.
        Raises ModelFileError or ScorerError where a file is damaged, foreign or does not fit, ConfigError for phrases
        with characters outside the alphabet, RemoteError.
        """
        session = Session(fetch(model_of(path)), threads, device=device)
        words = Scorer.open(fetch(scorer_of(scorer)), session.card.tokens) if scorer else None
        recognizer = cls(session, options, words, hot_words, phrases)
        recognizer.check()
        return recognizer

    def __init__(
        self,
        session: Session | Model,
        options: DecodeOptions | None = None,
        scorer: Scorer | str | Path | None = None,
        hot_words: Mapping[str, float] | None = None,
        phrases: HotPhrases | None = None,
        exact_times: bool = False,
    ) -> None:
        """Use `open`. `session` and `scorer` are open ones; the paths of files are opened.

        `exact_times`: word times of `transcribe_all` come from aligning each transcript with its sound.
        """
        if isinstance(options, str | Path):
            raise ConfigError(f"Recognizer: options is '{options}'; write Recognizer.open(model, '{options}')")
        session = Session(fetch(session)) if isinstance(session, str | Path) else session
        scorer = Scorer.open(fetch(scorer), session.card.tokens) if isinstance(scorer, str | Path) else scorer
        self._exact_times = exact_times
        self._session, self._scorer, self._hot_words, self._phrases = session, scorer, hot_words, phrases
        self._extractor = session.card.front_end
        self.options = options or replace(DecodeOptions(), beam_width=session.card.beam_width)

    @property
    def card(self) -> ModelCard:
        """The model card."""
        return self._session.card

    @property
    def session(self) -> Session:
        """The network, shared by all that use it."""
        return self._session

    def transcribe(
        self, audio: Sound, rate_hz: int | None = None, alternatives: int = 0, channel: int | None = None
    ) -> Transcript:
        """The best transcript of a recording, decoded as one utterance, with up to `alternatives` others.

        `audio` is a path or address, the bytes of a file, an open binary file, or mono samples [N] (int16, or floats
        from -1 to 1; arrays, tensors, lists) at `rate_hz` (None: the model's own rate). Files may be wav, flac, ogg,
        opus or mp3 of any rate and number of channels; channels are averaged, or `channel`, from 0, is selected. For
        long recordings use `transcribe_all` or `segments`. Raises AudioError.
        """
        best, *others = self.candidates(audio, 1 + alternatives, rate_hz, channel)
        return replace(best, alternatives=tuple(others))

    def candidates(
        self, audio: Sound, count: int, rate_hz: int | None = None, channel: int | None = None
    ) -> list[Transcript]:
        """Up to `count` transcripts, best first; the rest as for `transcribe`."""
        if not _is_file(audio):
            if channel:
                raise AudioError(f"there is no channel {channel}, samples in memory are one; counted from 0")
            with self.utterance(rate_hz) as stream:
                stream.feed(cast(Samples, audio))
                return stream.finish(count)
        source, name = _file(cast(Source | BinaryIO, audio))
        blocks = Blocks(source, self.card.features.sample_rate_hz, channel, name)
        with self.utterance() as stream:
            for block in blocks:
                stream.feed(block)
            return stream.finish(count)

    def transcribe_all(
        self,
        sources: Source | Channel | Iterable[Source | Channel],
        alternatives: int = 0,
        cores: int | None = None,
        rules: SilenceRules | None = None,
        channel: int | Literal["each"] | None = None,
        batch_size: int = BATCH,
        heard: Callable[[float], object] | None = None,
    ) -> Iterator[Recording | AudioError]:
        """Transcribe recordings, or one, in batches, on all cores, in order; unreadable ones yield their AudioError.

        Recordings longer than `rules.max_segment_s` are cut at their silences. Channels are averaged, or
        `channel`, from 0, is selected; "each" yields a Recording per channel. `cores` None: all. Truncated files are
        transcribed as far as possible, with a `Recording.warning`. `batch_size`: clips that run together on a core;
        `heard` is called, in any thread, with the seconds of audio of each batch that is done.
        """
        return self._batches(alternatives, cores, rules, batch_size, heard).over(sources, channel)

    def segments(
        self,
        source: Source | BinaryIO,
        alternatives: int = 0,
        cores: int | None = None,
        rules: SilenceRules | None = None,
        channel: int | None = None,
        batch_size: int = BATCH,
    ) -> Iterator[Transcript]:
        """Transcribe one recording of any length: its segments in order, as they are made, in bounded memory.

        The texts of the `segments` of the Recording that `transcribe_all` gives, with its arguments: the first one
        comes after the first seconds of speech, the others about a minute a core at a time. Raises AudioError: at once
        for a file that cannot be read, after the last segment for one that is truncated.
        """
        if not _is_file(source):
            raise AudioError("segments takes one recording: a path, an address or bytes of a file; for samples: stream")
        batches = self._batches(alternatives, cores, rules, batch_size)
        return batches.segments(Channel(_file(source)[0], channel))

    def _batches(
        self,
        alternatives: int,
        cores: int | None,
        rules: SilenceRules | None,
        batch_size: int,
        heard: Callable[[float], object] | None = None,
    ) -> BatchTranscriber:
        return BatchTranscriber(
            self._session,
            self._extractor,
            self._new_decoder,
            alternatives,
            cores,
            rules or SilenceRules(),
            self._exact_times,
            batch_size,
            heard,
        )

    @overload
    def stream(
        self, rate_hz: int | None = None, *, alternatives: int = 0, chunk_ms: float | None = None
    ) -> RecognizerStream: ...
    @overload
    def stream(
        self,
        rate_hz: int | None = None,
        *,
        endpoints: EndpointRules,
        alternatives: int = 0,
        chunk_ms: float | None = None,
    ) -> EndpointedStream: ...
    def stream(
        self,
        rate_hz: int | None = None,
        *,
        endpoints: EndpointRules | None = None,
        alternatives: int = 0,
        chunk_ms: float | None = None,
    ) -> RecognizerStream | EndpointedStream:
        """Open a stream for mono audio at `rate_hz` (None: the model's own rate), fed in chunks of any size.

        Without `endpoints` it is one utterance until `finish`; with them utterances end by endpointing. `chunk_ms`
        is the step of the network, one that the model allows (None: its default); shorter steps have less latency and
        cost more time. Raises ConfigError for other steps, and if the network cannot stream
        (bidirectional).
        """
        if not self.card.streams:
            raise ConfigError(
                "this model cannot stream: its network needs whole recordings; transcribe files, or "
                "train one that can stream, for example with network.bidirectional = false"
            )
        rate, chunk = self._rate(rate_hz), self._chunk(chunk_ms)
        parts = self._session, self._extractor, self._new_decoder
        if endpoints is None:
            return RecognizerStream(*parts, rate, alternatives, chunk)
        return EndpointedStream(*parts, rate, endpoints, alternatives, chunk)

    def with_phrases(self, phrases: HotPhrases | None) -> "Recognizer":
        """The same model with other hot phrases; loads nothing again. Raises ConfigError as `open` does."""
        other = Recognizer(self._session, self.options, self._scorer, self._hot_words, phrases)
        other.check()
        return other

    def check(self) -> None:
        """Raise ScorerError or ConfigError if the scorer or the phrases do not fit the model."""
        self._new_decoder(0)

    def utterance(self, rate_hz: int | None = None) -> RecognizerStream:
        """Open a stream for one utterance that is decoded when finished; supported by every network."""
        return RecognizerStream(self._session, self._extractor, self._new_decoder, self._rate(rate_hz))

    def _chunk(self, chunk_ms: float | None) -> ChunkSpec:
        chunk = self.card.chunk
        allowed = {round(hop * self.card.features.step_s * 1000, 3): hop for hop in chunk.sizes}
        if chunk_ms is None:
            return chunk
        if not isinstance(chunk_ms, Real) or chunk_ms not in allowed:
            sizes = ", ".join(f"{size:g}" for size in allowed)
            raise ConfigError(
                f"chunk_ms is {_shown(chunk_ms)}; this model takes {'one of ' * (len(allowed) > 1)}{sizes}"
            )
        return chunk.sized(allowed[chunk_ms])

    def _rate(self, rate_hz: int | None) -> int:
        rate = self.card.features.sample_rate_hz if rate_hz is None else rate_hz
        if not isinstance(rate, Real) or not LEAST_HZ <= rate <= MOST_HZ:
            raise ConfigError(f"the sample rate is {_shown(rate)} Hz; it must be a number from {LEAST_HZ} to {MOST_HZ}")
        return rate

    async def listen(
        self,
        chunks: AsyncIterable[Samples],
        rate_hz: int | None = None,
        endpoints: EndpointRules | None = None,
        alternatives: int = 0,
    ) -> AsyncIterator[Transcript]:
        """Transcribe audio that arrives in `chunks`; yields utterances as they end. Does not block the event loop."""
        with self.stream(rate_hz, endpoints=endpoints or EndpointRules(), alternatives=alternatives) as stream:
            async for chunk in chunks:
                for utterance in await asyncio.to_thread(stream.feed, chunk):
                    yield utterance
            for utterance in await asyncio.to_thread(stream.finish):
                yield utterance

    def _new_decoder(self, first_frame: int) -> BeamDecoder:
        return BeamDecoder(
            self.card.tokens,
            self.options,
            self.card.frame_s,
            self._scorer,
            self._hot_words,
            self._phrases,
            first_frame,
        )


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, Real) else f"{value!r:.60}"


def _is_file(audio: object) -> bool:
    """Whether it is the name or the content of a file, not samples."""
    return isinstance(audio, str | Path | AudioSlice | bytes) or hasattr(audio, "read")


def _file(audio: Source | BinaryIO) -> tuple[Source, str]:
    """The source to read, and its name in errors."""
    if not isinstance(audio, str | Path | AudioSlice | bytes):
        content = audio.read()
        if not isinstance(content, bytes):
            raise AudioError("the open file returns text; open it in binary mode ('rb')")
        return content, str(getattr(audio, "name", ""))
    source, name = local(audio)
    return (NamedPath(source) if isinstance(source, str | Path) else source), name
