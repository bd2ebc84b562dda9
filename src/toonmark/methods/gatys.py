"""Style [6]: Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks".

CVPR 2016. Each picture is optimised by itself, and nothing is trained. The equations are
theirs by number.

What differs from the original: VGG16 unless the user has VGG19's weights; each layer's features
are divided by their mean over the style and the face, where the original rescales each filter to
mean activation 1 over ImageNet, so that alpha / beta = 1e-4 is what their 1e-3 was to the eye; the
optimisation begins with the face and not with noise, as the authors' own code does
(github.com/leongatys/PytorchNeuralStyleTransfer), and ends after a fixed number of evaluations.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from toonmark.methods.optimised import OptimisedConfig, OptimisedDrawer, minimised
from toonmark.methods.vgg import Vgg

#: Section 2.3: content from conv4_2, style from five layers of equal weight.
CONTENT = "conv4_2"
STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")


class GatysConfig(OptimisedConfig):
    """The settings of Style."""

    method: Literal["gatys"] = "gatys"
    ratio: float = Field(1e-4, gt=0, description="alpha / beta of eq. 7")
    evaluations: int = Field(60, ge=1, description="of the loss and its gradient, a picture")


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


class GatysDrawer(OptimisedDrawer):
    """See :class:`toonmark.methods.optimised.OptimisedDrawer`."""

    pooling = "average"  # section 2: smoother pictures

    def __init__(self, name: str, config: GatysConfig, vgg: Vgg | None = None) -> None:
        super().__init__(name, config, vgg)
        self.config = config

    def one(self, face: Tensor, style: Tensor) -> Tensor:
        """See :func:`transfer`."""
        return transfer(face, style, self.vgg, self.config)


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

    def loss(picture: Tensor) -> Tensor:
        found = vgg(picture, layers)
        parts = [style_loss(found[k] * scale[k], grams[k]) / len(STYLE) for k in STYLE]  # eq. 5
        return torch.stack(parts).sum() + config.ratio * content_loss(
            found[CONTENT] * scale[CONTENT], content
        )  # eq. 7, divided by beta

    return minimised(face, loss, config.evaluations, history=20).clamp(-1, 1)
