"""Models that are evaluated: several as one, and the samples that one can be evaluated on."""

from pathlib import Path

import pytest

from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError, DataError
from deepspeech.evaluation.evaluated_model import EvaluatedModel, as_one, check_jitter, usable_samples
from deepspeech.features.config import MfccConfig
from deepspeech.text.tokens import ENGLISH, Characters
from tests.fakes import corpus


def model(name: str, alphabet: Characters = ENGLISH, has_loss: bool = False) -> EvaluatedModel:
    return EvaluatedModel((Path(name),), alphabet, MfccConfig(), 500, has_loss, int, lambda samples: iter(()))


def test_several_are_one_that_depends_on_all_their_files() -> None:
    both = as_one([Path("a"), Path("b")], [model("a"), model("b")])
    assert both.files == (Path("a"), Path("b"))
    with pytest.raises(ConfigError, match="b has another alphabet than a"):
        as_one([Path("a"), Path("b")], [model("a"), model("b", Characters(["x"]))])


@pytest.mark.parametrize("jitter_ms", [-1.0, 1000.0, float("nan")])
def test_clips_cannot_be_shifted_any_far(jitter_ms: float) -> None:
    check_jitter(999.0)
    with pytest.raises(ConfigError, match="--jitter-ms is"):
        check_jitter(jitter_ms)


def test_clips_that_cannot_be_evaluated_are_refused_or_said(tmp_path: Path) -> None:
    data, said = corpus(tmp_path, 3), list[str]()
    (tmp_path / "train001.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"train001\.wav"):
        usable_samples([data], model("a"), False, said.append)
    assert not said
    good = usable_samples([data], model("a"), True, said.append)
    assert [Path(sample.id).name for sample in good] == ["train000.wav", "train002.wav"]
    assert "train001.wav" in said[0]
    (tmp_path / "train000.wav").write_bytes(b"")
    (tmp_path / "train002.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"train\.csv: no usable sample"):
        usable_samples([data], model("a"), True, said.append)


def test_only_a_loss_demands_transcripts_in_the_alphabet(tmp_path: Path) -> None:
    corpus(tmp_path, 1)
    write_csv(tmp_path / "a.csv", [Sample("a", tmp_path / "train000.wav", "é", 1)])
    said: list[str] = []
    assert len(usable_samples([tmp_path / "a.csv"], model("a"), False, said.append)) == 1
    assert "a.csv: " in said[0], "an error that no network can avoid is said"
    with pytest.raises(DataError, match="é"):
        usable_samples([tmp_path / "a.csv"], model("a", has_loss=True), False, said.append)
