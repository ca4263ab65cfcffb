"""`deepspeech data convert`, `play`, `compare`, and the three old scripts, run as a person would."""

import io
import json
import os
import runpy
import subprocess
import sys
import tarfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.audio.source import PACKETS
from deepspeech.datasets.samples import read_samples
from tests.fakes import config, corpus, tones

ROOT = Path(__file__).resolve().parents[2]


def run(command: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """An old script, or `deepspeech data COMMAND`, in this process: starting another takes a second."""
    script = command.endswith(".py")
    program = ROOT / "bin" / command if script else ROOT / "src/deepspeech/__main__.py"
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    given = [str(program), *([] if script else command.split()), *map(str, arguments)]
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", given)
        patch.chdir(ROOT)
        try:
            runpy.run_path(str(program), run_name="__main__")
        except SystemExit as stop:
            code = stop.code or 0
    streams = [stream.buffer.getvalue() for stream in (out, err)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(given, code, *streams)  # type: ignore[arg-type]


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """An old script, started as it always was."""
    whole = [sys.executable, ROOT / "bin" / name, *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, check=False)


def test_convert_play_and_compare(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 4)
    done = run("data convert", source, tmp_path / "a.tar", "--audio-type", "flac", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kinds"] == {"flac": 4}
    done = run("data compare", source, tmp_path / "a.tar")
    assert done.returncode == 0
    assert done.stdout.endswith(b": 0 of 4 pairs differ (threshold -60 dBFS)\n")
    done = run("data play", tmp_path / "a.tar", "--start", -1, "--pipe", "--augment", "volume[dbfs=-20]")
    last = read_samples(source)[-1]
    sound, _ = read_audio(last.audio)
    heard = np.frombuffer(done.stdout, "<i2") / 32768
    assert len(heard) == len(sound)
    assert np.abs(heard).max() == pytest.approx(10 ** (-23.0103 / 20), rel=1e-3)
    assert last.transcript.encode() in done.stderr
    done = run("data play", source, "--output", tmp_path / "all.wav", "--quiet", "--rate", 8000)
    assert (done.returncode, done.stderr) == (0, b"")
    samples, rate_hz = read_audio(tmp_path / "all.wav")
    assert rate_hz == 8000
    assert len(samples) == sum(len(read_audio(sample.audio)[0]) for sample in read_samples(source)) // 2


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["data play", "none.csv"], b"none.csv: cannot read the data set"),
        (["data play", "data/alphabet.txt", "--pipe"], b"not a sound file"),
        (["data play", "data/demo/train.csv", "--start", "99999", "--pipe"], b"no sample there"),
        (["data play", "data/demo/train.csv", "--augment", "pitch"], b"whose output is not audio"),
        (["data play", "data/demo/train.csv", "--augment", "volume", "--clock", "2", "--pipe"], b"the clock is 2"),
        (["data compare", "data/demo/train.csv", "README.md"], b"compare two sounds, or two data sets"),
        (["data convert", "data/demo/train.csv", "/none/x.sdb"], b"cannot be written"),
    ],
)
def test_a_wrong_request_gets_one_line(command: list[str], reason: bytes) -> None:
    done = run(*command)
    assert (done.returncode, done.stdout) == (2, b"")
    line = done.stderr.splitlines()[-1]
    assert line.startswith(b"deepspeech: ")
    assert reason in line
    assert b"Traceback" not in done.stderr


def test_a_device_is_given_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepspeech.audio import speaker

    monkeypatch.setattr(speaker, "sounddevice", None)
    fake = tmp_path / "aplay"
    fake.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/options\ncat > {tmp_path}/sound\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    speaker.play(tones("ab"), 16000, "hw:1")
    assert (tmp_path / "options").read_text() == "-q -t raw -f S16_LE -c 1 -r 16000 -D hw:1\n"
    assert (tmp_path / "sound").stat().st_size == 2 * len(tones("ab"))
    fake.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(speaker.AudioError, match="aplay ended with code 3"):
        speaker.play(tones("ab"), 16000)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(speaker.MissingPartError, match="no way to a loudspeaker"):
        speaker.play(tones("ab"), 16000)


