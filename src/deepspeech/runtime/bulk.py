"""Bulk: many recordings through the network at once, on every core.

    recordings ─ a window of them at a time ─▶ read, cut at silences, features ─▶ clips by length ─▶ 16 at a time:
                                               (while the window before it runs)                     network, search

A recording of hours is read a quarter of an hour at a time: the first of it with its window, the rest after it. So
memory does not grow with the length of recordings.

A batch reads the network's weights from memory once for 16 clips; clips of like length leave little of it empty, and
those that end early leave the batch. A long
recording is cut twice: at its silences, so that there are clips, and at the pauses that the network hears, for it fares
best on single utterances. Texts equal a stream's: with int8 weights bit for bit where they run in C++ of our own, else
but for the rounding of sums in another order, and in ONNX Runtime int8 for the shared scale of a batch's activations.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.blocks import Blocks
from deepspeech.audio.formats import probe
from deepspeech.audio.source import AudioSlice
from deepspeech.audio.vad import SilenceRules, SpeechStream
from deepspeech.cores import cores
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError, ConfigError, audio_error
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.front_end import FrontEnd
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]
Source = str | Path | AudioSlice | bytes

BATCH = 16
WINDOW = 128  # recordings that are sorted together, fewer of long ones
WINDOW_S = 3600.0
PART_S = 900.0  # of a recording, that is in memory at a time
EACH = "each"  # every channel by itself
_BYTES_PER_S = {"mp3": 8000, "ogg": 4000, "oga": 4000, "opus": 4000, "packets": 4000}  # at the least, more or less
_PLAIN_BYTES_PER_S = 16000


@dataclass(frozen=True)
class Recording:
    """What was said in one recording."""

    source: Source
    duration_s: float
    segments: tuple[Transcript, ...]  # in order, with times of the recording; those without words are left out
    channel: int | None = None  # which was listened to, from 0; None: all, averaged
    warning: str = ""  # why this is not all of it: the file is cut off or damaged

    @property
    def text(self) -> str:
        """All that was said, in one line."""
        return " ".join(segment.text for segment in self.segments)


@dataclass(frozen=True)
class Channel:
    """One channel of a recording, from 0, in the place of the recording."""

    source: Source
    number: int | None


@dataclass(frozen=True, eq=False)
class _Clip:
    """A stretch of a recording, ready for the network."""

    first_frame: int
    features: Float32  # [frames, coefficients]
    duration_s: float
    long: bool  # of a recording that was cut: to be cut at the pauses that the network hears, too


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A recording of which the first part is read."""

    item: Channel
    blocks: Blocks  # knows the duration once it was read to the end
    clips: list[_Clip]
    rest: Iterator[_Clip]


_Read: TypeAlias = list[Transcript] | Exception  # what was made of a clip


