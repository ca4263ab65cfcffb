#!/usr/bin/env python3
"""The old name of `deepspeech import m-ailabs`."""

from deepspeech.cli.old_importers import import_corpus

import_corpus("m-ailabs")
