"""Local patches: eyes, nose and mouth, cut out so that gradients flow back into the image.

Section 3.3.2: at 128 pixels 32x32 around each eye, 28x24 around the nose, 23x40 between the
mouth's corners, the two eyes side by side in one patch. Sizes scale with the image.
"""

from __future__ import annotations

import torch
from torch import Tensor

from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE, RIGHT_EYE
from toonmark.models.sampling import crop

#: (height, width) at 128 pixels.
EYE, NOSE_SIZE, MOUTH = (32, 32), (28, 24), (23, 40)
NAMES = ("eyes", "nose", "mouth")


def patch_sizes(size: int) -> dict[str, tuple[int, int]]:
    """(height, width) of each patch for images of ``size`` pixels."""

    def scaled(shape: tuple[int, int]) -> tuple[int, int]:
        return max(4, round(shape[0] * size / 128)), max(4, round(shape[1] * size / 128))

    eye = scaled(EYE)
    return {"eyes": (eye[0], 2 * eye[1]), "nose": scaled(NOSE_SIZE), "mouth": scaled(MOUTH)}


def cut_patches(images: Tensor, points: Tensor) -> dict[str, Tensor]:
    """Eyes, nose and mouth of each image.

    Args:
        images: (N, C, S, S).
        points: (N, 5, 2) pixels. Gradients reach them too; detach them to move pixels only.

    Returns:
        ``eyes`` (N, C, 32, 64), ``nose`` (N, C, 28, 24), ``mouth`` (N, C, 23, 40) at S = 128.
    """
    sizes = patch_sizes(images.shape[-1])
    height, width = sizes["eyes"][0], sizes["eyes"][1] // 2
    left = crop(images, _centred(points[:, LEFT_EYE], (height, width)), (height, width))
    right = crop(images, _centred(points[:, RIGHT_EYE], (height, width)), (height, width))
    nose = crop(images, _centred(points[:, NOSE], sizes["nose"]), sizes["nose"])
    mouth = crop(
        images,
        _spanned(points[:, MOUTH_LEFT], points[:, MOUTH_RIGHT], sizes["mouth"]),
        sizes["mouth"],
    )
    return {"eyes": torch.cat([left, right], dim=-1), "nose": nose, "mouth": mouth}


def _centred(points: Tensor, size: tuple[int, int]) -> Tensor:
    """The shift that brings each point to the middle of its patch: (N, 2, 3)."""
    middle = points.new_tensor([(size[1] - 1) / 2, (size[0] - 1) / 2])
    identity = torch.eye(2, dtype=points.dtype, device=points.device)
    linear = identity.expand(len(points), 2, 2)
    return torch.cat([linear, (middle - points).unsqueeze(-1)], dim=-1)


def _spanned(left: Tensor, right: Tensor, size: tuple[int, int]) -> Tensor:
    """The similarity that brings two points to the middle of the patch's two sides: (N, 2, 3)."""
    height, width = size
    span = right - left
    # A mouth whose corners meet is taken as level, and none is blown up without bound.
    level = span.new_tensor([1.0, 0.0])
    span = torch.where((span.detach() ** 2).sum(-1, keepdim=True) < 1, level, span)
    length = span.norm(dim=-1, keepdim=True)
    span = span * (length.clamp(min=width / 4) / length)
    factor = (width - 1) / (span**2).sum(-1)
    cosine, sine = span[:, 0] * factor, -span[:, 1] * factor
    linear = torch.stack(
        [torch.stack([cosine, -sine], -1), torch.stack([sine, cosine], -1)], dim=-2
    )
    middle = left.new_tensor([(width - 1) / 2, (height - 1) / 2])
    centre = (left + right) / 2
    shift = middle - (linear @ centre.unsqueeze(-1)).squeeze(-1)
    return torch.cat([linear, shift.unsqueeze(-1)], dim=-1)
