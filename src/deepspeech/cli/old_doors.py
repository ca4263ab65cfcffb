"""Deprecated: use `old_importers`. Older copies of the scripts in `bin` import it."""

from deepspeech.renamed import renamed

__getattr__ = renamed(__name__, {"import_corpus": "deepspeech.cli.old_importers:import_corpus"})
