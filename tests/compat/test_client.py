"""The old Python API: names, units, errors and their texts as DeepSpeech 0.9.3 had them."""

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deepspeech
from deepspeech import CandidateTranscript, Metadata, Model, Recognizer, TokenMetadata
from deepspeech.audio.formats import read_audio
from deepspeech.audio.pcm import float_to_int16, int16_to_float
from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import DeepSpeechError
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session
from tests.decoder.small_scorer import language_model, scorer
from tests.fakes import exact, tones

SOUND = float_to_int16(tones("abba dc ab bad", 5))
GRAMS = {
    ("<unk>",): (-2.0, 0.0),
    ("<s>",): (-1.5, -0.3),
    ("</s>",): (-1.0, 0.0),
    ("a",): (-0.6, 0.0),
    ("a", "a"): (-1.0, 0.0),
}
ENABLED = "External scorer is not enabled.' (0x2004)"


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(RuntimeError) as raised:
        call()
    assert isinstance(raised.value, DeepSpeechError)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)  # it crosses processes
    return str(raised.value)


def emission(model: Path, samples: np.ndarray) -> Emission:
    return FileAcousticModel(Session(model)).emit_samples(int16_to_float(samples))


def test_coquis_programs_need_only_another_import() -> None:
    stt = deepspeech
    assert (stt.Model, stt.version()) == (Model, deepspeech.__version__)


def test_the_text_is_that_of_todays_recogniser(hearing_model: Path, model: Model) -> None:
    today = Recognizer.open(hearing_model, options=exact(beam_width=16)).candidates(SOUND, 3)
    metadata = model.sttWithMetadata(SOUND, 3)
    assert model.stt(SOUND) == today[0].text == "".join(t.text for t in metadata.transcripts[0].tokens)
    assert len(today[0].text) > 3
    assert [found.confidence for found in metadata.transcripts] == [found.confidence for found in today]
    assert [[t.timestep for t in c.tokens] for c in metadata.transcripts] == [
        [t.frame for t in c.tokens] for c in today
    ]
    assert len(model.sttWithMetadata(SOUND).transcripts) == 1


def test_times_are_steps_in_float32_seconds(model: Model) -> None:
    for token in model.sttWithMetadata(SOUND).transcripts[0].tokens:
        assert type(token.timestep) is int
        assert type(token.start_time) is float
        assert token.start_time == float(np.float32(token.timestep) * np.float32(0.02))


def test_metadata_prints_as_it_did() -> None:
    token = TokenMetadata("x", 1, 0.02)
    assert repr(token) == "TokenMetadata(text='x', timestep=1, start_time=0.02)"
    candidate = CandidateTranscript([token, token], -1.5)
    assert repr(candidate) == f"CandidateTranscript(confidence=-1.5, tokens=[\n  {token!r},\n  {token!r}\n])"
    inner = repr(candidate).replace("\n", "\n  ")
    assert repr(Metadata([candidate])) == f"Metadata(transcripts=[\n  {inner}\n])"


def test_what_the_model_says_about_itself(hearing_model: Path) -> None:
    model = Model(str(hearing_model))
    assert (model.sampleRate(), model.beamWidth()) == (16000, 500)
    assert (model.setBeamWidth(7), model.beamWidth()) == (0, 7)


def test_a_model_and_a_scorer_may_come_from_memory(hearing_model: Path, model: Model, word_scorer: Path) -> None:
    from_memory = Model(hearing_model.read_bytes())
    from_memory.setBeamWidth(16)
    assert from_memory.stt(SOUND) == model.stt(SOUND)
    from_memory.enableExternalScorer(word_scorer.read_bytes())
    model.enableExternalScorer(str(word_scorer))
    assert from_memory.sttWithMetadata(SOUND) == model.sttWithMetadata(SOUND)


