"""Reports as the old trainer printed them, and its JSON."""

import json
from pathlib import Path

import pytest

from deepspeech.errors import DataError
from deepspeech.evaluation.report import RULE, blocks, summary, write_json
from deepspeech.evaluation.score import Scored, Scores, score


def many(count: int) -> Scores:
    """Samples named by their number of wrong words."""
    return Scores(tuple(score(f"{i}.wav", "w " * 10, "w " * (10 - i), float(i)) for i in range(count)))


def wavs(text: str) -> dict[str, list[str]]:
    """Names of the samples in each block."""
    parts = {title: (text + "\n").split(f"{title} WER:\n{RULE}\n")[1] for title in ("Best", "Median", "Worst")}
    return {
        title: [line.removeprefix(" - wav: ") for line in part.split(" WER:\n")[0].splitlines() if " - wav: " in line]
        for title, part in parts.items()
    }


def test_the_summary_is_the_old_one() -> None:
    scores = Scores((score("a", "one two", "one too", 2.0), score("b", "three", "three", 1.0)))
    assert summary("data/test.csv", scores) == "Test on data/test.csv - WER: 0.333333, CER: 0.083333, loss: 1.500000"


def test_the_summary_leaves_out_a_loss_that_is_not_known() -> None:
    assert summary("t", Scores((score("a", "one", "one"),))) == "Test on t - WER: 0.000000, CER: 0.000000"


def test_the_summary_is_not_clipped() -> None:
    assert "WER: 3.000000" in summary("t", Scores((score("a", "no", "a b c", 1.0),)))


def test_blocks_are_the_old_ones(tmp_path: Path) -> None:
    sample = score(str(tmp_path / "ä b.wav"), 'say "é"', "say", 2.0)
    shown = (
        f"WER: 0.500000, CER: 0.571429, loss: 2.000000\n - wav: {(tmp_path / 'ä b.wav').as_uri()}\n"
        f' - src: "say "é""\n - res: "say"\n{RULE}\n'
    )
    expected = f"{RULE}\n" + "".join(f"{title} WER:\n{RULE}\n{shown}" for title in ("Best", "Median", "Worst"))
    assert blocks(Scores((sample,)), 5) == expected.rstrip("\n")


@pytest.mark.parametrize(
    ("count", "shown", "best", "median", "worst"),
    [
        (9, 3, "012", "345", "678"),
        (10, 3, "012", "456", "789"),
        (10, 5, "01234", "34567", "56789"),
        (10, 2, "01", "45", "89"),
        (2, 5, "01", "01", "01"),
        (4, 0, "", "", ""),
        (0, 3, "", "", ""),
    ],
)
def test_best_median_and_worst(count: int, shown: int, best: str, median: str, worst: str) -> None:
    found = wavs(blocks(many(count), shown))
    assert {title: "".join(name[0] for name in names) for title, names in found.items()} == {
        "Best": best, "Median": median, "Worst": worst,
    }  # fmt: skip


def test_a_loss_that_is_not_known_is_left_out_of_blocks() -> None:
    text = blocks(Scores((score("a.wav", "one", "two"),)), 1)
    assert "loss" not in text
    assert " - wav: a.wav\n" in text


def test_the_json_has_the_old_columns_in_the_old_order(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_json(path, [score("/c/a.wav", "né one", "né", 2.5)])
    text = path.read_text(encoding="utf-8")
    assert "né one" in text
    assert text.startswith('[\n  {\n    "wav_filename": "/c/a.wav",\n')
    (row,) = json.loads(text)
    assert list(row) == [
        "wav_filename", "src", "res", "loss",
        "char_distance", "char_length", "word_distance", "word_length", "cer", "wer",
    ]  # fmt: skip
    assert row == {
        "wav_filename": "/c/a.wav", "src": "né one", "res": "né", "loss": 2.5, "char_distance": 4, "char_length": 6,
        "word_distance": 1, "word_length": 2, "cer": 4 / 6, "wer": 0.5,
    }  # fmt: skip


def test_rates_in_the_json_are_not_clipped(tmp_path: Path) -> None:
    write_json(tmp_path / "out.json", [score("a", "no", "a b c")])
    assert json.loads((tmp_path / "out.json").read_text())[0]["wer"] == 3


def test_a_json_that_cannot_be_written_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    sample: Scored = score("a", "one", "one")
    with pytest.raises(DataError, match="cannot be written \\(No such file"):
        write_json(tmp_path / "none" / "out.json", [sample])
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        write_json(tmp_path / "folder", [sample])
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_in_bytes_mode_characters_count_under_the_old_titles() -> None:
    """Two texts are wrong as words; of one of them most characters are right."""
    texts = {"all": ("你好 世界", ""), "one": ("你好世界", "你好世"), "none": ("世", "世")}
    samples = tuple(score(name, *pair, 1.0) for name, pair in texts.items())
    assert wavs(blocks(Scores(samples), 3))["Best"] == ["none", "all", "one"]
    assert wavs(blocks(Scores(samples, by_cer=True), 3))["Worst"] == ["none", "one", "all"]


def test_a_loss_without_end_is_strict_json(tmp_path: Path) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    endless = Scores((score("a", "one", "one", float("inf")), score("b", "one", "one", float("nan"))))
    write_json(tmp_path / "out.json", endless.samples)
    rows = json.loads((tmp_path / "out.json").read_text(), parse_constant=refuse)
    assert [row["loss"] for row in rows] == [None, None]
    page = json.loads(json.dumps(endless.to_dict(rows=True)), parse_constant=refuse)
    assert page["loss"] is None
    assert [row["loss"] for row in page["samples"]] == [None, None]
    assert "loss: inf" in blocks(endless, 1)  # people may know
