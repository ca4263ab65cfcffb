"""The one-sentence sample, found or fetched."""

import shutil
from pathlib import Path

import pytest

from deepspeech.corpora.recipes import ldc93s1 as recipe
from deepspeech.corpora.recipes.ldc93s1 import ldc93s1
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.errors import CorpusError

SENTENCE = "she had your dark suit in greasy wash water all year"


def test_uses_the_files_that_are_there(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in recipe.FILES:
        shutil.copy(shared / "data" / "ldc93s1" / name, tmp_path)
    monkeypatch.chdir(tmp_path.parent)
    report = ldc93s1(Path(tmp_path.name))
    wav = tmp_path / "LDC93S1.wav"
    assert (
        tmp_path / "ldc93s1.csv"
    ).read_text() == f"wav_filename,wav_filesize,transcript\n{wav.name},93638,{SENTENCE}\n"
    assert read_csv(tmp_path / "ldc93s1.csv")[0].audio == wav
    assert (report.sets[0].imported, round(report.sets[0].imported_s, 2)) == (1, 2.92)


def test_fetches_what_is_missing(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "BASE_URL", (shared / "data" / "ldc93s1").as_uri() + "/")
    ldc93s1(tmp_path / "new")
    assert read_csv(tmp_path / "new" / "ldc93s1.csv")[0].transcript == SENTENCE


def test_offline_says_which_files_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "BASE_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(CorpusError) as caught:
        ldc93s1(tmp_path)
    message = str(caught.value)
    assert message.endswith(f"or put LDC93S1.wav and LDC93S1.txt into {tmp_path} yourself")
    assert "\n" not in message
    assert not (tmp_path / "ldc93s1.csv").exists()


def test_another_text_is_not_the_sample(tmp_path: Path) -> None:
    (tmp_path / "LDC93S1.txt").write_text("404\n")
    with pytest.raises(CorpusError, match="not the transcript of LDC93S1"):
        recipe.transcript(tmp_path / "LDC93S1.txt")
