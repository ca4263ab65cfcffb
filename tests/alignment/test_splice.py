"""Spliced clips say what their transcripts say."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.alignment.splice import Aligned, cuts, faded, splice
from deepspeech.audio.formats import write_wav
from deepspeech.datasets.formats.csv_files import read_csv, write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.transcript import Word
from deepspeech.errors import DataError
from tests.conftest import Command
from tests.fakes import tones

TEXTS = ("abca cad dab", "dab bad abca", "cab a dad", "bad cab bad")
RATE_HZ = 16000


def recording(name: str, speaker: str, *levels: float) -> tuple[Aligned, np.ndarray]:
    """Words of 0.2 s, each a constant level, with 0.1 s of silence around each."""
    silence, parts, words = np.zeros(1600, np.float32), [np.zeros(1600, np.float32)], list[Word]()
    for number, level in enumerate(levels):
        start_s = 0.1 + 0.3 * number
        parts += [np.full(3200, level, np.float32), silence]
        words.append(Word(f"{level:g}", start_s, start_s + 0.2, 1.0))
    return Aligned(Sample(name, Path(name), "", 0, speaker), tuple(words)), np.concatenate(parts)


def test_cuts_lie_in_the_silence_between_words() -> None:
    one, sound = recording("a", "", 0.1, 0.2, 0.3)
    bounds = cuts(sound, one.words, RATE_HZ)
    assert len(bounds) == 4
    assert bounds == sorted(bounds)
    assert all(sound[place - 150 : place + 150].max() == 0 for place in bounds[1:3])


def test_clips_hold_the_words_of_one_speaker_in_the_order_of_the_transcript() -> None:
    made = [recording("a", "x", 0.1, 0.2), recording("b", "x", 0.3), recording("c", "y", 0.4, 0.5), recording("d", "y")]
    sounds = {one.sample.id: sound for one, sound in made}
    aligned = [one for one, _ in made if one.words] + [recording("e", "z", 0.9)[0]]
    sounds["e"] = recording("e", "z", 0.9)[1]
    clips = list(splice([*aligned, aligned[2]], lambda sample: sounds[sample.id], RATE_HZ, 30, 1))
    own = {"x": {"0.1", "0.2", "0.3"}, "y": {"0.4", "0.5"}}
    assert {clip.speaker for clip in clips} == {"x", "y"}  # z has one recording
    for clip in clips:
        words = clip.transcript.split()
        assert len(words) >= 2
        assert set(words) <= own[clip.speaker]
        middles = [
            np.median(run) for run in np.split(clip.samples_N, np.flatnonzero(np.diff(clip.samples_N > 0.05)) + 1)
        ]
        assert [f"{level:.2g}" for level in middles if level > 0.05] == words


def test_the_same_seed_gives_the_same_clips() -> None:
    made = [recording("a", "", 0.1, 0.2, 0.3), recording("b", "", 0.4, 0.5)]
    sounds = {one.sample.id: sound for one, sound in made}

    def texts(seed: int) -> list[str]:
        return [c.transcript for c in splice([a for a, _ in made], lambda s: sounds[s.id], RATE_HZ, 12, seed)]

    assert texts(1) == texts(1) != texts(2)


def test_words_that_are_too_short_for_their_text_are_not_used() -> None:
    made = [recording("a", "", 0.1, 0.2, 0.3), recording("b", "", 0.4, 0.5)]
    sounds = {one.sample.id: sound for one, sound in made}
    seen = list[tuple[str, int]]()

    def fits(text: str, samples: int) -> bool:
        seen.append((text, samples))
        return "0.2" not in text

    clips = list(splice([one for one, _ in made], lambda s: sounds[s.id], RATE_HZ, 10, 1, fits))
    assert any("0.2" in text for text, _ in seen)
    assert all(abs(samples - 4800 * len(text.split())) <= 3200 for text, samples in seen)
    assert not any("0.2" in clip.transcript for clip in clips)


def test_one_recording_a_speaker_is_refused() -> None:
    one, sound = recording("a", "x", 0.1)
    with pytest.raises(DataError, match="two recordings"):
        list(splice([one], lambda _: sound, RATE_HZ, 1, 1))


def test_joints_fade() -> None:
    piece = faded(np.ones(100, np.float32), 10)
    assert piece[0] == piece[-1] == 0
    assert piece[10:90].min() == 1
    assert np.all(faded(np.ones(3, np.float32), 10) <= 1)


def test_the_command_writes_clips_that_are_heard_as_written(
    deepspeech: Command, hearing_model: Path, tmp_path: Path
) -> None:
    samples = []
    for number, text in enumerate(TEXTS):
        path = tmp_path / f"{number}.wav"
        write_wav(path, tones(text, number), RATE_HZ)
        samples.append(Sample(str(path), path, text, 1))
    write_csv(tmp_path / "set.csv", samples)
    arguments = ("data", "splice", tmp_path / "set.csv", "--model", hearing_model, "-o", tmp_path / "spliced")
    code, _, error = deepspeech(*arguments, "--clips", 20)
    assert code == 0
    assert "20 clips of 4 recordings" in error
    spliced = read_csv(tmp_path / "spliced" / "spliced.csv")
    assert len(spliced) == 20
    code, heard, _ = deepspeech("transcribe", "--model", hearing_model, *(sample.audio for sample in spliced))
    for line, sample in zip(heard.splitlines(), spliced, strict=True):
        words = sample.transcript.split()
        assert line.split()[-len(words) :] == words
    code, _, error = deepspeech(*arguments)
    assert code == 2
    assert "already exists" in error
