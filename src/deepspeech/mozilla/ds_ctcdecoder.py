"""The decoder package of DeepSpeech 0.9.3: `import deepspeech.mozilla.ds_ctcdecoder as ds_ctcdecoder`."""

from deepspeech.compat.ds_ctcdecoder import (
    Alphabet,
    Scorer,
    UTF8Alphabet,
    __version__,
    ctc_beam_search_decoder,
    ctc_beam_search_decoder_batch,
)

__all__ = [
    "Alphabet",
    "Scorer",
    "UTF8Alphabet",
    "__version__",
    "ctc_beam_search_decoder",
    "ctc_beam_search_decoder_batch",
]
