"""`deepspeech data split`: split data sets into train, dev and test by speaker."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput, SpeakerPattern


def split(
    data: DataSets,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", "-o", help="Write train.csv, dev.csv and test.csv to this folder.")
    ],
    dev: Annotated[float, typer.Option(help="Use this fraction of the duration for dev; 0: no dev set.")] = 0.1,
    test: Annotated[float, typer.Option(help="Use this fraction of the duration for test; 0: no test set.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Set the seed of the split.")] = 4568,
    by: Annotated[
        str,
        typer.Option(
            metavar="speaker|sentence",
            help="Keep speakers or sentences in one set each. By default speakers, if any sample names one.",
            show_default=False,
        ),
    ] = "",
    speaker_pattern: SpeakerPattern = "",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Skip clips with unreadable audio.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing sets.")] = False,
    json_output: JsonOutput = False,
) -> None:
    """Split data sets into train, dev and test by speaker.

    Fractions are of the duration. The same data, fractions and seed give the same sets. If no sample names a speaker,
    sets share no sentences. The CSVs have the columns of DeepSpeech, and the speaker if known; other columns are
    dropped.

    Example: deepspeech data split validated.csv --dev 0.1 --test 0.1 --output-dir sets
    """
    import json
    import sys

    from deepspeech.cores import cores
    from deepspeech.datasets.check import describe, examine_all, refuse
    from deepspeech.datasets.split import SplitOptions
    from deepspeech.datasets.split import split as split_samples
    from deepspeech.datasets.split_page import page, to_dict, write
    from deepspeech.datasets.survey.survey import open_sets
    from deepspeech.errors import DataError
    from deepspeech.features.config import MfccConfig

    options = SplitOptions(dev, test, seed, by)
    paths = {name: output_dir / f"{name}.csv" for name in ("train", "dev", "test")}
    _refuse_to_overwrite(paths.values(), data, force)
    samples = [sample for one in open_sets(data, speaker_pattern) for sample in one.samples]
    _refuse_embedded(samples)
    good, faults = examine_all(samples, None, MfccConfig(), "the clips", cores())
    if skip_bad and faults:
        print(describe(faults, "given"), file=sys.stderr)
    elif faults:
        refuse(faults, "given")
    if not good:
        raise DataError(f"{data[0]}: no sample to split")
    done = split_samples(good, options)
    written = {name: paths[name] for name in done.sets}
    write(done, written)
    print(json.dumps(to_dict(done, written), indent=2) if json_output else page(done, written))


def _refuse_embedded(samples: list[Any]) -> None:
    from deepspeech.errors import DataError

    inside = next((sample for sample in samples if not isinstance(sample.audio, Path)), None)
    if inside:
        raise DataError(
            f"{inside.audio}: is inside a larger file, but CSVs refer to whole files; "
            "unpack it first: deepspeech data convert"
        )


def _refuse_to_overwrite(paths: Any, data: list[Path], force: bool) -> None:
    from deepspeech.errors import DataError

    sources = {one.resolve() for one in data}
    for path in paths:
        if path.resolve() in sources:
            raise DataError(f"{path}: is one of the sets to split; name another --output-dir")
        if path.exists() and not force:
            raise DataError(f"{path}: already exists; name another --output-dir, or replace it with --force")
