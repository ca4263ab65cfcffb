"""What a torch network makes of recordings: probabilities, and the loss of each clip."""

from collections.abc import Callable, Iterator, Sequence

import torch

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.sampler import batches
from deepspeech.decoder.emission import Emission
from deepspeech.errors import AudioError
from deepspeech.evaluation.evaluate import Emitted
from deepspeech.training.loader import load, refuse
from deepspeech.training.step import losses


class TorchEmitter:
    """Batches clips of similar length, longest first, so that too large a batch shows at once."""

    def __init__(
        self,
        network: AcousticNetwork,
        pipeline: Pipeline,
        batch_size: int,
        workers: int,
        on_bad: Callable[[Sample, AudioError], None] = refuse,
    ) -> None:
        """A clip that cannot be read goes to `on_bad`; unless that raises, it is left out."""
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
                loss_B, probabilities = losses(logits, lengths_B, batch).tolist(), logits.softmax(-1).cpu().numpy()
                for row, sample in enumerate(group):
                    yield Emitted(sample, Emission(probabilities[row, : int(lengths_B[row])], frame_s), loss_B[row])
        self._network.train(was_training)
