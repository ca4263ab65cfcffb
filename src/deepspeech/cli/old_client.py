"""`deepspeech --model M --audio A`: the clients of DeepSpeech 0.9.3 with their options and output.

The Python client (`native_client/python/client.py`), and from the native one (`native_client/args.h`) the short
options, -t, --stream, --extended_stream and a folder as --audio; from Coqui's, --init_from_bytes. Transcripts go to
stdout, all else to stderr.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deepspeech.errors import ConfigError, DeepSpeechError, ScorerError, audio_error

OPTIONS: dict[tuple[str, ...], dict[str, Any]] = {
    ("--model", "-m"): {"required": True, "help": "use this model file"},
    ("--scorer", "-l"): {"help": "decode with this .scorer file"},
    ("--audio", "-a"): {"required": True, "help": "transcribe this sound file, or folder of .wav files"},
    ("--beam_width", "-b"): {"type": int, "help": "set the beam width"},
    ("--lm_alpha", "-c"): {"type": float, "help": "set the scorer's weight; its own by default"},
    ("--lm_beta", "-d"): {"type": float, "help": "set the bonus per word; the scorer's own by default"},
    ("-t",): {"action": "store_true", "dest": "times", "help": "print the processor time of each inference"},
    ("--extended", "-e"): {"action": "store_true", "help": "print the text character by character, from the metadata"},
    ("--json", "-j"): {"action": "store_true", "help": "print words with their times as JSON"},
    ("--candidate_transcripts",): {"type": int, "default": 3, "help": "print this many in the JSON, 3 by default"},
    ("--stream", "-s"): {"type": int, "default": 0, "metavar": "SIZE", "help": "feed this many samples at a time, and "
                         "print the text whenever it changes"},
    ("--extended_stream",): {"type": int, "default": 0, "metavar": "SIZE", "help": "like --stream, from the metadata"},
    ("--hot_words", "-w"): {"help": "boost hot words: word:boost,word:boost"},
    ("--init_from_bytes",): {"action": "store_true", "help": "read model and scorer into memory first"},
    ("--version", "-v"): {"action": "store_true", "help": "print the version"},
}  # fmt: skip


def is_old(arguments: Sequence[str]) -> bool:
    """Whether a command line begins with an option of the old clients instead of a command."""
    return bool(arguments) and any(arguments[0].partition("=")[0] in names for names in OPTIONS)


def client(arguments: Sequence[str]) -> None:
    """Run the old client. Raises DeepSpeechError."""
    from deepspeech._version import __version__
    from deepspeech.compat.client import ClientError

    if {"--version", "-v"} & set(arguments):
        print(f"DeepSpeech {__version__}")
        return
    options = _parser().parse_args(arguments)
    try:
        _transcribe(options)
    except ClientError as error:
        raise DeepSpeechError(f"{error}: {error.__cause__}" if error.__cause__ else str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "deepspeech",
        description="Transcribe audio like DeepSpeech 0.9.3's client. `deepspeech --help` shows all commands.",
    )
    for names, rest in OPTIONS.items():
        parser.add_argument(*names, **rest)
    return parser


def _transcribe(options: argparse.Namespace) -> None:
    recordings = _recordings(Path(options.audio))
    if min(options.stream, options.extended_stream) < 0:
        raise ConfigError("--stream takes a number of samples, for example 320")
    model = _open(options)
    failed = None
    for path in recordings:
        if len(recordings) > 1:
            print(f"> {path.name}", flush=True)
        try:
            _recognize(model, path, options)
        except BrokenPipeError:
            raise  # nobody reads what is printed
        except Exception as error:  # of one recording; the others go on
            failed = audio_error(error, path)
            if len(recordings) == 1:
                raise failed from None
            print(f"deepspeech: {failed}", file=sys.stderr)
    if failed:
        raise DeepSpeechError(f"{options.audio}: not all recordings could be transcribed")


def _recordings(audio: Path) -> list[Path]:
    if not audio.is_dir():
        return [audio]
    found = sorted(path for path in audio.glob("*") if path.suffix.lower() == ".wav" and path.name[0] != ".")
    if not found:
        raise ConfigError(f"{audio}: there is no .wav file in this folder; name another, or a sound file")
    return found


def _open(options: argparse.Namespace) -> Any:
    from deepspeech.compat.client import Model

    def named(path: str) -> Any:
        return Path(path).read_bytes() if options.init_from_bytes else path

    _say(f"Loading model from file {options.model}")
    start_s = time.perf_counter()
    model = Model(named(options.model))
    _say(f"Loaded model in {time.perf_counter() - start_s:.3}s.")
    if options.beam_width:
        model.setBeamWidth(options.beam_width)
    if options.scorer:
        _say(f"Loading scorer from files {options.scorer}")
        start_s = time.perf_counter()
        try:
            model.enableExternalScorer(named(options.scorer))
        except DeepSpeechError as error:
            raise ScorerError(f"{error}: {error.__cause__}") from None  # the code alone does not say what to do
        _say(f"Loaded scorer in {time.perf_counter() - start_s:.3}s.")
        if options.lm_alpha is not None or options.lm_beta is not None:
            model.setScorerAlphaBeta(*_weights(options))
    if options.hot_words:
        _say("Adding hot-words")
        for word, boost in _hot_words(options.hot_words):
            model.addHotWord(word, boost)
    return model


def _weights(options: argparse.Namespace) -> tuple[float, float]:
    """Alpha and beta; the scorer's own where not set."""
    from deepspeech.decoder.scorer import Scorer

    scorer = Scorer.open(options.scorer)
    alpha = scorer.alpha if options.lm_alpha is None else options.lm_alpha
    return alpha, scorer.beta if options.lm_beta is None else options.lm_beta


