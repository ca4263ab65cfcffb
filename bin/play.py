#!/usr/bin/env python3
"""The old name of `deepspeech data play`."""

from deepspeech.cli.old_samples import door, play

if __name__ == "__main__":
    door(play)
