"""`deepspeech align`."""

import json
from pathlib import Path

import pytest

from deepspeech.audio.formats import write_wav
from tests.conftest import Command
from tests.fakes import tones


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    write_wav(tmp_path / "a.wav", tones("abba cad dab"), 16000)
    (tmp_path / "a.txt").write_text("Abba! Cad dab.\n")
    return tmp_path / "a.wav", tmp_path / "a.txt"


def test_json_goes_to_the_terminal(deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path]) -> None:
    code, out, err = deepspeech("align", "--model", hearing_model, *pair)
    assert code == 0
    sentences = json.loads(out)["paragraphs"][0]["sentences"]
    assert [one["text"] for one in sentences] == ["Abba!", "Cad dab."]
    assert sentences[0]["start_s"] < sentences[1]["start_s"]
    assert "3 of 3 words found" in err


def test_files_go_to_a_folder(
    deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    code, out, _ = deepspeech("align", "-m", hearing_model, *pair, "-o", output, "-f", "srt,textgrid, eaf", "--lines")
    assert (code, out) == (0, "")
    assert sorted(path.name for path in output.iterdir()) == ["a.TextGrid", "a.eaf", "a.srt"]
    assert "Abba! Cad dab." in (output / "a.srt").read_text()


def test_words_can_be_spelled(
    deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Abba 7 dab.\n")
    (tmp_path / "spell.tsv").write_text("7\tcad\n")
    code, out, _ = deepspeech("align", "-m", hearing_model, *pair, "-f", "ctm", "--spellings", tmp_path / "spell.tsv")
    assert code == 0
    assert [line.split()[4] for line in out.splitlines()] == ["abba", "cad", "dab"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["-f", "doc"], "choose of json"), (["-f", "srt,vtt"], "need a folder"), (["--channel", "3"], "channel")],
)
def test_requests_that_cannot_be_met(
    deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path], arguments: list[str], message: str
) -> None:
    code, _, err = deepspeech("align", "-m", hearing_model, *pair, *arguments)
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_clips_are_a_data_set(
    deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    code, _, err = deepspeech("align", "-m", hearing_model, *pair, "-o", output, "--clips", "--speaker", "ann")
    assert code == 0
    assert "clips.csv" in err
    assert (output / "clips.csv").read_text().startswith("wav_filename,wav_filesize,transcript,speaker\n")
    code, _, err = deepspeech("align", "-m", hearing_model, *pair, "--clips")
    assert (code, "name a folder" in err) == (2, True)


@pytest.mark.parametrize("more", [[], ["--all-spoken"]])
def test_sound_without_speech_is_told(
    deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path], more: list[str]
) -> None:
    write_wav(pair[0], tones(" " * 40), 16000)
    code, out, err = deepspeech("align", "-m", hearing_model, *pair, *more)
    assert code == 1
    assert err.splitlines()[-1].startswith(f"deepspeech: {pair[0]}: hardly a word of its text is heard there (0 of 3")
    assert json.loads(out)["paragraphs"]


def test_another_text_is_told(deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path]) -> None:
    pair[1].write_text("Everything else, however, mustn't worry people. Somebody shouts.\n")
    code, _, err = deepspeech("align", "-m", hearing_model, *pair)
    assert (code, "hardly a word of its text" in err) == (1, True)


def test_wildcards_are_counted(deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path]) -> None:
    pair[1].write_text("Abba 7 dab 1984.\n")
    code, _, err = deepspeech("align", "-m", hearing_model, *pair)
    assert (code, "2 words are wildcards that any sound fits (first: 7; see --spellings)" in err) == (0, True)


def test_a_text_of_wildcards_is_refused(deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path]) -> None:
    pair[1].write_text("Εν αρχή ην ο λόγος.\n", encoding="utf-8")
    code, out, err = deepspeech("align", "-m", hearing_model, *pair)
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)
    assert f"{pair[1]}: the model's alphabet can write none of the 5 words (first: Εν)" in err


def test_transcribe_times_the_transcripts_of_a_data_set(
    deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "set.csv").write_text("wav_filename,wav_filesize,transcript\na.wav,1,Abba dad dab\nnone.wav,1,a\n")
    code, out, err = deepspeech("transcribe", "-m", hearing_model, "--align", "--json", tmp_path / "set.csv")
    assert code == 2
    assert "none.wav" in err
    words = json.loads(out)["words"]
    assert [word["text"] for word in words] == ["abba", "dad", "dab"]
    assert all(word["start_s"] < word["end_s"] for word in words)
    code, _, err = deepspeech("transcribe", "-m", hearing_model, "--align", pair[0])
    assert (code, "needs data sets" in err) == (2, True)


def test_transcribe_has_exact_times(deepspeech: Command, hearing_model: Path, pair: tuple[Path, Path]) -> None:
    plain, exact = (
        json.loads(deepspeech("transcribe", "-m", hearing_model, "--json", pair[0], *more)[1])
        for more in ([], ["--exact-times"])
    )
    assert [word["text"] for word in plain["words"]] == [word["text"] for word in exact["words"]]
    assert plain["words"][-1]["end_s"] < exact["words"][-1]["end_s"]
    code, _, err = deepspeech("transcribe", "-m", hearing_model, "--exact-times", "--rate", "16000", "-")
    assert (code, "files on this machine" in err) == (2, True)
