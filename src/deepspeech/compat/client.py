"""The Python API of DeepSpeech 0.9.3 with what Coqui's STT added: its names, units and errors over today's recognizer.

import deepspeech  # programs written for Coqui: import deepspeech as stt
model = deepspeech.Model("model.onnx")  # or an old .tflite, .pb or .pbmm
print(model.stt(samples))  # int16, mono, at model.sampleRate()

Every call delegates to `runtime`. Behavior: `native_client/deepspeech.cc` and `native_client/python/__init__.py`;
docs/from-mozilla.md lists the differences.
"""

import operator
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from textwrap import indent
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import (
    CheckpointError,
    ConfigError,
    DeepSpeechError,
    MissingPartError,
    ModelFileError,
    ScorerError,
)
from deepspeech.installing import install_hint
from deepspeech.modelfile.checksum import has_checksum
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.runtime.session import Session
from deepspeech.runtime.stream import RecognizerStream

# Those of native_client/deepspeech.h that can happen here.
NO_MODEL, INVALID_SCORER, MODEL_INCOMPATIBLE, SCORER_NOT_ENABLED = 0x1000, 0x2002, 0x2003, 0x2004
FAIL_INIT_MMAP, FAIL_READ_PROTOBUF, FAIL_INSERT_HOTWORD, FAIL_ERASE_HOTWORD = 0x3000, 0x3005, 0x3008, 0x3010
TEXTS = {
    NO_MODEL: "Missing model information.",
    INVALID_SCORER: "Invalid scorer file.",
    MODEL_INCOMPATIBLE: "Incompatible model.",
    SCORER_NOT_ENABLED: "External scorer is not enabled.",
    FAIL_INIT_MMAP: "Failed to initialize memory mapped model.",
    FAIL_READ_PROTOBUF: "Error reading the proto buffer model file.",
    FAIL_INSERT_HOTWORD: "Could not insert hot-word.",
    FAIL_ERASE_HOTWORD: "Could not erase hot-word.",
}
NamedFile: TypeAlias = str | os.PathLike[str]


class ClientError(DeepSpeechError, RuntimeError):
    """The RuntimeError of the old API, with its text; the error it comes from says what, where and what to do."""


def _failed(call: str, code: int) -> ClientError:
    return ClientError(f"{call} failed with '{TEXTS[code]}' (0x{code:X})")


@dataclass(frozen=True)
class TokenMetadata:
    """A token: its text, the network's step that emitted it, and that time in seconds."""

    text: str
    timestep: int
    start_time: float


@dataclass(frozen=True, repr=False)
class CandidateTranscript:
    """A text as a list of tokens. `confidence` is the natural logarithm of its score; candidates compare by it."""

    tokens: list[TokenMetadata]
    confidence: float

    def __repr__(self) -> str:
        return f"CandidateTranscript(confidence={self.confidence}, tokens=[\n{_lines(self.tokens)}\n])"


@dataclass(frozen=True, repr=False)
class Metadata:
    """Candidate transcripts of one clip, best first."""

    transcripts: list[CandidateTranscript]

    def __repr__(self) -> str:
        return f"Metadata(transcripts=[\n{_lines(self.transcripts)}\n])"


def _lines(parts: Sequence[object]) -> str:
    return indent(",\n".join(map(repr, parts)), "  ")


