"""TorchAcousticModel: emissions and CTC losses of samples, by a torch network."""

from collections.abc import Callable, Iterator, Sequence

import torch

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.sampler import batches
from deepspeech.decoder.emission import Emission
from deepspeech.errors import AudioError
from deepspeech.evaluation.evaluate import Emitted
from deepspeech.renamed import renamed
from deepspeech.training.loader import load, refuse
from deepspeech.training.losses import ctc_losses

__getattr__ = renamed(__name__, {"TorchEmitter": "deepspeech.training.emit:TorchAcousticModel"})


class TorchAcousticModel:
    """Runs a torch network on samples, in batches of similar length, longest first to detect lack of memory early."""

    def __init__(
        self,
        network: AcousticNetwork,
        pipeline: Pipeline,
        batch_size: int,
        workers: int,
        on_bad: Callable[[Sample, AudioError], None] = refuse,
    ) -> None:
        """Unreadable clips go to `on_bad` and, unless it raises, are skipped."""
        self._network, self._pipeline = network, pipeline
        self._batch_size, self._workers, self._on_bad = batch_size, workers, on_bad

    @torch.no_grad()
    def emit(self, samples: Sequence[Sample]) -> Iterator[Emitted]:
        was_training = self._network.training
        self._network.eval()
        lengths = [sample.duration_s or sample.size_bytes for sample in samples]
        groups = [[samples[i] for i in group] for group in batches(lengths, self._batch_size, "descending", 0, 0)]
        device = next(self._network.parameters()).device
        frame_s = self._network.config.chunk.stride * self._pipeline.front_end.step_s
        for group, batches_of_group in load(groups, self._pipeline, 0, self._workers, device, self._on_bad):
            for batch in batches_of_group:  # one, or none where no clip could be read
                logits, lengths_B = self._network(batch.features_BTF, batch.lengths_B)
                loss_B, probabilities = ctc_losses(logits, lengths_B, batch).tolist(), logits.softmax(-1).cpu().numpy()
                for row, sample in enumerate(group):
                    yield Emitted(sample, Emission(probabilities[row, : int(lengths_B[row])], frame_s), loss_B[row])
        self._network.train(was_training)
