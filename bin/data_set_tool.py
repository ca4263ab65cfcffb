#!/usr/bin/env python3
"""The old name of `deepspeech data convert`."""

from deepspeech.cli.old_samples import data_set_tool, door

if __name__ == "__main__":
    door(data_set_tool)
