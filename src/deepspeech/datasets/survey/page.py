"""Formats a Survey as a text report or as JSON values."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from deepspeech.datasets.check import CHARACTERS
from deepspeech.datasets.survey.statistics import Statistics, statistics
from deepspeech.datasets.survey.survey import DOUBTFUL, REFUSED, Finding, Overlap, Survey
from deepspeech.progress import clock
from deepspeech.text.characters import name
from deepspeech.text.charset import CharacterCount, advice, alphabet_faults

_CHARACTERS_SHOWN = 30
_SPEAKERS_SHOWN = 5


def page(survey: Survey, shown: int, assumed: str = "") -> str:
    """The text report, with `shown` examples of each kind of finding.

    `assumed`: remark about a default alphabet, which is then the likely cause of faults.
    """
    parts = [_sets(survey)]
    for title, kinds in (("Training would refuse", REFUSED), ("Doubtful, but accepted by training", DOUBTFUL)):
        count = survey.refused() if kinds is REFUSED else survey.doubtful()
        if count:
            parts.append([f"{title}: {plural(count, 'clip')}", *_findings(survey, kinds, shown)])
    parts += [_outside(survey), _alphabet(survey), _between(survey.overlaps)]
    return "\n\n".join(
        "\n".join(lines) for lines in [*parts, [assumed] * bool(assumed), [verdict(survey, bool(assumed))]] if lines
    )


def verdict(survey: Survey, assumed: bool = False) -> str:
    """The last line: whether training would start. `assumed`: the alphabet is the default."""
    refused, total = survey.refused(), len(survey.clips)
    if not total:
        return "These sets have no clips: training would refuse them."
    if refused:
        remedy = "fix them, or train with --skip-bad"
        if assumed and survey.findings[CHARACTERS]:
            remedy = "name the alphabet to train with, --alphabet, and check again"
        return f"Training would refuse {refused:,} of {plural(total, 'clip')}: {remedy}."
    how = "all clips were decoded" if survey.options.listen else "only headers were read; --listen decodes all clips"
    return f"Training would accept {'the one clip' if total == 1 else f'all {total:,} clips'} ({how})."


def to_dict(survey: Survey) -> dict[str, Any]:
    """JSON values, with all findings of all clips."""
    return {
        "accepted": bool(survey.clips) and not survey.refused(),
        "listened": survey.options.listen,
        "clips": len(survey.clips),
        "refused": survey.refused(),
        "doubtful": survey.doubtful(),
        "sets": {
            one.name: statistics(survey.of_set(one.name)).to_dict()
            | {"refused": survey.refused(one.name), "doubtful": survey.doubtful(one.name)}
            for one in survey.sets
        },
        "findings": [
            {
                "kind": finding.kind, "refused": finding.kind in REFUSED, "set": finding.clip.set_name,
                "audio": str(finding.clip.sample.audio), "transcript": finding.clip.sample.transcript,
                "detail": finding.detail,
            }
            for some in survey.findings.values() for finding in some
        ],
        "letters_outside": [_character(survey, one, count) for one, count in survey.outside.items()],
        "letters_unused": survey.unused,
        "alphabet_faults": alphabet_faults(survey.alphabet) if survey.alphabet else [],
        "between": [asdict(overlap) for overlap in survey.overlaps],
        "usual_letters_per_s": survey.usual_rates,
    }  # fmt: skip


def _sets(survey: Survey) -> list[str]:
    rows = [["set", "clips", "length", "shortest", "median", "longest", "chars/s", "refused", "doubtful"]]
    for one in survey.sets:
        counted = statistics(survey.of_set(one.name))
        rows.append([one.name, *_figures(counted), f"{survey.refused(one.name):,}", f"{survey.doubtful(one.name):,}"])
    if len(survey.sets) > 1:
        rows.append(["all", *_figures(statistics(survey.clips)), f"{survey.refused():,}", f"{survey.doubtful():,}"])
    return table(rows)


def _figures(counted: Statistics) -> list[str]:
    lengths = [counted.durations_s[at] for at in (0, 3, 6)] if counted.durations_s else []
    rate = f"{counted.characters_per_s[3]:.1f}" if counted.characters_per_s else "–"
    return [f"{counted.clips:,}", clock(counted.duration_s), *([f"{one:.2f} s" for one in lengths] or ["–"] * 3), rate]


def _findings(survey: Survey, kinds: dict[str, str], shown: int) -> list[str]:
    lines = []
    for kind, words in kinds.items():
        found = survey.findings[kind]
        if found:
            lines.append(f"  {len(found):,} × {words}")
            lines += [f"      {_example(finding)}" for finding in found[:shown]]
            if len(found) > shown:
                lines.append(f"      … and {len(found) - shown:,} more: --show {len(found)}")
    return lines


def _example(finding: Finding) -> str:
    return f"{finding.clip.sample.audio}: {finding.detail}"


def _outside(survey: Survey) -> list[str]:
    outside = [_character(survey, one, count) for one, count in survey.outside.items()]
    if not outside:
        return []
    rows = [["Characters outside the alphabet", "times", "clips", "advice", "for example"]]
    for one in outside[:_CHARACTERS_SHOWN]:
        rows.append([f"  {one['name']}", f"{one['times']:,}", f"{one['clips']:,}", one["advice"], one["example"]])
    lines = table(rows, left=(0, 3, 4))
    if len(outside) > _CHARACTERS_SHOWN:
        lines.append(f"  … and {len(outside) - _CHARACTERS_SHOWN:,} more: --json")
    return lines


def _character(survey: Survey, character: str, count: CharacterCount) -> dict[str, Any]:
    assert survey.alphabet is not None
    example = survey.clips[count.first].sample
    return {
        "letter": character, "name": name(character), "times": count.times, "clips": count.transcripts,
        "advice": advice(character, survey.alphabet), "example": str(example.audio),
    }  # fmt: skip


def _alphabet(survey: Survey) -> list[str]:
    lines = [f"The alphabet: {fault}." for fault in (alphabet_faults(survey.alphabet) if survey.alphabet else [])]
    if survey.unused and survey.characters:
        lines.append(f"Characters of the alphabet that occur in no transcript: {' '.join(map(_bare, survey.unused))}")
    return lines


def _between(overlaps: Sequence[Overlap]) -> list[str]:
    if not overlaps:
        return []
    rows = [["Also in another set", "recordings", "speakers", "sentences"]]
    lines = []
    for one in overlaps:
        voices = f"{len(one.speakers):,} of {one.of_speakers:,}" if one.of_speakers else "unknown"
        sentences = f"{one.sentences:,} of {one.of_sentences:,}"
        rows.append([f"  of {one.of} in {one.other}", f"{one.recordings:,}", voices, sentences])
        if one.speakers:
            more = ", …" * (len(one.speakers) > _SPEAKERS_SHOWN)
            lines.append(
                f"  speakers in {one.of} and in {one.other}: {', '.join(one.speakers[:_SPEAKERS_SHOWN])}{more}"
            )
    return table(rows) + lines


def _bare(character: str) -> str:
    return character if character.isprintable() and character != " " else name(character)


def table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """Format rows as lines; columns in `left` are left-aligned, the others right-aligned."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
