"""Names that moved are still found where they were, with a warning that tells where they are."""

from importlib import import_module

import pytest

OLD = {
    "deepspeech.acoustic.deepspeech.graph.quantised": "deepspeech.acoustic.deepspeech.graph.quantize",
    "deepspeech.modelfile.graph.Quantised": "deepspeech.modelfile.graph.Quantized",
    "deepspeech.old_models.old_model.OldModel": "deepspeech.old_models.old_model.ImportedModel",
    "deepspeech.old_models.old_model.Said": "deepspeech.old_models.old_model.ExportMetadata",
    "deepspeech.remote.folders.bring": "deepspeech.remote.folders.download",
    "deepspeech.cli.old_doors.import_corpus": "deepspeech.cli.old_importers.import_corpus",
    "deepspeech.cli.old_samples.door": "deepspeech.cli.old_samples.run_script",
    "deepspeech.training.emit.TorchEmitter": "deepspeech.training.emit.TorchAcousticModel",
    "deepspeech.runtime.bulk.Bulk": "deepspeech.runtime.batch_transcriber.BatchTranscriber",
    "deepspeech.runtime.bulk.Channel": "deepspeech.runtime.recording.Channel",
    "deepspeech.runtime.bulk.Recording": "deepspeech.runtime.recording.Recording",
    "deepspeech.runtime.bulk.Row": "deepspeech.runtime.batch.BatchItem",
    "deepspeech.runtime.bulk.channels": "deepspeech.runtime.recording.channels",
    "deepspeech.runtime.bulk.emit": "deepspeech.runtime.batch.run_batch",
    "deepspeech.runtime.conversation.ConversationStream": "deepspeech.runtime.endpointed.EndpointedStream",
    "deepspeech.runtime.emit.FileEmitter": "deepspeech.runtime.emit.FileAcousticModel",
    "deepspeech.runtime.pages.FORMATS": "deepspeech.decoder.writers.FORMATS",
    "deepspeech.runtime.pages.Page": "deepspeech.decoder.writers.TranscriptWriter",
    "deepspeech.runtime.writers.TranscriptWriter": "deepspeech.decoder.writers.TranscriptWriter",
    "deepspeech.runtime.writers.columns": "deepspeech.decoder.subtitles.columns",
}


@pytest.mark.parametrize(("old", "new"), OLD.items())
def test_an_old_name_is_the_new_one(old: str, new: str) -> None:
    module, _, name = old.rpartition(".")
    with pytest.warns(DeprecationWarning, match=f"^{old} is deprecated; use {new}$"):
        found = getattr(import_module(module), name)
    home, _, new_name = new.rpartition(".")
    assert found is getattr(import_module(home), new_name)


def test_other_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Pages'"):
        import_module("deepspeech.runtime.pages").Pages  # noqa: B018
