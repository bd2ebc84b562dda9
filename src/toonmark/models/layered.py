"""A generator that draws in flat layers, and takes their colours from the photo.

The network says, at half the drawing's size, how much each pixel belongs to which layer: skin,
hair, clothes, ink. A layer that has the person's own colour takes the mean of the photo under it,
so hues need not be learnt and are flat; the layers' scores, and not their colours, are enlarged to
the drawing's size, so edges stay sharp there.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.landmarks import COUNT
from toonmark.models.cleaning import cleaned
from toonmark.models.engraving import STEEPEST, engraved
from toonmark.models.layer import Layer
from toonmark.models.layer_scores import bounded, outlined, relief, smooth_shades, toned
from toonmark.models.layers import icnr_, instance_norm
from toonmark.models.sampling import heatmaps

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
#: How much stronger the person's colours are drawn, and lighter, of 255.
_VIVID, _LIGHT = 1.15, 4.0


class LayerScores(nn.Module):
    """A photo and its heatmaps to the layers' scores: a small U-Net (Ronneberger et al. 2015).

    Args:
        width: channels at a quarter of the photo's size; twice as many at an eighth.
        blocks: residual blocks at an eighth.
    """

    def __init__(self, width: int = 48, blocks: int = 5) -> None:
        super().__init__()
        stem, deep = 32, 2 * width
        self.stem = nn.Sequential(nn.Conv2d(12 + COUNT, stem, 3, 1, 1), nn.ReLU())
        self.down = _step(stem, width, 4, 2)
        self.deeper = _step(width, deep, 4, 2)
        self.blocks = nn.Sequential(*[_Block(deep) for _ in range(blocks)])
        self.up = nn.Sequential(nn.Conv2d(deep, 4 * width, 1), nn.PixelShuffle(2))
        self.middle = _Block(width)
        self.further = nn.Sequential(nn.Conv2d(width, 4 * stem, 1), nn.PixelShuffle(2))
        self.last = nn.Sequential(
            _step(stem, stem, 3, 1), nn.Conv2d(stem, 4 * len(Layer), 3, 1, 1), nn.PixelShuffle(2)
        )
        self.apply(initialise_he)
        icnr_(self.up[0])
        icnr_(self.further[0])
        icnr_(self.last[1])

    def forward(self, photo: Tensor, maps: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, S/2, S/2) to (N, layers, S, S) scores."""
        stem = self.stem(torch.cat([F.pixel_unshuffle(photo, 2), maps.to(photo.dtype)], 1))
        down = self.down(stem)
        x = self.blocks(self.deeper(down))
        x = self.middle(self.up(x) + down)
        return self.last(self.further(x) + stem)


def initialise_he(module: nn.Module) -> None:
    """He et al. 2015, for rectified layers."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _step(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False),
        instance_norm(outputs),
        nn.ReLU(),
    )


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _step(channels, channels, 3, 1),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            instance_norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class LayeredGenerator(nn.Module):
    """A photo and five landmarks to a drawing in flat colours.

    Args:
        scores: the network.
        look: with contours ("comic"), in areas alone ("flat"), or in black lines ("ink").
        sharpness: by how much scores are multiplied. At 1, edges are as soft as the network is
            unsure of them; the larger, the more a pixel belongs to one layer alone.

    Attributes:
        clean: make white what is not joined to the face, as the last step.
        steepness: how many times the last step makes a difference larger.
    """

    fixed: Tensor
    own: Tensor
    mixed: Tensor
    of_skin: Tensor
    tone: Tensor
    left_out: Tensor

    def __init__(self, scores: LayerScores, look: str = "comic", sharpness: float = 12.0) -> None:
        super().__init__()
        self.scores, self.look, self.sharpness, self.clean = scores, look, sharpness, False
        self.steepness = STEEPEST if look == INK else 1.0
        left_out = torch.zeros(1, len(Layer), 1, 1)
        for layer in LOOKS[look]:
            left_out[:, layer] = -1e4
        self.register_buffer("left_out", left_out, persistent=False)
        count = len(Layer)
        fixed, own, mixed = torch.zeros(count, 3), torch.ones(count, 1), torch.zeros(count, 1)
        of_skin, tone = torch.zeros(count, 1), torch.ones(count, 3)
        for layer, colour in FIXED.items():
            fixed[layer], own[layer] = torch.tensor(colour) / 127.5 - 1, 0
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
        small, maps = F.avg_pool2d(face, 2), self.maps(face, landmarks)
        scores = self._bounded(small, maps)
        shares = torch.exp(scores)
        colours = self.colours(shares / shares.sum(1, keepdim=True), small)
        large = F.interpolate(scores, scale_factor=2, mode="bilinear", align_corners=False)
        drawn = compose(large, colours)
        if self.clean:
            drawn = cleaned(drawn, maps)
        return engraved(drawn, FIXED[Layer.INK]) if self.look == INK else drawn

    def maps(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """The heatmaps that the network sees: (N, 5, S/4, S/4)."""
        return heatmaps((landmarks + 0.5) / 4 - 0.5, face.shape[-1] // 4)

    def layer_scores(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """How much each pixel belongs to each layer: (N, layers, S/2, S/2), see :func:`bounded`."""
        return self._bounded(F.avg_pool2d(face, 2), self.maps(face, landmarks))

    def _bounded(self, small: Tensor, maps: Tensor) -> Tensor:
        scores = toned(smooth_shades(self.scores(small, maps)), small)
        return bounded(outlined(scores, self.left_out) * self.sharpness)

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
        """What each layer is painted in.

        Args:
            shares: (N, layers, H, W), which sum to 1 over the layers.
            photo: (N, 3, H, W) in [-1, 1]; exactly white beyond the photo's edge.

        Returns:
            (N, layers, 3) in [-1, 1].
        """
        known = (photo.amin(1, keepdim=True) < 0.999).to(photo.dtype)
        # The middle of a layer counts more than its soft edge, whose colours are mixed.
        weight = (shares * shares * known).flatten(2)
        total = weight.sum(2, keepdim=True)
        mean = (weight @ photo.flatten(2).transpose(1, 2) + 1e-2) / (total + 1e-2)
        mean = (mean + 1) / 2
        grey = mean.mean(2, keepdim=True)
        vivid = (grey + (mean - grey) * _VIVID + _LIGHT / 255).clamp(0, 1)
        skin = vivid[:, Layer.SKIN : Layer.SKIN + 1]
        pure = (vivid + self.mixed * (vivid - skin)).clamp(0, 1)
        shown = self.own * pure + self.of_skin * self.tone * skin
        return shown * 2 - (self.own + self.of_skin) + self.fixed


def compose(scores: Tensor, colours: Tensor) -> Tensor:
    """Paints: (N, layers, H, W) bounded scores and (N, layers, 3) colours to (N, 3, H, W)."""
    count, _, height, width = scores.shape
    shares = torch.exp(scores).flatten(2)
    painted = torch.cat([colours, torch.ones_like(colours[..., :1])], 2).transpose(1, 2) @ shares
    return (painted[:, :3] / painted[:, 3:]).reshape(count, 3, height, width)
