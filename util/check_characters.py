#!/usr/bin/env python3
"""Old command: `python3 util/check_characters.py -csv FILES` as in DeepSpeech 0.9.3; see docs/data.md."""

from deepspeech.cli.old_data import check_characters

if __name__ == "__main__":
    check_characters()
