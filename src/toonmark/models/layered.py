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
from toonmark.models.layer import Layer
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
#: The line screen: lines across the picture's edge; the least and the most light that a line can
#: stand for are its middle less and more the spread; how light is bent before; how hard edges are.
_LINES, _MIDDLE, _SPREAD, _PRINTED, _PRESSED = 80, 0.58, 0.26, 0.62, 10.0
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
    """

    fixed: Tensor
    own: Tensor
    mixed: Tensor
    of_skin: Tensor
    tone: Tensor
    left_out: Tensor

    def __init__(self, scores: LayerScores, look: str = "comic", sharpness: float = 8.0) -> None:
        super().__init__()
        self.scores, self.look, self.sharpness, self.clean = scores, look, sharpness, False
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
        return engraved(drawn) if self.look == INK else drawn

    def maps(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """The heatmaps that the network sees: (N, 5, S/4, S/4)."""
        return heatmaps((landmarks + 0.5) / 4 - 0.5, face.shape[-1] // 4)

    def layer_scores(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """How much each pixel belongs to each layer: (N, layers, S/2, S/2), see :func:`bounded`."""
        return self._bounded(F.avg_pool2d(face, 2), self.maps(face, landmarks))

    def _bounded(self, small: Tensor, maps: Tensor) -> Tensor:
        scores = toned(smooth_shades(self.scores(small, maps)), small)
        return bounded(scores * self.sharpness + self.left_out)

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


def bounded(scores: Tensor) -> Tensor:
    """Scores, (N, layers, H, W), whose largest is 0 at each pixel and whose least is -40.

    Their exponentials need no further care, not even between the pixels that they were made at: in
    a graph, a softmax over layers took longer than all convolutions.
    """
    return (scores - scores.amax(1, keepdim=True)).clamp(min=-40.0)


def compose(scores: Tensor, colours: Tensor) -> Tensor:
    """Paints: (N, layers, H, W) bounded scores and (N, layers, 3) colours to (N, 3, H, W)."""
    count, _, height, width = scores.shape
    shares = torch.exp(scores).flatten(2)
    painted = torch.cat([colours, torch.ones_like(colours[..., :1])], 2).transpose(1, 2) @ shares
    return (painted[:, :3] / painted[:, 3:]).reshape(count, 3, height, width)


def engraved(image: Tensor) -> Tensor:
    """A picture in black lines on white, wider where it is darker: a line screen, as in print.

    Args:
        image: (N, 3, H, W) in [-1, 1].

    Returns:
        (N, 3, H, W) in [-1, 1]; white stays white, and black is all line.
    """
    red, green, blue = (image[:, i : i + 1] for i in range(3))
    light = ((0.299 * red + 0.587 * green + 0.114 * blue + 1) / 2).clamp(min=1e-4)
    turns = 2 * torch.pi * _LINES / image.shape[-1]
    rows = turns * torch.arange(image.shape[-2], device=image.device)[:, None]
    columns = turns * torch.arange(image.shape[-1], device=image.device)[None]
    # sin(row + column), made for each picture: as a constant it would be larger than the network.
    every = (light > 0).to(image.dtype)
    wave = torch.sin(rows) * (torch.cos(columns) * every)
    wave = wave + torch.cos(rows) * (torch.sin(columns) * every)
    screen = _MIDDLE + _SPREAD * wave
    paper = ((light**_PRINTED - screen) * _PRESSED + 0.5).clamp(min=0).clamp(max=1)
    ink = torch.tensor(FIXED[Layer.INK], device=image.device).view(1, 3, 1, 1) / 127.5 - 1
    return ink + (1 - ink) * paper
