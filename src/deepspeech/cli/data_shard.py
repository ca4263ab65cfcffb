"""`deepspeech data shard`, `deepspeech data index`: sets of many hours in tar files instead of a file for each clip."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput

Workers = Annotated[int, typer.Option(help="Shards written at the same time; 0: as many as there are cores.")]


def shard(
    data: DataSets,
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder for the shards and manifest.jsonl.")],
    kind: Annotated[
        str, typer.Option(metavar="wav|flac|opus", help="Make all sound so; by default files stay as they are.")
    ] = "",
    rate_hz: Annotated[int, typer.Option("--rate", help="With --kind: resample to so many Hz.")] = 0,
    shard_mb: Annotated[int, typer.Option(help="Megabytes in a shard, about.")] = 256,
    shuffle: Annotated[
        bool, typer.Option(help="Mix the clips of all sets, so that each shard is like the whole.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Another seed, another mixture.")] = 1,
    workers: Workers = 0,
    json_output: JsonOutput = False,
) -> None:
    """Pack data sets into tar files of some hundred megabytes, with a manifest, as training reads them fastest.

    Train on it by the folder's name: data.train = ["shards"]. Clips that cannot be read are left out and told. A
    command that was stopped goes on where it was when it is given again.

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
        list[Path], typer.Argument(metavar="TAR…", help="Tar files of one folder, in WebDataset's layout.")
    ],
    workers: Workers = 0,
    json_output: JsonOutput = False,
) -> None:
    """Write the manifest of tar files that are there already, beside them; the files stay as they are.

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
        print(f"left out: {line}", file=sys.stderr)
    if len(written.left_out) > 20:
        print(f"… and {len(written.left_out) - 20} more", file=sys.stderr)
    if json_output:
        print(json.dumps(asdict(written)))
        return
    left_out = f"; {len(written.left_out)} clips left out" if written.left_out else ""
    print(f"{folder}: {written.clips} clips, {written.seconds / 3600:.1f} hours in {written.shards} shards{left_out}")