# ── models that cannot be opened ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("", None, "'Missing model information.' (0x1000)"),
        ("no.tflite", None, "'Failed to initialize memory mapped model.' (0x3000)"),
        ("no.onnx", None, "'Failed to initialize memory mapped model.' (0x3000)"),
        ("no.pb", None, "'Error reading the proto buffer model file.' (0x3005)"),
        ("text.onnx", b"no model", "'Incompatible model.' (0x2003)"),
        ("text.tflite", b"no model", "'Incompatible model.' (0x2003)"),
        ("text.pb", b"no model", "'Incompatible model.' (0x2003)"),
        ("text.pbmm", b"no model", "'Incompatible model.' (0x2003)"),
        ("empty.onnx", b"", "'Incompatible model.' (0x2003)"),
    ],
)
def test_a_model_that_cannot_be_opened(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = str(tmp_path / name) if name else ""
    if content is not None:
        Path(path).write_bytes(content)
    with pytest.raises(RuntimeError) as raised:
        Model(path)
    assert str(raised.value) == f"CreateModel failed with {message}"
    assert isinstance(raised.value.__cause__, DeepSpeechError)
    assert (path or "folder") in str(raised.value.__cause__)


# ── scorers and hot words ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_scorer_decides(hearing_model: Path, model: Model, word_scorer: Path) -> None:
    without = model.sttWithMetadata(SOUND)
    model.enableExternalScorer(str(word_scorer))
    probabilities = emission(hearing_model, SOUND)
    words, card = Scorer.open(word_scorer), Session(hearing_model).card

    def expected(**changes: Any) -> float:
        return decode(probabilities, card.tokens, exact(beam_width=16, **changes), scorer=words)[0].confidence

    def confidence() -> float:
        return model.sttWithMetadata(SOUND).transcripts[0].confidence

    assert confidence() == expected()
    assert model.setScorerAlphaBeta(2.0, 0.5) == 0
    assert confidence() == expected(alpha=2.0, beta=0.5)
    model.enableExternalScorer(str(word_scorer))  # its own weights again
    assert confidence() == expected()
    assert (model.disableExternalScorer(), model.disableExternalScorer()) == (0, 0x2004)
    assert model.sttWithMetadata(SOUND) == without
    assert model.setScorerAlphaBeta(1, 1) == 0x2004


@pytest.mark.parametrize("kind", ["missing", "damaged", "of bytes", "of more characters", "of another space"])
def test_a_scorer_that_cannot_be_used(model: Model, tmp_path: Path, kind: str, word_scorer: Path) -> None:
    content = word_scorer.read_bytes()
    path = tmp_path / "bad.scorer"
    if kind == "damaged":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "of bytes":
        at = content.rindex(b"EIRT") + 8
        path.write_bytes(content[:at] + b"\1" + content[at + 1 :])
    elif kind.startswith("of"):
        entries = [[3, 35, 0]] if kind == "of more characters" else [[3, 4]]
        path.write_bytes(scorer(language_model(GRAMS, 2), entries))
    model.enableExternalScorer(str(word_scorer))
    before = model.sttWithMetadata(SOUND)
    message = error_of(lambda: model.enableExternalScorer(str(path)))
    assert message == "EnableExternalScorer failed with 'Invalid scorer file.' (0x2002)"
    assert model.sttWithMetadata(SOUND) == before  # the one before is still in use


def test_hot_words_count(hearing_model: Path, model: Model, word_scorer: Path) -> None:
    model.enableExternalScorer(str(word_scorer))
    plain = model.sttWithMetadata(SOUND)
    model.addHotWord("bad", 7.5)
    card, words = Session(hearing_model).card, Scorer.open(word_scorer)
    expected = decode(
        emission(hearing_model, SOUND), card.tokens, exact(beam_width=16), 1, words, {"bad": 7.5}
    )  # fmt: skip
    boosted = model.sttWithMetadata(SOUND)
    assert boosted.transcripts[0].confidence == expected[0].confidence
    assert boosted != plain
    model.eraseHotWord("bad")
    assert model.sttWithMetadata(SOUND) == plain
    model.addHotWord("bad", 7.5)
    model.disableExternalScorer()
    model.stt(SOUND)
    model.enableExternalScorer(str(word_scorer))
    assert model.sttWithMetadata(SOUND) == boosted  # they outlive the scorer, as they did
    model.clearHotWords()
    assert model.sttWithMetadata(SOUND) == plain


def test_hot_words_that_cannot_be(model: Model, word_scorer: Path) -> None:
    assert error_of(lambda: model.addHotWord("ab", 1.0)) == f"AddHotWord failed with '{ENABLED}"
    assert error_of(lambda: model.eraseHotWord("ab")) == f"EraseHotWord failed with '{ENABLED}"
    assert error_of(model.clearHotWords) == f"ClearHotWords failed with '{ENABLED}"
    model.enableExternalScorer(str(word_scorer))
    model.addHotWord("ab", 1.0)
    inserted = "AddHotWord failed with 'Could not insert hot-word.' (0x3008)"
    assert error_of(lambda: model.addHotWord("ab", 2.0)) == inserted
    assert error_of(lambda: model.addHotWord("dc", float("nan"))) == inserted
    assert error_of(lambda: model.eraseHotWord("dc")) == "EraseHotWord failed with 'Could not erase hot-word.' (0x3010)"
    model.clearHotWords()
    model.clearHotWords()


def test_a_stream_keeps_what_it_was_opened_with(model: Model, word_scorer: Path) -> None:
    model.enableExternalScorer(str(word_scorer))
    model.addHotWord("bad", 7.5)
    expected = model.stt(SOUND)
    stream = model.createStream()
    model.clearHotWords()
    model.disableExternalScorer()
    model.setBeamWidth(1)
    stream.feedAudioContent(SOUND)
    assert stream.finishStream() == expected


# ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(SOUND)), max_size=10), look=st.booleans())
def test_any_chunking_gives_the_same_text_tokens_and_times(model: Model, cuts: list[int], look: bool) -> None:
    stream = model.createStream()
    for piece in np.split(SOUND, sorted(cuts)):
        stream.feedAudioContent(piece)
        if look:
            stream.intermediateDecodeWithMetadata(2)
    assert stream.finishStreamWithMetadata(3) == model.sttWithMetadata(SOUND, 3)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(samples=st.integers(0, len(SOUND)))
def test_an_intermediate_text_is_that_of_whole_steps_of_the_network(
    hearing_model: Path, model: Model, samples: int
) -> None:
    """16 windows at a time, a window once the nine frames after it are there: `deepspeech.cc`, processBatch."""
    stream = model.createStream()
    stream.feedAudioContent(SOUND[:samples])
    frames = 0 if samples < 512 else 1 + (samples - 512) // 320
    searched = max(0, frames - 9) // 16 * 16
    probabilities = emission(hearing_model, SOUND).probabilities_TV[:searched]
    alphabet = Session(hearing_model).card.tokens
    expected = decode(Emission(probabilities, 0.02), alphabet, exact(beam_width=16))[0]
    assert stream.intermediateDecode() == expected.text
    found = stream.intermediateDecodeWithMetadata().transcripts[0]
    assert [token.timestep for token in found.tokens] == [token.frame for token in expected.tokens]


def test_flushing_brings_all_windows_that_are_complete(hearing_model: Path, model: Model) -> None:
    stream = model.createStream()
    stream.feedAudioContent(SOUND[:-3000])
    frames = 1 + (len(SOUND) - 3000 - 512) // 320
    probabilities = emission(hearing_model, SOUND).probabilities_TV[: frames - 9]
    assert len(probabilities) % 16
    alphabet = Session(hearing_model).card.tokens
    expected = decode(Emission(probabilities, 0.02), alphabet, exact(beam_width=16))[0]
    assert stream.intermediateDecodeFlushBuffers() == expected.text
    found = stream.intermediateDecodeWithMetadataFlushBuffers(2).transcripts
    assert found[0].confidence == pytest.approx(expected.confidence, abs=1e-4)
    assert len(found) == 2
    stream.feedAudioContent(SOUND[-3000:])
    assert stream.finishStream() == model.stt(SOUND)  # nothing was lost by it


@pytest.mark.parametrize("end", ["finishStream", "finishStreamWithMetadata", "freeStream"])
def test_a_finished_stream_says_so(model: Model, end: str) -> None:
    stream = model.createStream()
    getattr(stream, end)()
    calls: dict[str, tuple[str, tuple[Any, ...]]] = {
        "feedAudioContent": ("feed", (SOUND,)),
        "intermediateDecode": ("decode", ()),
        "intermediateDecodeWithMetadata": ("decode", (2,)),
        "intermediateDecodeFlushBuffers": ("decode", ()),
        "intermediateDecodeWithMetadataFlushBuffers": ("decode", ()),
        "finishStream": ("finish", ()),
        "finishStreamWithMetadata": ("finish", ()),
        "freeStream": ("free", ()),
    }
    for name, (aim, arguments) in calls.items():
        message = error_of(lambda name=name, arguments=arguments: getattr(stream, name)(*arguments))  # type: ignore[misc]
        assert message == f"Stream object is not valid. Trying to {aim} an already finished stream?"


def test_a_stream_outlives_its_model(hearing_model: Path, model: Model) -> None:
    stream = Model(str(hearing_model)).createStream()
    stream.feedAudioContent(SOUND)
    assert isinstance(stream.finishStream(), str)


# ── sound ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [0, 1, 160, 511, 512, 513, 5121])
def test_any_length_is_good(model: Model, count: int) -> None:
    metadata = model.sttWithMetadata(SOUND[:count], 5)
    assert model.stt(SOUND[:count]) == "".join(token.text for token in metadata.transcripts[0].tokens)


@pytest.mark.parametrize(
    "same", [list, tuple, lambda s: s.astype(">i2"), lambda s: np.repeat(s, 2)[::2], lambda s: memoryview(s)]
)
def test_the_same_sound_in_other_hands(model: Model, same: Callable[[np.ndarray], Any]) -> None:
    assert model.stt(same(SOUND)) == model.stt(SOUND)


def test_no_sound_as_a_list(model: Model) -> None:
    assert model.stt([]) == model.stt(SOUND[:0])


@pytest.mark.parametrize(
    ("sound", "kind", "message"),
    [
        (np.zeros(9, np.float32), TypeError, "from dtype('float32') to dtype('int16') according to the rule 'safe'"),
        (np.zeros(9), TypeError, "from dtype('float64') to dtype('int16') according to the rule 'safe'"),
        (np.full(9, np.nan), TypeError, "float64"),
        (np.zeros(9, np.int32), TypeError, "int32"),
        ([0.5, 1.0], TypeError, "float64"),
        (np.zeros((9, 2), np.int16), TypeError, "Array must have 1 dimensions. Given array has 2 dimensions"),
        (np.int16(3), TypeError, "Array must have 1 dimensions. Given array has 0 dimensions"),
        (None, TypeError, "dimensions"),
        ("sound.wav", TypeError, "dimensions"),
        (b"RIFF", ValueError, "numpy.frombuffer"),
        (bytearray(4), ValueError, "numpy.frombuffer"),
        ([40000], OverflowError, "16-bit"),
        (["a"], TypeError, "int16"),
    ],
)
def test_what_is_no_sound(model: Model, sound: Any, kind: type[Exception], message: str) -> None:
    stream = model.createStream()
    for refuse in (model.stt, model.sttWithMetadata, stream.feedAudioContent):
        with pytest.raises(kind, match=re.escape(message)):
            refuse(sound)
    stream.feedAudioContent(SOUND)  # the stream is as before
    assert stream.finishStream() == model.stt(SOUND)


@pytest.mark.parametrize(("call", "number"), [("setBeamWidth", 0), ("setBeamWidth", -3)])
def test_numbers_that_cannot_be(model: Model, call: str, number: int) -> None:
    with pytest.raises(DeepSpeechError, match=str(number)):
        getattr(model, call)(number)
    with pytest.raises(TypeError):
        getattr(model, call)("wide")


@pytest.mark.parametrize("count", [0, -1])
def test_zero_results_cannot_be_requested(model: Model, count: int) -> None:
    with pytest.raises(DeepSpeechError, match="at least 1"):
        model.sttWithMetadata(SOUND, count)


# ── against the released clients ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("build", ["tf", "tflite"])
def test_the_released_clients_answers(shared: Path, build: str) -> None:
    """Texts, times and confidences that the wheels of 0.9.3 gave for parts of LDC93S1, with and without a scorer."""
    folder = shared / "fixtures" / "old_models"
    sound = float_to_int16(read_audio(shared / "data" / "ldc93s1" / "LDC93S1.wav")[0])
    compared = 0
    for file, settings_ in json.loads((folder / f"client_outputs_{build}.json").read_text()).items():
        model = Model(str(folder / file))
        for setting, clips in settings_.items():
            if setting != "no_scorer":
                model.enableExternalScorer(str(shared / "data" / "scorers" / "pruned_lm.scorer"))
            for key, expected in clips.items():
                samples = int(key.split(":")[1].rstrip("]"))
                if build == "tflite" and samples < 16000:
                    continue  # that build's last window holds stale samples
                found = model.sttWithMetadata(sound[:samples], len(expected)).transcripts
                compared += 1
                if build == "tflite":  # it rounded more: docs/decisions/0008-old-8-bit-models.md
                    if setting == "no_scorer":
                        assert "".join(t.text for t in found[0].tokens) == expected[0]["text"]
                    # With a scorer another rounding may end on another of many paths that an untrained network allows.
                    near = 2e-3 if setting == "no_scorer" else 2e-2
                    assert found[0].confidence == pytest.approx(expected[0]["confidence"], rel=near)
                    continue
                for mine, theirs in zip(found, expected, strict=True):
                    tokens = mine.tokens
                    assert "".join(t.text for t in tokens) == theirs["text"]
                    assert [t.timestep for t in tokens] == theirs["timesteps"]
                    assert [t.start_time for t in tokens] == theirs["start_times"]
                    assert mine.confidence == pytest.approx(theirs["confidence"], abs=1e-3)
    assert compared
