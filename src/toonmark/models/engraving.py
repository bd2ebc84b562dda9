"""Turns a drawing into black lines on white, as an engraver would: the look ``ink``."""

from __future__ import annotations

import torch
from torch import Tensor

from toonmark.ranges import LEVELS

#: The line screen: lines across the picture's edge; the least and the most light that a line can
#: stand for are its middle less and more the spread; how light is bent before; how hard edges are.
_LINES, _MIDDLE, _SPREAD, _PRINTED, _PRESSED = 80, 0.58, 0.26, 0.62, 10.0
#: The width of the line where the picture's edge cuts the figure, of that edge; and what is paper.
_FRAME, _PAPER = 0.006, 0.98
#: Below this share of light all is ink.
_DARKEST = 0.08
#: How many times a difference between two pictures is larger once they are engraved, at most.
STEEPEST = _PRESSED * _PRINTED * _DARKEST ** (_PRINTED - 1)


def engraved(image: Tensor, ink: tuple[int, int, int]) -> Tensor:
    """A picture in dark lines on white, wider where it is darker: a line screen, as in print.

    Where the picture's edge cuts what is drawn, there is a line along it: so the paper between the
    lines is inside, and stays when the background is taken away.

    Args:
        image: (N, 3, H, W) in [-1, 1].
        ink: RGB in [0, 255].

    Returns:
        (N, 3, H, W) in [-1, 1]; white stays white, and black is all ink.
    """
    red, green, blue = (image[:, i : i + 1] for i in range(3))
    light = ((0.299 * red + 0.587 * green + 0.114 * blue + 1) / 2).clamp(min=_DARKEST)
    turns = 2 * torch.pi * _LINES / image.shape[-1]
    rows = turns * torch.arange(image.shape[-2], device=image.device)[:, None]
    columns = turns * torch.arange(image.shape[-1], device=image.device)[None]
    # sin(row + column), made for each picture: as a constant it would be larger than the network.
    every = (light > 0).to(image.dtype)
    wave = torch.sin(rows) * (torch.cos(columns) * every)
    wave = wave + torch.cos(rows) * (torch.sin(columns) * every)
    screen = _MIDDLE + _SPREAD * wave
    bent = torch.exp(_PRINTED * torch.log(light))  # a power, but sooner
    paper = ((bent - screen) * _PRESSED + 0.5).clamp(min=0).clamp(max=1)
    height, width = image.shape[-2:]
    cut = torch.maximum(
        _at_ends(height, image)[:, None] * every, _at_ends(width, image)[None] * every
    )
    drawn = (torch.minimum(torch.minimum(red, green), blue) < _PAPER).to(image.dtype)
    paper = paper * (1 - cut * drawn)
    black = torch.tensor(ink, device=image.device).view(1, 3, 1, 1) / LEVELS - 1
    return black + (1 - black) * paper


def _at_ends(length: int, like: Tensor) -> Tensor:
    """1 for the first and the last few of so many pixels, else 0: (length,)."""
    place = torch.arange(length, device=like.device)
    reach = max(1, round(_FRAME * length))
    return ((place < reach) | (place >= length - reach)).to(like.dtype)
