"""`deepspeech mic`: a microphone to text, while you speak."""

from pathlib import Path
from typing import Annotated

import typer


def mic(
    model: Annotated[Path, typer.Option("--model", "-m", help="A model file.")],
    scorer: Annotated[Path | None, typer.Option("--scorer", "-s", help="A .scorer file.")] = None,
    device: Annotated[str | None, typer.Option(help="Which microphone; the system's choice by default.")] = None,
    rate: Annotated[int | None, typer.Option(help="Sample rate to record at, in Hz; the model's by default.")] = None,
    silence: Annotated[float, typer.Option(help="Seconds of silence that end an utterance.")] = 0.8,
    form: Annotated[str, typer.Option("--format", "-f", help="txt, json, srt, vtt or tsv.")] = "txt",
) -> None:
    """A microphone to text: one line an utterance, as soon as you pause.

    On a terminal what is being said shows meanwhile. Ctrl-C ends it, after the last utterance. It needs sounddevice
    (pip install 'deepspeech[mic]') or arecord.

    Example: deepspeech mic --model model.onnx
    """
    import sys
    from collections.abc import Iterable
    from dataclasses import replace

    from deepspeech.audio import microphone
    from deepspeech.decoder.transcript import Transcript
    from deepspeech.errors import ConfigError
    from deepspeech.progress import overwrite
    from deepspeech.runtime.endpoints import EndpointRules
    from deepspeech.runtime.recognizer import Recognizer
    from deepspeech.runtime.writers import FORMATS, TranscriptWriter

    if form not in FORMATS:
        raise ConfigError(f"--format is '{form}'; choose one of {', '.join(FORMATS)}")
    recognizer, writer = Recognizer.open(model, scorer), TranscriptWriter(form)
    rate_hz = rate or recognizer.card.features.sample_rate_hz

    def say(utterances: Iterable[Transcript]) -> None:
        for utterance in utterances:
            overwrite("", sys.stderr)
            print(writer.body("microphone", [utterance]), end="", flush=True)

    with recognizer.stream(rate_hz, endpoints=replace(EndpointRules(), trailing_silence_s=silence)) as stream:
        sound = microphone.chunks(rate_hz, device)
        print(writer.head(), end="", flush=True)
        try:
            for chunk in sound:
                say(stream.feed(chunk))
                overwrite(stream.partial().text, sys.stderr)
        except KeyboardInterrupt:
            pass
        say(stream.finish())
