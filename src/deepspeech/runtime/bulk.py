"""Deprecated: use `batch_transcriber`, `recording` and `batch`."""

from deepspeech.renamed import renamed

__getattr__ = renamed(
    __name__,
    {
        "Bulk": "deepspeech.runtime.batch_transcriber:BatchTranscriber",
        "Channel": "deepspeech.runtime.recording:Channel",
        "Recording": "deepspeech.runtime.recording:Recording",
        "Row": "deepspeech.runtime.batch:BatchItem",
        "channels": "deepspeech.runtime.recording:channels",
        "emit": "deepspeech.runtime.batch:run_batch",
    },
)
