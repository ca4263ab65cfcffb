"""transcribe.py: long recordings to .tlog files, with the flags of 0.9.3."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import write_wav
from deepspeech.cli import old_transcribe
from deepspeech.compat.flags import OF_COMMAND, notes, values_of
from deepspeech.errors import ConfigError
from tests.fakes import tones

ROOT = Path(__file__).resolve().parents[2]
QUIET = 0.001 * np.random.default_rng(0).standard_normal(24000).astype(np.float32)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phrases with a second and a half of silence before, between and after."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    write_wav(path, np.concatenate([QUIET, tones("abba", 1), QUIET, tones("dc ab", 2), QUIET]), 16000)
    return path


def transcribe(
    hearing_checkpoints: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str]:
    """Exit code and stderr."""
    line = ["transcribe.py", "--checkpoint_dir", str(hearing_checkpoints), "--beam_width", "16", *map(str, arguments)]
    monkeypatch.setattr("sys.argv", line)
    code = 0
    try:
        old_transcribe.main()
    except SystemExit as left:
        code = int(left.code or 0)
    return code, capsys.readouterr().err


def test_a_recording_becomes_segments_in_milliseconds(
    hearing_checkpoints: Path, long: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from deepspeech.acoustic.restore import restore
    from deepspeech.audio.formats import read_audio
    from deepspeech.checkpoint import best_or_newest
    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.training.infer import infer_samples

    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, "--src", long)
    assert code == 0, err
    page = json.loads(long.with_suffix(".tlog").read_text())
    assert [list(segment) for segment in page] == [["start", "end", "transcript"]] * 2
    phrases = [(1500, 1500 + 480 + 250), (1500 + 730 + 1500, 1500 + 730 + 1500 + 600 + 250)]
    for segment, (start, end) in zip(page, phrases, strict=True):
        assert start - 400 < segment["start"] < start + 200
        assert end - 200 < segment["end"] < end + 400
    samples, restored = read_audio(long)[0], restore(best_or_newest(hearing_checkpoints))
    options = DecodeOptions(beam_width=16, cutoff_top_n=300)
    for segment in page:
        piece = samples[segment["start"] * 16 : segment["end"] * 16]
        assert segment["transcript"] == infer_samples(restored, piece, options).text
    assert any(segment["transcript"] for segment in page)


def test_what_is_there_stays_unless_forced(
    hearing_checkpoints: Path,
    long: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / "my.tlog"
    target.write_text("precious")
    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, "--src", long, "--dst", target)
    assert (code, target.read_text()) == (0, "precious")
    assert f"{target} already exists; --force overwrites it" in err
    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, "--src", long, "--dst", target, "--force")
    assert code == 0
    assert len(json.loads(target.read_text())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["my.tlog"]


def test_a_folder_with_a_damaged_file(
    hearing_checkpoints: Path,
    long: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("a.wav", "inner/b.wav"):
        (tmp_path / name).write_bytes(long.read_bytes())
    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, "--src", tmp_path)
    assert (code, sorted(path.name for path in tmp_path.rglob("*.tlog"))) == (0, ["a.tlog"])
    (tmp_path / "inner" / "c.wav").write_bytes(b"RIFF")
    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, "--src", tmp_path, "--recursive")
    assert (code, sorted(path.name for path in tmp_path.rglob("*.tlog"))) == (2, ["a.tlog", "b.tlog"])
    assert "c.wav: " in err
    assert "1 of 2 recordings could not be transcribed" in err


def test_a_catalog(
    hearing_checkpoints: Path,
    long: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "audio.wav").write_bytes(long.read_bytes())
    (tmp_path / "my.catalog").write_text(json.dumps([{"audio": "audio.wav", "tlog": "one.tlog"}]))
    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, "--src", tmp_path / "my.catalog")
    assert code == 0, err
    assert len(json.loads((tmp_path / "one.tlog").read_text())) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "with --src"),
        (["--src", "no.wav"], "with --src"),
        (["--src", "{folder}", "--dst", "a.tlog"], "--dst needs a single sound file"),
        (["--src", "{folder}"], "no sound file"),
        (["--src", "{folder}/bad.catalog"], "not a catalog"),
        (["--src", "{long}", "--dst", "{folder}/no/a.tlog"], "there is no folder"),
        (["--src", "{long}", "--dst", "{folder}/a.tlog", "--vad_aggressiveness", "4"], "give 0"),
        (["--src", "{long}", "--checkpoint_dir", "{folder}"], "{folder}"),
    ],
)
def test_mistakes_are_one_line(
    hearing_checkpoints: Path, long: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str,
) -> None:  # fmt: skip
    (tmp_path / "bad.catalog").write_text("[1]")
    long.with_suffix(".tlog").unlink(missing_ok=True)
    filled = [text.format(folder=tmp_path, long=long) for text in arguments]
    code, err = transcribe(hearing_checkpoints, monkeypatch, capsys, *filled)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert said.format(folder=tmp_path) in err


def test_two_sounds_of_one_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.wav", "a.flac"):
        (tmp_path / name).write_bytes(b"")
    code, err = transcribe(tmp_path, monkeypatch, capsys, "--src", tmp_path)
    assert code == 2
    assert "have the same output" in err


def test_a_checkpoint_of_the_old_trainer(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """AN4's checkpoint by 0.9.3, with its scorer; what is said in the recordings by the old client, pauses between."""
    from deepspeech.audio.formats import read_audio

    folder = tmp_path / "checkpoints"
    shutil.copytree(shared / "fixtures" / "old_models" / "an4" / "checkpoint", folder)
    clips = [shared / "data" / "an4" / "clips" / f"{name}-fash-b.flac" for name in ("an255", "cen2")]
    silence = np.tile(QUIET, 2)
    write_wav(
        tmp_path / "a.wav", np.concatenate([silence, *(np.append(read_audio(c)[0], silence) for c in clips)]), 16000
    )
    scorer = shared / "fixtures" / "decoder" / "an4.scorer"
    alphabet = ("--alphabet_config_path", shared / "data" / "scorers" / "alphabet.txt", "--n_hidden", 256)
    code, err = transcribe(
        folder,
        monkeypatch,
        capsys,
        "--src",
        tmp_path / "a.wav",
        "--scorer_path",
        scorer,
        *alphabet,
        "--beam_width",
        500,
    )
    assert code == 0, err
    assert "Converted" in err
    page = json.loads((tmp_path / "a.tlog").read_text())
    assert "eight six" in " ".join(segment["transcript"] for segment in page)


def test_flags_and_their_defaults() -> None:
    """training_flags: transcribe.py of 0.9.3 had these beside the trainer's."""
    values = values_of([], "transcribe.py")
    assert {name: values[name].value for name in (flag.name for flag in OF_COMMAND["transcribe.py"])} == {
        "src": "", "dst": "", "recursive": False, "force": False, "vad_aggressiveness": 3, "batch_size": 40,
        "outlier_duration_ms": 10000, "outlier_batch_size": 1,
    }  # fmt: skip
    assert notes(values) == []
    assert len(notes(values_of(["--batch_size", "2"], "transcribe.py"))) == 1
    with pytest.raises(ConfigError, match="src"):
        values_of(["--src", "a.wav"], "DeepSpeech.py")


def test_the_door_stands_at_the_root() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "transcribe.py"), "--helpfull"], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for flag in ("--src", "--dst", "--[no]recursive", "--[no]force", "--vad_aggressiveness", "--scorer_path"):
        assert flag in done.stdout
