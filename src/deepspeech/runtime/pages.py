"""Deprecated: use `writers`."""

from deepspeech.renamed import renamed

__getattr__ = renamed(
    __name__,
    {"Page": "deepspeech.decoder.writers:TranscriptWriter", "FORMATS": "deepspeech.decoder.writers:FORMATS"},
)
