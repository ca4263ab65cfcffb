"""`deepspeech lm build`, `inspect` and `score`, as a person types them."""

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from deepspeech.cli.many_values import spread
from deepspeech.decoder.scorer import Scorer
from deepspeech.lm.model import LanguageModel
from deepspeech.lm.package import MUCH_TEXT, Weights
from deepspeech.text.tokens import ENGLISH, Utf8Bytes

SENTENCES = [
    "the cat sat on the mat", "the dog sat on the cat", "a dog and a cat", "the mat and the dog", "a cat on a mat",
    "on the mat sat a dog", "and the cat sat", "the dog", "a mat", "the cat and the dog sat on a mat",
]  # fmt: skip
SMALL = ("--order", 3, "--prune", 0, "--discount-fallback", "--memory", "400MB")


@pytest.fixture
def deepspeech(deepspeech):
    """Runs `deepspeech lm …`."""
    return partial(deepspeech, "lm")


@pytest.fixture
def alphabet(tmp_path: Path) -> Path:
    (tmp_path / "alphabet.txt").write_text("\n".join([" ", *"abcdefghijklmnopqrstuvwxyz'"]) + "\n")
    return tmp_path / "alphabet.txt"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES) + "\n")
    return tmp_path / "text.txt"


@pytest.fixture
def scorer(deepspeech, text: Path, alphabet: Path, tmp_path: Path) -> Path:
    path = tmp_path / "small.scorer"
    assert deepspeech("build", "--text", text, "--alphabet", alphabet, "--output", path, *SMALL)[0] == 0
    return path


def test_a_scorer_from_text(deepspeech, text: Path, alphabet: Path, tmp_path: Path) -> None:
    output = tmp_path / "my.scorer"
    code, out, err = deepspeech("build", "--text", text, "--alphabet", alphabet, "-o", output, *SMALL, "--alpha", 0.5)
    assert code == 0
    assert "50 words, 8 different ones, in 10 sentences" in out
    assert "my.scorer: scorer for words" in out
    assert "dictionary: 8 words" in out
    assert "next: deepspeech evaluate" in err
    opened = Scorer.open(output)
    assert (opened.alpha, opened.beta, opened.order) == (0.5, pytest.approx(1.1834, abs=1e-4), 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alphabet.txt", "my.scorer", "text.txt"]


def test_text_of_every_kind_gives_the_same(
    deepspeech, text: Path, alphabet: Path, scorer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first.csv").write_text(
        "wav_filename,wav_filesize,transcript\n" + "".join(f"a.wav,1,{line}\n" for line in SENTENCES[:4])
    )
    (tmp_path / "rest.txt.gz").write_bytes(gzip.compress("\n".join(SENTENCES[4:]).encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.read_bytes())))
    for texts in ([tmp_path / "first.csv", tmp_path / "rest.txt.gz"], ["-"]):
        output = tmp_path / "other.scorer"
        code, _, err = deepspeech("build", "--text", *texts, "--alphabet", alphabet, "--output", output, *SMALL)
        assert code == 0, err
        assert output.read_bytes() == scorer.read_bytes()


def packed(path: Path, content: str, line_end: str = "\n", mark: str = "") -> Path:
    """A text file, gzipped where its name says so or begins with "zipped", and not where it begins with "plain"."""
    data = (mark + content.replace("\n", line_end)).encode()
    zipped = path.name.startswith("zipped") or (path.suffix == ".gz" and not path.name.startswith("plain"))
    path.write_bytes(gzip.compress(data) if zipped else data)
    return path


