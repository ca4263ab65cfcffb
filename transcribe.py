#!/usr/bin/env python3
"""Old command: `python3 transcribe.py --flags` as in DeepSpeech 0.9.3; see docs/from-mozilla.md."""

from deepspeech.cli.old_transcribe import main

if __name__ == "__main__":
    main()
