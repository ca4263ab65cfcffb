"""`deepspeech data shard` and `index`, and the other doors to data sets of any kind, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deepspeech.datasets.convert import ConvertOptions, convert
from deepspeech.datasets.samples import read_samples
from tests.fakes import corpus

Program = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(entry_point: Program) -> Program:
    """Runs `deepspeech …`, or DeepSpeech.py; gives its exit code, its stdout and its stderr."""
    return lambda *arguments: entry_point(*(() if arguments[0] == "DeepSpeech.py" else ("deepspeech",)), *arguments)


def inside(folder: Path, kind: str, count: int = 4) -> tuple[Path, Path]:
    """A CSV, and another data set of the same clips."""
    csv = corpus(folder, count)
    target = folder / f"train.{kind}"
    convert([csv], target, ConvertOptions(sort=False))
    return csv, target


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("shard", ("--output-dir", "--kind", "--shard-mb", "--no-shuffle", "data.train", "Example:")),
        ("index", ("TAR", "WebDataset", "--json", "Example:")),
    ],
)
def test_help_says_what_a_person_needs(program: Program, command: str, words: tuple[str, ...]) -> None:
    code, out, _ = program("data", command, "--help")
    assert code == 0
    assert all(word in out for word in words), out


def test_a_set_is_packed_and_its_manifest_made_again(program: Program, tmp_path: Path) -> None:
    csv, shards = corpus(tmp_path / "source"), tmp_path / "shards"
    code, out, err = program("data", "shard", csv, csv, "--output-dir", shards, "--kind", "flac")
    assert (code, out) == (0, f"{shards}: 24 clips, 0.0 hours in 1 shards\n"), err
    manifest = (shards / "manifest.jsonl").read_bytes()
    (shards / "manifest.jsonl").unlink()
    code, out, err = program("data", "index", shards / "shard-000000.tar", "--json")
    assert code == 0, err
    assert {key: json.loads(out)[key] for key in ("clips", "shards", "left_out")} == {
        "clips": 24, "shards": 1, "left_out": [],
    }  # fmt: skip
    assert (shards / "manifest.jsonl").read_bytes() == manifest
    texts = sorted(sample.transcript for sample in read_samples(csv))
    assert sorted(sample.transcript for sample in read_samples(shards)) == sorted(texts * 2)


def test_what_cannot_be_read_is_told_and_the_rest_is_packed(program: Program, tmp_path: Path) -> None:
    csv = corpus(tmp_path / "source")
    (tmp_path / "source" / "train003.wav").write_bytes(b"RIFF")
    code, out, err = program("data", "shard", csv, "-o", tmp_path / "shards", "--json")
    assert code == 0
    assert json.loads(out)["clips"] == 11
    assert "train003.wav" in json.loads(out)["left_out"][0]
    assert "skipped: " in err
    code, out, _ = program("data", "shard", csv, "-o", tmp_path / "more")
    assert out.endswith("11 clips, 0.0 hours in 1 shards; 1 clips skipped\n")


def test_a_command_that_was_stopped_goes_on(program: Program, tmp_path: Path) -> None:
    csv, shards = corpus(tmp_path / "source", 40), tmp_path / "shards"
    (shards / "shard-000001.tar").mkdir(parents=True)  # in its way
    command = ("data", "shard", csv, "-o", shards, "--shard-mb", 1, "--workers", 1)
    code, out, err = program(*command)
    assert (code, out, err.splitlines()[-1].count("to resume")) == (2, "", 1)
    assert not (shards / "manifest.jsonl").exists()
    (shards / "shard-000001.tar").rmdir()
    made = (shards / "shard-000000.tar").stat().st_mtime_ns
    code, out, err = program(*command)
    assert (code, out) == (0, f"{shards}: 40 clips, 0.0 hours in 2 shards\n"), err
    assert (shards / "shard-000000.tar").stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("shard", "none.csv", "-o", "shards"), "none.csv: cannot read the data set"),
        (("shard", "{csv}", "-o", "shards", "--kind", "mp3"), "mp3"),
        (("shard", "{csv}", "-o", "shards", "--rate", "8000"), "choose a format"),
        (("shard", "{csv}", "-o", "shards", "--shard-mb", "0"), "shard"),
        (("shard", "{csv}"), "--output-dir"),
        (("index", "none.tar"), "none.tar"),
        (("index", "{csv}"), "train.csv"),
        (("index",), "TAR"),
    ],
)
def test_a_wrong_request_gets_one_line_and_leaves_nothing(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], words: str
) -> None:
    csv = corpus(tmp_path / "source", 2)
    monkeypatch.chdir(tmp_path)
    code, out, err = program("data", *(text.format(csv=csv) for text in command))
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("kind", ["sdb", "tar"])
def test_what_lies_inside_a_file_is_not_split_but_pointed_to_convert(
    program: Program, tmp_path: Path, kind: str
) -> None:
    _, packed = inside(tmp_path / "source", kind)
    code, out, err = program("data", "split", packed, "-o", tmp_path / "sets")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"deepspeech: {packed}:")
    assert err.endswith("deepspeech data convert\n")
    assert not (tmp_path / "sets").exists()


@pytest.mark.parametrize("kind", ["sdb", "tar", "jsonl"])
def test_sets_of_any_kind_are_looked_over_as_their_csv_is(program: Program, tmp_path: Path, kind: str) -> None:
    csv, other = inside(tmp_path / "source", kind)
    pages = [program("data", "alphabet", path)[1].replace(path.name, "") for path in (csv, other)]
    assert pages[0] == pages[1]
    assert "\nc\nd\n" in pages[0]
    found = []
    for path in (csv, other):
        code, out, err = program("data", "check", path, "--json")
        assert code == 0, err
        checked = json.loads(out)
        code, out, err = program("data", "stats", path, "--listen", "--json")
        assert code == 0, err
        figures = json.loads(out)[path.name]
        found.append((checked["accepted"], checked["refused"], figures["clips"], figures["peaks_db"]))
    assert found[0] == found[1]
    assert found[0][:3] == (True, 0, 4)


def test_the_old_trainer_learns_the_same_from_a_database(program: Program, tmp_path: Path) -> None:
    learnt = []
    for path in inside(tmp_path / "source", "sdb", 6):
        folder = tmp_path / f"checkpoints-{path.suffix}"
        code, _, err = program(
            "DeepSpeech.py", f"--train_files={path}", f"--dev_files={path}", f"--test_files={path}", "--n_hidden=8",
            "--epochs=1", "--train_batch_size=2", f"--alphabet_config_path={ROOT / 'data' / 'alphabet.txt'}",
            f"--checkpoint_dir={folder}", "--scorer_path=",
        )  # fmt: skip
        assert code == 0, err
        learnt.append((folder / "train-000003" / "weights.safetensors").read_bytes())
    assert learnt[0] == learnt[1]


def test_a_scorer_is_made_of_the_transcripts_in_a_database(program: Program, tmp_path: Path) -> None:
    made = []
    for path in inside(tmp_path / "source", "sdb", 12):
        output = tmp_path / f"{path.suffix}.scorer"
        code, out, err = program(
            "lm", "build", "--text", path, "--alphabet", ROOT / "data" / "alphabet.txt", "--output", output,
            "--order", 2, "--discount-fallback",
        )  # fmt: skip
        assert code == 0, err
        assert "in 12 sentences" in out
        made.append(output.read_bytes())
    assert made[0] == made[1]
