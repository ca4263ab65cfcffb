"""`deepspeech transcribe` and `mic`, as a person types them: what is written where, and how they leave."""

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech import progress
from deepspeech.audio import microphone
from deepspeech.audio.formats import wav_bytes, write_wav
from deepspeech.audio.pcm import float_to_int16, read_pcm
from deepspeech.cli import transcripts
from deepspeech.cli.transcripts import Output
from deepspeech.decoder.subtitles import SubtitleLayout
from deepspeech.errors import ConfigError
from deepspeech.runtime import recognizer as recognizer_module
from deepspeech.runtime import session as session_module
from deepspeech.runtime.engines import onnx
from tests.fakes import ToneSession, silence, spoken, tones

RATE = 16000


@pytest.fixture
def deepspeech(deepspeech, monkeypatch: pytest.MonkeyPatch):
    """Runs a command with a model that knows tones."""
    monkeypatch.setattr(session_module, "Session", lambda path, threads=1, device="cpu": ToneSession())
    monkeypatch.setattr(recognizer_module, "Session", lambda path, threads=1, device="cpu": ToneSession())
    return deepspeech


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "talks" / "two").mkdir(parents=True)
    for name, text in {"a": "abba dc", "b": "a bad cab", "two/c": "dad"}.items():
        write_wav(tmp_path / "talks" / f"{name}.wav", np.concatenate([spoken(text), silence(0.3)]), RATE)
    return tmp_path / "talks"


def test_one_file_gives_its_text(deepspeech, folder: Path) -> None:
    assert deepspeech("transcribe", "--model", "m", folder / "a.wav") == (0, "abba dc\n", "")


def test_several_are_named(deepspeech, folder: Path) -> None:
    code, out, _ = deepspeech("transcribe", "--model", "m", folder / "*.wav")
    assert (code, out) == (0, f"{folder}/a.wav: abba dc\n{folder}/b.wav: a bad cab\n")


def test_a_pipe_that_is_named_is_read(deepspeech, folder: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, wav_bytes(spoken("dad"), RATE))
    os.close(writer)
    try:
        assert deepspeech("transcribe", "--model", "m", f"/dev/fd/{reader}") == (0, "dad\n", "")
    finally:
        os.close(reader)


def test_a_folder_goes_to_files_and_what_is_there_is_skipped(deepspeech, folder: Path, tmp_path: Path) -> None:
    out_dir = tmp_path / "texts"
    arguments = ("transcribe", "--model", "m", "--format", "srt", "--output-dir", out_dir, folder)
    code, out, err = deepspeech(*arguments)
    assert (code, out) == (0, "")
    assert "3 of 3 recordings written" in err
    assert (out_dir / "two" / "c.srt").read_text().startswith("1\n00:00:00,0")
    (out_dir / "a.srt").write_text("1\n00:0")  # a crash that no rename guarded
    kept = (out_dir / "b.srt").stat().st_mtime_ns
    code, _, err = deepspeech(*arguments)
    assert code == 0
    assert "1 of 3 recordings written" in err
    assert "2 skipped" in err
    assert (out_dir / "b.srt").stat().st_mtime_ns == kept
    assert "abba dc" in (out_dir / "a.srt").read_text()
    assert "3 of 3" in deepspeech(*arguments, "--overwrite")[2]


def test_a_bad_file_is_told_and_the_others_go_on(deepspeech, folder: Path, tmp_path: Path) -> None:
    (folder / "aa.wav").write_bytes(b"RIFF")
    code, out, err = deepspeech("transcribe", "--model", "m", folder, "-o", tmp_path / "texts", "--json")
    assert (code, out) == (2, "")
    assert "aa.wav" in err
    assert "3 of 4" in err
    assert "1 could not be read" in err
    page = json.loads((tmp_path / "texts" / "b.json").read_text())
    assert page["text"] == "a bad cab"
    assert [word["text"] for word in page["words"]] == ["a", "bad", "cab"]
    assert not (tmp_path / "texts" / "aa.json").exists()


