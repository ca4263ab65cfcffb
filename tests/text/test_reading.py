"""Text files of people: byte-order marks, UTF-16, line ends of three systems."""

import codecs
from pathlib import Path

import pytest

from deepspeech.config import read
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.errors import TextError
from deepspeech.runtime.jobs import read_manifest
from deepspeech.text.reading import read_text
from deepspeech.text.tokens import Characters

FORMS = {
    "plain": lambda text: text.encode(),
    "mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf16": lambda text: text.encode("utf-16"),
    "big": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "windows": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
    "mac": lambda text: text.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_text_file_says_the_same(tmp_path: Path, form: str) -> None:
    def saved(name: str, text: str) -> Path:
        (tmp_path / name).write_bytes(FORMS[form](text))
        return tmp_path / name

    assert read_text(saved("text", "é\nb\n")) == "é\nb\n"
    assert Characters.from_file(saved("a.txt", "a\n \né\n")).labels == ("a", " ", "é")
    assert Characters.from_file(saved("a.txt", "# a comment\n \na\n")).labels == (" ", "a")
    assert HotPhrases.from_file(saved("phrases", "july six:2\n# no\nten\n")).strengths == {"july six": 2.0, "ten": 1.0}
    assert read(saved("run.toml", "[training]\nepochs = 3\n")) == {"training": {"epochs": 3}}
    assert [job.audio.name for job in read_manifest(saved("list", "x/é.wav\n\nb.wav\n"))] == ["é.wav", "b.wav"]
    assert [job.audio.name for job in read_manifest(saved("l.csv", "wav_filename\nc.wav\n"))] == ["c.wav"]


@pytest.mark.parametrize("content", ["a\nb".encode("utf-16-le"), b"\xe9\n", b"\xff\xfea"])
def test_what_is_no_such_text_is_reported_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(TextError, match=r"a\.txt: the alphabet is not UTF-8 text; save it as UTF-8$"):
        Characters.from_file(tmp_path / "a.txt")
