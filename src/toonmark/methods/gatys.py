"""Style [6]: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks".

CVPR 2016. Each picture is optimised by itself, and nothing is trained. The equations are
theirs by number.

What differs from the original: VGG16 unless the user has VGG19's weights; each layer's features
are divided by their mean over the style and the face, where the original rescales each filter to
mean activation 1 over ImageNet, so that alpha / beta = 1e-4 is what their 1e-3 was to the eye; the
optimisation begins with the face and not with noise, as the authors' own code does, and ends after
a fixed number of evaluations.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from toonmark.configuration import Frozen
from toonmark.data.split import Rule
from toonmark.landmarks import Array
from toonmark.methods.styles import Choice, style_pictures
from toonmark.methods.vgg import Vgg, open_vgg, weights_of_vgg
from toonmark.training.weighted_sets import Sets

#: Section 2.3: content from conv4_2, style from five layers of equal weight.
CONTENT = "conv4_2"
STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


class GatysConfig(Frozen):
    """How the method draws."""

    method: Literal["gatys"] = "gatys"
    cartoons: Sets = Field(default=[], description="sets that the style is taken from")
    size: int = Field(128, ge=32, multiple_of=32)
    choice: Choice = Field("seed", description="seed: one style for all; nearest: by colour")
    picture: str | None = Field(None, description="a file that is the style instead")
    vgg: str | None = Field(None, description="torchvision's file of VGG19; VGG16 without")
    ratio: float = Field(1e-4, gt=0, description="alpha / beta of eq. 7")
    evaluations: int = Field(60, ge=1, description="of the loss and its gradient, a picture")
    seed: int = 0
    split: Rule = Field("name", description="how training's cartoons are told from held-out ones")


def gram(features: Tensor) -> Tensor:
    """Eq. 3: inner products of the feature maps. (1, N, H, W) to (N, N)."""
    flat = features.flatten(2)[0]
    return flat @ flat.T


def content_loss(features: Tensor, wanted: Tensor) -> Tensor:
    """Eq. 1: half the squared difference of two layers' features."""
    return 0.5 * ((features - wanted) ** 2).sum()


def style_loss(features: Tensor, wanted: Tensor) -> Tensor:
    """Eq. 4: one layer's contribution; ``wanted`` is the style's Gram matrix."""
    count, places = features.shape[1], features[0, 0].numel()
    return ((gram(features) - wanted) ** 2).sum() / (4 * count**2 * places**2)


class GatysDrawer:
    """Draws faces in the style of a cartoon; see :class:`toonmark.evaluation.drawing.Drawer`.

    Args:
        name: its row's.
        config: how it draws.
        vgg: the features; by default those that the configuration names.

    Raises:
        MissingWeightsError, ConfigurationError, DataError: see :func:`open_vgg` and
            :class:`.styles.StylePictures`.
    """

    def __init__(self, name: str, config: GatysConfig, vgg: Vgg | None = None) -> None:
        self.name, self.size, self.config = name, config.size, config
        self.iterations: int | None = None
        self.rules = frozenset({config.split})
        self._vgg = vgg or open_vgg(config.vgg, "average")
        self._styles = style_pictures(config)
        # Everything that decides a drawing, for those who keep them.
        self.identity = config.model_dump_json() + (
            weights_of_vgg(config.vgg) if vgg is None else ""
        )

    def draw(self, faces: Array, points: Array) -> Array:
        """(B, size, size, 3) uint8 RGB to (B, size, size, 3) uint8; points are not needed."""
        return np.stack([self._one(face.astype(np.float32) / 127.5 - 1) for face in faces])

    def _one(self, face: Array) -> Array:
        style, _ = self._styles.of(face)
        drawn = transfer(as_batch(face), as_batch(style), self._vgg, self.config)
        pixels = drawn[0].permute(1, 2, 0).numpy()
        return np.rint((pixels + 1) * 127.5).clip(0, 255).astype(np.uint8)


def transfer(face: Tensor, style: Tensor, vgg: Vgg, config: GatysConfig) -> Tensor:
    """The picture that minimises eq. 7, begun with the face.

    Args:
        face, style: (1, 3, S, S) in [-1, 1].

    Returns:
        (1, 3, S, S) in [-1, 1].
    """
    layers = (*STYLE, CONTENT)
    with torch.no_grad():
        of_face, of_style = vgg(face, layers), vgg(style, layers)
        scale = {k: 2 / (of_face[k].mean() + of_style[k].mean() + 1e-12) for k in layers}
        content = of_face[CONTENT] * scale[CONTENT]
        grams = {k: gram(of_style[k] * scale[k]) for k in STYLE}
    picture = face.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [picture],
        max_iter=config.evaluations,
        max_eval=config.evaluations,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        found = vgg(picture, layers)
        parts = [style_loss(found[k] * scale[k], grams[k]) / len(STYLE) for k in STYLE]  # eq. 5
        loss = torch.stack(parts).sum() + config.ratio * content_loss(
            found[CONTENT] * scale[CONTENT], content
        )  # eq. 7, divided by beta
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(closure)
    return picture.detach().clamp(-1, 1)


def as_batch(picture: Array) -> Tensor:
    """(S, S, 3) to (1, 3, S, S)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].float()
