#!/usr/bin/env python3
"""Old command: `python3 stats.py -csv FILES` as in DeepSpeech 0.9.3; see docs/data.md."""

from deepspeech.cli.old_data import stats

if __name__ == "__main__":
    stats()
