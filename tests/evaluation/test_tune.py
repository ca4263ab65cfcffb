"""The search for a scorer's weights: what it finds, that it finds the same again, and that nothing is tried twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError, DataError
from deepspeech.evaluation import tune as searching
from deepspeech.evaluation.score import Scores, score
from deepspeech.evaluation.tune import ROUND, Task, Trial, TuneOptions, ranked, read_journal, tune
from deepspeech.text.tokens import ENGLISH
from tests.fakes import small_scorer

TEXTS = ["a ab", "a ab a ab", "bb a ab", "cd cd", "a", "ab a ab bb", "bb bb", "cd a ab"]


def heard(text: str, seed: int) -> Emission:
    """Probabilities that spell `text`, two frames a character, in much noise."""
    labels = [label for character in text for label in [*[ENGLISH.encode(character)[0]] * 2, ENGLISH.blank]]
    scores = 1.2 * np.random.default_rng(seed).standard_normal((len(labels), ENGLISH.classes))
    scores[np.arange(len(labels)), labels] += 3.5
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return Emission(probabilities.astype(np.float32), 0.02)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    emissions = [heard(text, seed) for seed, text in enumerate(TEXTS)]
    scorer = Scorer.open(small_scorer(tmp_path / "small.scorer"))
    return Task(emissions, TEXTS, ENGLISH, scorer, DecodeOptions(beam_width=16))


def rates(task: Task, alpha: float, beta: float) -> Scores:
    options = replace(task.decoding, alpha=alpha, beta=beta)
    texts = [decode(e, task.tokens, options, scorer=task.scorer)[0].text for e in task.emissions]
    return Scores(tuple(score("", *pair) for pair in zip(task.transcripts, texts, strict=True)))


def test_a_trial_is_what_decoding_with_its_weights_gives(task: Task, tmp_path: Path) -> None:
    options = TuneOptions(trials=ROUND + 3)
    trials = tune(task, options, tmp_path / "trials.jsonl", 2)
    assert [trial.number for trial in trials] == list(range(ROUND + 3))
    assert [(t.alpha, t.beta) for t in trials[:2]] == [(task.scorer.alpha, task.scorer.beta), (0, 0)]
    assert len({(t.alpha, t.beta) for t in trials}) == ROUND + 3
    for trial in trials:
        scores = rates(task, trial.alpha, trial.beta)
        assert (trial.wer, trial.cer) == (scores.wer, scores.cer)
        assert 0 <= trial.alpha <= 5
        assert 0 <= trial.beta <= 5
    nothing = trials[1]
    assert ranked(trials, by_cer=False)[0].wer < nothing.wer  # a language model helps


def test_the_same_search_finds_the_same_on_any_number_of_cores(task: Task, tmp_path: Path) -> None:
    options = TuneOptions(trials=20)
    first = tune(task, options, tmp_path / "a.jsonl", 1)
    assert tune(task, options, tmp_path / "b.jsonl", 3) == first
    assert tune(task, replace(options, seed=1), tmp_path / "c.jsonl", 3) != first


@pytest.mark.parametrize("after", [3, 100, 8 * ROUND + 11])
def test_killed_and_resumed_it_finds_the_same(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Killed after so many decodings, in the first round, in the second and between two tellings of it."""
    options = TuneOptions(trials=20)
    whole = tune(task, options, tmp_path / "whole.jsonl", 1)
    decoded: list[DecodeOptions] = []

    def decode_and_count(task: Task, weights: DecodeOptions, clip: int) -> object:
        decoded.append(weights)
        if len(decoded) == after:
            raise KeyboardInterrupt
        return plain(task, weights, clip)

    plain, journal = searching._decode, tmp_path / "killed.jsonl"
    monkeypatch.setattr(searching, "_decode", decode_and_count)
    with pytest.raises(KeyboardInterrupt):
        tune(task, options, journal, 1)
    kept = read_journal(journal)
    assert len(kept) == (after - 1) // len(TEXTS)
    before = len(decoded)
    assert tune(task, options, journal, 1) == whole
    again = {(weights.alpha, weights.beta) for weights in decoded[before:]}
    assert again == {(trial.alpha, trial.beta) for trial in whole[len(kept) :]}


