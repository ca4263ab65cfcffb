"""A proposed alphabet as a text table and as JSON values."""

from collections.abc import Sequence
from typing import Any

from deepspeech.datasets.sample import Sample
from deepspeech.datasets.survey.page import plural, table
from deepspeech.text.characters import name
from deepspeech.text.charset import Proposal
from deepspeech.text.spelling import APOSTROPHES


def to_dict(proposal: Proposal, samples: Sequence[Sample]) -> dict[str, Any]:
    """Plain values for JSON."""
    characters = [
        {
            "letter": character, "name": name(character), "times": count.times, "transcripts": count.transcripts,
            "example": str(samples[count.first].audio), "kept": character not in proposal.left_out,
            "rare": character in proposal.rare,
        }
        for character, count in proposal.counts.items()
    ]  # fmt: skip
    return {"transcripts": proposal.transcripts, "not_nfc": proposal.composed, "letters": characters}


def page(proposal: Proposal, samples: Sequence[Sample]) -> str:
    """A text table of the characters, and advice."""
    rows = [["character", "times", "transcripts", "", "for example"]]
    for one in to_dict(proposal, samples)["letters"]:
        note = "" if one["kept"] else "left out"
        note = note or ("rare" if one["rare"] else "")
        rows.append([one["name"], f"{one['times']:,}", f"{one['transcripts']:,}", note, one["example"] if note else ""])
    lines = table(rows, left=(0, 3, 4))
    left_out = set(proposal.left_out)
    if left_out:
        lost = sum(bool(left_out.intersection(sample.transcript)) for sample in samples)
        lines.append(f"Left out: {plural(len(left_out), 'character')}; training would refuse {plural(lost, 'clip')}.")
    if proposal.composed:
        lines.append(
            f"{plural(proposal.composed, 'transcript')} not in NFC: normalize them before training; otherwise "
            "training refuses decomposed characters, which the alphabet has composed."
        )
    capitals = [character for character in proposal.alphabet.labels if character != character.lower()]
    if capitals:
        lines.append(f"{plural(len(capitals), 'capital')} among them: lowercase transcripts are easier to learn.")
    alike = [character for character in APOSTROPHES if character in proposal.alphabet.labels]
    if len(alike) > 1:
        lines.append(f"{' and '.join(map(name, alike))} look alike: write one of them in all transcripts.")
    return "\n".join(lines)
