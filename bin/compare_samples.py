#!/usr/bin/env python3
"""The old name of `deepspeech data compare`."""

from deepspeech.cli.old_samples import compare_samples, door

if __name__ == "__main__":
    door(compare_samples)