class Model:
    """An open model. Threads may share it; settings apply to streams created afterwards."""

    def __init__(self, model_path: NamedFile | bytes) -> None:
        """Open a model file, or the bytes of one. Raises RuntimeError."""
        with _named(model_path) as path:
            try:
                self._session = Session(_ours(path))
            except (ModelFileError, CheckpointError) as error:
                raise _failed("CreateModel", _why_not(path)) from error
        self._options = DecodeOptions(self._session.card.beam_width, beam_threshold=0.0, token_min_logp=0.0)
        self._scorer: Scorer | None = None
        self._hot_words: dict[str, float] = {}
        self._set()

    def beamWidth(self) -> int:
        """Beam width of the search."""
        return self._options.beam_width

    def setBeamWidth(self, beam_width: int) -> int:
        """Set the beam width. Returns 0; raises ConfigError below 1."""
        self._set(options=replace(self._options, beam_width=operator.index(beam_width)))
        return 0

    def sampleRate(self) -> int:
        """Sample rate in Hz of the model."""
        return self._session.card.features.sample_rate_hz

    def enableExternalScorer(self, scorer_path: NamedFile | bytes) -> None:
        """Use a `.scorer` file, or the bytes of one, with its default weights. Raises RuntimeError."""
        options = replace(self._options, alpha=None, beta=None)
        try:
            with _named(scorer_path) as path:
                scorer = Scorer.open(path, self._session.card.tokens)
        except ScorerError as error:
            raise _failed("EnableExternalScorer", INVALID_SCORER) from error
        self._scorer = scorer
        self._set(options=options)

    def disableExternalScorer(self) -> int:
        """Stop using the scorer. Returns 0, or 0x2004 without one. Hot words are kept for the next scorer."""
        if self._scorer is None:
            return SCORER_NOT_ENABLED
        self._scorer = None
        self._set()
        return 0

    def setScorerAlphaBeta(self, alpha: float, beta: float) -> int:
        """Set the scorer's weight and the bonus for each word. Returns 0, or 0x2004 where there is no scorer."""
        if self._scorer is None:
            return SCORER_NOT_ENABLED
        self._set(options=replace(self._options, alpha=float(alpha), beta=float(beta)))
        return 0

    def addHotWord(self, word: str, boost: float) -> None:
        """Add `boost` to the natural logarithm of a word's probability. Raises RuntimeError, also for a known word."""
        scorer = self._enabled("AddHotWord")
        if word in self._hot_words:
            raise _failed("AddHotWord", FAIL_INSERT_HOTWORD)
        hot_words = {**self._hot_words, word: float(boost)}
        try:
            scorer.language(self._session.card.tokens, self._options, hot_words)
        except ConfigError as error:
            raise _failed("AddHotWord", FAIL_INSERT_HOTWORD) from error
        self._set(hot_words=hot_words)

    def eraseHotWord(self, word: str) -> None:
        """Remove a hot word. Raises RuntimeError if it is not one."""
        self._enabled("EraseHotWord")
        if word not in self._hot_words:
            raise _failed("EraseHotWord", FAIL_ERASE_HOTWORD)
        self._set(hot_words={known: boost for known, boost in self._hot_words.items() if known != word})

    def clearHotWords(self) -> None:
        """Remove all hot words. Raises RuntimeError without a scorer."""
        self._enabled("ClearHotWords")
        self._set(hot_words={})

    def stt(self, audio_buffer: ArrayLike) -> str:
        """The text of int16 samples [N], mono, at sampleRate()."""
        return self._stream_of(audio_buffer).finishStream()

    def sttWithMetadata(self, audio_buffer: ArrayLike, num_results: int = 1) -> Metadata:
        """Up to `num_results` texts of int16 samples [N], mono, at sampleRate()."""
        return self._stream_of(audio_buffer).finishStreamWithMetadata(num_results)

    def createStream(self) -> "Stream":
        """Create a stream."""
        return Stream(self._recognizer.stream())

    def _set(self, options: DecodeOptions | None = None, hot_words: dict[str, float] | None = None) -> None:
        """Replace the recognizer, so that other threads see all of the old settings or all of the new ones."""
        self._options = options or self._options
        self._hot_words = self._hot_words if hot_words is None else hot_words
        words = self._hot_words if self._scorer else None
        self._recognizer = Recognizer(self._session, self._options, self._scorer, words)

    def _stream_of(self, audio_buffer: ArrayLike) -> "Stream":
        stream = Stream(self._recognizer.utterance())
        stream.feedAudioContent(audio_buffer)
        return stream

    def _enabled(self, call: str) -> Scorer:
        if self._scorer is None:
            raise _failed(call, SCORER_NOT_ENABLED)
        return self._scorer


