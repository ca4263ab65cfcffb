#!/usr/bin/env python3
"""The old way to a language model; `deepspeech lm build` makes a scorer at once."""

from deepspeech.cli.old_language import generate_lm

generate_lm()
