"""The decoder package of DeepSpeech 0.9.3: `import deepspeech.mozilla.ds_ctcdecoder as ds_ctcdecoder`."""

from deepspeech.compat.ds_ctcdecoder import *  # noqa: F403
from deepspeech.compat.ds_ctcdecoder import __all__ as __all__