class Bulk:
    """Transcribes recordings in batches. One belongs to one thread, which it keeps company with one thread a core."""

    def __init__(
        self,
        session: Session,
        extractor: FrontEnd,
        new_decoder: Callable[[int], BeamDecoder],
        alternatives: int,
        threads: int | None,
        rules: SilenceRules,
    ) -> None:
        """Use Recognizer.transcribe_all()."""
        self._session, self._extractor, self._new_decoder = session, extractor, new_decoder
        self._count, self._rules = 1 + alternatives, rules
        self._pause_frames = round(EndpointRules().trailing_silence_s / session.card.frame_s)
        self._threads = threads or cores()

    def over(
        self, sources: Iterable[Source | Channel], channel: int | str | None = None
    ) -> Iterator[Recording | AudioError]:
        """A Recording for each source, in order, or the AudioError that says why there is none."""
        remaining = _channels(sources, channel)
        with ThreadPoolExecutor(self._threads) as pool:

            def load() -> list[Future[_Loaded | AudioError]]:
                return [pool.submit(self._load, item) for item in _window(remaining)]

            try:
                window = load()
                while window:
                    loaded = [future.result() for future in window]
                    jobs = self._submit(
                        pool, [clip for one in loaded if isinstance(one, _Loaded) for clip in one.clips]
                    )
                    window = load()  # behind the batches in the queue: it fills the cores when they run out
                    read = {id(clip): found for job in jobs for clip, found in job.result()}
                    while loaded:
                        one = loaded.pop(0)
                        yield one if isinstance(one, AudioError) else self._recording(pool, one, read)
            finally:
                pool.shutdown(cancel_futures=True)

    def _recording(self, pool: ThreadPoolExecutor, loaded: _Loaded, read: dict[int, _Read]) -> Recording | AudioError:
        """The recording, whose first clips were `read`; what is left of it is read and transcribed now."""
        item, blocks = loaded.item, loaded.blocks
        try:
            found = _spoken(loaded.clips, read)
            loaded.clips.clear()
            ahead = pool.submit(_part, loaded.rest)
            while clips := ahead.result():
                ahead = pool.submit(_part, loaded.rest)
                here = {id(clip): texts for job in self._submit(pool, clips) for clip, texts in job.result()}
                found += _spoken(clips, here)
        except Exception as error:
            return audio_error(error, _name(item.source))
        return Recording(item.source, blocks.duration_s, tuple(found), item.number, blocks.fault)

    def _load(self, item: Channel) -> "_Loaded | AudioError":
        """The first clips of a recording; whatever goes wrong with one is its own fault and ends nothing else."""
        try:
            blocks = Blocks(item.source, self._extractor.config.sample_rate_hz, item.number, cut_ok=True)
            clips = self._clips(blocks)
            return _Loaded(item, blocks, _part(clips), clips)
        except Exception as error:
            return audio_error(error, _name(item.source))

    def _clips(self, blocks: Blocks) -> Iterator[_Clip]:
        """The stretches of a recording, as they are read."""
        coming, begun = iter(blocks), list[Float32]()
        for block in coming:
            begun.append(block)
            if blocks.duration_s > self._rules.max_segment_s:
                yield from self._cut(chain(begun, coming))
                return
        samples = begun[0] if len(begun) == 1 else np.concatenate(begun)
        yield _Clip(0, self._extractor(samples), blocks.duration_s, long=False)

    def _cut(self, blocks: Iterator[Float32]) -> Iterator[_Clip]:
        rate_hz, frame_s = self._extractor.config.sample_rate_hz, self._session.card.frame_s
        frame_samples = self._session.card.chunk.stride * self._extractor.config.step_samples
        speech, held, first = SpeechStream(rate_hz, self._rules), np.zeros(0, np.float32), 0
        for block in chain(blocks, [None]):
            found = speech.finish() if block is None else speech.feed(block)
            held = held if block is None else np.concatenate([held, block])
            for start_s, end_s in found:
                first_frame = round(start_s / frame_s)
                piece = held[max(0, first_frame * frame_samples - first) : round(end_s * rate_hz) - first]
                yield _Clip(first_frame, self._extractor(piece), end_s - start_s, long=True)
            spare = min(len(held), int((speech.needed_s - frame_s) * rate_hz) - first)
            if spare > 0:  # the first stretch may start a frame earlier, for frames are counted from the beginning
                held, first = held[spare:], first + spare

    def _submit(self, pool: ThreadPoolExecutor, clips: Sequence[_Clip]) -> list[Future[list[tuple[_Clip, _Read]]]]:
        ordered = sorted(clips, key=lambda clip: -len(clip.features))
        groups = [ordered[first : first + BATCH] for first in range(0, len(ordered), BATCH)]
        return [pool.submit(self._run, group) for group in groups]

    def _run(self, clips: Sequence[_Clip]) -> list[tuple[_Clip, _Read]]:
        """The texts of a batch. Where it fails, each clip is tried alone, to know whose fault that is."""
        try:
            return self._texts(clips)
        except Exception as error:
            if len(clips) == 1:
                return [(clips[0], error)]
            return [found for clip in clips for found in self._run([clip])]

    def _texts(self, clips: Sequence[_Clip]) -> list[tuple[_Clip, _Read]]:
        card = self._session.card
        rows = [
            Row(clip.features, card.chunk, self._pause_frames if clip.long and card.streams else None) for clip in clips
        ]
        emit(self._session, rows)
        return [(clip, self._read(clip, row)) for clip, row in zip(clips, rows, strict=True)]

    def _read(self, clip: _Clip, row: "Row") -> list[Transcript]:
        found = []
        for first_frame, probabilities in row.pieces:
            decoder = self._new_decoder(clip.first_frame + first_frame)
            decoder.feed(probabilities)
            best, *others = decoder.candidates(self._count)
            found.append(replace(best, alternatives=tuple(others)).trimmed())
        return found


class Row:
    """A clip on its way through the network. `pieces` holds (first frame, probabilities [frames, classes]).

    With `pause_frames` a pause so long after a letter ends a piece; the next one begins with a fresh state and hears
    the latest step again, as in a ConversationStream.
    """

    def __init__(self, features: Float32, chunk: ChunkSpec, pause_frames: int | None = None) -> None:
        self.features, self.frame = features, 0
        self.frames = chunk.outputs(len(features))  # of probabilities
        self._pause_frames = pause_frames
        self._first = 0
        self._last_letter: int | None = None
        self._parts: list[Float32] = []
        self.pieces: list[tuple[int, Float32]] = []

    def take(self, probabilities: Float32, letters: NDArray[np.bool_]) -> bool:
        """The next step's probabilities, and which frames are a letter's; whether to go on with a fresh state."""
        self._parts.append(probabilities)
        self.frame += len(probabilities)
        if self.frame >= self.frames:
            self._end()
            return False
        if self._pause_frames is None:
            return False
        if letters.any():
            self._last_letter = self.frame - int(letters[::-1].argmax()) - 1
        if self._last_letter is None or self.frame - 1 - self._last_letter < self._pause_frames:
            return False
        self._end()
        self.frame -= len(probabilities)
        self._first, self._last_letter = self.frame, None
        return True

    def _end(self) -> None:
        self.pieces.append((self._first, np.concatenate(self._parts)))
        self._parts = []


