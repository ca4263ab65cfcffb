"""`deepspeech data splice`: new training clips of a data set's own words, in new orders."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, SpeakerPattern
from deepspeech.cli.shared_options import ModelFile


def splice(
    data: DataSets,
    model: ModelFile,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", "-o", help="Write clips/ and spliced.csv to this folder, which must be new.")
    ],
    clips: Annotated[
        int, typer.Option(min=0, help="Write this many clips; 0: twice as many as the data sets have.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Set the seed of the draws.")] = 4568,
    speaker_pattern: SpeakerPattern = "",
) -> None:
    """Make new clips of the words of a data set, by speaker.

    Cuts recordings between their words, and joins the words of each speaker in new orders.
    For small data sets: a network that sees the same hundreds of sentences learns these instead of the sounds of words.
    The model, trained on the same data, finds where words begin and end. Train a new one on both:
    --set 'data.train=["train.csv", "spliced/spliced.csv"]'. Without speakers all recordings count as one speaker's.

    Example: deepspeech data splice train.csv --model first.onnx --output-dir spliced
    """
    import sys

    from deepspeech.alignment.splice import Aligned
    from deepspeech.alignment.splice import splice as spliced
    from deepspeech.audio.encode import encode
    from deepspeech.cli.models import model_file
    from deepspeech.datasets.clips import ClipCache
    from deepspeech.datasets.formats.csv_files import CsvWriter
    from deepspeech.datasets.sample import Sample
    from deepspeech.datasets.survey.survey import open_sets
    from deepspeech.errors import DataError
    from deepspeech.files import atomic_open
    from deepspeech.progress import Progress
    from deepspeech.runtime.session import Session

    folder = output_dir / "clips"
    if folder.exists():
        raise DataError(f"{folder}: already exists; remove it, or name another --output-dir")
    session = Session(model_file(model))
    samples = [sample for one in open_sets(data, speaker_pattern) for sample in one.samples]
    aligned, unusable = list[Aligned](), 0
    with Progress(len(samples), "align", "clips") as progress:
        for sample, words in progress.over(_word_times(session, samples)):
            if words:
                aligned.append(Aligned(sample, words))
            else:
                unusable += 1
    rate_hz, cache, wanted = session.card.features.sample_rate_hz, ClipCache(2000), clips or 2 * len(samples)
    folder.mkdir(parents=True)
    table = CsvWriter(output_dir / "spliced.csv", speakers=any(sample.speaker for sample in samples))
    with table, Progress(wanted, "splice", "clips") as progress:
        made = spliced(aligned, lambda sample: cache.read(sample, rate_hz), rate_hz, wanted, seed, _fits(session.card))
        for number, one in enumerate(progress.over(made), 1):
            path, sound = folder / f"spliced-{number:06}.flac", encode(one.samples_N, rate_hz, "flac")
            with atomic_open(path, DataError, "wb") as file:
                file.write(sound)
            table.write(Sample(str(path), path, one.transcript, len(sound), one.speaker))
    left_out = f"; {unusable} could not be aligned" if unusable else ""
    print(f"{table.rows} clips of {len(aligned)} recordings{left_out}: {table.path}", file=sys.stderr)


def _fits(card: Any) -> Any:
    """Whether a text fits a number of samples, with a frame to spare for the space before the next run."""
    from deepspeech.datasets.pipeline import frames_needed

    return lambda text, samples: (
        frames_needed(card.tokens.encode(text)) < card.chunk.outputs(card.features.frames(samples))
    )


def _word_times(session: Any, samples: Any) -> Any:
    """Each sample with the times of its words, which are none where it cannot be aligned."""
    from deepspeech.alignment.given import GivenTranscripts
    from deepspeech.errors import AudioError
    from deepspeech.runtime.recording import Channel

    found = GivenTranscripts(session, samples).transcribe_all(Channel(sample.audio, None) for sample in samples)
    for sample, recording in zip(samples, found, strict=True):
        segments = () if isinstance(recording, AudioError) else recording.segments
        yield sample, tuple(word for segment in segments for word in segment.words)
