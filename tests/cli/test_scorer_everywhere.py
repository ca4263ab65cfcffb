"""Every command that decodes takes a scorer, its weights and a beam width, and hands them to the search.

The new commands prune, the old ones never do.
"""

from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from deepspeech import DecodeOptions, Recognizer
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.tokens import ENGLISH
from tests.fakes import corpus, small_scorer

ALPHA, BETA, WIDTH = 0.6, 1.7, 23
DEFAULT = DecodeOptions().beam_threshold, DecodeOptions().token_min_logp


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[DecodeOptions, Scorer | None]]]:
    """What each search that is made is told."""
    seen: list[tuple[DecodeOptions, Scorer | None]] = []
    plain = BeamDecoder.__init__

    def spy(*given: Any, **named: Any) -> None:
        arguments = signature(plain).bind(*given, **named).arguments
        seen.append((arguments["options"], arguments.get("scorer")))
        plain(*given, **named)

    monkeypatch.setattr(BeamDecoder, "__init__", spy)
    return seen


class World:
    """A trained network, recordings and a scorer."""

    def __init__(self, folder: Path, model: Path, entry_point: Callable[..., tuple[int, str, str]]) -> None:
        self.folder, self.model, self.checkpoints = folder, model, model.parent / "checkpoints"
        self.data, self.scorer = corpus(folder, 3), small_scorer(folder / "small.scorer")
        self.sound = folder / "train000.wav"
        (folder / "alphabet.txt").write_text(ENGLISH.to_text())
        self._entry_point = entry_point

    def new(self, *arguments: object) -> None:
        self._run("deepspeech", *arguments)

    def old(self, script: str, *arguments: object) -> None:
        common = (
            f"--load_checkpoint_dir={self.checkpoints}", f"--alphabet_config_path={self.folder / 'alphabet.txt'}",
            f"--save_checkpoint_dir={self.folder / 'own'}", f"--scorer={self.scorer}", f"--lm_alpha={ALPHA}",
            f"--lm_beta={BETA}", f"--beam_width={WIDTH}",
        )  # fmt: skip
        self._run(script, *common, *arguments)

    def _run(self, name: str, *arguments: object) -> None:
        code, _, err = self._entry_point(name, *arguments)
        assert not code, err


NEW = ("--alpha", ALPHA, "--beta", BETA, "--beam-width", WIDTH)
OLD = ("evaluate.py", "DeepSpeech.py", "one_shot_infer")
PRUNED = {"evaluate a checkpoint": (7, -4), "transcribe": (7, -4)}
PRUNING = ("--beam-threshold", 7, "--token-min-logp", -4)
PROGRAMS: dict[str, Callable[[World], None]] = {
    "evaluate a model file": lambda w: w.new(
        "evaluate", "--model", w.model, "--data", w.data, "--scorer", w.scorer, *NEW),
    "evaluate a checkpoint": lambda w: w.new(
        "evaluate", "--model", w.checkpoints, "--data", w.data, "--scorer", w.scorer, *NEW, *PRUNING),
    "transcribe": lambda w: w.new("transcribe", w.sound, "--model", w.model, "--scorer", w.scorer, *NEW, *PRUNING),
    "train": lambda w: w.new("train", *(word for setting in (
        f"data.train={w.data}", f"data.test={w.data}", f"checkpoint.folder={w.folder / 'own'}", "training.epochs=1",
        "network.hidden=8", f"scorer={w.scorer}", f"decoding.alpha={ALPHA}", f"decoding.beta={BETA}",
        f"decoding.beam_width={WIDTH}") for word in ("--set", setting))),
    "evaluate.py": lambda w: w.old("evaluate.py", f"--test_files={w.data}"),
    "DeepSpeech.py": lambda w: w.old(
        "DeepSpeech.py", f"--train_files={w.data}", f"--test_files={w.data}", "--epochs=1", "--n_hidden=8",
        "--load_train=init"),
    "one_shot_infer": lambda w: w.old("DeepSpeech.py", f"--one_shot_infer={w.sound}"),
    "Recognizer": lambda w: print(Recognizer.open(
        w.model, w.scorer, DecodeOptions(WIDTH, alpha=ALPHA, beta=BETA)).transcribe(w.sound).text),
}  # fmt: skip


@pytest.mark.parametrize("script", PROGRAMS)
def test_the_search_is_told(
    script: str,
    tmp_path: Path,
    tiny_model: Path,
    entry_point: Callable[..., tuple[int, str, str]],
    searches: list[tuple[DecodeOptions, Scorer | None]],
) -> None:
    world = World(tmp_path, tiny_model, entry_point)
    PROGRAMS[script](world)
    assert searches
    for options, scorer in searches:
        assert scorer is not None
        assert scorer.path == world.scorer
        assert (options.alpha, options.beta, options.beam_width) == (ALPHA, BETA, WIDTH)
        pruning = options.beam_threshold, options.token_min_logp
        assert pruning == ((0, 0) if script in OLD else PRUNED.get(script, DEFAULT))


@pytest.mark.parametrize("weight", ["--alpha", "--beta"])
@pytest.mark.parametrize("command", ["evaluate", "transcribe"])
def test_weights_without_a_scorer_are_refused(deepspeech, command: str, weight: str, tiny_model: Path) -> None:
    given = ["a.wav"] if command == "transcribe" else ["--data", "a.csv"]
    code, out, err = deepspeech(command, "--model", tiny_model, weight, "1", *given)
    assert (code, out) == (2, "")
    assert "name it with --scorer" in err
