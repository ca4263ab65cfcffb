"""The old API under load: many streams at once give the answers of one, and ten thousand leave nothing behind."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from deepspeech import Metadata, Model
from deepspeech.audio.pcm import float_to_int16
from tests.fakes import tones

STREAMS = 64


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_64_streams_at_once_give_the_answers_of_one(model: Model, word_scorer: Path) -> None:
    model.enableExternalScorer(str(word_scorer))
    model.addHotWord("bad", 2.0)
    clips = [
        float_to_int16(tones(text, seed)) for seed, text in enumerate(("ab", "dc abba", "bad dc ab", "abba ab dc"))
    ]
    expected = [model.sttWithMetadata(clip, 3) for clip in clips]
    together = threading.Barrier(STREAMS)

    def listen(number: int) -> Metadata:
        clip = clips[number % len(clips)]
        cuts = np.sort(np.random.default_rng(number).integers(0, len(clip), 12))
        together.wait()
        stream = model.createStream()
        for piece in np.split(clip, cuts):
            stream.feedAudioContent(piece)
            stream.intermediateDecode()
        return stream.finishStreamWithMetadata(3)

    with ThreadPoolExecutor(STREAMS) as pool:
        results = list(pool.map(listen, range(STREAMS)))
    assert results == [expected[number % len(clips)] for number in range(STREAMS)]


def test_a_model_may_be_changed_while_streams_are_made(model: Model, word_scorer: Path) -> None:
    """Each stream has one consistent setting, whatever other threads do to the model."""
    clip = float_to_int16(tones("dc ab", 1))
    model.enableExternalScorer(str(word_scorer))
    without = model.stt(clip)
    model.addHotWord("bad", 3.0)
    answers = {without, model.stt(clip)}

    def change(number: int) -> str:
        if number % 2:
            return model.stt(clip)
        model.clearHotWords()
        return without

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(64))) <= answers


@pytest.mark.slow
def test_ten_thousand_streams_leave_no_memory_behind(model: Model, word_scorer: Path) -> None:
    model.enableExternalScorer(str(word_scorer))
    model.addHotWord("bad", 2.0)
    clip = float_to_int16(tones("ab", 1))

    def live(number: int) -> None:
        stream = model.createStream()
        stream.feedAudioContent(clip)
        if number % 4 == 0:
            stream.finishStream()
        elif number % 4 == 1:
            stream.finishStreamWithMetadata(3)
        elif number % 4 == 2:
            stream.intermediateDecode()
            stream.freeStream()
        # and every fourth is simply dropped

    def grown(count: int) -> int:
        before = resident_bytes()
        for number in range(count):
            live(number)
        gc.collect()
        return resident_bytes() - before

    grown(1000)  # allocators and caches fill
    growth = grown(10_000)
    # A stream that stayed would hold 40 kB at the least: 400 MB of them.
    assert growth < 8_000_000, f"{growth / 1e6:.1f} MB more after 10,000 streams"
