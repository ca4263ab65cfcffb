"""The old home of `import_corpus`, which copies of the scripts in `bin` import."""

from deepspeech.renamed import renamed

__getattr__ = renamed(__name__, {"import_corpus": "deepspeech.cli.old_importers:import_corpus"})
