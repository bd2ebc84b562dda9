"""The layered generator with two further outputs, soft masks of skin and of hair."""

from __future__ import annotations

import torch
from torch import Tensor

from toonmark.models.drawing_layers import Layer
from toonmark.models.layered import LayeredGenerator

#: The layers of skin, in all of its tones, with brows, which are drawn half in its colour; and of
#: hair, or what covers the head, and beard.
PARTS = (
    (Layer.SKIN, Layer.SHADE, Layer.LIGHT, Layer.SOFT_LINE, Layer.BROW),
    (Layer.TOP_DARK, Layer.TOP_LIGHT, Layer.BEARD),
)


class DrawingInParts(LayeredGenerator):
    """A generator that also says how much of each pixel is skin, and how much hair."""

    @classmethod
    def of(cls, drawing: LayeredGenerator) -> DrawingInParts:
        """The same drawing, with its parts."""
        parted = cls(drawing.scores, drawing.look)
        parted.clean = drawing.clean
        return parted.train(drawing.training)

    def forward(self, face: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """As a generator's, and (N, 2, S/2, S/2) in [0, 1]: the shares of skin and of hair."""
        drawn, shares = self.drawn(face, landmarks)
        rows = torch.zeros(len(PARTS) + 1, len(Layer))
        for row, layers in zip(rows, PARTS, strict=False):
            row[list(layers)] = 1
        rows[-1] = 1
        sums = (rows.to(shares) @ shares.flatten(2)).unflatten(2, shares.shape[2:])
        return drawn, sums[:, :-1] / sums[:, -1:]
