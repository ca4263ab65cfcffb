"""What people name is taken: addresses, checkpoint folders, one path for many; or one line says what to do."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech import Recognizer
from deepspeech.audio.formats import wav_bytes, write_wav
from deepspeech.audio.pcm import float_to_int16
from deepspeech.errors import AudioError, ConfigError, ModelFileError
from tests.fakes import small_scorer, tones
from tests.web import Web

SOUND = tones("abba dc", 3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    write_wav(tmp_path / "a.wav", SOUND, 16000)
    return tmp_path / "a.wav"


def test_a_checkpoint_folder_is_a_model(deepspeech, hearing_checkpoints: Path, clip: Path, cache: Path) -> None:
    first = deepspeech("transcribe", "--model", hearing_checkpoints, clip)
    assert first[0] == 0, first
    (exported,) = (cache / "deepspeech" / "models").iterdir()
    written = exported.stat().st_mtime_ns
    assert deepspeech("transcribe", "--model", hearing_checkpoints / "best-000006", clip) == first
    assert exported.stat().st_mtime_ns == written
    assert Recognizer.open(exported).transcribe(clip).text.strip() + "\n" == first[1]


def test_a_folder_without_a_checkpoint_is_told(deepspeech, clip: Path) -> None:
    code, out, err = deepspeech("transcribe", "--model", clip.parent, clip)
    assert (code, out) == (2, "")
    assert err == f"deepspeech: {clip.parent}: no checkpoint there; train first, or name another folder\n"


def test_everything_may_lie_at_an_address(deepspeech, hearing_model: Path, tmp_path: Path, web: Web) -> None:
    scorer = small_scorer(tmp_path / "small.scorer")
    web.files = {
        "/hearing.onnx": hearing_model.read_bytes(), "/a.scorer": scorer.read_bytes(),
        "/talks/a.wav": wav_bytes(SOUND, 16000), "/bad.wav": b"no sound",
    }  # fmt: skip
    model, talk = f"{web.address}/hearing.onnx", f"{web.address}/talks/a.wav"
    code, out, err = deepspeech("transcribe", "-m", model, "-s", f"{web.address}/a.scorer", talk, "--json")
    assert (code, err) == (0, "")
    assert f'"file": "{talk}"' in out
    code, _, err = deepspeech("transcribe", "-m", model, talk, f"{web.address}/gone.wav", f"{web.address}/bad.wav")
    assert code == 2
    assert [line.partition(web.address)[2].partition(" (")[0] for line in err.splitlines()] == [
        "/gone.wav: there is no such file; check the address",
        "/bad.wav: not a sound file; it must be wav, flac, ogg, opus or mp3",
    ]
    recognizer = Recognizer.open(model, f"{web.address}/a.scorer")
    assert recognizer.transcribe(talk).text.strip() == next(recognizer.transcribe_all(talk)).text  # type: ignore[union-attr]


def test_a_list_names_no_address_unless_it_is_trusted(
    deepspeech, hearing_model: Path, tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files = {"/a.wav": wav_bytes(SOUND, 16000)}
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text(f"{web.address}/a.wav\n")
    arguments = ("transcribe", "-m", hearing_model, "--manifest", "list.txt")
    code, _, err = deepspeech(*arguments)
    assert code == 2
    assert f"list.txt: names the address {web.address}/a.wav; where you trust" in err
    monkeypatch.setenv("DEEPSPEECH_ALLOW_ADDRESSES", "1")
    assert deepspeech(*arguments)[0] == 0
    asked = len(web.asked)
    monkeypatch.delenv("DEEPSPEECH_ALLOW_ADDRESSES")
    Path("list.txt").write_text(f"{web.address}/a.wav\n".replace("//", "/"))  # a path that looks like one
    assert deepspeech(*arguments)[0] == 2
    assert len(web.asked) == asked


def test_a_model_file_is_not_converted_but_its_checkpoint_is_named(
    deepspeech, hearing_model: Path, tmp_path: Path
) -> None:
    code, _, err = deepspeech("convert", hearing_model, tmp_path / "new")
    assert code == 2
    assert err.startswith(f"deepspeech: {hearing_model}: is a model file already; to train it further, start from its ")
    assert f"(perhaps {hearing_model.parent / 'checkpoints'})" in err
    assert err.count("\n") == 1


def test_a_recognizer_is_made_of_a_path(hearing_model: Path, clip: Path, hearing_checkpoints: Path) -> None:
    expected = Recognizer.open(hearing_model).transcribe(clip)
    assert Recognizer(hearing_model).transcribe(clip) == expected
    assert Recognizer(str(hearing_model)).transcribe(clip) == expected
    with pytest.raises(ConfigError, match=r"write Recognizer\.open\(model, 'my\.scorer'\)"):
        Recognizer(hearing_model, "my.scorer")  # type: ignore[arg-type]
    with pytest.raises(ModelFileError, match="is a folder; a checkpoint becomes a model by `deepspeech export`"):
        Recognizer.open(hearing_checkpoints)


def test_one_path_is_one_recording(hearing_model: Path, clip: Path) -> None:
    model = Recognizer.open(hearing_model)
    texts = [
        [one.text for one in model.transcribe_all(source)]  # type: ignore[union-attr]
        for source in (clip, str(clip), clip.read_bytes(), [clip])
    ]
    assert texts == [[model.transcribe(clip).text.strip()]] * 4
    (fault,) = model.transcribe_all([SOUND])  # type: ignore[list-item]
    assert isinstance(fault, AudioError)
    assert "a ndarray is no recording; pass paths" in str(fault)
    for samples in (SOUND, [0.0, 0.1]):
        with pytest.raises(AudioError, match=r"samples to transcribe\(samples, rate_hz=rate\)"):
            list(model.transcribe_all(samples))  # type: ignore[arg-type]


def test_what_pyaudio_gives_is_fed(hearing_model: Path) -> None:
    model = Recognizer.open(hearing_model)
    samples = float_to_int16(SOUND)
    stream = model.stream()
    for chunk in np.split(samples, [1600, 3200]):
        stream.feed(chunk.astype("<i2").tobytes())
    assert stream.finish()[0] == model.transcribe(samples)
