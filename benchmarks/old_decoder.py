"""The old decoder behind a pipe, for `benchmarks/decoder.py`: runs under Python 3.9 with numpy<1.24, ds_ctcdecoder.

In: the alphabet file as argument, then a JSON object per line: probabilities (an .npy file), beam_width, scorer (a file
or null), alpha, beta. Out: a JSON object per line: cpu_s (of decoding only), text.
"""

import json
import sys
import time

import numpy as np
from ds_ctcdecoder import Alphabet, Scorer, ctc_beam_search_decoder


def main() -> None:
    alphabet = Alphabet(sys.argv[1])
    scorers = {None: None}
    for line in sys.stdin:
        task = json.loads(line)
        if task["scorer"] not in scorers:
            scorers[task["scorer"]] = Scorer(task["alpha"], task["beta"], task["scorer"], alphabet)
        probabilities = np.load(task["probabilities"]).astype(np.float64)
        start = time.process_time()
        best = ctc_beam_search_decoder(probabilities, alphabet, task["beam_width"], scorer=scorers[task["scorer"]])
        cpu_s = time.process_time() - start
        print(json.dumps({"cpu_s": cpu_s, "text": best[0][1]}), flush=True)


main()
