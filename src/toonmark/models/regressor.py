"""Landmark regressors: a face in, five heatmaps out."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.landmarks import COUNT
from toonmark.models.batch_norm import BatchNorm
from toonmark.models.blocks import GROUPS, Residual


class PaperRegressor(nn.Module):
    """The U-Net of Table 3, with one output a landmark (the table's last row says 3, the text 5).

    The table's "output size" of a Concat row is the deconvolution's own; its partner's channels
    come on top. Read the other way, Deconv5 would be left with no channel at all.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (64, 128, 256, 512, 1024)
        self.convs = nn.ModuleList(
            _conv(before, after) for before, after in zip((3, *widths), widths, strict=False)
        )
        self.resblock = Residual(
            nn.Conv2d(1024, 1024, 3, 1, 1),
            BatchNorm(1024),
            nn.ReLU(inplace=True),
            nn.Conv2d(1024, 1024, 3, 1, 1),
            BatchNorm(1024),
        )
        self.deconvs = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(before, after, 3, 2, 1, 1),
                BatchNorm(after),
                nn.ReLU(inplace=True),
            )
            for before, after in ((1024, 512), (1024, 256), (512, 128), (256, 64), (128, 32))
        )
        self.output1 = nn.Sequential(nn.Conv2d(32 + 3, 32, 3, 1, 1), nn.ReLU(inplace=True))
        self.output2 = nn.Conv2d(32, COUNT, 3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, 5, S, S); S a multiple of 32."""
        skips, x = [image], image
        for conv in self.convs:
            x = conv(x)
            skips.append(x)
        skips.pop()
        x = F.relu(self.resblock(x))
        for deconv in self.deconvs:
            x = torch.cat([deconv(x), skips.pop()], dim=1)
        return self.output2(self.output1(x))


class CompactRegressor(nn.Module):
    """A U-Net of 0.44 M weights: half size at most, skips added, maps enlarged at the end.

    Heatmaps of sigma 4 are smooth enough to be predicted at half the size.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (24, 48, 96, 96)
        self.stem = _grouped(12, widths[0], 1)
        self.downs = nn.ModuleList(
            _grouped(before, after, 2) for before, after in itertools.pairwise(widths)
        )
        self.block = nn.Sequential(
            _grouped(widths[-1], widths[-1], 1), _grouped(widths[-1], widths[-1], 1)
        )
        self.ups = nn.ModuleList(
            _grouped(before, after, 1)
            for before, after in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.output = nn.Conv2d(widths[0], COUNT, 3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, 5, S, S); S a multiple of 16."""
        x = self.stem(F.pixel_unshuffle(image, 2))
        skips = []
        for down in self.downs:
            skips.append(x)
            x = down(x)
        x = x + self.block(x)
        for up in self.ups:
            x = F.interpolate(up(x), scale_factor=2, mode="nearest") + skips.pop()
        maps = self.output(x)
        return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)


def _conv(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, 2, 1), BatchNorm(after), nn.ReLU(inplace=True))


def _grouped(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False),
        nn.GroupNorm(GROUPS, after),
        nn.ReLU(inplace=True),
    )
