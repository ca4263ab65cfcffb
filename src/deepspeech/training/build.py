"""Builds the components of a run without side effects: writes no files, prints nothing, decodes no clips.

In: a RunConfig and its data sets. Out: Parts, the same for the same configuration on one kind of device.
"""

from dataclasses import dataclass, replace

import torch

from deepspeech.acoustic.contract import AcousticNetwork, new_network
from deepspeech.config import RunConfig
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.feature_cache import FeatureCache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.features.normalization import Normalization
from deepspeech.features.registry import new_front_end
from deepspeech.text.tokens import TokenSet
from deepspeech.training import devices, optim
from deepspeech.training.datasets import Datasets
from deepspeech.training.ranks import ALONE, Ranks
from deepspeech.training.step import SEEDS, Trainer
from deepspeech.training.transfer import freeze


@dataclass(frozen=True)
class Parts:
    """Components of a run. Only the weights and the state of the optimizer change."""

    config: RunConfig
    tokens: TokenSet
    datasets: Datasets
    ranks: Ranks
    device: torch.device
    microbatches: int  # per batch, at most: one per CPU thread
    plain: Pipeline  # for validation
    pipeline: Pipeline  # for training: with augmentations
    network: AcousticNetwork
    optimizer: torch.optim.Optimizer
    trainer: Trainer

    def with_normalization(self, normalization: Normalization | None) -> "Parts":
        """The same parts, whose front end normalizes features by `normalization`."""
        front_end = new_front_end(self.config.features, normalization)
        plain, pipeline = (replace(one, front_end=front_end) for one in (self.plain, self.pipeline))
        return replace(self, plain=plain, pipeline=pipeline)


def build(
    config: RunConfig,
    alphabet: TokenSet,
    datasets: Datasets,
    ranks: Ranks = ALONE,
    feature_cache: FeatureCache | None = None,
) -> Parts:
    """Build the components, with newly initialized weights (torch's seeded generator). Raises ConfigError."""
    c, device = config.training, devices.best(ranks.local)
    threads = ranks.cores()  # collective, also where it is not needed
    threads = c.threads or threads
    microbatches = threads if device.type == "cpu" else 1
    plain = Pipeline(
        new_front_end(config.features), alphabet, ClipCache(config.data.cache_mb), outputs=config.network.outputs,
        feature_cache=feature_cache,
    )  # fmt: skip
    torch.manual_seed(c.seed % SEEDS)
    network = new_network(config.network, config.features.dimensions, alphabet.classes).to(device)
    freeze(network, config.transfer.freeze)
    optimizer = optim.optimizer_of(network, c, config.transfer)
    trainer = Trainer(
        network, optimizer, c.clip_norm, devices.precision(c.precision, device), microbatches, ranks, c.accumulate,
        c.inter_ctc,
    )  # fmt: skip
    if c.compile:
        devices.compile_network(network, microbatches)
    pipeline = _augmented(plain, config, datasets)
    return Parts(config, alphabet, datasets, ranks, device, microbatches, plain, pipeline, network, optimizer, trainer)


def _augmented(plain: Pipeline, config: RunConfig, datasets: Datasets) -> Pipeline:
    """Add the augmentations of the run to `plain`."""
    entries = tuple(parse(text) for text in config.augment)
    return replace(
        plain,
        augmentations=entries,
        sources=Sources(entries, datasets.train, plain.cache, config.features.sample_rate_hz),
        seed=config.training.seed,
        epochs=config.training.epochs,
        clean_epochs=config.augment_after * config.training.epochs,
        two_views=config.training.consistency > 0,
    )
