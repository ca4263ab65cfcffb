"""Compatibility of our scorers with the old decoder: compares its transcripts with ours.

    python benchmarks/old_scorer.py --old-python OLD/bin/python --scorer MY.scorer --alphabet ALPHABET --inputs INPUTS
        [--beam 500] [--golden FILE.json]

In: a scorer, and class probabilities of clips over the alphabet's labels: a folder of .npy files [frames, classes], or
an .npz of bytes, which are normalized row by row. The old decoder is ds_ctcdecoder 0.9.3 in its own environment (Python
3.9, numpy<1.24). Out: a line per clip; `--golden` writes the old decoder's transcripts, for tests. Exits with code 1 if
a transcript differs.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.tokens import Characters

Clips = dict[str, NDArray[np.float32]]


def read(inputs: Path) -> Clips:
    """Returns probabilities by name of clip."""
    if inputs.is_dir():
        return {path.stem: np.load(path) for path in sorted(inputs.glob("*.npy"))}
    with np.load(inputs) as clips:
        return {name: shares(clips[name]) for name in sorted(clips)}


def shares(counts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Rows of bytes, normalized to probabilities."""
    return (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)


def old_transcripts(python: str, scorer: Scorer, alphabet: Path, beam_width: int, clips: Clips) -> dict[str, str]:
    """Transcripts of ds_ctcdecoder, by name of clip."""
    worker = Path(__file__).with_name("old_decoder.py")
    with tempfile.TemporaryDirectory() as folder:
        questions = ""
        for number, clip in enumerate(clips.values()):
            np.save(f"{folder}/{number}.npy", clip)
            task = {"probabilities": f"{folder}/{number}.npy", "scorer": str(scorer.path), "beam_width": beam_width}
            questions += json.dumps(task | {"alpha": scorer.alpha, "beta": scorer.beta}) + "\n"
        command = [python, str(worker), str(alphabet)]
        done = subprocess.run(command, input=questions, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line)["text"] for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(zip(clips, answers, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old-python", required=True, help="run ds_ctcdecoder 0.9.3 in this Python 3.9")
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--alphabet", type=Path, required=True)
    parser.add_argument("--inputs", type=Path, required=True)
    parser.add_argument("--beam", type=int, default=500)
    parser.add_argument("--golden", type=Path)
    arguments = parser.parse_args()
    scorer, alphabet, clips = (
        Scorer.open(arguments.scorer),
        Characters.from_file(arguments.alphabet),
        read(arguments.inputs),
    )
    old = old_transcripts(arguments.old_python, scorer, arguments.alphabet, arguments.beam, clips)
    same = 0
    for name, text in old.items():
        emission = Emission(clips[name], 0.02)
        ours = decode(emission, alphabet, DecodeOptions(beam_width=arguments.beam), scorer=scorer)[0].text
        same += ours == text
        print(f"{name}: {text}" if ours == text else f"{name}: DIFFERS\n  old  {text}\n  ours {ours}")
    print(f"{same} of {len(old)} transcripts are the same")
    if arguments.golden:
        page = {
            "scorer_sha256": hashlib.sha256(arguments.scorer.read_bytes()).hexdigest(),
            "beam_width": arguments.beam, "alpha": scorer.alpha, "beta": scorer.beta, "transcripts": old,
        }  # fmt: skip
        arguments.golden.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n")
    sys.exit(same != len(old))


if __name__ == "__main__":
    main()
