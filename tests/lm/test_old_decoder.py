"""Scorers that are built here, in the old decoder: golden/old_decoder/recreate.md says how it was asked."""

import hashlib
import json
from pathlib import Path

import pytest

from benchmarks.old_scorer import read
from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.scorer import Scorer
from deepspeech.lm.build import BuildOptions, build
from deepspeech.lm.discounts import FALLBACK
from deepspeech.lm.estimate import EstimateOptions
from deepspeech.lm.model import LanguageModel
from deepspeech.text.tokens import ENGLISH, Characters
from tests.fakes import exact

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "old_decoder"


def same_transcripts(scorer: Path, inputs: Path, golden: Path) -> None:
    golden_results, opened = json.loads(golden.read_text()), Scorer.open(scorer)
    assert (opened.alpha, opened.beta) == (golden_results["alpha"], golden_results["beta"])
    clips, options = read(inputs), exact(beam_width=golden_results["beam_width"])
    assert set(clips) == set(golden_results["transcripts"])
    for name, text in golden_results["transcripts"].items():
        assert decode(Emission(clips[name], 0.02), ENGLISH, options, scorer=opened)[0].text == text, name


def test_the_same_transcripts_of_made_up_clips() -> None:
    golden_results = json.loads((GOLDEN / "demo.json").read_text())
    assert hashlib.sha256((GOLDEN / "demo.scorer").read_bytes()).hexdigest() == golden_results["scorer_sha256"]
    same_transcripts(GOLDEN / "demo.scorer", GOLDEN / "inputs.npz", GOLDEN / "demo.json")


def test_the_inputs_need_a_scorer() -> None:
    clips = read(GOLDEN / "inputs.npz")
    decoded = [decode(Emission(clip, 0.02), ENGLISH, exact())[0].text for clip in clips.values()]
    assert sum(text != name[3:].replace("_", " ") for name, text in zip(clips, decoded, strict=True)) >= 5


def rebuilt(text: Path, prune: tuple[int, ...], output: Path) -> Path:
    alphabet = Characters.from_file(ROOT / "data" / "alphabet.txt")
    options = EstimateOptions(order=3, prune=prune, discount_fallback=FALLBACK)
    build([text], output, alphabet, BuildOptions(options))
    return output


def test_what_is_built_today_is_that_file(tmp_path: Path) -> None:
    """But for what another processor's logarithms round otherwise."""
    lines = (ROOT / "data" / "demo" / "train.csv").read_text().splitlines()[1:]
    transcripts = [line.split(",", 2)[2] for line in lines]
    (tmp_path / "text.txt").write_text("\n".join(transcripts) + "\n")
    mine = rebuilt(tmp_path / "text.txt", (0, 0, 1), tmp_path / "my.scorer")
    golden = GOLDEN / "demo.scorer"
    assert mine.stat().st_size == golden.stat().st_size
    ours, theirs = LanguageModel.open(mine), LanguageModel.open(golden)
    assert ours.counts == theirs.counts
    for line in transcripts[:50]:
        assert ours.score(line) == pytest.approx(theirs.score(line), abs=1e-3)


def test_the_same_transcripts_of_an4(shared: Path, tmp_path: Path) -> None:
    text = shared / "fixtures" / "language_model" / "an4_train.txt"
    scorer = rebuilt(text, (0,), tmp_path / "an4.scorer")
    same_transcripts(scorer, shared / "fixtures" / "decoder" / "inputs", GOLDEN / "an4.json")


def test_the_old_tools_scorer_of_an4_is_the_same(shared: Path, tmp_path: Path) -> None:
    """Estimated, made binary and packaged by the old tools, and by ours: the same probabilities, the same words."""
    text = shared / "fixtures" / "language_model" / "an4_train.txt"
    mine = LanguageModel.open(rebuilt(text, (0,), tmp_path / "an4.scorer"))
    old = LanguageModel.open(shared / "fixtures" / "decoder" / "an4.scorer")
    assert mine.counts == old.counts
    for line in text.read_text().split("\n")[:200]:
        assert mine.score(line) == pytest.approx(old.score(line), abs=0.01)  # both are rounded to 8 bits
