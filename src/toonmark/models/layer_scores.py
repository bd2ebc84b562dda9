"""Postprocessing of a network's layer scores before painting: shades, skin tones, the outline.

Nothing here is learnt. The scores of one layer are a plane, (N, H, W), at half the drawing's size;
planes are one for each :class:`~toonmark.models.drawing_layers.Layer`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from toonmark.models.cleaning import reached
from toonmark.models.drawing_layers import Layer

#: Shades of one thing, and over how many pixels their places are smoothed: few, large areas.
SHADES: tuple[tuple[tuple[Layer, ...], int], ...] = (
    ((Layer.TOP_DARK, Layer.TOP_LIGHT), 9),
    ((Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT), 5),
)
#: How much more strongly smoothed shades are told apart.
_CRISP = 4.0
#: By how much of the whole range, 2, skin must differ from what is around it to be of another tone.
_TONE = 0.09
#: How strongly tones are told apart.
_TOLD = 3.0
#: Above this part of the portrait frame there is no neck.
_CHIN = 0.73
#: Above this part of the portrait frame is the forehead. What is joined is told on a map of cells
#: of so many pixels, over so many cells.
_FOREHEAD, _CELL, _STEPS = 0.45, 4, 24
#: How sure it counts at most whether a pixel is the figure's; the outline's width, of the edge; how
#: strongly it is drawn.
_SURE, _RIM, _DRAWN = 3.0, 0.0125, 4.0
#: Layers that change, in the order of the steps; and all of the figure, the others first.
_CHANGED = (
    *(Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT, Layer.TOP_DARK, Layer.TOP_LIGHT),
    *(Layer.SKIN, Layer.SHADE, Layer.LIGHT, Layer.OUTLINE),
)
_FIGURE = (*(one for one in Layer if one not in (*_CHANGED, Layer.BACKGROUND)), *_CHANGED)
#: Skin and what lies on it; lines are neither.
_ON_SKIN = tuple(
    one
    for one in _FIGURE
    if one not in (Layer.INK, Layer.OUTLINE, *(shade for shades, _ in SHADES for shade in shades))
)


def finished(
    scores: Tensor, photo: Tensor, left_out: Collection[Layer] = (), strength: float = 1.0
) -> Tensor:
    """A network's scores as they are painted: smooth shades, skin's tones, the outline; bounded.

    The largest is 0 at each pixel and the least -40, so that their exponentials need no further
    care, not even between the pixels that they were made at: in a graph, a softmax over layers
    took longer than all convolutions.

    Args:
        scores: (N, layers, H, W).
        photo: (N, 3, H, W) in [-1, 1].
        left_out: layers that a look does without.
        strength: what the network's scores have been multiplied by.

    Returns:
        (N, layers, H, W) in [-40, 0].
    """
    planes = toned(without_patches(scores.unbind(1)), photo, strength)
    return bounded(outlined(planes, left_out, strength))


def _highest(planes: Sequence[Tensor]) -> Tensor:
    return reduce(torch.maximum, planes)


def _best(planes: Sequence[Tensor]) -> Tensor:
    """The highest score of all layers."""
    return torch.maximum(_figure(planes), planes[Layer.BACKGROUND])


def _figure(planes: Sequence[Tensor]) -> Tensor:
    """The highest score of all layers but the background.

    Those that no step here changes come first: in a graph, their highest is found once.
    """
    return _highest([planes[layer] for layer in _FIGURE])


def smooth_shades(planes: Sequence[Tensor]) -> list[Tensor]:
    """Planes of which those that tell shades of one thing apart are smoothed.

    Smoothing makes the border of two shades soft, so they are told apart :data:`_CRISP` times as
    strongly. What tells hair from skin stays: a thing's highest score is that of its smoothed
    shades.
    """
    layers = list(planes)
    for shades, edge in SHADES:
        part = [planes[shade] for shade in shades]
        mean = sum(part[1:], part[0]) / len(part)
        # What they are apart sums to 0, so the last one's need not be smoothed.
        smooth = torch.stack([plane - mean for plane in part[:-1]], 1)
        for _ in range(2):
            smooth = F.avg_pool2d(smooth, edge, 1, edge // 2, count_include_pad=False)
        apart = list(smooth.unbind(1))
        apart.append(-sum(apart[1:], apart[0]))
        highest = _highest(apart)
        rest = mean + (1 - _CRISP) * highest
        for shade, plane in zip(shades, apart, strict=True):
            layers[shade] = rest + _CRISP * plane
    return layers


def without_patches(planes: Sequence[Tensor]) -> list[Tensor]:
    """Planes with smooth shades, and skin where light on a forehead was taken for hair.

    Hair and what covers the head reach the figure's edge. A patch of it on the forehead that does
    not is skin; so is a patch of the lighter shade alone, where the network's next choice is skin
    rather than the darker shade.
    """
    layers = smooth_shades(planes)
    best, tops = _best(layers), (Layer.TOP_DARK, Layer.TOP_LIGHT)
    hair = _highest([layers[top] for top in tops])
    drawn = torch.stack([hair >= best, layers[Layer.TOP_LIGHT] >= best], 1).to(best.dtype)
    ground = (layers[Layer.BACKGROUND] >= best).to(best.dtype)[:, None]
    edge = F.max_pool2d(F.max_pool2d(ground, _CELL), 5, 1, 2)
    cut = F.pad(torch.zeros_like(edge[..., 1:, 1:-1]), (1, 1, 1, 0), value=1.0)
    joined = reached(torch.maximum(edge, cut), F.max_pool2d(drawn, _CELL), _STEPS)
    apart = drawn * (1 - F.interpolate(joined, scale_factor=float(_CELL), mode="nearest"))
    skin = torch.maximum(planes[Layer.SKIN], planes[Layer.SHADE]) > planes[Layer.TOP_DARK]
    skin = F.avg_pool2d(skin.to(best.dtype)[:, None], 9, 1, 4, count_include_pad=False) > 0.5
    rows = torch.linspace(0, 1, best.shape[1], device=best.device)[None, :, None]
    patch = torch.maximum(apart[:, 0], apart[:, 1] * skin[:, 0].to(best.dtype))
    patch = patch * (rows < _FOREHEAD).to(best.dtype)
    layers[Layer.SKIN] = torch.maximum(layers[Layer.SKIN], hair - (1 - patch) * 1e4)
    for top in tops:
        layers[top] = layers[top] - patch * 1e4
    return layers


def relief(photo: Tensor, skin: Tensor) -> Tensor:
    """The lightness of skin at each place above that around it: it makes a face somebody's.

    A photo's light falls from anywhere, so a tone is told by the difference: under brows and nose,
    in folds and beside cheekbones skin is darker, on ridges lighter.

    Args:
        photo: (N, 3, H, W) in [-1, 1].
        skin: (N, 1, H, W), 1 where there is skin. White beyond the photo's edge counts as none.

    Returns:
        (N, 1, H, W): from 1 on it is light, from -1 down it is shade; 0 where there is no skin.
    """
    red, green, blue = (photo[:, i : i + 1] for i in range(3))
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    skin = skin * within(photo)
    both = torch.cat([light * skin, skin], 1)
    near = _blurred(both, _odd(photo.shape[-1] / 51))
    wide = _blurred(F.avg_pool2d(both, 4), _odd(photo.shape[-1] / 28))
    wide = F.interpolate(wide, scale_factor=4.0, mode="bilinear")
    apart = [pair[:, :1] / (pair[:, 1:] + 1e-3) for pair in (near, wide)]
    return (apart[0] - apart[1]) * skin / _TONE


def within(photo: Tensor) -> Tensor:
    """1 where a photo, (N, 3, H, W) in [-1, 1], is not white as beyond its edge: (N, 1, H, W)."""
    least = reduce(torch.minimum, photo.unbind(1))[:, None]
    return (least < 0.999).to(photo.dtype)


def _odd(edge: float) -> int:
    """The nearest odd number."""
    return 2 * round((edge - 1) / 2) + 1


def _blurred(planes: Tensor, edge: int) -> Tensor:
    """Nearly a Gaussian: two boxes."""
    for _ in range(2):
        planes = F.avg_pool2d(planes, edge, 1, edge // 2)
    return planes


def toned(planes: Sequence[Tensor], photo: Tensor, strength: float = 1.0) -> list[Tensor]:
    """Planes whose skin is parted into its tones by the photo's relief.

    The network's own shade, which is the chin's on the neck, is kept below the chin. A thing's
    highest score stays what it was, so skin wins where it won.
    """
    layers = list(planes)
    rows = torch.linspace(0, 1, photo.shape[2], device=photo.device)[None, :, None]
    above = (rows < _CHIN).to(photo.dtype)
    own = layers[Layer.SHADE]
    face = torch.maximum(layers[Layer.SKIN], own - (1 - above) * 1e4)
    skin = torch.maximum(face, own) >= _best(planes)
    tone = relief(photo, skin.to(photo.dtype)[:, None])[:, 0]
    told = strength * _TOLD
    darker, lighter = told * (-tone - 1), told * (tone - 1)
    highest = torch.maximum(darker, lighter).clamp(min=0)
    layers[Layer.SKIN] = face - highest
    layers[Layer.LIGHT] = face + lighter - highest
    layers[Layer.SHADE] = torch.maximum(face + darker - highest, own - above * 1e4)
    return layers


def outlined(
    planes: Sequence[Tensor], left_out: Collection[Layer] = (), strength: float = 1.0
) -> list[Tensor]:
    """Planes of a figure whose edge is smooth, with an outline all round it and around its skin.

    Where hair or clothes have the colour of what is behind them the network is unsure pixel by
    pixel, and the figure would be torn: what tells it from the background is smoothed, and the
    outline drawn along where it ends. Where the picture ends there is none.

    Args:
        planes: (N, H, W) each.
        left_out: layers that a look does without; what is nearest takes their place.
        strength: what the network's scores have been multiplied by.
    """
    layers, figure = list(planes), _figure(planes)
    size = figure.shape[-1]
    edge, reach = _odd(size / 36), round(size * _RIM)
    apart = (planes[Layer.BACKGROUND] - figure)[:, None]
    apart = apart.clamp(min=-_SURE * strength).clamp(max=_SURE * strength)
    for _ in range(2):
        apart = F.avg_pool2d(apart, edge, 1, edge // 2, count_include_pad=False)
    beside = F.max_pool2d(apart, 2 * reach + 1, 1, reach)
    if Layer.OUTLINE not in left_out:
        line = torch.maximum(beside, _border_of_skin(planes, strength))
        rim = figure + _DRAWN * torch.minimum(line, -apart)[:, 0]
        layers[Layer.OUTLINE] = torch.maximum(layers[Layer.OUTLINE], rim)
    for layer in left_out:
        layers[layer] = layers[layer] - 1e4
    shown = _figure(layers) if left_out else figure
    layers[Layer.BACKGROUND] = shown + 2 * apart[:, 0]
    return layers


def _border_of_skin(planes: Sequence[Tensor], strength: float) -> Tensor:
    """Above 0 along a smooth line between skin and hair, what covers the head, or clothes.

    The network's own line there is torn where it is unsure of the place by more than the line's
    width. What lies on skin (eyes, lips, glasses) counts as skin.

    Args:
        planes: (N, H, W) each.
        strength: what the network's scores have been multiplied by.

    Returns:
        (N, 1, H, W), in pixels' scores; the line is two pixels wide.
    """
    skin = _highest([planes[layer] for layer in _ON_SKIN])
    apart = (skin - _highest([planes[shade] for shades, _ in SHADES for shade in shades]))[:, None]
    apart = apart.clamp(min=-_SURE * strength).clamp(max=_SURE * strength)
    edge = _odd(apart.shape[-1] / 36)
    for _ in range(2):
        apart = F.avg_pool2d(apart, edge, 1, edge // 2, count_include_pad=False)
    return torch.minimum(F.max_pool2d(apart, 3, 1, 1), F.max_pool2d(-apart, 3, 1, 1))


def bounded(planes: Sequence[Tensor]) -> Tensor:
    """Planes as scores, (N, layers, H, W): the largest is 0 at each pixel, the least -40."""
    highest = _best(planes)
    return torch.stack([plane - highest for plane in planes], 1).clamp(min=-40.0)
