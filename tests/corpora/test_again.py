"""Every importer run again after its corpus was mended: no row may have old sound under new text."""

import io
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import trees
from trees import BUILDERS

from deepspeech.audio.formats import read_audio
from deepspeech.audio.wav_note import read_note
from deepspeech.cli.import_corpus import command, names
from deepspeech.datasets.formats.csv_files import read_csv

FIRST_HZ, SECOND_HZ, THIRD_HZ = 440, 1000, 2000


def run(name: str, tree: trees.Tree) -> None:
    arguments = [one.replace("_", "-") if one.startswith("--") else one for one in map(str, tree.arguments)]
    command(name)(args=arguments, standalone_mode=False)


def csvs(folder: Path) -> list[Path]:
    """The CSVs that an import wrote."""
    return [path for path in folder.rglob("*.csv") if path.read_bytes().startswith(b"wav_filename")]


def tones(folder: Path) -> set[int]:
    """The tones of all rows of all sets, to 20 Hz."""
    levels = set()
    for csv in csvs(folder):
        for sample in read_csv(csv):
            samples, rate_hz = read_audio(sample.audio)
            strongest = np.argmax(np.abs(np.fft.rfft(samples))) * rate_hz / len(samples)
            levels.add(round(strongest / 20) * 20)
    return levels


@cache
def tone(content: bytes, hz: float) -> bytes:
    """A sound file as `content` is, of as many samples, with another tone."""
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        time_s = np.arange(file.frames) / file.samplerate
        samples = np.stack([0.3 * np.sin(2 * np.pi * hz * time_s)] * file.channels, axis=1)
        made, kind = io.BytesIO(), (file.format, file.subtype)
    soundfile.write(made, samples, file.samplerate, format=kind[0], subtype=kind[1])
    return made.getvalue()


def sources(folder: Path) -> Iterator[Path]:
    """Sound files that the import did not make."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix.lower() in trees.KINDS and path.stat().st_size and not read_note(path, 16000):
            yield path


def rebuilt(name: str, folder: Path, hz: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The corpus delivered again, with another tone, over what lies in `folder`."""
    plain = trees.sound
    monkeypatch.setattr(trees, "sound", lambda *how: tone(plain(*how), hz))
    other = folder.with_name("delivery")
    BUILDERS[name](other)
    shutil.copytree(other, folder, dirs_exist_ok=True)


@pytest.mark.parametrize("name", names())
def test_fixed_recordings_are_imported_again(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    tree = BUILDERS[name](folder)
    run(name, tree)
    assert tones(folder) == {FIRST_HZ}
    loose = list(sources(folder))
    for path in loose:
        path.write_bytes(tone(path.read_bytes(), SECOND_HZ))
    if loose:
        run(name, tree)
        assert tones(folder) == {SECOND_HZ}
    rebuilt(name, folder, THIRD_HZ, monkeypatch)
    run(name, tree)
    assert tones(folder) == {THIRD_HZ}
