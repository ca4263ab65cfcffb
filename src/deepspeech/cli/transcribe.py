"""`deepspeech transcribe FILE…`: recordings to text."""

from pathlib import Path
from typing import Annotated, Any

import typer


def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Sound files: wav, flac, ogg, opus or mp3, of any rate.")],
    model: Annotated[Path, typer.Option("--model", "-m", help="A model file; .tflite, .pb and .pbmm too.")],
    scorer: Annotated[Path | None, typer.Option("--scorer", "-s", help="A .scorer file.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Weight of the scorer; its own by default.")] = None,
    beta: Annotated[float | None, typer.Option(help="Bonus for each word; the scorer's own by default.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON object a line: text, words, times.")] = False,
    candidates: Annotated[int, typer.Option(help="With --json: how many transcripts to give, best first.")] = 1,
    beam_width: Annotated[
        int | None, typer.Option(help="Prefixes kept by the search; the model's own by default.")
    ] = None,
) -> None:
    """Recordings to text: one line a file, in the order given.

    A file that cannot be read is reported on stderr; the others go on, and the exit code is 2.

    Example: deepspeech transcribe --model model.onnx hello.wav
    """
    import json
    import os
    import sys
    from concurrent.futures import ThreadPoolExecutor

    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.errors import AudioError
    from deepspeech.mozilla.convert import as_model_file
    from deepspeech.runtime.recognizer import Recognizer
    from deepspeech.runtime.session import Session

    session = Session(as_model_file(model))
    options = DecodeOptions(beam_width=beam_width or session.card.beam_width, alpha=alpha, beta=beta)
    recognizer = Recognizer(session, options, Scorer.open(scorer) if scorer else None)
    recognizer.stream()  # a scorer that does not fit is told before the first file is read

    def attempt(path: Path) -> Any:
        try:
            return recognizer.candidates(path, candidates)
        except AudioError as error:
            return error

    failed = False
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path, result in zip(files, pool.map(attempt, files), strict=True):
            if isinstance(result, AudioError):
                print(f"deepspeech: {result}", file=sys.stderr)
                failed = True
            elif json_output:
                print(json.dumps({"file": str(path), **_page(result)}, ensure_ascii=False), flush=True)
            else:
                print(f"{path}: {result[0].text}" if len(files) > 1 else result[0].text, flush=True)
    if failed:
        raise typer.Exit(2)


def _page(results: list[Any]) -> dict[str, Any]:
    from dataclasses import asdict

    pages = [{"text": r.text, "confidence": r.confidence, "words": [asdict(w) for w in r.words]} for r in results]
    return pages[0] | ({"alternatives": pages[1:]} if len(pages) > 1 else {})