def test_a_finished_search_decodes_nothing_and_can_be_made_longer(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tune(task, TuneOptions(trials=ROUND + 3), tmp_path / "trials.jsonl", 2)
    longer = tune(task, TuneOptions(trials=2 * ROUND), tmp_path / "trials.jsonl", 2)
    assert longer[: ROUND + 3] == short
    assert longer == tune(task, TuneOptions(trials=2 * ROUND), tmp_path / "at once.jsonl", 2)
    monkeypatch.setattr(searching, "_decode", None)
    assert tune(task, TuneOptions(trials=2 * ROUND), tmp_path / "trials.jsonl", 2) == longer
    assert tune(task, TuneOptions(trials=3), tmp_path / "trials.jsonl", 2) == longer


def test_a_search_has_another_name_when_anything_that_counts_changes(task: Task) -> None:
    options = TuneOptions()
    names = {
        task.key("heard", "scorer", options),
        task.key("other", "scorer", options),
        task.key("heard", "other", options),
        task.key("heard", "scorer", replace(options, alpha_max=4.0)),
        task.key("heard", "scorer", replace(options, seed=1)),
        replace(task, transcripts=[*TEXTS[:-1], "cd"]).key("heard", "scorer", options),
        replace(task, decoding=DecodeOptions(beam_width=17)).key("heard", "scorer", options),
    }
    assert len(names) == 7
    assert task.key("heard", "scorer", replace(options, trials=3)) in names  # a search may be made longer


def test_own_weights_outside_the_range_are_not_tried(task: Task, tmp_path: Path) -> None:
    trials = tune(task, TuneOptions(trials=4, beta_max=0.5), tmp_path / "trials.jsonl", 1)
    assert (trials[0].alpha, trials[0].beta) == (0, 0)
    assert all(trial.beta <= 0.5 for trial in trials)


def test_the_best_is_that_of_fewest_errors_then_of_the_other_kind_then_the_earlier() -> None:
    a, b = Trial(0, 1, 1, 0.5, 0.4), Trial(1, 1, 2, 0.5, 0.3)
    c, d = Trial(2, 2, 1, 0.4, 0.9), Trial(3, 2, 2, 0.5, 0.3)
    assert ranked([a, b, c, d], by_cer=False) == [c, b, d, a]
    assert ranked([a, b, c, d], by_cer=True) == [b, d, a, c]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": 0}, "trials is 0"),
        ({"alpha_max": 0.0}, "alpha_max is 0"),
        ({"alpha_max": float("nan")}, "alpha_max is nan"),
        ({"beta_max": float("inf")}, "beta_max is inf"),
    ],
)
def test_what_cannot_be_searched_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        TuneOptions(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["cut", "longer", "middle", "foreign", "not finite", "misplaced"])
def test_a_damaged_journal_is_believed_up_to_the_damage(task: Task, tmp_path: Path, damage: str) -> None:
    journal, options = tmp_path / "trials.jsonl", TuneOptions(trials=ROUND + 3)
    whole = tune(task, options, journal, 2)
    content = journal.read_bytes()
    lines = content.splitlines(keepends=True)
    damaged = {
        "cut": content[:-9],
        "longer": content + b'{"number":',
        "middle": b"".join([*lines[:3], lines[3].replace(b"alpha", b"gamma"), *lines[4:]]),
        "foreign": b"RIFF\0\xff" * 20,
        "not finite": content.replace(b'"wer": ', b'"wer": NaN, "x": ', 1),
        "misplaced": b"".join([*lines[:2], *lines[5:]]),
    }
    journal.write_bytes(damaged[damage])
    assert tune(task, options, journal, 2) == whole
    assert journal.read_bytes() == content


def test_a_journal_that_cannot_be_written_is_reported(task: Task, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write the journal"):
        tune(task, TuneOptions(trials=2), tmp_path / "file" / "trials.jsonl", 1)
    with pytest.raises(DataError, match="cannot write the journal"):
        tune(task, TuneOptions(trials=2), tmp_path, 1)
