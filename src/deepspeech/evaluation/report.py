"""Test reports in the formats of DeepSpeech 0.9.3: the summary line, best/median/worst samples, and JSON."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from deepspeech.errors import DataError
from deepspeech.evaluation.score import Scored, Scores, finite, ranked
from deepspeech.files import atomic_path

RULE = "-" * 80


def summary(name: str, scores: Scores) -> str:
    """`Test on NAME - WER: …, CER: …, loss: …`, as 0.9.3 printed it."""
    loss = f", loss: {scores.loss:f}" if scores.loss is not None else ""
    return f"Test on {name} - WER: {scores.wer:f}, CER: {scores.cer:f}{loss}"


def blocks(scores: Scores, count: int) -> str:
    """Best, median and worst samples, `count` of each. Titles say "WER" even if ranked by CER, as in 0.9.3."""
    order = ranked(scores.samples, scores.by_cer)
    middle, last = max(0, len(order) // 2 - count // 2), max(0, len(order) - count)
    parts = {"Best": order[:count], "Median": order[middle : middle + count], "Worst": order[last:]}
    lines = [RULE]
    for title, samples in parts.items():
        lines += [f"{title} WER:", RULE]
        for sample in samples:
            loss = f", loss: {sample.loss:f}" if sample.loss is not None else ""
            lines += [
                f"WER: {sample.wer:f}, CER: {sample.cer:f}{loss}",
                f" - wav: {Path(sample.id).as_uri() if os.path.isabs(sample.id) else sample.id}",
                f' - src: "{sample.reference}"',
                f' - res: "{sample.hypothesis}"',
                RULE,
            ]
    return "\n".join(lines)


def write_json(path: Path, samples: Sequence[Scored]) -> None:
    """Write 0.9.3's `--test_output_file`: an array with one object per sample. Raises DataError."""
    rows = [
        {
            "wav_filename": s.id,
            "src": s.reference,
            "res": s.hypothesis,
            "loss": finite(s.loss),
            "char_distance": s.character_errors,
            "char_length": s.characters,
            "word_distance": s.word_errors,
            "word_length": s.words,
            "cer": s.cer,
            "wer": s.wer,
        }
        for s in samples
    ]
    with atomic_path(path, DataError) as partial:
        partial.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