def test_shards_of_a_manifest_make_the_whole(deepspeech, folder: Path, tmp_path: Path) -> None:
    (folder / "list.txt").write_text("a.wav\nb.wav\ntwo/c.wav\n")
    for shard in ("1/2", "2/2"):
        arguments = ("--manifest", folder / "list.txt", "--shard", shard, "--output-dir", tmp_path / "texts")
        assert deepspeech("transcribe", "--model", "m", *arguments)[0] == 0
    texts = {str(p.relative_to(tmp_path / "texts")): p.read_text() for p in (tmp_path / "texts").rglob("*.txt")}
    assert texts == {"a.txt": "abba dc\n", "b.txt": "a bad cab\n", "two/c.txt": "dad\n"}


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_raw_sound_comes_from_stdin(deepspeech, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.concatenate([spoken("abba dc", 48000), silence(2, 48000), spoken("dad", 48000)])
    stdin(monkeypatch, float_to_int16(sound).tobytes() + b"\0")
    assert deepspeech("transcribe", "--model", "m", "-", "--rate", 48000) == (0, "abba dc\ndad\n", "")


def test_a_file_comes_from_stdin(deepspeech, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, wav_bytes(spoken("dad"), RATE))
    code, out, _ = deepspeech("transcribe", "--model", "m", "-", "--format", "tsv")
    assert code == 0
    assert out.splitlines()[1].split("\t")[3] == "dad"
    stdin(monkeypatch, b"no sound")
    code, out, err = deepspeech("transcribe", "--model", "m", "-")
    assert code == 2
    assert err.startswith("deepspeech: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x.wav", "--format", "doc"), "--format is 'doc'"),
        ((), "name recordings"),
        (("x.wav", "--manifest", "y"), "name recordings"),
        (("-", "x.wav"), "only input"),
        (("x.wav", "--candidates", "0"), "--candidates is 0"),
        (("x.wav", "y.wav", "--format", "srt"), "--output-dir"),
        (("x.wav", "--shard", "3/2"), "--shard"),
        (("x.wav", "--ray"), "--output-dir"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(deepspeech, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = deepspeech("transcribe", "--model", "m", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_the_microphone_is_written_down_until_ctrl_c(deepspeech, monkeypatch: pytest.MonkeyPatch) -> None:
    def chunks(rate_hz: int, device: str | None) -> Iterator[np.ndarray]:
        sound = np.concatenate([spoken("abba dc", rate_hz), silence(2, rate_hz), spoken("dad", rate_hz)])
        yield from np.array_split(float_to_int16(sound), 50)
        raise KeyboardInterrupt

    monkeypatch.setattr(microphone, "chunks", chunks)
    assert deepspeech("mic", "--model", "m") == (0, "abba dc\ndad\n", "")


def test_a_terminal_shows_what_is_being_said(deepspeech, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    sound = np.concatenate([spoken("abba dc"), silence(2)])
    monkeypatch.setattr(microphone, "chunks", lambda rate_hz, device: iter(np.array_split(sound, 20)))
    monkeypatch.setattr(progress, "overwrite", lambda text, stream: shown.append(text))
    assert deepspeech("mic", "--model", "m", "--chunk-ms", 320)[:2] == (0, "abba dc\n")
    assert len(shown) > 3
    assert all("abba dc".startswith(text) for text in shown)
    assert shown[-2:] == ["abba dc", ""]  # the line is cleared before the text is printed


def test_a_step_that_the_model_does_not_take_is_refused(deepspeech) -> None:
    code, _, err = deepspeech("mic", "--model", "m", "--chunk-ms", 100)
    assert (code, err) == (2, "deepspeech: chunk_ms is 100; this model takes 320\n")


def test_without_a_way_to_the_microphone_a_hint_is_given(deepspeech, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone, "sounddevice", None)
    monkeypatch.setenv("PATH", "")
    code, out, err = deepspeech("mic", "--model", "m")
    assert (code, out) == (2, "")
    assert err == f"deepspeech: {microphone.HINT}\n"


def test_arecord_stands_in_for_sounddevice(deepspeech, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(float_to_int16(np.concatenate([spoken("dad"), silence(1)])).tobytes())
    (tmp_path / "arecord").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexec /bin/cat {tmp_path}/sound\n')
    (tmp_path / "arecord").chmod(0o755)
    monkeypatch.setattr(microphone, "sounddevice", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert deepspeech("mic", "--model", "m", "--device", "hw:1") == (0, "dad\n", "")
    assert (tmp_path / "asked").read_text() == "-q -t raw -f S16_LE -c 1 -r 16000 -D hw:1\n"


def test_an_arecord_that_fails_is_told(deepspeech, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "arecord").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "arecord").chmod(0o755)
    monkeypatch.setattr(microphone, "sounddevice", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = deepspeech("mic", "--model", "m")
    assert code == 2
    assert "arecord ended with code 1" in err


def test_pcm_may_come_in_odd_pieces() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.pieces = [data[n : n + 7] for n in range(0, len(data), 7)]

        def read1(self, count: int) -> bytes:
            return self.pieces.pop(0) if self.pieces else b""

    samples = np.arange(-500, 500, dtype=np.int16)
    read = np.concatenate(list(read_pcm(Pipe(samples.astype("<i2").tobytes() + b"x"), 100)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(read, samples)


@pytest.mark.slow
def test_a_folder_goes_on_after_kill_9(tiny_model: Path, tmp_path: Path) -> None:
    """Killed once its first output is there; the second run writes the rest, and all outputs are whole."""
    (tmp_path / "talks").mkdir()
    for number in range(400):
        write_wav(tmp_path / "talks" / f"{number:03}.wav", tones("abba dc", number), RATE)
    command = [sys.executable, "-m", "deepspeech", "transcribe", "--model", tiny_model, "--json", tmp_path / "talks"]
    command += ["--output-dir", tmp_path / "texts"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        while first.poll() is None and not any((tmp_path / "texts").glob("*.json")):
            time.sleep(0.01)
        first.kill()
    there = {path: path.stat().st_mtime_ns for path in (tmp_path / "texts").glob("*.json")}
    assert 0 < len(there) < 400
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{400 - len(there)} of 400 recordings written" in second.stderr
    assert f"{len(there)} skipped" in second.stderr
    assert all(path.stat().st_mtime_ns == written for path, written in there.items())
    pages = [json.loads(path.read_text()) for path in (tmp_path / "texts").glob("*.json")]
    assert len({page["file"] for page in pages}) == 400


def test_a_file_that_is_cut_off_is_transcribed_as_far_as_it_goes(deepspeech, folder: Path, tmp_path: Path) -> None:
    content = wav_bytes(np.concatenate([spoken("abba"), silence(0.5), spoken("dc")]), RATE)
    (folder / "cut.wav").write_bytes(content[: -int(0.7 * 2 * RATE)])
    code, out, err = deepspeech("transcribe", "--model", "m", folder / "cut.wav")
    assert (code, out) == (2, "abba\n")
    assert "cut.wav: cut off: its header promises" in err
    assert "transcribed up to there" in err
    code, _, err = deepspeech("transcribe", "--model", "m", folder, "-o", tmp_path / "texts")
    assert code == 2
    assert "4 of 4 recordings written" in err
    assert "1 could not be read to the end" in err


def test_every_channel_has_a_transcript_of_its_own(deepspeech, folder: Path, tmp_path: Path) -> None:
    sides = [np.concatenate([spoken("abba dc"), silence(1.0)]), np.concatenate([silence(0.3), spoken("dad")])]
    size = max(map(len, sides))
    stereo = np.stack([np.pad(side, (0, size - len(side))) for side in sides], axis=1)
    call = tmp_path / "call.wav"
    soundfile.write(call, stereo, RATE)
    each = ("transcribe", "--model", "m", "--channel", "each", call)
    assert deepspeech(*each)[:2] == (0, f"{call} channel 0: abba dc\n{call} channel 1: dad\n")
    assert deepspeech("transcribe", "--model", "m", "--channel", "1", call)[1] == "dad\n"
    code, _, _ = deepspeech(*each, folder / "a.wav", "-o", tmp_path / "texts")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == [
        "a.channel0.txt", "call.channel0.txt", "call.channel1.txt",
    ]  # fmt: skip
    code, _, err = deepspeech("transcribe", "--model", "m", "--channel", "2", call)
    assert code == 2
    assert "there is no channel 2, it has 2" in err
    assert "--channel is 'left'" in deepspeech("transcribe", "--model", "m", "--channel", "left", call)[2]


@pytest.mark.parametrize("samples", [np.zeros(160), np.zeros(40 * RATE)])
def test_silence_is_a_result(deepspeech, tmp_path: Path, samples: np.ndarray) -> None:
    soundfile.write(tmp_path / "quiet.flac", samples, RATE)
    assert deepspeech("transcribe", "--model", "m", tmp_path / "quiet.flac") == (0, "\n", "")


def test_an_empty_folder_among_the_names_is_told_and_the_others_go_on(deepspeech, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "nulls.tar").write_bytes(bytes(10240))
    code, out, err = deepspeech("transcribe", "--model", "m", tmp_path / "empty", folder / "a.wav", "nothing*.wav")
    assert (code, out) == (2, "abba dc\n")
    assert [line.split(": ")[1] for line in err.splitlines()] == [f"{tmp_path}/empty", "nothing*.wav"]
    code, out, err = deepspeech("transcribe", "--model", "m", tmp_path / "nulls.tar")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "nulls.tar: no recordings in it, of 0 files" in err


def test_a_list_without_a_recording_is_told(deepspeech, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("wav_filename,wav_filesize,transcript\n")
    (tmp_path / "none.txt").write_text("\n")
    for arguments in ([tmp_path / "none.csv"], ["--manifest", tmp_path / "none.txt"]):
        code, out, err = deepspeech("transcribe", "--model", "m", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert f"{arguments[-1]}: lists no recording" in err


def test_no_name_of_a_file_ends_a_run(deepspeech, tmp_path: Path) -> None:
    """Names that are no UTF-8 are written as JSON writes them; one too long with a suffix costs its own line."""
    folder = tmp_path / "named"
    folder.mkdir()
    sound, long = wav_bytes(spoken("a"), RATE), "n" * 251 + ".wav"
    for name in (os.fsencode(long), b"caf\xe9.wav", b"good.wav", b"esc\x1b[2J.wav", b"two\nlines.wav"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(sound)
    code, _, err = deepspeech("transcribe", "--model", "m.onnx", folder, "-f", "json", "-o", tmp_path / "texts")
    assert code == 2
    assert "File name too long" in err
    assert "4 of 5 recordings written" in err
    assert "\x1b" not in err
    pages = [json.loads(path.read_bytes()) for path in sorted((tmp_path / "texts").iterdir())]
    assert sorted(Path(page["file"]).name for page in pages) == [
        "caf\udce9.wav", "esc\x1b[2J.wav", "good.wav", "two\nlines.wav",
    ]  # fmt: skip
    Path(folder / "bad\nsound.wav").write_bytes(b"no sound")
    code, out, err = deepspeech("transcribe", "--model", "m.onnx", folder / "*d*.wav", folder / "two*.wav")
    assert (code, out) == (2, f"{folder}/good.wav: a\n{folder}/two\\nlines.wav: a\n")
    assert (err.count("\n"), "bad\\nsound.wav: " in err) == (1, True)


def test_several_formats_are_written_at_once(deepspeech, folder: Path, tmp_path: Path) -> None:
    arguments = ("transcribe", "--model", "m", "-f", "srt", "-f", "json", "-o", tmp_path / "texts", folder / "a.wav")
    assert deepspeech(*arguments)[0] == 0
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == ["a.json", "a.srt"]
    (tmp_path / "texts" / "a.srt").unlink()
    assert "1 of 1 recordings written" in deepspeech(*arguments)[2]  # one of them was missing
    assert "1 skipped" in deepspeech(*arguments)[2]
    assert deepspeech("transcribe", "-m", "m", "-f", "all", "-o", tmp_path / "all", folder / "a.wav")[0] == 0
    assert len(list((tmp_path / "all").iterdir())) == 5
    code, out, err = deepspeech("transcribe", "-m", "m", "-f", "all", folder / "a.wav")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "several formats need a folder; name one with --output-dir" in err


def test_subtitles_are_laid_out_as_wanted(deepspeech, folder: Path) -> None:
    arguments = ("transcribe", "-m", "m", folder / "b.wav", "-f", "vtt", "--max-line-width", 5, "--max-line-count", 2)
    code, out, _ = deepspeech(*arguments, "--word-timestamps")
    assert code == 0
    assert re.sub("<[^>]*>", "", out.split("\n\n")[1]).split("\n")[2:] == ["a bad", "cab"]
    assert out.count("<00:") == 2
    code, _, err = deepspeech("transcribe", "-m", "m", folder / "b.wav", "--max-line-width", 0)
    assert (code, err) == (2, "deepspeech: --max-line-width is 0; it must be at least 1\n")


def test_a_quiet_run_says_nothing_and_a_verbose_one_more(deepspeech, folder: Path, tmp_path: Path) -> None:
    arguments = ("transcribe", "-m", "m", folder, "--batch-size", 1)
    assert deepspeech(*arguments, "-o", tmp_path / "quiet", "--quiet") == (0, "", "")
    code, _, err = deepspeech(*arguments, "-o", tmp_path / "loud", "--verbose")
    assert code == 0
    assert "beam width 16" in err.splitlines()[0]
    assert re.search(r"/a\.wav: \d\.\d s, 1 segments, 2 words, mean confidence [01]\.\d\d\n", err)
    assert "--batch-size is 0" in deepspeech("transcribe", "-m", "m", folder, "--batch-size", 0)[2]


def test_progress_moves_within_a_recording(deepspeech, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.0)
    parts = [part for _ in range(12) for part in (spoken("abba dc"), silence(2.0))]
    write_wav(tmp_path / "long.wav", np.concatenate(parts), RATE)
    code, _, err = deepspeech("transcribe", "-m", "m", tmp_path / "long.wav", "--batch-size", 2)
    assert code == 0
    lines = [line for line in err.splitlines() if line.startswith("transcribe: 0 of 1 ")]
    assert len(lines) >= 2
    assert all(" of audio, real-time factor " in line for line in lines)


def test_a_gpu_that_is_not_there_is_told(deepspeech, monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(onnx, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match="pip install onnxruntime-gpu"):
        session_module.Session(tiny_model, device="cuda")
    with pytest.raises(ConfigError, match="the device is 'tpu'; choose one of auto, cpu, cuda"):
        session_module.Session(tiny_model, device="tpu")
    session_module.Session(tiny_model, device="auto")
    assert not onnx.on_cuda("auto")
    monkeypatch.setattr(onnx, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    assert onnx.on_cuda("auto")
    assert onnx.on_cuda("cuda")
    assert not onnx.on_cuda("cpu")


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (Output(("txt", "srt")), "txt, srt: --ray writes one format"),
        (Output(("srt",), SubtitleLayout(word_times=True)), "--ray does not lay out subtitles"),
    ],
)
def test_what_a_cluster_cannot_write_is_refused(out: Output, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        transcripts.on_ray([], out, ())
