"""`deepspeech data compare`: compare two recordings, or two data sets."""

from pathlib import Path
from typing import Annotated, Any

import typer

SHOWN = 20


def compare(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="Read this sound file or data set.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="Compare it with this one.")],
    threshold: Annotated[float, typer.Option(help="Ignore differences up to this level, in dBFS.")] = -60.0,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: every pair.")] = False,
) -> None:
    """Compare two recordings, or two data sets recording by recording.

    The exit code is 1 if rates, lengths or transcripts differ, or a difference is louder than the threshold.

    Example: deepspeech data compare train.csv train.sdb --threshold -30
    """
    import json
    import math
    from dataclasses import asdict

    from deepspeech.datasets.compare import compare as run

    found = run(first, second)
    different = [pair for pair in found if differs(pair, threshold)]
    if json_output:
        rows = [asdict(pair) | {"differs": differs(pair, threshold)} for pair in found]
        for row in rows:  # JSON has no infinity
            row["snr_db"] = None if row["snr_db"] in (None, math.inf) else row["snr_db"]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for pair in found if len(found) == 1 else different[:SHOWN]:
            print(line(pair))
        if len(different) > SHOWN:
            print(f"… and {len(different) - SHOWN} more")
        if len(found) > 1:
            print(f"{first} and {second}: {len(different)} of {len(found)} pairs differ (threshold {threshold:g} dBFS)")
    if different:
        raise typer.Exit(1)


def differs(pair: Any, threshold: float) -> bool:
    """Whether two recordings differ by more than `threshold` dBFS."""
    return bool(pair.fault) or pair.level_dbfs > threshold


def line(pair: Any) -> str:
    """A Difference in words."""
    if pair.fault:
        return f"{pair.first} and {pair.second} differ in {pair.fault}"
    if pair.largest == 0:
        return f"{pair.first} and {pair.second} are equal in every sample"
    return (
        f"{pair.first} and {pair.second}: difference {pair.level_dbfs:.1f} dBFS, SNR {pair.snr_db:.1f} dB, "
        f"largest {pair.largest:.4f} of full scale"
    )