def _hot_words(text: str) -> Iterator[tuple[str, float]]:
    for part in text.split(","):
        word, _, boost = part.rpartition(":")
        try:
            yield word, float(boost)
        except ValueError:
            raise ConfigError(f"--hot_words {text}: '{part}' is not word:boost, for example friend:1.5") from None


def _recognize(model: Any, path: Path, options: argparse.Namespace) -> None:
    from deepspeech.audio.formats import read_audio
    from deepspeech.audio.pcm import float_to_int16
    from deepspeech.audio.resample import resample
    from deepspeech.audio.source import NamedPath

    samples, rate_hz = read_audio(NamedPath(path))
    duration_s = len(samples) / rate_hz
    if rate_hz != model.sampleRate():
        _say(
            f"Warning: original sample rate ({rate_hz}) is different than {model.sampleRate()}hz. "
            "Resampling might produce erratic speech recognition."
        )
        samples = resample(samples, rate_hz, model.sampleRate())
    _say("Running inference.")
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    for line in _results(model, float_to_int16(samples), options):
        print(line, flush=True)
    took_s, took_cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    _say(f"Inference took {took_s:.3f}s for {duration_s:.3f}s audio file.")
    if options.times:
        print(f"cpu_time_overall={took_cpu_s:.5f}")


def _results(model: Any, samples: Any, options: argparse.Namespace) -> Iterator[str]:
    """Lines for stdout."""
    if options.stream or options.extended_stream:
        yield from _streamed(model, samples, options.stream or options.extended_stream)
    elif options.json:
        yield _json(model.sttWithMetadata(samples, options.candidate_transcripts))
    elif options.extended:
        yield "".join(token.text for token in model.sttWithMetadata(samples).transcripts[0].tokens)
    else:
        yield model.stt(samples)


def _streamed(model: Any, samples: Any, size: int) -> Iterator[str]:
    """The partial text whenever it changes, then the final text."""
    stream, last = model.createStream(), ""
    for first in range(0, len(samples), size):
        stream.feedAudioContent(samples[first : first + size])
        text = stream.intermediateDecode()
        if text != last:
            yield text
            last = text
    yield stream.finishStream()


def _json(metadata: Any) -> str:
    import json

    candidates = [{"confidence": found.confidence, "words": _words(found.tokens)} for found in metadata.transcripts]
    return json.dumps({"transcripts": candidates}, indent=2)


def _words(tokens: Sequence[Any]) -> list[dict[str, Any]]:
    """Words of a token sequence. A word ends where the next space starts; the last one, where its last token does."""
    ends = [place for place, token in enumerate(tokens) if token.text == " "]
    if tokens and tokens[-1].text != " ":
        ends.append(len(tokens))
    words, first = [], 0
    for end in ends:
        characters = tokens[first:end]
        start_s = characters[0].start_time if characters else 0
        end_s = tokens[min(end, len(tokens) - 1)].start_time
        word = "".join(token.text for token in characters)
        words.append({"word": word, "start_time": round(start_s, 4), "duration": round(end_s - start_s, 4)})
        first = end + 1
    return words


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
