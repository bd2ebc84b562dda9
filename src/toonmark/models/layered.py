"""A generator that draws in flat layers, and takes their colours from the photo.

The network says, at half the drawing's size, how much each pixel belongs to which layer: skin,
hair, clothes, ink. A layer that has the person's own colour takes the mean of the photo under it,
so hues need not be learnt and are flat; the layers' scores, and not their colours, are enlarged to
the drawing's size, so edges stay sharp there.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.landmarks import COUNT
from toonmark.models.blocks import Residual, icnr_, instance_norm
from toonmark.models.cleaning import kept
from toonmark.models.composing import compose
from toonmark.models.drawing_layers import Layer
from toonmark.models.engraving import STEEPEST, engraved
from toonmark.models.heatmaps import heatmaps
from toonmark.models.layer_scores import finished, relief, within
from toonmark.ranges import signed, signed_to_unit

#: What a style pack calls this kind of network.
LAYERED = "layered"

#: Layers of one colour whoever is drawn: RGB in [0, 255].
FIXED = {
    Layer.BACKGROUND: (255, 255, 255),
    Layer.EYE_WHITE: (250, 250, 247),
    Layer.INK: (34, 28, 32),
    Layer.OUTLINE: (34, 28, 32),
    Layer.MOUTH: (96, 30, 36),
    Layer.TEETH: (252, 250, 246),
}
#: Layers in another tone of the person's skin: factors of red, green, blue.
OF_SKIN = {
    Layer.SHADE: (0.84, 0.78, 0.78),
    Layer.LIGHT: (1.09, 1.08, 1.07),
    Layer.SOFT_LINE: (0.58, 0.48, 0.48),
}
#: Thin layers, whose pixels of the photo are half skin: how far their colour is moved on, away
#: from the skin's, of its distance from it.
MIXED = {Layer.BROW: 0.6, Layer.GLASSES: 0.9}
#: Layers that a look leaves out; what is nearest to them takes their place.
LOOKS: dict[str, tuple[Layer, ...]] = {"comic": (), "flat": (Layer.OUTLINE,), "ink": ()}
#: The look that is engraved in black lines on white, see :func:`engraved`.
INK = "ink"
#: Skin's tones in ink, where there is no hue to tell them apart.
_ENGRAVED = {Layer.SHADE: 0.55, Layer.LIGHT: 1.4, Layer.SOFT_LINE: 0.2}
#: By how much scores are multiplied. At 1, edges are as soft as the network is unsure of them; the
#: larger, the more a pixel belongs to one layer alone.
_SHARPNESS = 12.0
#: How much stronger the person's colours are drawn, and lighter, of 255.
_VIVID, _LIGHT = 1.15, 4.0
#: Residual blocks at an eighth of the photo's size.
_BLOCKS = 5


class LayerScores(nn.Module):
    """A photo and its heatmaps to the layers' scores: a small U-Net (Ronneberger et al. 2015).

    Args:
        width: channels at a quarter of the photo's size; twice as many at an eighth.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        stem, deep = 32, 2 * width
        # Of the photo with its pixels two by two in channels, and the heatmaps.
        self.stem = nn.Sequential(nn.Conv2d(12 + COUNT, stem, 3, 1, 1), nn.ReLU())
        self.down = _step(stem, width, 4, 2)
        self.deeper = _step(width, deep, 4, 2)
        self.blocks = nn.Sequential(*[_block(deep) for _ in range(_BLOCKS)])
        self.up = nn.Sequential(nn.Conv2d(deep, 4 * width, 1), nn.PixelShuffle(2))
        self.middle = _block(width)
        self.further = nn.Sequential(nn.Conv2d(width, 4 * stem, 1), nn.PixelShuffle(2))
        self.last = nn.Sequential(
            _step(stem, stem, 3, 1),
            nn.Conv2d(stem, 4 * len(Layer), 3, 1, 1),
            nn.PixelShuffle(2),
        )
        self.apply(initialise_he)
        icnr_(self.up[0])
        icnr_(self.further[0])
        icnr_(self.last[1])

    def forward(self, photo: Tensor, maps: Tensor, strength: float = 1.0) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, S/2, S/2) to (N, layers, S, S) scores.

        Args:
            photo, maps: what is seen.
            strength: what the scores are multiplied by, before they are many.
        """
        stem = self._stem(photo, maps.to(photo.dtype))
        down = self.down(stem)
        x = self.blocks(self.deeper(down))
        x = self.middle(_doubled(self.up[0], x) + down)
        step, last, shuffle = self.last
        x = step(_doubled(self.further[0], x) + stem)
        return cast(Tensor, shuffle(_convolved(last, x, strength)))

    def _stem(self, photo: Tensor, maps: Tensor) -> Tensor:
        """The first step, without moving pixels into channels: their weights lie as pixels do."""
        first = self.stem[0]
        assert isinstance(first, nn.Conv2d)
        own, near = first.weight[:, :12], first.weight[:, 12:]
        own = own.unflatten(1, (3, 2, 2)).permute(0, 1, 4, 2, 5, 3).reshape(-1, 3, 6, 6)
        seen = F.conv2d(photo, own, first.bias, stride=2, padding=2)
        return F.relu(seen + F.conv2d(maps, near, padding=1))


def initialise_he(module: nn.Module) -> None:
    """He et al. 2015, for rectified layers."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _doubled(layer: nn.Module, x: Tensor) -> Tensor:
    """A convolution of 1 x 1 whose channels are shuffled into two by two pixels.

    The same as a transposed convolution, which in a graph takes half the time. The four pixels have
    biases of their own: weights of a channel of ones.
    """
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    weight = torch.cat([layer.weight.flatten(1), layer.bias[:, None]], 1)
    weight = weight.T.reshape(x.shape[1] + 1, -1, 2, 2)
    return F.conv_transpose2d(torch.cat([x, torch.ones_like(x[:, :1])], 1), weight, stride=2)


