#!/usr/bin/env python3
"""The old name of `deepspeech data convert`."""

from deepspeech.cli.old_samples import data_set_tool, run_script

if __name__ == "__main__":
    run_script(data_set_tool)
