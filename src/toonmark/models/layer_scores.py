"""What becomes of a network's scores before they are painted: shades, skin's tones, the outline.

Nothing here is learnt. All scores are (N, layers, H, W), at half the drawing's size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from toonmark.models.layer import Layer

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
#: How sure it counts at most whether a pixel is the figure's; the outline's width, of the edge; how
#: strongly it is drawn.
_SURE, _RIM, _DRAWN = 3.0, 0.0125, 4.0


def smooth_shades(scores: Tensor) -> Tensor:
    """Scores, (N, layers, H, W), of which those that tell shades of one thing apart are smoothed.

    Smoothing makes the border of two shades soft, so they are told apart :data:`_CRISP` times as
    strongly. What tells hair from skin stays: a thing's highest score is that of its smoothed
    shades.
    """
    layers = list(scores.unbind(1))
    for shades, edge in SHADES:
        part = scores[:, list(shades)]
        mean = part.mean(1, keepdim=True)
        apart = part - mean
        for _ in range(2):
            apart = F.avg_pool2d(apart, edge, 1, edge // 2, count_include_pad=False)
        highest = apart.amax(1, keepdim=True)
        smooth = mean + highest + _CRISP * (apart - highest)
        for i, shade in enumerate(shades):
            layers[shade] = smooth[:, i]
    return torch.stack(layers, 1)


def relief(photo: Tensor, skin: Tensor) -> Tensor:
    """How much lighter skin is at each place than around it: what makes a face somebody's.

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
    skin = skin * (photo.amin(1, keepdim=True) < 0.999).to(photo.dtype)
    both = torch.cat([light * skin, skin], 1)
    near = _blurred(both, _odd(photo.shape[-1] / 51))
    wide = _blurred(F.avg_pool2d(both, 4), _odd(photo.shape[-1] / 28))
    wide = F.interpolate(wide, scale_factor=4.0, mode="bilinear")
    apart = [pair[:, :1] / (pair[:, 1:] + 1e-3) for pair in (near, wide)]
    return (apart[0] - apart[1]) * skin / _TONE


def _odd(edge: float) -> int:
    """The nearest odd number."""
    return 2 * round((edge - 1) / 2) + 1


def _blurred(planes: Tensor, edge: int) -> Tensor:
    """Nearly a Gaussian: two boxes."""
    for _ in range(2):
        planes = F.avg_pool2d(planes, edge, 1, edge // 2)
    return planes


def toned(scores: Tensor, photo: Tensor) -> Tensor:
    """Scores, (N, layers, H, W), whose skin is parted into its tones by the photo's relief.

    The network's own shade, which is the chin's on the neck, is kept below the chin. A thing's
    highest score stays what it was, so skin wins where it won.
    """
    layers = list(scores.unbind(1))
    rows = torch.linspace(0, 1, scores.shape[2], device=scores.device)[None, :, None]
    above = (rows < _CHIN).to(scores.dtype)
    own = layers[Layer.SHADE]
    face = torch.maximum(layers[Layer.SKIN], own - (1 - above) * 1e4)
    others = scores.amax(1)
    tone = relief(photo, (torch.maximum(face, own) >= others).to(scores.dtype)[:, None])[:, 0]
    darker, lighter = _TOLD * (-tone - 1), _TOLD * (tone - 1)
    highest = torch.maximum(darker, lighter).clamp(min=0)
    layers[Layer.SKIN] = face - highest
    layers[Layer.LIGHT] = face + lighter - highest
    layers[Layer.SHADE] = torch.maximum(face + darker - highest, own - above * 1e4)
    return torch.stack(layers, 1)


def outlined(scores: Tensor, left_out: Tensor) -> Tensor:
    """Scores, (N, layers, H, W), of a figure whose edge is smooth, with an outline all round it.

    ``left_out`` (1, layers, 1, 1) is added where a look does without a layer.

    Where hair or clothes have the colour of what is behind them the network is unsure pixel by
    pixel, and the figure would be torn: what tells it from the background is smoothed, and the
    outline drawn along where it ends. Where the picture ends there is none.
    """
    edge = _odd(scores.shape[-1] / 36)
    figure = scores[:, 1:].amax(1, keepdim=True)
    apart = (scores[:, :1] - figure).clamp(min=-_SURE).clamp(max=_SURE)
    for _ in range(2):
        apart = F.avg_pool2d(apart, edge, 1, edge // 2, count_include_pad=False)
    reach = round(scores.shape[-1] * _RIM)
    beside = F.max_pool2d(apart, 2 * reach + 1, 1, reach)
    rim = figure + _DRAWN * torch.minimum(beside, -apart)
    layers = list((scores + left_out).unbind(1))
    shown = torch.stack(layers[1:], 1).amax(1, keepdim=True)
    layers[Layer.BACKGROUND] = (shown + 2 * apart)[:, 0]
    rim = torch.maximum(scores[:, Layer.OUTLINE], rim[:, 0])
    layers[Layer.OUTLINE] = rim + left_out[:, Layer.OUTLINE]
    return torch.stack(layers, 1)


def bounded(scores: Tensor) -> Tensor:
    """Scores, (N, layers, H, W), whose largest is 0 at each pixel and whose least is -40.

    Their exponentials need no further care, not even between the pixels that they were made at: in
    a graph, a softmax over layers took longer than all convolutions.
    """
    return (scores - scores.amax(1, keepdim=True)).clamp(min=-40.0)