@pytest.mark.parametrize(
    ("name", "header", "row", "line_end", "mark"),
    [
        ("train.csv.gz", "wav_filename,wav_filesize,transcript\n", "a.wav,1,{}\n", "\n", ""),
        ("train.tsv", "client_id\tpath\tsentence\tup_votes\n", "u\ta.mp3\t{}\t2\n", "\r\n", "\ufeff"),
        ("train.tsv.gz", "transcript\n", "{}\n", "\n", ""),
        ("train.jsonl.gz", "", '{{"audio_filepath": "a.wav", "duration": 1.0, "text": "{}"}}\n', "\n", ""),
        ("zipped.txt", "", "{}\n", "\n", ""),
        ("plain.txt.gz", "", "{}\n", "\n", ""),
        ("plain.csv.gz", "wav_filename,wav_filesize,transcript\n", "a.wav,1,{}\n", "\n", ""),
        ("mac.txt", "", "{}\n", "\r", "\ufeff"),
    ],
)
def test_transcripts_are_learnt_and_nothing_else_of_their_file(
    deepspeech, alphabet: Path, scorer: Path, tmp_path: Path, name: str, header: str, row: str, line_end: str, mark: str
) -> None:
    text = packed(tmp_path / name, header + "".join(map(row.format, SENTENCES)), line_end, mark)
    output = tmp_path / "other.scorer"
    code, _, err = deepspeech("build", "--text", text, "--alphabet", alphabet, "--output", output, *SMALL)
    assert code == 0, err
    assert output.read_bytes() == scorer.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("no.tsv", b"a.wav\thello\n", "names no column transcript, sentence or text"),
        (
            "cut.csv.gz",
            gzip.compress(b"wav_filename,wav_filesize,transcript\n" * 9, mtime=0)[:-12],
            "damaged or truncated",
        ),
        ("empty.csv", b"wav_filename,wav_filesize,transcript\n", "no words in this text"),
        (
            "comma.csv.gz",
            gzip.compress(b"wav_filename,wav_filesize,transcript\na.wav,1,a, b\n", mtime=0),
            ":2: 4 columns",
        ),
        ("bits.txt.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\xff" * 40, "damaged or truncated"),
        ("wide.txt", "words\n".encode("utf-16"), "save it as UTF-8"),
        ("wide.tsv", "words\n".encode("utf-16-le"), "save it as UTF-8"),
        ("digits.txt", b"call 911\nroom 7\n", "2 lines skipped.*'1' \\(U\\+0031\\) in 1.*“call 911”"),
        ("soft.txt", "ñ\u0001o\n".encode(), "'ñ' \\(U\\+00F1\\) in 1; for example “ñ o”"),
    ],
)
def test_text_that_cannot_be_learnt_is_one_line(
    deepspeech, alphabet: Path, tmp_path: Path, name: str, content: bytes, cause: str
) -> None:
    (tmp_path / name).write_bytes(content)
    arguments = ("--alphabet", alphabet, "--output", tmp_path / "my.scorer", *SMALL)
    code, out, err = deepspeech("build", "--text", tmp_path / name, *arguments)
    assert (code, out) == (2, "")
    assert re.search(cause, err)
    assert re.match(f"(deepspeech: )?{re.escape(str(tmp_path / name))}", err)  # not what was made of it
    assert err.count("\n") == 1


def test_little_text_has_little_weight(deepspeech, scorer: Path, alphabet: Path, tmp_path: Path) -> None:
    """The released scorer's weights, tuned with a large text, do harm here; a packaged model may be of any text."""
    opened = Scorer.open(scorer)
    assert (opened.alpha, opened.beta) == pytest.approx((0.4, Weights().beta))
    code, out, err = deepspeech("package", scorer, "--alphabet", alphabet, "-o", tmp_path / "other.scorer",
                                "--vocab", tmp_path / "text.txt")  # fmt: skip
    assert code == 0, err
    assert "alpha 0.931289, beta 1.18341" in out
    assert Weights.for_text(MUCH_TEXT, ENGLISH) == Weights.for_text(9, Utf8Bytes()) == Weights()