class Stream:
    """A stream of audio chunks, from Model.createStream(), for one thread. Raises RuntimeError after its end."""

    def __init__(self, stream: RecognizerStream) -> None:
        self._stream: RecognizerStream | None = stream

    def feedAudioContent(self, audio_buffer: ArrayLike) -> None:
        """Feed int16 samples [N], mono, at the model's rate; N may be 0."""
        self._live("feed").feed(_samples(audio_buffer))

    def intermediateDecode(self) -> str:
        """The text of what has passed the network so far, which takes 16 steps (0.32 s) at a time."""
        return self._live("decode").partial().text

    def intermediateDecodeWithMetadata(self, num_results: int = 1) -> Metadata:
        """Up to `num_results` texts of what has passed the network so far."""
        return _metadata(self._live("decode").partials(num_results))

    def intermediateDecodeFlushBuffers(self) -> str:
        """intermediateDecode() after the network has had all that it can have by now; Coqui's addition."""
        self._live("decode").flush()
        return self.intermediateDecode()

    def intermediateDecodeWithMetadataFlushBuffers(self, num_results: int = 1) -> Metadata:
        """intermediateDecodeWithMetadata() after the network has had all that it can have by now."""
        self._live("decode").flush()
        return self.intermediateDecodeWithMetadata(num_results)

    def finishStream(self) -> str:
        """The text of everything; the stream takes no more."""
        text = self._live("finish").finish()[0].text
        self._stream = None
        return text

    def finishStreamWithMetadata(self, num_results: int = 1) -> Metadata:
        """Up to `num_results` texts of everything; the stream takes no more."""
        metadata = _metadata(self._live("finish").finish(num_results))
        self._stream = None
        return metadata

    def freeStream(self) -> None:
        """Give up the stream."""
        self._live("free")
        self._stream = None

    def _live(self, aim: str) -> RecognizerStream:
        if self._stream is None:
            raise ClientError(f"Stream object is not valid. Trying to {aim} an already finished stream?")
        return self._stream


@contextmanager
def _named(source: NamedFile | bytes) -> Iterator[Path]:
    """The path of a file; bytes are written to a temporary one while they are opened."""
    if not isinstance(source, bytes):
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="deepspeech-") as folder:
        path = Path(folder) / "from-memory"
        path.write_bytes(source)
        yield path


def _ours(path: Path) -> Path:
    """The model file itself, or what an old model becomes, whatever it is called.

    What converts is loaded only for old models: it is slow to load, and a light installation lacks parts of it.
    """
    if path == Path() or path.suffix == ".onnx" or not path.exists() or has_checksum(path):
        return path
    try:
        convert: Any = import_module("deepspeech.old_models.convert")
    except ModuleNotFoundError as error:
        raise MissingPartError(
            f"{path}: no model of this version, and this installation lacks what converts older ones ({error.name}): "
            f"{install_hint()}"
        ) from None
    made: Path = convert.as_model_file(path)
    return made


def _why_not(path: Path) -> int:
    if path == Path():
        return NO_MODEL
    if path.is_file():
        return MODEL_INCOMPATIBLE
    return FAIL_READ_PROTOBUF if path.suffix == ".pb" else FAIL_INIT_MMAP


def _samples(audio_buffer: ArrayLike) -> NDArray[np.int16]:
    """What the old API took as sound. Its own errors: TypeError and ValueError."""
    if isinstance(audio_buffer, bytes | bytearray):
        raise ValueError("the sound is bytes; give int16 samples, for example numpy.frombuffer(sound, numpy.int16)")
    array: NDArray[Any] = np.asarray(audio_buffer)
    if array.ndim != 1:
        raise TypeError(f"Array must have 1 dimensions. Given array has {array.ndim} dimensions")
    if not isinstance(audio_buffer, np.ndarray) and (array.dtype.kind == "i" or not len(array)):
        if len(array) and not (array.min() >= -32768 and array.max() <= 32767):
            raise OverflowError("the sound holds numbers that are no 16-bit samples")
        return array.astype(np.int16)
    return array.astype(np.int16, casting="safe", copy=False)


def _metadata(transcripts: Sequence[Transcript]) -> Metadata:
    return Metadata([_candidate(transcript) for transcript in transcripts])


def _candidate(transcript: Transcript) -> CandidateTranscript:
    frame_s = np.float32(transcript.frame_s)  # times were float32
    tokens = [TokenMetadata(t.text, t.frame, float(np.float32(t.frame) * frame_s)) for t in transcript.tokens]
    return CandidateTranscript(tokens, transcript.confidence)
