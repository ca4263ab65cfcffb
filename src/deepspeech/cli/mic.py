"""`deepspeech mic`: transcribe a microphone in real time."""

from pathlib import Path
from typing import Annotated

import typer

from deepspeech.cli.shared_options import ModelFile


def mic(
    model: ModelFile,
    scorer: Annotated[Path | None, typer.Option("--scorer", "-s", help="Decode with this .scorer file.")] = None,
    device: Annotated[str | None, typer.Option(help="Record from this device; the system's default otherwise.")] = None,
    rate: Annotated[int | None, typer.Option(help="Record at this sample rate in Hz; the model's by default.")] = None,
    silence: Annotated[float, typer.Option(help="End an utterance after this many seconds of silence.")] = 0.8,
    chunk_ms: Annotated[
        float | None, typer.Option(help="Set the chunk size of the network in ms, if the model allows several.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="txt|json|srt|vtt|tsv", help="Print in this format.")
    ] = "txt",
) -> None:
    """Transcribe a microphone in real time.

    Prints one line per utterance, as soon as you pause. A terminal shows partial text meanwhile. Ctrl-C stops it after
    the current utterance. Needs sounddevice (the extra [mic]) or arecord.

    Example: deepspeech mic --model model.onnx
    """
    import sys
    from collections.abc import Iterable
    from dataclasses import replace

    from deepspeech.audio import microphone
    from deepspeech.cli.models import model_file, scorer_file
    from deepspeech.decoder.writers import TranscriptWriter, checked_format
    from deepspeech.progress import overwrite
    from deepspeech.runtime.endpoints import EndpointRules
    from deepspeech.runtime.events import Event, Final, Partial
    from deepspeech.runtime.recognizer import Recognizer

    writer, recognizer = TranscriptWriter(checked_format(form)), Recognizer.open(model_file(model), scorer_file(scorer))
    rate_hz = rate or recognizer.card.features.sample_rate_hz

    def show(events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Partial):
                overwrite(event.text, sys.stderr)
            elif isinstance(event, Final):
                overwrite("", sys.stderr)
                if event.transcript.text:
                    print(writer.body("microphone", [event.transcript]), end="", flush=True)

    rules = replace(EndpointRules(), trailing_silence_s=silence)
    with recognizer.stream(rate_hz, endpoints=rules, chunk_ms=chunk_ms) as stream:
        sound = microphone.chunks(rate_hz, device)
        print(writer.head(), end="", flush=True)
        try:
            for chunk in sound:
                show(stream.feed_events(chunk))
        except KeyboardInterrupt:
            pass
        show(stream.finish_events())