def test_text_is_made_to_fit_the_alphabet(deepspeech, alphabet: Path, scorer: Path, tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("\n".join(f"{line.title()}!" for line in SENTENCES) + "\nThe 3 Cats\n")
    output = tmp_path / "raw.scorer"
    arguments = ("build", "--text", tmp_path / "raw.txt", "--alphabet", alphabet, "--output", output, *SMALL)
    code, out, _ = deepspeech(*arguments)
    assert code == 0
    assert "1 lines skipped" in out
    assert output.read_bytes() == scorer.read_bytes()
    code, out, err = deepspeech(*arguments, "--normalize", "none")
    assert code == 2
    assert "no word can be spelled" in err
    code, out, _ = deepspeech(*arguments, "--normalize", "lower", "nfc")
    assert code == 0
    assert "words have characters outside the alphabet ('!' (U+0021) in" in out


def test_an_alphabet_with_capitals_keeps_them(deepspeech, tmp_path: Path) -> None:
    (tmp_path / "capitals.txt").write_text(" \nA\nB\n")
    (tmp_path / "text.txt").write_text("A B\nB A\nA\n")
    code, _, err = deepspeech(
        "build", "--text", tmp_path / "text.txt", "--alphabet", tmp_path / "capitals.txt",
        "--output", tmp_path / "my.scorer", *SMALL,
    )  # fmt: skip
    assert code == 0, err
    assert "A" in LanguageModel.open(tmp_path / "my.scorer")


def test_characters_for_a_network_that_gives_bytes(deepspeech, tmp_path: Path) -> None:
    (tmp_path / "zh.txt").write_text("你好 世界\n你好\n世界你好\n")
    output = tmp_path / "zh.scorer"
    code, out, err = deepspeech("build", "--text", tmp_path / "zh.txt", "--output", output, "--bytes", *SMALL)
    assert code == 0, err
    assert "scorer for bytes" in out
    assert "dictionary: 4 characters" in out
    code, out, _ = deepspeech("inspect", output)
    assert "words         世 你 好 界" in out


def test_other_kinds_of_output_and_the_arpa_beside(deepspeech, text: Path, tmp_path: Path) -> None:
    scores = []
    for name, more in [
        ("a.klm", ("--quantize", 0)),
        ("b.binary", ("--quantize", 0, "--array-bits", 0, "--arpa", tmp_path / "b.arpa")),
        ("c.klm", ("--binary-type", "probing")),
        ("d.arpa", ()),
        ("e.arpa.gz", ()),
    ]:
        code, out, err = deepspeech("build", "--text", text, "--output", tmp_path / name, *SMALL, *more)
        assert code == 0, err
        assert name in out
        scores.append(LanguageModel.open(tmp_path / name).score("the cat sat on a dog unheard"))
    assert scores == [pytest.approx(scores[0], abs=1e-4)] * 5
    assert (tmp_path / "b.arpa").read_text() == (tmp_path / "d.arpa").read_text()
    assert gzip.decompress((tmp_path / "e.arpa.gz").read_bytes()) == (tmp_path / "d.arpa").read_bytes()


def test_pruning_and_the_vocabulary(deepspeech, text: Path, tmp_path: Path) -> None:
    for prune in (("--prune", 0, 1, 1), ("--prune", "0|1|1"), ("--prune=0,1,1",)):
        code, out, err = deepspeech(
            "build", "--text", text, "--output", tmp_path / "my.klm", "--order", 3, "--discount-fallback", *prune,
            "--top-k", 4,
        )  # fmt: skip
        assert code == 0, err
        assert "1-grams: 7 of 11 kept" in out


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--output", "my.txt"), "cannot tell the output type"),
        (("--output", "none/my.klm"), "no such folder"),
        (("--output", "."), "cannot tell the output type"),
        (("--output", "my.scorer"), "needs --alphabet"),
        (("--output", "my.klm", "--prune", "0", "x"), "no numbers"),
        (("--output", "my.klm", "--prune", "1", "0"), "decreases"),
        (("--output", "my.klm", "--memory", "much"), "write 75% or 2GB"),
        (("--output", "my.klm", "--memory", "1k"), "too low"),
        (("--output", "my.klm", "--order", 1), "order is 1"),
        (("--output", "my.klm", "--normalize", "upper"), "lower, nfc, letters or none"),
        (("--output", "my.klm", "--normalize", "letters"), "needs an --alphabet"),
        (("--output", "my.klm", "--binary-type", "tree"), "trie or probing"),
        (("--output", "my.klm", "--quantize", 40), "2 to 25"),
        (("--output", "my.klm", "--alpha", "nan"), "alpha is nan"),
        (("--output", "my.klm"), "fallback"),
        (("--output", "my.klm", "--text", "none.txt"), "none.txt: cannot be read"),
    ],
)
def test_what_cannot_be_is_one_line(
    deepspeech, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple, cause: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = deepspeech("build", "--text", text, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("deepspeech: ")
    assert err.count("\n") == 1
    assert cause in err
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_a_kill_leaves_nothing(text: Path, tmp_path: Path) -> None:
    """Text comes through a pipe that does not end, so that the kill comes midway."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    code = "from deepspeech.cli.main import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", code, "lm", "build", "--text", "-", "--output", str(tmp_path / "my.klm"),
         "--temporary", str(folder)],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    child.stdin.write(b"the cat sat\n" * 1000)
    child.stdin.flush()
    until_s = time.monotonic() + 60
    while not list(folder.glob("*/numbers")) and time.monotonic() < until_s:
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGTERM)
    child.communicate()
    assert child.returncode == 143
    assert not list(folder.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["temporary", "text.txt"]


def test_packaging_a_model_made_elsewhere(deepspeech, scorer: Path, text: Path, alphabet: Path, tmp_path: Path) -> None:
    arguments = ("--alphabet", alphabet, "--output", tmp_path / "packaged.scorer")
    assert deepspeech("build", "--text", text, "--output", tmp_path / "lm.arpa.gz", *SMALL)[0] == 0
    code, out, err = deepspeech("package", tmp_path / "lm.arpa.gz", *arguments, "--alpha", 0.5)
    assert (code, "dictionary: 8 words" in out) == (0, True), err
    assert Scorer.open(tmp_path / "packaged.scorer").alpha == 0.5
    score = LanguageModel.open(scorer).score("the cat sat")
    assert LanguageModel.open(tmp_path / "packaged.scorer").score("the cat sat") == pytest.approx(score, abs=1e-3)

    (tmp_path / "vocab.txt").write_text("the cat\nsat\n")
    code, out, err = deepspeech("package", scorer, *arguments, "--vocab", tmp_path / "vocab.txt")
    assert (code, "dictionary: 3 words" in out) == (0, True), err
    code, out, err = deepspeech("package", scorer, *arguments)
    assert (code, err) == (2, f"deepspeech: {scorer}: does not contain its vocabulary; give a word list (--vocab)\n")


def test_a_binary_that_names_its_words_needs_no_list(deepspeech, text: Path, alphabet: Path, tmp_path: Path) -> None:
    model = tmp_path / "lm.klm"
    assert deepspeech("build", "--text", text, "--output", model, "--binary-type", "probing", *SMALL)[0] == 0
    content = bytearray(model.read_bytes())
    content[100] = 1
    words = ["<unk>", "the", "cat", "sat", "on", "mat", "dog", "a", "and", "<s>", "</s>"]
    model.write_bytes(content + "".join(f"{word}\0" for word in words).encode())
    code, out, err = deepspeech("package", model, "--alphabet", alphabet, "--output", tmp_path / "my.scorer")
    assert (code, "dictionary: 8 words" in out) == (0, True), err


def test_inspecting_a_scorer(deepspeech, scorer: Path, alphabet: Path, tmp_path: Path) -> None:
    code, out, _ = deepspeech("inspect", scorer)
    assert code == 0
    assert "quantised array trie, values of 8 and 8 bits" in out
    assert "pass --alphabet" in out
    code, out, _ = deepspeech("inspect", scorer, "--alphabet", alphabet)
    assert code == 0
    assert "words         a and cat dog mat on sat the" in out
    assert "alphabet      fits" in out
    (tmp_path / "other.txt").write_text("\n".join([" ", *"zyxwvutsrqponmlkjihgfedcba'"]) + "\n")
    code, out, _ = deepspeech("inspect", scorer, "--alphabet", tmp_path / "other.txt")
    assert code == 1
    assert "does not fit: of 8 of its words" in out


def test_inspecting_gives_json(deepspeech, scorer: Path, alphabet: Path) -> None:
    code, out, _ = deepspeech("inspect", scorer, "--alphabet", alphabet, "--json")
    page = json.loads(out)
    assert code == 0
    assert (page["kind"], page["order"], page["mode"], page["ngrams"][0]) == ("scorer", 3, "words", 11)
    assert page["dictionary"]["words"] == 8
    assert page["words"] == ["a", "and", "cat", "dog", "mat", "on", "sat", "the"]
    assert page["alphabet_fits"] is True


def test_scoring(deepspeech, scorer: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = deepspeech("score", scorer, "--text", text)
    model = LanguageModel.open(scorer)
    assert code == 0
    assert out.splitlines()[0] == f"{model.score(SENTENCES[0]):.4f}\t{SENTENCES[0]}"
    assert "10 sentences, 50 words, 0 of them unknown" in out.splitlines()[-1]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the unheard cat\n")))
    code, out, _ = deepspeech("score", scorer, "--json")
    assert json.loads(out)["unknown"] == 1
    assert json.loads(out)["perplexity"] == pytest.approx(model.perplexity("the unheard cat"))


def test_several_values_of_one_option() -> None:
    many = {"--text", "--prune"}
    assert spread(["--text", "a", "-", "--order", "3", "--prune", "0", "1"], many) == [
        "--text", "a", "--text", "-", "--order", "3", "--prune", "0", "--prune", "1",
    ]  # fmt: skip
    assert spread(["--text=a", "b", "-o", "c", "d"], many) == ["--text=a", "--text", "b", "-o", "c", "d"]
    assert spread(["x"], many) == ["x"]


DAMAGE = {
    "counts": ("ngram 2=", "ngram 2=9"), "comma": ("-0.", "-0,"), "infinite": ("\n-0.", "\n-inf0."),
    "comment": ("\\1-grams:\n", "\\1-grams:\n# a comment of someone\n"), "end": ("\\end\\", ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_inspecting_says_of_an_arpa_file_what_packaging_says(deepspeech, text: Path, tmp_path: Path, kind: str) -> None:
    whole = tmp_path / "whole.arpa"
    deepspeech("build", "--text", text, "--order", 2, "--discount-fallback", "--output", whole)
    assert deepspeech("inspect", whole)[0] == 0
    damaged = tmp_path / "damaged.arpa"
    damaged.write_text(whole.read_text().replace(*DAMAGE[kind]))
    code, out, _ = deepspeech("inspect", damaged)
    fault = next(line for line in out.splitlines() if line.startswith("  fault"))
    _, _, err = deepspeech("package", damaged, "--bytes", "--output", tmp_path / "x.scorer")
    assert code == 1
    assert fault.split("fault", 1)[1].strip() in err


def test_markup_is_told_and_becomes_no_word(deepspeech, alphabet: Path, tmp_path: Path) -> None:
    path, output = tmp_path / "marked.txt", tmp_path / "marked.arpa"
    path.write_text("<s> the <b>cat</b> &amp; a mat </s>\nthe <unk> sat\nthe dog sat\n")
    code, out, _ = deepspeech(
        "build", "--text", path, "--alphabet", alphabet, "--discount-fallback", "--output", output
    )
    assert code == 0
    assert "2 tags removed (<b>, </b>), first in “the <b>cat</b> &amp; a mat”" in out
    assert "1 sentences with <unk> dropped" in out
    words = {line.split("\t")[1] for line in output.read_text().split("\\2-grams")[0].splitlines() if "\t" in line}
    assert words == {"<unk>", "<s>", "</s>", "the", "cat", "a", "mat", "dog", "sat"}


def test_a_language_is_normalized(deepspeech, tmp_path: Path) -> None:
    path, output = tmp_path / "fr.txt", tmp_path / "fr.arpa"
    path.write_text("L’homme a 2 €.\n", encoding="utf-8")
    arguments = ("build", "--text", path, "--language", "fr", "--discount-fallback", "--output", output)
    assert deepspeech(*arguments)[0] == 0
    assert "\tl'homme\t" in output.read_text(encoding="utf-8")
    assert "\tdeux\t" in output.read_text(encoding="utf-8")
    assert "leave one out" in deepspeech(*arguments, "--normalize", "lower")[2]