def test_the_old_data_set_tool(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 4)
    done = script("data_set_tool.py", source, source, tmp_path / "a.sdb", "--augment", "pitch", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert b"--augment pitch is left out" in done.stderr
    samples = read_samples(tmp_path / "a.sdb")
    assert [sample.audio.kind for sample in samples] == 8 * [PACKETS]  # type: ignore[union-attr]
    lengths = [len(read_audio(sample.audio)[0]) for sample in samples]
    assert lengths == sorted(lengths)

    assert run("data_set_tool.py", "--audio_type=wav", tmp_path / "a.sdb", tmp_path / "b.csv").returncode == 0
    assert [path.name for path in sorted((tmp_path / "b").iterdir())] == [f"sample{n:08d}.wav" for n in range(8)]
    done = run("data_set_tool.py", tmp_path / "b.csv", tmp_path / "b.csv")
    assert (done.returncode, done.stdout) == (2, b"")

    (tmp_path / "licence").write_text("free")
    for name in ("c.tar", "c.tgz"):
        assert run("data_set_tool.py", source, tmp_path / name, "--include", tmp_path / "licence").returncode == 0
        with tarfile.open(tmp_path / name) as archive:
            names = archive.getnames()
            assert names == ["licence", *(f"samples/sample{n:08d}.wav" for n in range(4)), "samples.csv"]
            listing = archive.extractfile("samples.csv")
            assert listing is not None
            assert listing.readline() == b"wav_filename,wav_filesize,transcript\n"
    assert len(read_samples(tmp_path / "c.tar")) == 4


def test_the_old_tar_keeps_letters_of_many_bytes(tmp_path: Path) -> None:
    """The old tool counted letters, not bytes, and cut the list off."""
    source = corpus(tmp_path / "source", 5, characters="你好世界")
    assert run("data_set_tool.py", source, tmp_path / "a.tar").returncode == 0
    transcripts = [sample.transcript for sample in read_samples(source)]
    assert sorted(sample.transcript for sample in read_samples(tmp_path / "a.tar")) == sorted(transcripts)


def test_old_play_pipes_a_wav_and_old_compare_judges(tmp_path: Path) -> None:
    """As run-tc-sample_augmentations did."""
    source = tmp_path / "a.wav"
    write_wav(source, tones("abcd"), 16000)
    for number, augmentation in enumerate(["reverb[delay=50.0,decay=2.0]", "resample[rate=4000]", "volume[dbfs=-9]"]):
        changed = tmp_path / f"{number}.wav"
        changed.write_bytes(run("play.py", source, "--augment", augmentation, "--pipe").stdout)
        done = run("compare_samples.py", source, changed, "--if-differ", "--no-success-output")
        assert (done.returncode, done.stdout) == (0, b""), augmentation
        assert run("compare_samples.py", source, changed).returncode == 1
    plain = tmp_path / "plain.wav"
    plain.write_bytes(script("play.py", source, "--pipe", "--quiet").stdout)
    assert plain.read_bytes() == source.read_bytes()
    done = run("compare_samples.py", source, plain)
    assert (done.returncode, b"equal in every sample" in done.stdout) == (0, True)
    assert run("compare_samples.py", source, plain, "--if_differ").returncode == 1
    write_wav(plain, tones("abc"), 16000)
    done = script("compare_samples.py", source, plain, "--if-differ")
    assert (done.returncode, b"differ in lengths" in done.stderr) == (1, True)


@pytest.mark.parametrize("suffix", ["sdb", "tar", "jsonl"])
def test_training_judging_and_transcribing(tmp_path: Path, suffix: str) -> None:
    """A step from any data set, to the bit that from the CSV it was made of."""
    from deepspeech.datasets.convert import ConvertOptions, convert
    from deepspeech.training.log import Log
    from deepspeech.training.run import Run

    config(tmp_path)
    learnt = []
    for kind in ("csv", suffix):
        sets = {name: tmp_path / f"{name}.{kind}" for name in ("train", "dev")}
        for name, path in sets.items():
            if kind != "csv":
                convert([tmp_path / f"{name}.csv"], path, ConvertOptions(sort=False))
        run_config = config(
            tmp_path, training__epochs=1, checkpoint={"folder": str(tmp_path / f"checkpoints-{kind}")},
            data={"train": [str(sets["train"])], "dev": [str(sets["dev"])], "workers": 1},
        )  # fmt: skip
        Run(run_config, Log()).train()
        learnt.append(weights(tmp_path / f"checkpoints-{kind}"))
    assert learnt[0] == learnt[1]


def weights(folder: Path) -> bytes:
    return next(iter(sorted(folder.rglob("weights.safetensors")))).read_bytes()


@pytest.mark.parametrize("suffix", ["sdb", "tar", "jsonl"])
def test_a_model_hears_what_lies_inside(tmp_path: Path, tiny_model: Path, suffix: str) -> None:
    source = corpus(tmp_path / "source", 3)
    inside = tmp_path / f"a.{suffix}"
    assert run("data convert", source, inside, "--no-sort").returncode == 0
    outputs = [run("evaluate", "--model", tiny_model, "--data", path, "--json").stdout for path in (source, inside)]
    rates = [{key: json.loads(output)[key] for key in ("wer", "cer")} for output in outputs]
    assert rates[0] == rates[1]
    names = [sample.id for sample in read_samples(inside)]
    done = run("transcribe", "--model", tiny_model, inside)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(names)
    done = run("transcribe", "--model", tiny_model, "--manifest", inside, "--output-dir", tmp_path / "texts")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "texts").rglob("*.txt"))) == 3
