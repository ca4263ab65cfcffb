"""`deepspeech --model M --audio A`: options, stdout and stderr of the old clients."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech import Model, TokenMetadata
from deepspeech.audio.formats import write_wav
from deepspeech.audio.pcm import float_to_int16
from deepspeech.audio.resample import resample
from deepspeech.cli.main import main
from deepspeech.cli.old_client import OPTIONS, _words, is_old
from tests.fakes import tones

SOUND = tones("abba dc ab", 5)
NUMBER = r"\d[\d.e-]*"


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("old") / "a.wav"
    write_wav(path, SOUND, 16000)
    return path


@pytest.fixture(scope="module")
def text(hearing_model: Path) -> str:
    return Model(str(hearing_model)).stt(float_to_int16(SOUND))


class Client:
    """Runs the command in this process."""

    def __init__(self, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._model, self._monkeypatch, self._capsys = model, monkeypatch, capsys

    def __call__(self, *arguments: object, model: bool = True) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        line = ["deepspeech", *(["--model", str(self._model)] if model else []), *map(str, arguments)]
        self._monkeypatch.setattr("sys.argv", line)
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def client(hearing_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Client:
    return Client(hearing_model, monkeypatch, capsys)


def test_the_old_command_line(client: Client, hearing_model: Path, wav: Path, text: str) -> None:
    code, out, err = client("--audio", wav)
    assert (code, out) == (0, text + "\n")
    expected = [
        re.escape(f"Loading model from file {hearing_model}"),
        f"Loaded model in {NUMBER}s\\.",
        "Running inference\\.",
        f"Inference took {NUMBER}s for {len(SOUND) / 16000:.3f}s audio file\\.",
    ]
    assert [bool(re.fullmatch(*pair)) for pair in zip(expected, err.splitlines(), strict=True)] == [True] * 4


def test_scorer_weights_hot_words_and_beam(client: Client, hearing_model: Path, wav: Path, word_scorer: Path) -> None:
    model = Model(str(hearing_model))
    model.setBeamWidth(20)
    model.enableExternalScorer(str(word_scorer))
    model.setScorerAlphaBeta(0.5, 1.85)  # the scorer recommends 0.75 and 1.85
    model.addHotWord("dc", 2.0)
    model.addHotWord("bad", -1.0)
    expected = model.sttWithMetadata(float_to_int16(SOUND), 3)
    code, out, err = client(
        "--scorer", word_scorer, "--lm_alpha", 0.5, "--beam_width=20", "--hot_words", "dc:2,bad:-1", "--json",
        "--audio", wav,
    )  # fmt: skip
    assert code == 0, err
    assert [c["confidence"] for c in json.loads(out)["transcripts"]] == [c.confidence for c in expected.transcripts]
    said = err.splitlines()
    assert said[2] == f"Loading scorer from files {word_scorer}"
    assert re.fullmatch(f"Loaded scorer in {NUMBER}s\\.", said[3])
    assert said[4] == "Adding hot-words"


def test_json_has_its_old_shape(client: Client, wav: Path, text: str) -> None:
    code, out, _ = client("--json", "--candidate_transcripts", 2, "--audio", wav)
    page = json.loads(out)
    assert code == 0
    assert out == json.dumps(page, indent=2) + "\n"
    assert list(page) == ["transcripts"]
    assert len(page["transcripts"]) == 2
    best = page["transcripts"][0]
    assert list(best) == ["confidence", "words"]
    assert [list(word) for word in best["words"]] == [["word", "start_time", "duration"]] * len(best["words"])
    assert " ".join(word["word"] for word in best["words"]) == text.removesuffix(" ")  # as it ever did


@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ("", []),
        ("ab", [("ab", 0.0, 0.1)]),
        ("ab c", [("ab", 0.0, 0.2), ("c", 0.3, 0.0)]),
        ("ab ", [("ab", 0.0, 0.2)]),
        (" a", [("", 0, 0.0), ("a", 0.1, 0.0)]),
        ("a  b", [("a", 0.0, 0.1), ("", 0, 0.2), ("b", 0.3, 0.0)]),
    ],
)
def test_words_of_letters(letters: str, words: list[tuple[str, float, float]]) -> None:
    """As `words_from_candidate_transcript` counted: empty words between spaces start at 0."""
    tokens = [TokenMetadata(letter, place, place / 10) for place, letter in enumerate(letters)]
    assert [tuple(word.values()) for word in _words(tokens)] == words


def test_a_stream_shows_the_text_as_it_grows(client: Client, hearing_model: Path, wav: Path, text: str) -> None:
    stream, shown = Model(str(hearing_model)).createStream(), [""]
    samples = float_to_int16(SOUND)
    for first in range(0, len(samples), 1600):
        stream.feedAudioContent(samples[first : first + 1600])
        if stream.intermediateDecode() != shown[-1]:
            shown.append(stream.intermediateDecode())
    assert len(shown) > 2
    for option in ("--stream", "-s", "--extended_stream"):
        assert client(option, 1600, "--audio", wav)[:2] == (0, "\n".join([*shown[1:], text]) + "\n")


def test_the_native_clients_short_options_and_times(client: Client, hearing_model: Path, wav: Path, text: str) -> None:
    code, out, _ = client("-m", hearing_model, "-a", wav, "-t", "-e", model=False)
    assert code == 0
    assert re.fullmatch(re.escape(text) + r"\ncpu_time_overall=\d+\.\d{5}\n", out)


def test_a_folder_of_recordings(client: Client, tmp_path: Path, text: str) -> None:
    for name in ("b.wav", "a.wav"):
        write_wav(tmp_path / name, SOUND, 16000)
    (tmp_path / "c.wav").write_bytes(b"RIFF")
    (tmp_path / "d.txt").write_text("no sound")
    code, out, err = client("--audio", tmp_path)
    assert (code, out) == (2, f"> a.wav\n{text}\n> b.wav\n{text}\n> c.wav\n")
    assert f"deepspeech: {tmp_path / 'c.wav'}: " in err


def test_another_rate_is_resampled_with_the_old_warning(client: Client, hearing_model: Path, tmp_path: Path) -> None:
    high = resample(SOUND, 16000, 44100)
    write_wav(tmp_path / "a.wav", high, 44100)
    code, out, err = client("--audio", tmp_path / "a.wav")
    assert code == 0
    as_file = float_to_int16(high).astype(np.float32) / 32768
    assert out == Model(str(hearing_model)).stt(float_to_int16(resample(as_file, 44100, 16000))) + "\n"
    warning = "Warning: original sample rate (44100) is different than 16000hz. "
    assert warning + "Resampling might produce erratic speech recognition." in err.splitlines()
    assert f"for {len(SOUND) / 16000:.3f}s audio file." in err


def test_from_memory(client: Client, wav: Path, text: str, word_scorer: Path) -> None:
    assert client("--init_from_bytes", "--audio", wav)[:2] == (0, text + "\n")
    with_scorer = client("--scorer", word_scorer, "--audio", wav)[1]
    assert client("--init_from_bytes", "--scorer", word_scorer, "--audio", wav)[1] == with_scorer


def test_the_version(client: Client) -> None:
    from deepspeech import version

    for option in ("--version", "-v"):
        assert client(option, model=False)[:2] == (0, f"DeepSpeech {version()}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--audio", "no.wav"], "no.wav: there is no such file"),
        (["--audio", "{wav}", "--scorer", "no.scorer"], "(0x2002): no.scorer: "),
        (["--audio", "{wav}", "--hot_words", "ab:1"], "AddHotWord failed with 'External scorer is not enabled.'"),
        (["--audio", "{wav}", "--scorer", "{scorer}", "--hot_words", "ab"], "'ab' is not word:boost"),
        (["--audio", "{wav}", "--stream", "-160"], "--stream takes a number of samples"),
        (["--audio", "{wav}", "--beam_width", "-1"], "decoding.beam_width is -1"),
        (["--audio", "{wav}", "--json", "--candidate_transcripts", "0"], "0 candidates requested"),
        (["--audio", "."], "there is no .wav file in this folder"),
    ],
)
def test_mistakes_are_one_line(
    client: Client, wav: Path, word_scorer: Path, arguments: list[str], said: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, out, err = client(*(text.format(wav=wav, scorer=word_scorer) for text in arguments))
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("deepspeech: ")
    assert said in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nothing", "empty"),
        ("header", "no audio"),
        ("half", "cut off"),
        ("nan", "NaN or infinite"),
        ("text", "not a sound"),
    ],
)
def test_recordings_that_are_none(client: Client, wav: Path, tmp_path: Path, kind: str, said: str) -> None:
    bad, content = tmp_path / "bad.wav", wav.read_bytes()
    if kind == "nan":
        soundfile.write(bad, np.full(1600, np.nan), 16000, "DOUBLE")
    elif kind == "header":
        write_wav(bad, SOUND[:0], 16000)
    else:
        bad.write_bytes({"nothing": b"", "half": content[: len(content) // 2], "text": b"hello"}[kind])
    code, out, err = client("--audio", bad)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"deepspeech: {bad}: ")
    assert said in err.splitlines()[-1]


@pytest.mark.parametrize(("samples", "rate_hz"), [(1, 16000), (160, 16000), (80, 8000), (1, 48000)])
def test_recordings_that_are_short(client: Client, tmp_path: Path, samples: int, rate_hz: int) -> None:
    write_wav(tmp_path / "short.wav", SOUND[:samples], rate_hz)
    code, out, _ = client("--audio", tmp_path / "short.wav")
    assert (code, out.count("\n")) == (0, 1)


def test_two_channels_are_their_mean(client: Client, tmp_path: Path, text: str) -> None:
    soundfile.write(tmp_path / "two.wav", np.stack([SOUND * 1.5, SOUND * 0.5], 1), 16000, "DOUBLE")
    assert client("--audio", tmp_path / "two.wav")[:2] == (0, text + "\n")


def test_a_model_that_is_none(client: Client, wav: Path, tmp_path: Path) -> None:
    code, _, err = client("--model", tmp_path / "no.pbmm", "--audio", wav, model=False)
    assert code == 2
    line = "deepspeech: CreateModel failed with 'Failed to initialize memory mapped model.' (0x3000): "
    assert err.splitlines()[-1].startswith(line + str(tmp_path / "no.pbmm"))


def test_options_that_are_not_given(client: Client, wav: Path) -> None:
    code, _, err = client("--audio", wav, model=False)
    assert code == 2
    assert "--model" in err


@pytest.mark.parametrize("first", [name for names in OPTIONS for name in names])
def test_an_old_option_first_calls_the_old_client(first: str) -> None:
    assert is_old([first])
    assert is_old([f"{first}=x"])


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["-h"], ["transcribe", "--model", "m"], ["--install-completion"]]
)
def test_everything_else_is_todays(arguments: list[str]) -> None:
    assert not is_old(arguments)
