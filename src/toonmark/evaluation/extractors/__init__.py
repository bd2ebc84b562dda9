"""The feature extractors that ship, by their names."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path

from toonmark.errors import MissingExtraError, MissingWeightsError
from toonmark.evaluation.errors import UnknownExtractorError
from toonmark.evaluation.features import Extractor

#: Name of each and the module beside this one that holds its class, imported when it is asked for.
EXTRACTORS = {
    "efficientnet-lite0": ("efficientnet", "EfficientNetLite0"),
    "illustration2vec": ("illustration2vec", "Illustration2Vec"),
    "inception": ("inception", "Inception"),
    "vgg16": ("vgg16", "Vgg16"),
}


def extractor_names() -> list[str]:
    """All names that :func:`open_extractor` knows."""
    return sorted(EXTRACTORS)


def open_extractor(name: str, weights: str | Path | None = None) -> Extractor:
    """Builds an extractor and loads its weights.

    Args:
        name: one of :func:`extractor_names`.
        weights: a file with the network's weights, for those that need one.

    Raises:
        UnknownExtractorError: no extractor of this name.
        MissingWeightsError: its weights are not on this machine.
        MissingExtraError: its packages are not installed.
    """
    names = extractor_names()
    if name not in EXTRACTORS:
        near = difflib.get_close_matches(name, names, 1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UnknownExtractorError(
            f"There is no feature extractor {name!r}.", f"{guess}There are: {', '.join(names)}."
        )
    path = None if weights is None else Path(weights)
    if path is not None and not path.is_file():
        raise MissingWeightsError(
            f"{path}, the weights for {name}, does not exist.", "Name the file they are in."
        )
    try:
        import torch

        # A network under construction draws random numbers; a training run that evaluates itself
        # must go on as if it had not.
        with torch.random.fork_rng(devices=[]):
            module, kind = EXTRACTORS[name]
            built = getattr(importlib.import_module(f"{__name__}.{module}"), kind)(path)
            assert isinstance(built, Extractor)
            return built
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"The feature extractor {name}", "eval") from error
