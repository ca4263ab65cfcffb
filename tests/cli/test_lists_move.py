"""Lists name sounds below their own folder relative to it, so that both can be moved together."""

from pathlib import Path

import pytest

from deepspeech.audio.formats import write_wav
from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.samples import read_samples
from tests.conftest import Command
from tests.fakes import corpus, tones

WRITERS = {
    "convert": ("data convert {home}/all.csv {home}/other.csv", "other.csv"),
    "convert to JSON": ("data convert {home}/all.csv {home}/other.jsonl", "other.jsonl"),
    "convert with copies": ("data convert {home}/all.csv {home}/other.csv --audio-type flac", "other.csv"),
    "split": ("data split {home}/all.csv --by sentence --test 0 -o {home}", "dev.csv"),
    "shard": ("data shard {home}/all.csv -o {home}/shards", "shards"),
    "splice": ("data splice {home}/all.csv -m {model} --clips 3 -o {home}/new", "new/spliced.csv"),
    "label": ("label -m {model} --confidence 0 {home} -o {home}/labeled.csv", "labeled.csv"),
    "align": ("align -m {model} {home}/book/a.wav {home}/book/a.txt --clips -o {home}/out", "out/clips.csv"),
    "align a folder": ("import aligned {home}/book {home}/out -m {model}", "out/all.csv"),
    "import": ("import csv {home}/all.csv", "all-clips.csv"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_list_moves_with_its_sounds(name: str, deepspeech: Command, hearing_model: Path, tmp_path: Path) -> None:
    home, moved = tmp_path / "home", tmp_path / "moved"
    corpus(home, name="all")
    (home / "book").mkdir()
    write_wav(home / "book" / "a.wav", tones("abba cad dab"), 16000)
    (home / "book" / "a.txt").write_text("Abba cad dab.")
    command, name_of_list = WRITERS[name]
    code, _, err = deepspeech(*command.format(home=home, model=hearing_model).split())
    assert code == 0, err
    home.rename(moved)
    samples = read_samples(moved / name_of_list)
    assert samples
    for sample in samples:
        file = sample.audio.file if isinstance(sample.audio, AudioSlice) else sample.audio
        assert file.is_file()
        assert file.is_relative_to(moved)
