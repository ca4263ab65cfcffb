#!/usr/bin/env python3
"""The old name of `deepspeech data compare`."""

from deepspeech.cli.old_samples import compare_samples, run_script

if __name__ == "__main__":
    run_script(compare_samples)
