"""`deepspeech label FILE…`: transcribe recordings into a data set to train on (self-training)."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deepspeech.cli.shared_options import Alpha, BeamWidth, Beta, ModelFile, check_positive, weights_need
from deepspeech.cli.transcribe import Cores, Files, Manifest, ScorerFile

Output = Annotated[Path, typer.Option("--output", "-o", help="Write this CSV.")]
Confidence = Annotated[float, typer.Option(help="Skip recordings whose mean word confidence is below this, 0 to 1.")]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print counts as JSON.")]


def label(
    model: ModelFile,
    output: Output,
    files: Files = None,
    manifest: Manifest = None,
    confidence: Confidence = 0.9,
    scorer: ScorerFile = None,
    alpha: Alpha = None,
    beta: Beta = None,
    beam_width: BeamWidth = None,
    cores: Cores = None,
    json_output: JsonOutput = False,
) -> None:
    """Transcribe recordings into a data set of the confident ones.

    The CSV has a column with each clip's confidence. Train on it together with your own transcripts:
    --set 'data.train=["train.csv", "labeled.csv"]'. See docs/self-training.md.

    Example: deepspeech label --model my.onnx --scorer my.scorer --output labeled.csv recordings/
    """
    import json

    from deepspeech.audio.source import AudioSlice
    from deepspeech.cli.models import model_file, scorer_file
    from deepspeech.cli.recordings import jobs_of
    from deepspeech.cli.transcribe import open_recognizer
    from deepspeech.datasets.formats.csv_files import CsvWriter
    from deepspeech.datasets.sample import Sample
    from deepspeech.errors import ConfigError, DataError
    from deepspeech.evaluation.label import Tally, label
    from deepspeech.progress import Progress

    weights_need(scorer, alpha, beta)
    check_positive({"--cores": cores})
    if not 0 <= confidence <= 1:
        raise ConfigError(f"--confidence is {confidence:g}; it must be between 0 and 1")
    if bool(files) == bool(manifest):
        raise ConfigError("name recordings, or a list with --manifest")
    jobs, _ = jobs_of(files or [], manifest)
    paths = []
    for job in jobs:
        if isinstance(job.audio, AudioSlice):
            raise DataError(f"{job.audio}: a CSV refers to whole files; write them with deepspeech data convert first")
        paths.append(Path(job.audio))
    recognizer = open_recognizer(model_file(model), scorer_file(scorer), beam_width, alpha, beta)
    tally = Tally()
    with CsvWriter(output, more=("confidence",)) as writer, Progress(len(paths), "label", "recordings") as progress:
        for found in label(recognizer, paths, confidence, tally, cores):
            progress.advance()
            if found:
                size = found.audio.stat().st_size
                writer.write(Sample(str(found.audio), found.audio, found.text, size), f"{found.confidence:.4f}")
        if not tally.kept:
            raise ConfigError(f"{tally.summary()}; lower --confidence, or train a better model first")
    print(f"deepspeech: {output}: {tally.summary()}", file=sys.stderr)
    if json_output:
        counts = {"kept": tally.kept, "kept_s": round(tally.kept_s, 2), "skipped": dict(tally.skipped)}
        print(json.dumps(counts, ensure_ascii=False))
