"""Write a random part of a data set as a CSV, and print its hours: python3 runs/part.py DATA PERCENT OUTPUT.csv

A smaller part is contained in every larger one.
"""

import sys

import numpy as np

from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.samples import read_samples
from deepspeech.recipes import hours

data, percent, output = sys.argv[1:]
samples = read_samples(data)
order = np.random.default_rng(1).permutation(len(samples))
kept = sorted(order[: max(1, round(len(samples) * float(percent) / 100))].tolist())
write_csv(output, [samples[place] for place in kept])
print(f"{hours([output]):.4f}")
