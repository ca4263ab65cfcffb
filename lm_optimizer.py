#!/usr/bin/env python3
"""Old command: `python3 lm_optimizer.py --flags` as in DeepSpeech 0.9.3; see docs/from-mozilla.md."""

from deepspeech.cli.old_trainer import main

if __name__ == "__main__":
    main("lm_optimizer.py")
