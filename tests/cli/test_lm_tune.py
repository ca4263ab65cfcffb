"""`deepspeech lm tune` and lm_optimizer.py, as a person types them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from deepspeech.decoder.scorer import Scorer
from deepspeech.text.tokens import ENGLISH
from tests.fakes import corpus, small_scorer

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_command(entry_point: Command) -> Command:
    """Runs a command or an old script."""
    return entry_point


@pytest.fixture
def world(tmp_path: Path) -> tuple[Path, Path]:
    """A data set and a scorer."""
    return corpus(tmp_path, 4), small_scorer(tmp_path / "small.scorer")


def test_the_best_weights_are_told_and_put_into_a_scorer(
    run_command: Command, tiny_model: Path, world: tuple[Path, Path], tmp_path: Path
) -> None:
    data, scorer = world
    arguments = (
        "lm", "tune", "--model", tiny_model, "--scorer", scorer, "--data", data, "--trials", 9, "--beam-width", 20,
        "--storage", tmp_path / "tuning",
    )  # fmt: skip
    code, out, _ = run_command("deepspeech", *arguments, "--json", "--output", tmp_path / "tuned.scorer")
    page = json.loads(out)
    assert code == 0
    assert (len(page["trials"]), page["utterances"]) == (9, 4)
    assert page["wer"] == min(trial["wer"] for trial in page["trials"])
    tuned = Scorer.open(tmp_path / "tuned.scorer")
    assert (tuned.alpha, tuned.beta) == pytest.approx((page["alpha"], page["beta"]))
    assert page["own"]["alpha"] == 0.75
    assert Path(page["picture"]).read_bytes().startswith(b"\x89PNG")
    arguments_of_evaluate = ("--data", data, "--beam-width", 20, "--json", "--scorer", tmp_path / "tuned.scorer")
    _, out, _ = run_command("deepspeech", "evaluate", "--model", tiny_model, *arguments_of_evaluate)
    assert (json.loads(out)["wer"], json.loads(out)["cer"]) == (page["wer"], page["cer"])

    code, out, _ = run_command("deepspeech", *arguments)
    assert code == 0
    assert re.search(r"^ +1 .*%", out, re.MULTILINE)
    assert "the scorer's own" in out
    assert f"--alpha {page['alpha']:.6f} --beta {page['beta']:.6f}" in out


def test_emissions_are_made_once(
    run_command: Command, tiny_model: Path, world: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepspeech.runtime.emit import FileAcousticModel

    data, scorer = world
    arguments = ("lm", "tune", "--model", tiny_model, "--scorer", scorer, "--data", data, "--storage", tmp_path / "t")
    assert run_command("deepspeech", *arguments, "--trials", 2)[0] == 0
    with monkeypatch.context() as patched:
        patched.setattr(FileAcousticModel, "emit", None)
        assert run_command("deepspeech", *arguments, "--trials", 3)[0] == 0
    assert len(list((tmp_path / "t").glob("emissions-*.npz"))) == 1
    assert len(list((tmp_path / "t").glob("surface-*.png"))) == 1
    sound = sorted(tmp_path.glob("*.wav"))[0]
    sound.write_bytes(sorted(tmp_path.glob("*.wav"))[1].read_bytes())
    assert run_command("deepspeech", *arguments, "--trials", 2)[0] == 0
    assert len(list((tmp_path / "t").glob("emissions-*.npz"))) == 2


def test_a_checkpoint_can_be_tuned_for(
    run_command: Command, tiny_model: Path, world: tuple[Path, Path], tmp_path: Path
) -> None:
    data, scorer = world
    code, out, _ = run_command(
        "deepspeech", "lm", "tune", "--model", tiny_model.parent / "checkpoints", "--scorer", scorer, "--data", data,
        "--trials", 2, "--storage", tmp_path / "tuning", "--json",
    )  # fmt: skip
    assert code == 0
    assert len(json.loads(out)["trials"]) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--scorer": "none.scorer"}, "none.scorer: the scorer cannot be read"),
        ({"--data": "none.csv"}, "none.csv"),
        ({"--model": "none.onnx"}, "there is no such file"),
        ({"--trials": 0}, "trials is 0"),
        ({"--alpha-max": -1}, "alpha_max is -1"),
    ],
)
def test_mistakes_are_one_line(
    run_command: Command,
    tiny_model: Path,
    world: tuple[Path, Path],
    tmp_path: Path,
    changes: dict[str, object],
    words: str,
) -> None:
    given = {"--model": tiny_model, "--data": world[0], "--scorer": world[1], "--storage": tmp_path / "t"} | changes
    code, out, err = run_command("deepspeech", "lm", "tune", *(word for pair in given.items() for word in pair))
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "t").exists()


def test_the_old_door_says_the_old_sentence(
    run_command: Command, tiny_model: Path, world: tuple[Path, Path], tmp_path: Path
) -> None:
    data, scorer = world
    (tmp_path / "alphabet.txt").write_text(ENGLISH.to_text())
    flags = (
        f"--load_checkpoint_dir={tiny_model.parent / 'checkpoints'}", f"--save_checkpoint_dir={tmp_path / 'own'}",
        f"--test_files={data}", f"--alphabet_config_path={tmp_path / 'alphabet.txt'}", "--beam_width=20",
        "--n_trials=3", "--lm_alpha_max=2", "--lm_beta_max=3",
    )  # fmt: skip
    code, out, _ = run_command("lm_optimizer.py", *flags, f"--scorer_path={scorer}")
    assert code == 0
    last = re.fullmatch(r"Best params: lm_alpha=(\S+) and lm_beta=(\S+) with WER=(\S+)", out.splitlines()[-1])
    assert last
    alpha, beta, rate = map(float, last.groups())
    assert (0 <= alpha <= 2, 0 <= beta <= 3) == (True, True)
    results = tmp_path / "out.json"
    weights = (f"--lm_alpha={alpha}", f"--lm_beta={beta}", f"--scorer_path={scorer}")
    code, _, _ = run_command("evaluate.py", *flags, *weights, f"--test_output_file={results}")
    rows = json.loads(results.read_text())
    assert sum(row["word_distance"] for row in rows) / sum(row["word_length"] for row in rows) == pytest.approx(rate)

    code, out, err = run_command("lm_optimizer.py", *flags)
    assert (code, out) == (2, "")
    assert "name one with --scorer_path" in err
    code, _, err = run_command("lm_optimizer.py", "--n_trials=3")
    assert code == 2
    assert "via the --test_files flag" in err
