"""Word confidence: the alignment sum against Tsallis entropy, by how well each tells correct words from wrong ones.

    python benchmarks/confidence.py MODEL.onnx DATA.csv [--scorer FILE]

In: a DeepSpeech CSV (wav_filename, transcript). Out: the WER, and for each measure the expected calibration error, the
normalized cross entropy and the area under the ROC curve (`evaluation/calibration.py`). The alignment sum is
`word.confidence` (`native/src/spelling.cc`). Tsallis entropy with α = 1/3 of the frames of a word, scaled linearly to 0
to 1, by mean and minimum: Laptev and Ginsburg 2022, "Fast entropy-based methods of word-level confidence estimation".
"""

import argparse
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from deepspeech.datasets.samples import read_samples
from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Float32
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.evaluation.calibration import calibration
from deepspeech.evaluation.model_file import open_model_file
from deepspeech.evaluation.score import Scored, Scores, score

ALPHA = 1 / 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--scorer", type=Path)
    given = parser.parse_args()
    model = open_model_file(given.model)
    scorer = Scorer.open(given.scorer, model.tokens) if given.scorer else None
    found: dict[str, list[Scored]] = {"alignment sum": [], "Tsallis, mean": [], "Tsallis, minimum": []}
    for item in model.emit(read_samples(given.csv)):
        best = decode(item.emission, model.tokens, DecodeOptions(model.beam_width), scorer=scorer)[0].trimmed()
        sure = [frame_confidences(item.emission.probabilities_TV)[first : last + 1] for first, last in spans(best)]
        measures = best.word_confidences, [float(one.mean()) for one in sure], [float(one.min()) for one in sure]
        plain = score(item.sample.id, item.sample.transcript, best.text, None, best.word_confidences)
        right = [is_right for _, is_right in plain.confidences]
        for scores, values in zip(found.values(), measures, strict=True):
            scores.append(replace(plain, confidences=tuple(zip(values, right, strict=True))))
    print(f"WER {Scores(tuple(found['alignment sum'])).wer:.1%}")
    for name, scores in found.items():
        print(f"{name:18} {calibration(scores).table().splitlines()[0].partition(': ')[2]}")


def spans(transcript: Transcript) -> list[tuple[int, int]]:
    """First and last frame of each word."""
    words = groupby(transcript.tokens, lambda token: token.text == " ")
    frames = [[token.frame for token in tokens] for is_space, tokens in words if not is_space]
    return [(each[0], each[-1]) for each in frames]


def frame_confidences(probabilities_TV: Float32) -> np.ndarray:
    """1 where the network is sure, 0 where all classes are equally probable."""
    classes = probabilities_TV.shape[1]
    powers = np.maximum(probabilities_TV.astype(np.float64), 1e-12) ** ALPHA
    return 1 - (powers.sum(axis=1) - 1) / (classes ** (1 - ALPHA) - 1)


if __name__ == "__main__":
    main()
