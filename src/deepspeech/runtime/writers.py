"""Deprecated: use `deepspeech.decoder.writers` and `subtitles`."""

from deepspeech.renamed import renamed

_PLACES = {
    "writers": ("TranscriptWriter", "FORMATS", "checked_format"),
    "subtitles": ("columns", "cue_times", "LINES", "LINE_CHARACTERS"),
}
__getattr__ = renamed(
    __name__, {name: f"deepspeech.decoder.{place}:{name}" for place, names in _PLACES.items() for name in names}
)
