"""`deepspeech data shard`, `deepspeech data index`: pack large data sets into tar files (shards)."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput

Workers = Annotated[int, typer.Option(help="Write this many shards at once; 0: one per core.")]


def shard(
    data: DataSets,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", "-o", help="Write shards and manifest.jsonl to this folder.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar="wav|flac|opus", help="Encode all audio in this format; by default files are kept unchanged."
        ),
    ] = "",
    rate_hz: Annotated[int, typer.Option("--rate", help="With --kind: resample to this rate in Hz.")] = 0,
    shard_mb: Annotated[int, typer.Option(help="Set the approximate size of a shard in megabytes.")] = 256,
    shuffle: Annotated[bool, typer.Option(help="Shuffle the clips of all sets across shards.")] = True,
    seed: Annotated[int, typer.Option(help="Set the seed of the shuffle.")] = 1,
    workers: Workers = 0,
    json_output: JsonOutput = False,
) -> None:
    """Pack data sets into shards, the fastest format for training.

    Shards are tar files of some hundred megabytes, with a manifest. Train on it by the folder's name: data.train =
    ["shards"]. Unreadable clips are skipped and reported. Run an interrupted command again to resume it.

    Example: deepspeech data shard train.csv --output-dir shards --kind flac --rate 16000
    """
    from deepspeech.cores import cores
    from deepspeech.datasets.samples import join, read_samples
    from deepspeech.datasets.shards.writer import ShardOptions, write_shards

    options = ShardOptions(shard_mb, kind, rate_hz, shuffle, seed)
    samples = join([read_samples(path) for path in data])
    _report(write_shards(samples, output_dir, options, workers or cores()), output_dir, json_output)


def index(
    shards: Annotated[
        list[Path], typer.Argument(metavar="TAR", help="Read these tar files of one folder, in WebDataset's layout.")
    ],
    workers: Workers = 0,
    json_output: JsonOutput = False,
) -> None:
    """Write the manifest of existing tar files next to them.

    Example: deepspeech data index corpus/train-*.tar
    """
    from deepspeech.cores import cores
    from deepspeech.datasets.shards.writer import index_shards

    _report(index_shards(shards, workers or cores()), shards[0].parent, json_output)


def _report(written: Any, folder: Path, json_output: bool) -> None:
    import json
    import sys
    from dataclasses import asdict

    for line in written.left_out[:20]:
        print(f"skipped: {line}", file=sys.stderr)
    if len(written.left_out) > 20:
        print(f"… and {len(written.left_out) - 20} more", file=sys.stderr)
    if json_output:
        print(json.dumps(asdict(written)))
        return
    left_out = f"; {len(written.left_out)} clips skipped" if written.left_out else ""
    print(f"{folder}: {written.clips} clips, {written.seconds / 3600:.1f} hours in {written.shards} shards{left_out}")
