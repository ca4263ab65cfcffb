"""The old scripts of language models, with the command lines of the old guide."""

import subprocess
import sys
from pathlib import Path

import pytest

from deepspeech.decoder.scorer import Scorer
from deepspeech.lm.describe import describe
from deepspeech.lm.model import LanguageModel

ROOT = Path(__file__).resolve().parents[2]
TEXT = "The cat sat\nthe cat and the dog\nA dog sat on a cat\na cat on the dog\nzebra\n"
PACKAGERS = ["generate_scorer_package", "data/lm/generate_scorer_package"]


def run(script: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def generate_lm(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return run(
        "data/lm/generate_lm.py", "--input_txt", "text.txt", "--output_dir", ".", "--top_k", 7, "--kenlm_bins",
        "path/to/kenlm/build/bin/", "--arpa_order", 3, "--max_arpa_memory", "85%", "--arpa_prune", "0|0|1",
        "--binary_a_bits", 255, "--binary_q_bits", 8, "--binary_type", "trie", "--discount_fallback", *more,
        folder=folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "text.txt").write_text(TEXT)
    (folder / "alphabet.txt").write_text("\n".join([" ", *"abcdefghijklmnopqrstuvwxyz"]) + "\n")
    done = generate_lm(folder)
    assert done.returncode == 0, done.stderr
    assert "--kenlm_bins: KenLM's programs are not needed any more" in done.stdout
    return folder


@pytest.mark.parametrize("script", [*PACKAGERS, "data/lm/generate_lm.py"])
def test_doors_can_be_run_and_show_help(script: str, tmp_path: Path) -> None:
    assert (ROOT / script).stat().st_mode & 0o111
    done = run(script, "--help", folder=tmp_path)
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def test_a_language_model_and_its_words(made: Path) -> None:
    # lower-case, most frequent first, of equals those seen first
    assert (made / "vocab-7.txt").read_text().split("\n") == ["the", "cat", "dog", "a", "sat", "on", "and", ""]
    seen = describe(made / "lm.binary")
    assert (seen.kind, seen.type, seen.order, seen.counts[0]) == ("kenlm", "quantised array trie", 3, 10)
    assert "zebra" not in LanguageModel.open(made / "lm.binary")
    assert sorted(path.name for path in made.iterdir() if path.suffix != ".scorer") == [
        "alphabet.txt", "lm.binary", "text.txt", "vocab-7.txt",
    ]  # fmt: skip


def test_other_binaries(made: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT)
    assert generate_lm(tmp_path, "--binary_type", "probing").returncode == 0
    assert describe(tmp_path / "lm.binary").type == "probing"


@pytest.mark.parametrize("script", PACKAGERS)
def test_a_scorer(made: Path, tmp_path: Path, script: str) -> None:
    done = run(
        script, "--alphabet", made / "alphabet.txt", "--lm", made / "lm.binary", "--vocab", made / "vocab-7.txt",
        "--package", tmp_path / "kenlm.scorer", "--default_alpha", "0.75", "--default_beta=1.85", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "7 unique words read from vocabulary file." in done.stderr
    assert "Does not look like a character based" in done.stderr
    scorer = Scorer.open(tmp_path / "kenlm.scorer")
    assert (scorer.alpha, scorer.beta, scorer.bytes_mode) == (0.75, pytest.approx(1.85), False)
    assert describe(tmp_path / "kenlm.scorer").scorer.words == 7


def test_the_guess_and_what_overrides_it(made: Path, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("a\nthe\n")
    (tmp_path / "characters.txt").write_text("a b é")
    arguments = ("--lm", made / "lm.binary", "--package", "my.scorer", "--default_alpha", 1, "--default_beta", 1)
    for vocabulary, more, bytes_mode in [
        ("characters.txt", (), True),
        ("characters.txt", ("--force_bytes_output_mode", "false", "--alphabet", made / "alphabet.txt"), False),
        ("letters.txt", ("--force_bytes_output_mode", "true"), True),
    ]:
        done = run(PACKAGERS[0], "--vocab", vocabulary, *arguments, *more, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert Scorer.open(tmp_path / "my.scorer").bytes_mode == bytes_mode


def test_mistakes_are_one_line_and_exit_code_2(made: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("the\n")
    arguments = ("--package", "my.scorer", "--default_alpha", 1, "--default_beta", 1)
    for lm, vocabulary, more, cause in [
        (made / "lm.binary", "words.txt", (), "--alphabet"),
        (made / "lm.binary", "none.txt", (), "none.txt: No such file"),
        (made / "text.txt", "words.txt", ("--alphabet", made / "alphabet.txt"), "KenLM binary or ARPA file"),
        (made / "lm.binary", "words.txt", ("--force_bytes_output_mode", "maybe"), "true or false"),
    ]:
        done = run(PACKAGERS[0], "--lm", lm, "--vocab", vocabulary, *arguments, *more, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert cause in done.stderr.splitlines()[-1]
        assert done.stderr.splitlines()[-1].startswith("deepspeech: ")
    assert not (tmp_path / "my.scorer").exists()
    (tmp_path / "text.txt").write_text(TEXT)
    done = generate_lm(tmp_path, "--top_k", 0)
    assert (done.returncode, "at least 1" in done.stderr) == (2, True)
