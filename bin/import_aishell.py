#!/usr/bin/env python3
"""The old name of `deepspeech import aishell`."""

from deepspeech.cli.old_importers import import_corpus

import_corpus("aishell")
