"""Rebuilds a style pack's torch networks from its ONNX file, to fine-tune or distil."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from toonmark.errors import ConfigurationError, StyleError
from toonmark.half_precision import HALF
from toonmark.models.denoiser import Denoised, Denoiser, without_denoiser
from toonmark.models.layered import LAYERED, LOOKS, LayeredGenerator, LayerScores
from toonmark.models.presets import build_generator
from toonmark.styles.metadata import StyleMetadata
from toonmark.styles.pack import StylePack
from toonmark.training import checkpoint


def pack_generator(path: Path, size: int) -> nn.Module:
    """The generator of a style pack, without the denoiser behind it.

    Raises:
        StyleError: as :func:`pack_networks`.
        ConfigurationError: it draws at another size.
    """
    drawing, metadata = pack_networks(path)
    if metadata.size != size:
        raise ConfigurationError(
            f"{path} draws at {metadata.size} pixels, and size is {size}.",
            f"Set size={metadata.size}.",
        )
    return without_denoiser(drawing)


def pack_networks(path: Path) -> tuple[nn.Module, StyleMetadata]:
    """The generator that a style pack was exported from, frozen, with its denoiser if it has one.

    A pack holds the way to cartoons only: neither the way back nor a discriminator is in it.

    Raises:
        StyleError: no such file, not a style pack, or not one that `toonmark export` wrote.
    """
    import onnx

    metadata = StylePack.open(path).metadata
    graph = onnx.load(path).graph
    weights = {
        initial.name.removesuffix(HALF): onnx.numpy_helper.to_array(initial)
        for initial in graph.initializer
    }
    if metadata.training.get("preset") == LAYERED:
        return _layered(metadata, checkpoint.under("scores.", weights), path), metadata
    own = checkpoint.under("generator.", weights)
    denoiser = checkpoint.under("denoiser.", own)
    generator = checkpoint.under("generator.", own) if denoiser else own
    try:
        training: dict[str, Any] = dict(metadata.training)
        conditional = bool(training["method"]["condition_generator"])
        network = build_generator(training["preset"], conditional, training["width"])
    except (KeyError, TypeError) as error:
        raise _foreign(path) from error
    _fill(network, generator, path)
    if denoiser:
        behind = Denoiser()
        _fill(behind, denoiser, path)
        network = Denoised(network, behind)
    return network.requires_grad_(False).eval(), metadata


def _layered(
    metadata: StyleMetadata, weights: dict[str, np.ndarray[Any, Any]], path: Path
) -> LayeredGenerator:
    try:
        scores = LayerScores(int(metadata.training["width"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _foreign(path) from error
    _fill(scores, weights, path)
    look = metadata.training.get("look", "comic")
    drawing = LayeredGenerator(scores, look if look in LOOKS else "comic")
    return drawing.requires_grad_(False).eval()


def pack_facts(metadata: StyleMetadata) -> dict[str, Any]:
    """The facts of a pack's training, with the terms of its data on the last of its runs."""
    facts = dict(metadata.training)
    *before, last = facts.get("runs") or [{"stage1": 0, "stage2": 0}]
    return {**facts, "runs": [*before, {**last, "terms": metadata.terms}]}


def pack_denoiser(path: Path) -> tuple[Denoiser, StyleMetadata]:
    """The denoiser of a style pack, and what the pack says of itself.

    Raises:
        StyleError: as :func:`pack_networks`; or it has none.
    """
    drawing, metadata = pack_networks(path)
    if not isinstance(drawing, Denoised):
        raise StyleError(
            f"There is no denoiser in {path}.", "Name a style pack that was exported with one."
        )
    assert isinstance(drawing.denoiser, Denoiser)
    return drawing.denoiser, metadata


def _fill(network: nn.Module, weights: dict[str, np.ndarray[Any, Any]], path: Path) -> None:
    tensors: dict[str, Tensor] = {
        name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()
    }
    if tensors.keys() != network.state_dict().keys():
        raise _foreign(path)
    checkpoint.load_weights(network, tensors, f"the generator in {path}")


def _foreign(path: Path) -> StyleError:
    return StyleError(
        f"{path} is a style, but not one whose weights can be taken up again.",
        "Take one that `toonmark export` wrote, or the run that it was trained in.",
    )
