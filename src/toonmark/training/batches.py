"""Assembles each iteration's batches of faces and of cartoons from their data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import torch

from toonmark.data.backgrounds import Backgrounds
from toonmark.data.sampling import Sample, Sampler
from toonmark.training.batch import Batch
from toonmark.training.batch_sampling import BatchSampler
from toonmark.training.config import PairedConfig, RegressorConfig, UnpairedConfig
from toonmark.training.networks import Domain


def sampler_of(
    config: UnpairedConfig | RegressorConfig | PairedConfig,
    folders: Sequence[str],
    *,
    behind: bool = False,
    **more: Any,
) -> Sampler:
    """A sampler of some of a run's sets.

    Args:
        behind: whether the run's backgrounds are put behind the pictures.
        more: arguments of :class:`Sampler`, instead of what the configuration says.
    """
    settings = {
        "backgrounds": Backgrounds(config.backgrounds) if behind else None,
        "background_share": config.background_share,
        "augmentation": config.augmentation,
        "split": config.split,
        "seed": config.seed,
    }
    return Sampler(folders, config.size, **settings | more)


def samplers_of(config: UnpairedConfig) -> dict[Domain, Sampler]:
    """The samplers of a run's faces, with backgrounds behind them, and of its cartoons."""
    return {
        "face": sampler_of(config, config.faces, behind=True),
        "cartoon": sampler_of(config, config.cartoons, seed=config.seed + 1),
    }


class Batches:
    """Makes batches from the iteration's number alone.

    Args:
        samplers: by domain.
        batch: pictures of each domain a step, over all processes.
        places: which of them are made here.
        evened: domains whose pictures get the same light on both sides.
        device: where they are made; see :class:`BatchSampler`.
    """

    def __init__(
        self,
        samplers: Mapping[Domain, Sampler],
        batch: int,
        places: Sequence[int],
        evened: Set[Domain] = frozenset(),
        device: torch.device | str = "cpu",
    ) -> None:
        self._batch, self._places, self._evened = batch, places, evened
        self._batched = {
            domain: BatchSampler(sampler, device=device) for domain, sampler in samplers.items()
        }

    def __call__(self, iteration: int) -> dict[Domain, Batch]:
        """The batches of an iteration by domain, on the device."""
        return {domain: self.of(domain, iteration) for domain in self._batched}

    def of(self, domain: Domain, iteration: int) -> Batch:
        """The batch of one domain."""
        made = self._batched[domain].at(iteration, self._places, self._batch)
        return _evened(made) if domain in self._evened else made


def _evened(batch: Batch) -> Batch:
    """A batch with the same light on both sides of each face."""
    own = batch.to(torch.device("cpu"))
    images, shown = (one.permute(0, 2, 3, 1).numpy() for one in (own.image, own.shown))
    samples = map(Sample, images, shown, own.landmarks.numpy())
    return Batch.of([sample.evened() for sample in samples], batch.image.device)
