#!/usr/bin/env python3
"""The old name of `deepspeech import ldc93s1`."""

from deepspeech.cli.old_importers import import_corpus

import_corpus("ldc93s1")
