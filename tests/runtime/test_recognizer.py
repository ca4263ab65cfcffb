"""Recognition: the whole and the stream agree, whatever the pieces; bad input is told in one line."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepspeech import HotPhrases, Recognizer
from deepspeech.audio.formats import write_wav
from deepspeech.audio.resample import resample
from deepspeech.decoder.options import DecodeOptions
from deepspeech.errors import AudioError, ConfigError, ModelFileError
from tests.fakes import tones

SOUND = tones("abba dc ab", 5)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Recognizer:
    return Recognizer.open(tiny_model, options=DecodeOptions(beam_width=16))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(SOUND)), max_size=12))
def test_any_chunking_gives_the_same_transcript(model: Recognizer, cuts: list[int]) -> None:
    stream = model.stream()
    for piece in np.split(SOUND, sorted(cuts)):
        stream.feed(piece)
        stream.partial()
    assert stream.finish(3) == model.candidates(SOUND, 3)


def test_streams_listen_for_phrases(tiny_model: Path) -> None:
    options, phrases = DecodeOptions(beam_width=16), HotPhrases({"zz zz": 8.0})
    model = Recognizer.open(tiny_model, options=options, phrases=phrases)
    stream = model.stream()
    for piece in np.split(SOUND, [1000, 5000, 5001]):
        stream.feed(piece)
        stream.partial()
    assert stream.finish(3) == model.candidates(SOUND, 3)
    assert "zz zz" in stream.partial().text
    with pytest.raises(ConfigError, match="'Zoë': characters outside"):
        Recognizer.open(tiny_model, phrases=HotPhrases({"Zoë": 1.0}))


def test_int16_and_float_samples_of_the_same_sound_give_the_same(model: Recognizer) -> None:
    samples = (SOUND * 32767).astype(np.int16)
    assert model.transcribe(samples) == model.transcribe(samples.astype(np.float32) / 32768)


def test_a_file_at_another_rate_in_two_channels_is_read(model: Recognizer, tmp_path: Path) -> None:
    import soundfile

    high = resample(SOUND, 16000, 44100)
    soundfile.write(tmp_path / "a.flac", np.stack([high, high], 1), 44100)
    assert model.transcribe(tmp_path / "a.flac").text == model.transcribe(high, 44100).text


def test_threads_share_a_model(model: Recognizer) -> None:
    expected = model.transcribe(SOUND)
    with ThreadPoolExecutor(8) as pool:
        assert all(result == expected for result in pool.map(lambda _: model.transcribe(SOUND), range(24)))


@pytest.mark.parametrize("samples", [0, 1, 160, 511, 512])
def test_short_sounds_are_no_trouble(model: Recognizer, samples: int) -> None:
    assert isinstance(model.transcribe(np.zeros(samples, np.int16)).text, str)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros((2, 100), np.int16), "one channel"),
        (np.zeros(100, np.int32), "int32"),
        (np.full(100, np.nan, np.float32), "not finite"),
        (np.full(100, -np.inf, np.float32), "not finite"),
        (1000 * np.sin(np.arange(100, dtype=np.float32)), r"reach \d+.*between -1 and 1.*int16"),
        (np.arange(100, dtype=np.int32), "int16"),
    ],
)
def test_what_is_no_sound_is_refused(model: Recognizer, samples: np.ndarray, said: str) -> None:
    with pytest.raises(AudioError, match=said):
        model.transcribe(samples)


def test_a_finished_stream_takes_no_more(model: Recognizer) -> None:
    stream = model.stream()
    stream.feed(SOUND)
    first = stream.finish()
    assert stream.finish() == first
    with pytest.raises(AudioError, match="finished"):
        stream.feed(SOUND)


def test_a_model_with_one_step_refuses_others(model: Recognizer) -> None:
    assert model.stream(chunk_ms=320).finish()[0].text == ""
    for chunk_ms in (0, 160, -320, float("nan"), "320", [320]):
        with pytest.raises(ConfigError, match=r"^chunk_ms is \S+; this model takes 320$"):
            model.stream(chunk_ms=chunk_ms)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate_hz", [0, -1, 999, 1_000_001, "16000", [16000], float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(model: Recognizer, rate_hz: float) -> None:
    with pytest.raises(ConfigError, match=r"^the sample rate is \S+ Hz"):
        model.stream(rate_hz)  # type: ignore[call-overload]


def test_the_card_says_what_the_model_is(model: Recognizer) -> None:
    assert (model.card.language, model.card.model["hidden"], model.card.precision) == ("en", 16, "float32")
    assert model.card.features.sample_rate_hz == 16000


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" + b"\0" * 100])
def test_what_is_no_model_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(ModelFileError) as refused:
        Recognizer.open(tmp_path / "a.onnx")
    assert str(tmp_path / "a.onnx") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_without_a_card_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    import onnx

    foreign = onnx.load(tiny_model)
    del foreign.metadata_props[:]
    onnx.save(foreign, tmp_path / "a.onnx")
    with pytest.raises(ModelFileError, match="no deepspeech card"):
        Recognizer.open(tmp_path / "a.onnx")


def test_the_command_prints_a_line_a_file_and_goes_on_after_a_bad_one(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepspeech.cli.main import main

    write_wav(tmp_path / "a.wav", SOUND, 16000)
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    files = [str(tmp_path / name) for name in ("a.wav", "b.wav", "a.wav")]
    monkeypatch.setattr("sys.argv", ["deepspeech", "transcribe", "--model", str(tiny_model), "--json", *files])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    said = capsys.readouterr()
    pages = [json.loads(line) for line in said.out.splitlines()]
    assert [page["file"] for page in pages] == [files[0], files[2]]
    assert pages[0]["text"] == pages[1]["text"]
    assert "b.wav" in said.err
