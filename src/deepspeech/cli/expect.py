"""`deepspeech expect HOURS=RESULT.json…`: what WER more hours of speech would give."""

from pathlib import Path
from typing import Annotated, Any

import typer

Results = Annotated[
    list[str],
    typer.Argument(
        metavar="HOURS=RESULT.json",
        help="Read results of evaluate --json --samples, each after the hours its model was trained on.",
    ),
]
MoreHours = Annotated[list[float] | None, typer.Option("--hours", help="Expect the WER at so many hours; repeatable.")]
Picture = Annotated[Path | None, typer.Option(help="Draw the learning curve into this .png or .svg.")]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON; rates are fractions.")]


def expect(
    results: Results, more_hours: MoreHours = None, picture: Picture = None, json_output: JsonOutput = False
) -> None:
    """Extrapolate the error rate to more hours of speech.

    Fits a power law to trainings on parts of your data; runs/expect.sh trains them. By default: twice, five and
    ten times the most hours trained on. Far extrapolations are optimistic: the law has no floor.

    Example: deepspeech expect 0.26=10.json 0.78=30.json 2.6=100.json --hours 10
    """
    import json
    from dataclasses import asdict

    from deepspeech.errors import ConfigError
    from deepspeech.evaluation.expect import expect, held_back, law_of, read_measured

    points = sorted((read_measured(*_parsed(text)) for text in results), key=lambda point: point.hours)
    most = points[-1].hours
    hours = list(more_hours or (2 * most, 5 * most, 10 * most))
    if min(hours) <= 0:
        raise ConfigError("--hours must be above 0")
    expected, check = expect(points, hours), held_back(points)
    if picture:
        from deepspeech.evaluation.expect_picture import draw

        first, last = points[0].hours, max(*hours, most)
        draw(points, expect(points, [first * (last / first) ** (n / 40) for n in range(41)]), picture)
    if json_output:
        measured = [{"hours": point.hours, "wer": point.wer} for point in points]
        page = {"measured": measured, "expected": [asdict(one) for one in expected], **asdict(law_of(points))}
        print(json.dumps(page | {"held_back": asdict(check) if check else None}, indent=2))
        return
    for point in points:
        print(f"{point.hours:8.2f} h  WER {100 * point.wer:5.1f} %  measured")
    for one in expected:
        print(f"{one.hours:8.2f} h  WER {100 * one.wer:5.1f} %  expected ({_interval(one)})")
    if check:
        print(
            f"Check: without the last, {100 * check.wer:.1f} % ({_interval(check)}) would have been expected at "
            f"{check.hours:.2f} h; measured: {100 * points[-1].wer:.1f} %"
        )


def _interval(one: Any) -> str:
    return f"{100 * one.low:.1f} to {100 * one.high:.1f} %"


def _parsed(text: str) -> tuple[float, Path]:
    """Hours and file of HOURS=FILE. Raises ConfigError."""
    from deepspeech.errors import ConfigError

    hours, equals, path = text.partition("=")
    try:
        value = float(hours)
    except ValueError:
        value = 0.0
    if not (equals and path and 0 < value < float("inf")):
        raise ConfigError(f"{text}: write HOURS=RESULT.json, for example 2.6=results.json")
    return value, Path(path)
