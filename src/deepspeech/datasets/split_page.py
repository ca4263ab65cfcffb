"""A split as CSVs, as a text table and as JSON values. In: a Split and the path of each set."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from deepspeech.datasets.formats.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.split import Split
from deepspeech.datasets.survey.page import plural, table
from deepspeech.datasets.survey.survey import sentence
from deepspeech.progress import clock


def write(done: Split, paths: Mapping[str, Path]) -> None:
    """Write the sets to their CSVs: all, or none of them. Raises DataError."""
    speakers = any(sample.speaker for samples in done.sets.values() for sample in samples)
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name, path in paths.items():
            writer = stack.enter_context(CsvWriter(path, speakers=speakers))
            for sample in done.sets[name]:
                writer.write(sample)


def to_dict(done: Split, paths: Mapping[str, Path]) -> dict[str, Any]:
    """Plain values for JSON."""
    lengths = {name: sum(sample.duration_s or 0.0 for sample in samples) for name, samples in done.sets.items()}
    sets = {
        name: {
            "path": str(paths[name]), "clips": len(samples), "duration_s": round(lengths[name], 3),
            "share": round(lengths[name] / sum(lengths.values()), 4), f"{done.by}s": done.groups[name],
            "sentences_also_in_train": 0 if name == "train" else _known(samples, done.sets["train"]),
        }
        for name, samples in done.sets.items()
    }  # fmt: skip
    return {"by": done.by, "clips_without_speaker": done.nameless, "sets": sets}


def _known(samples: Sequence[Sample], train: Sequence[Sample]) -> int:
    """Number of clips whose sentence is also in train."""
    train_sentences = {sentence(sample.transcript) for sample in train}
    return sum(sentence(sample.transcript) in train_sentences for sample in samples)


def page(done: Split, paths: Mapping[str, Path]) -> str:
    """A text table, and a statement on common speakers or sentences."""
    found = to_dict(done, paths)
    rows = [["set", "clips", "length", "share", f"{done.by}s", "clips with sentences of train"]]
    for name, one in found["sets"].items():
        known = "" if name == "train" else f"{one['sentences_also_in_train']:,}"
        rows.append(
            [one["path"], f"{one['clips']:,}", clock(one["duration_s"]), f"{one['share']:.1%}",
             f"{one[f'{done.by}s']:,}", known]
        )  # fmt: skip
    lines = table(rows)
    if done.by == "sentence":
        named = any(sample.speaker for samples in done.sets.values() for sample in samples)
        why = "" if named else "no sample names its speaker (--speaker-pattern finds them in file names), so "
        lines.append(f"Split by sentence: {why}speakers may be in two sets, sentences are not.")
    else:
        lines.append("Split by speaker: no speaker is in two sets.")
    if done.nameless:
        lines.append(f"{plural(done.nameless, 'clip')} without speaker; all in train, as their speakers may be there.")
    return "\n".join(lines)
