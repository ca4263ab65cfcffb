#!/usr/bin/env python3
"""The old name of `deepspeech data play`."""

from deepspeech.cli.old_samples import play, run_script

if __name__ == "__main__":
    run_script(play)