def _convolved(layer: nn.Module, x: Tensor, strength: float) -> Tensor:
    """A convolution's answer many times as strong: weights are fewer than what they give."""
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    return layer._conv_forward(x, layer.weight * strength, layer.bias * strength)


def _step(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False),
        instance_norm(outputs),
        nn.ReLU(),
    )


def _block(channels: int) -> Residual:
    return Residual(
        _step(channels, channels, 3, 1),
        nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
        instance_norm(channels),
    )


class LayeredGenerator(nn.Module):
    """A photo and five landmarks to a drawing in flat colours.

    Args:
        scores: the network.
        look: with contours ("comic"), in areas alone ("flat"), or in black lines ("ink").

    Attributes:
        clean: make white what is not joined to the face, as the last step.
        steepness: how many times the last step makes a difference larger.
    """

    fixed: Tensor
    own: Tensor
    mixed: Tensor
    of_skin: Tensor
    tone: Tensor

    def __init__(self, scores: LayerScores, look: str = "comic") -> None:
        super().__init__()
        self.scores, self.look, self.clean = scores, look, False
        self.steepness = STEEPEST if look == INK else 1.0
        count = len(Layer)
        fixed, own, mixed = torch.zeros(count, 3), torch.ones(count, 1), torch.zeros(count, 1)
        of_skin, tone = torch.zeros(count, 1), torch.ones(count, 3)
        for layer, colour in FIXED.items():
            fixed[layer], own[layer] = torch.from_numpy(signed(colour)), 0
        tones = dict(OF_SKIN)
        if look == INK:
            tones |= {layer: (factor,) * 3 for layer, factor in _ENGRAVED.items()}
        for layer, factors in tones.items():
            of_skin[layer], own[layer], tone[layer] = 1, 0, torch.tensor(factors)
        for layer, factor in MIXED.items():
            mixed[layer] = factor
        for name, value in (
            ("fixed", fixed),
            ("own", own),
            ("mixed", mixed),
            ("of_skin", of_skin),
            ("tone", tone),
        ):
            self.register_buffer(name, value, persistent=False)

    def forward(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, 2) pixels to (N, 3, S, S) in [-1, 1]."""
        return self.drawn(face, landmarks)[0]

    def drawn(self, face: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:
        """The drawing, and how much each pixel is each layer's: (N, layers, S/2, S/2) in [0, 1]."""
        small, maps = F.avg_pool2d(face, 2), self.maps(face, landmarks)
        scores = self.scores(small, maps, _SHARPNESS)
        scores = finished(scores, small, LOOKS[self.look], _SHARPNESS)
        shares = torch.exp(scores)
        # What is missing of white is mixed as colours are, and is what there is to clean.
        missing = compose(scores, 1 - self.colours(shares, small))
        if self.clean:
            missing = missing * kept(missing, maps)
        drawn = 1 - missing
        return engraved(drawn, FIXED[Layer.INK]) if self.look == INK else drawn, shares

    def maps(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """The heatmaps that the network sees: (N, 5, S/4, S/4)."""
        return heatmaps((landmarks + 0.5) / 4 - 0.5, face.shape[-1] // 4)

    def painted(self, layers: Tensor, photo: Tensor) -> Tensor:
        """Layers in their colours, and skin in its tones: the teacher's drawing.

        Args:
            layers: (N, 2H, 2W) int64 of :class:`Layer`; unknown ones become background.
            photo: (N, 3, H, W) in [-1, 1].

        Returns:
            (N, 3, 2H, 2W) in [-1, 1].
        """
        known = layers.clamp(max=len(Layer) - 1) * (layers < len(Layer))
        plain = F.one_hot(known, len(Layer)).permute(0, 3, 1, 2).to(photo.dtype)
        skin = F.avg_pool2d(plain[:, Layer.SKIN : Layer.SKIN + 1], 2)
        tone = F.interpolate(relief(photo, skin), scale_factor=2.0, mode="bilinear")
        shares = list(plain.unbind(1))
        for layer, where in ((Layer.SHADE, tone < -1), (Layer.LIGHT, tone > 1)):
            part = shares[Layer.SKIN] * where[:, 0]
            shares[layer], shares[Layer.SKIN] = shares[layer] + part, shares[Layer.SKIN] - part
        toned_shares = torch.stack(shares, 1)
        colours = self.colours(F.avg_pool2d(toned_shares, 2), photo)
        return torch.einsum("nlhw,nlc->nchw", toned_shares, colours)

    def colours(self, shares: Tensor, photo: Tensor) -> Tensor:
        """The colour of each layer.

        Args:
            shares: (N, layers, H, W), how much of each pixel is each layer's, of their sum.
            photo: (N, 3, H, W) in [-1, 1]; exactly white beyond the photo's edge.

        Returns:
            (N, layers, 3) in [-1, 1].
        """
        known = within(photo)
        # The middle of a layer counts more than its soft edge, whose colours are mixed: squares.
        one = torch.ones_like(shares[:, :, :1, 0]).transpose(1, 2)  # a product sums sooner
        total = (one @ shares.flatten(2)).view_as(known)
        weight = known / (total * total)
        seen = torch.cat([photo * weight, weight], 1).flatten(2).transpose(1, 2)
        sums = (shares * shares).flatten(2) @ seen
        mean = (sums[..., :3] + 1e-2) / (sums[..., 3:] + 1e-2)
        mean = signed_to_unit(mean)
        grey = mean.mean(2, keepdim=True)
        vivid = (grey + (mean - grey) * _VIVID + _LIGHT / 255).clamp(0, 1)
        skin = vivid[:, Layer.SKIN : Layer.SKIN + 1]
        pure = (vivid + self.mixed * (vivid - skin)).clamp(0, 1)
        shown = self.own * pure + self.of_skin * self.tone * skin
        return shown * 2 - (self.own + self.of_skin) + self.fixed