def emit(session: Session, rows: Sequence[Row]) -> None:
    """Take the clips of `rows` through the network, as one batch which those that end leave."""
    alphabet, chunk = session.card.alphabet, session.card.chunk
    padded_BTF, states = _padded(session.card, rows), session.start(len(rows))
    while live := [number for number, row in enumerate(rows) if row.frame < row.frames]:
        left_B = np.array([rows[number].frames - rows[number].frame for number in live], np.int32)
        counts_B = np.minimum(left_B, chunk.step_outputs or left_B)
        size = chunk.frames if chunk.hop else chunk.span(int(left_B.max()))
        firsts = [rows[number].frame * chunk.stride for number in live]
        chunks_BTF = np.stack([padded_BTF[n, first : first + size] for n, first in zip(live, firsts, strict=True)])
        probabilities, after = session.step(chunks_BTF, states.of(live), counts_B)
        states.put(live, after)
        best = probabilities.argmax(axis=-1)
        letters = (best != alphabet.blank) & (best != (alphabet.blank if alphabet.space is None else alphabet.space))
        for place, (number, count) in enumerate(zip(live, counts_B, strict=True)):
            if rows[number].take(probabilities[place, :count], letters[place, :count]):
                states.put([number], session.start())


def _padded(card: ModelCard, rows: Sequence[Row]) -> Float32:
    """Frames [clips, frames, dimensions] of all clips, zeros beyond both ends, enough for the longest's last step."""
    chunk = card.chunk
    frames = chunk.left + max(len(row.features) for row in rows) + chunk.right + chunk.frames
    padded = np.zeros((len(rows), frames, card.features.dimensions), np.float32)
    for number, row in enumerate(rows):
        padded[number, chunk.left : chunk.left + len(row.features)] = row.features
    return padded


def _part(clips: Iterator[_Clip]) -> list[_Clip]:
    """The next clips, of a quarter of an hour or so; none where there are no more."""
    some, left_s = list[_Clip](), PART_S
    for clip in clips:
        some.append(clip)
        left_s -= clip.duration_s
        if left_s <= 0:
            break
    return some


def _spoken(clips: Sequence[_Clip], read: dict[int, _Read]) -> list[Transcript]:
    """The texts of a recording's clips, empty ones left out. Raises what went wrong with one of them."""
    spoken: list[Transcript] = []
    for clip in clips:
        texts = read[id(clip)]
        if isinstance(texts, Exception):
            raise texts
        spoken += [text for text in texts if text.text]
    return spoken


def _name(source: Source) -> str:
    return "sound in memory" if isinstance(source, bytes) else str(source)


def _channels(sources: Iterable[Source | Channel], channel: int | str | None) -> Iterator[Channel]:
    """What is to be transcribed of each source."""
    if isinstance(channel, str) and channel != EACH:
        raise ConfigError(f"channel is '{channel}'; give a number from 0, or '{EACH}'")
    for source in sources:
        if isinstance(source, Channel):
            yield source
        elif isinstance(channel, str):
            yield from (Channel(source, number) for number in range(channels(source)))
        else:
            yield Channel(source, channel)


def channels(source: Source) -> int:
    """How many channels a recording has; 1 where it cannot be read, which comes to light when it is."""
    try:
        return probe(source).channels
    except AudioError:
        return 1


def _window(items: Iterator[Channel]) -> Iterator[Channel]:
    """The next recordings that are sorted together: their features must fit into memory."""
    duration_s = 0.0
    for item in islice(items, WINDOW):
        yield item
        duration_s += _duration_s(item.source)
        if duration_s >= WINDOW_S:
            break


def _duration_s(source: Source) -> float:
    """How long a recording may be, by its size and kind."""
    if isinstance(source, AudioSlice):
        size, kind = source.size, source.kind
    elif isinstance(source, bytes):
        size, kind = len(source), "wav" if source[:4] in (b"RIFF", b"fLaC") else "mp3"
    else:
        size = os.path.getsize(source) if os.path.isfile(source) else 0
        kind = os.path.splitext(source)[1][1:].lower()
    return size / _BYTES_PER_S.get(kind, _PLAIN_BYTES_PER_S)
