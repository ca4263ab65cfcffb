"""Deprecated: use `writers`."""

from deepspeech.renamed import renamed

__getattr__ = renamed(
    __name__,
    {"Page": "deepspeech.runtime.writers:TranscriptWriter", "FORMATS": "deepspeech.runtime.writers:FORMATS"},
)
