"""pyctcdecode behind a pipe, for `benchmarks/decoder.py`: runs in an environment with pyctcdecode and kenlm.

In: the alphabet file as argument, then a JSON object per line: probabilities (an .npy file, blank last), beam_width,
scorer (an ARPA file or null), alpha, beta. Out: a JSON object per line: cpu_s (of decoding only), text.
"""

import json
import logging
import sys
import time

import numpy as np
from pyctcdecode import build_ctcdecoder


def words_of(arpa: str) -> list[str]:
    """The unigrams of an ARPA file."""
    words, reading = [], False
    with open(arpa, encoding="utf-8") as file:
        for line in file:
            if line.startswith("\\"):
                reading = line.startswith("\\1-grams")
            elif reading and line.strip():
                words.append(line.split("\t")[1].strip())
    return [word for word in words if not word.startswith("<")]


def opened(labels: list[str], task: dict) -> object:
    if not task["scorer"]:
        return build_ctcdecoder(labels)
    return build_ctcdecoder(
        labels,
        task["scorer"],
        words_of(task["scorer"]),
        alpha=task["alpha"],
        beta=task["beta"],
        unk_score_offset=-1000.0,
    )


def main() -> None:
    logging.disable(logging.CRITICAL)
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = [line.rstrip("\n") for line in file]
    labels = [*(row for row in rows if row and not row.startswith("#")), ""]
    decoders = {}
    for line in sys.stdin:
        task = json.loads(line)
        if task["scorer"] not in decoders:
            decoders[task["scorer"]] = opened(labels, task)
        logits = np.log(np.load(task["probabilities"]) + 1e-30)
        start = time.process_time()
        text = decoders[task["scorer"]].decode(logits, beam_width=task["beam_width"])
        print(json.dumps({"cpu_s": time.process_time() - start, "text": text}), flush=True)


main()
