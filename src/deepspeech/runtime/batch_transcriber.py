"""BatchTranscriber: transcribes many recordings in batches, on all cores.

    recordings ─ a window of them at a time ─▶ read, cut at silences, features ─▶ clips by length ─▶ 16 at a time:
                                               (while the window before it runs)                     network, search

Long recordings are read in parts of 15 minutes, so memory does not grow with their length.

Clips of similar length need little padding. A long recording is cut twice: at silences, by level, and by endpointing,
because the network is best at single utterances. Texts equal a stream's: bit for bit with int8 weights in the C++
engine, otherwise up to the order of sums, and in ONNX Runtime int8 up to the shared scale of a batch's activations.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from deepspeech.audio.source import AudioSlice
from deepspeech.audio.vad import SilenceRules
from deepspeech.cores import cores
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.decoder.word_times import with_exact_times
from deepspeech.errors import AudioError, ConfigError, audio_error
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.batch import BatchItem, run_batch
from deepspeech.runtime.clips import PART_S, Clip, ClipReader, OpenRecording, next_part
from deepspeech.runtime.endpoints import Endpointer, EndpointRules
from deepspeech.runtime.recording import Channel, Recording, Source, address_of, channels_of, next_window
from deepspeech.runtime.session import Session

BATCH = 16
SEGMENTS_S = 60.0  # audio that a thread transcribes before `segments` gives more

_Found: TypeAlias = list[Transcript] | Exception  # result of a clip


class BatchTranscriber:
    """Transcribes recordings in batches, with one worker thread per core. Not thread-safe."""

    def __init__(
        self,
        session: Session,
        extractor: FrontEnd,
        new_decoder: Callable[[int], BeamDecoder],
        alternatives: int,
        threads: int | None,
        rules: SilenceRules,
        exact_times: bool = False,
        batch_size: int = BATCH,
        heard: Callable[[float], object] | None = None,
    ) -> None:
        """Use Recognizer.transcribe_all()."""
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; it must be at least 1")
        self._batch_size, self._heard = batch_size, heard
        self._exact_times = exact_times
        self._session, self._new_decoder, self._count = session, new_decoder, 1 + alternatives
        self._reader = ClipReader(session.card, extractor, rules)
        self._threads = threads or cores()

    def over(
        self, sources: Source | Channel | Iterable[Source | Channel], channel: int | str | None = None
    ) -> Iterator[Recording | AudioError]:
        """A Recording or an AudioError for each source, in order."""
        remaining = channels_of(sources, channel)
        with ThreadPoolExecutor(self._threads) as pool:

            def load() -> list[Future[OpenRecording | AudioError]]:
                return [pool.submit(self._load, item) for item in next_window(remaining)]

            try:
                window = load()
                while window:
                    loaded = [future.result() for future in window]
                    jobs = self._submit(
                        pool, [clip for one in loaded if isinstance(one, OpenRecording) for clip in one.clips]
                    )
                    window = load()  # queued after the batches, to keep cores busy
                    read = {id(clip): found for job in jobs for clip, found in job.result()}
                    while loaded:
                        one = loaded.pop(0)
                        yield one if isinstance(one, AudioError) else self._recording(pool, one, read)
            finally:
                pool.shutdown(cancel_futures=True)

    def segments(self, item: Channel) -> Iterator[Transcript]:
        """The segments of one recording as they are made, in order. Raises AudioError; of a truncated file at its end.

        The first clip is transcribed alone, so that its text comes soon, then parts of a minute a thread.
        """
        with ThreadPoolExecutor(self._threads) as pool:
            try:
                loaded = self._reader.open(item, part_s=0)
                yield from self._now(pool, loaded.clips)
                loaded.clips.clear()
                for part in self._parts(pool, loaded.rest, SEGMENTS_S * self._threads):
                    yield from part
            except Exception as error:
                raise audio_error(error, _name(item.source)) from error
            finally:
                pool.shutdown(cancel_futures=True)
        if loaded.blocks.fault:
            raise AudioError(f"{loaded.blocks.fault}; the segments before it are transcribed")

    def _recording(
        self, pool: ThreadPoolExecutor, loaded: OpenRecording, read: dict[int, _Found]
    ) -> Recording | AudioError:
        """Assemble a recording: its first clips are in `read`, the rest is transcribed now."""
        item, blocks = loaded.item, loaded.blocks
        try:
            found = _spoken(loaded.clips, read)
            loaded.clips.clear()
            for more in self._parts(pool, loaded.rest, PART_S):
                found += more
        except Exception as error:
            return audio_error(error, _name(item.source))
        return Recording(item.source, blocks.duration_s, tuple(found), item.number, blocks.fault)

    def _parts(self, pool: ThreadPoolExecutor, rest: Iterator[Clip], part_s: float) -> Iterator[list[Transcript]]:
        """Transcripts of the clips of `rest`, a part at a time; the next part is read meanwhile."""
        ahead = pool.submit(next_part, rest, part_s)
        while clips := ahead.result():
            ahead = pool.submit(next_part, rest, part_s)
            yield self._now(pool, clips)

    def _now(self, pool: ThreadPoolExecutor, clips: Sequence[Clip]) -> list[Transcript]:
        """Transcripts of these clips. Raises the exception of a failed one."""
        return _spoken(clips, {id(clip): texts for job in self._submit(pool, clips) for clip, texts in job.result()})

    def _load(self, item: Channel) -> OpenRecording | AudioError:
        """Open a recording; exceptions become its AudioError."""
        try:
            return self._reader.open(item)
        except Exception as error:
            return audio_error(error, _name(item.source))

    def _submit(self, pool: ThreadPoolExecutor, clips: Sequence[Clip]) -> list[Future[Sequence[tuple[Clip, _Found]]]]:
        ordered = sorted(clips, key=lambda clip: -len(clip.features))
        groups = [ordered[first : first + self._batch_size] for first in range(0, len(ordered), self._batch_size)]
        return [pool.submit(self._run, group) for group in groups]

    def _run(self, clips: Sequence[Clip]) -> Sequence[tuple[Clip, _Found]]:
        """Transcribe a batch; if it fails, retry clips one by one to find the failing one."""
        try:
            return self._texts(clips)
        except Exception as error:
            if len(clips) == 1:
                return [(clips[0], error)]
            return [found for clip in clips for found in self._run([clip])]

    def _texts(self, clips: Sequence[Clip]) -> list[tuple[Clip, list[Transcript]]]:
        items = [BatchItem(clip.features, self._session.card.chunk, self._endpointer(clip)) for clip in clips]
        run_batch(self._session, items)
        found = [(clip, self._read(clip, item)) for clip, item in zip(clips, items, strict=True)]
        if self._heard:
            self._heard(sum(clip.duration_s for clip in clips))
        return found

    def _endpointer(self, clip: Clip) -> Endpointer | None:
        card = self._session.card
        return Endpointer(EndpointRules.pauses(card.frame_s), card.frame_s) if clip.long and card.streams else None

    def _read(self, clip: Clip, item: BatchItem) -> list[Transcript]:
        found = []
        for first_frame, probabilities in item.pieces:
            decoder = self._new_decoder(clip.first_frame + first_frame)
            decoder.feed(probabilities)
            best, *others = decoder.candidates(self._count)
            text = replace(best, alternatives=tuple(others)).trimmed()
            if self._exact_times:
                text = with_exact_times(text, probabilities, self._session.card.tokens, clip.first_frame + first_frame)
            found.append(text)
        return found


def _spoken(clips: Sequence[Clip], read: dict[int, _Found]) -> list[Transcript]:
    """Non-empty transcripts of a recording's clips. Raises the exception of a failed clip."""
    spoken: list[Transcript] = []
    for clip in clips:
        texts = read[id(clip)]
        if isinstance(texts, Exception):
            raise texts
        spoken += [text for text in texts if text.text]
    return spoken


def _name(source: Source) -> str:
    if isinstance(source, str | Path | AudioSlice):
        return (not isinstance(source, AudioSlice) and address_of(source)) or str(source)
    return "sound in memory"
