#!/usr/bin/env python3
"""The old name of `deepspeech import slr57`."""

from deepspeech.cli.old_importers import import_corpus

import_corpus("slr57")
