"""Augments whole batches in torch, on the GPU if there is one: the samples of the NumPy sampler.

A set's pictures are decoded once, and kept on the device that makes the batch. What changes them at
random is drawn for each, from the same seeds; then all are warped, lit and laid over their
backgrounds together. Differences from :meth:`Sampler.at` are those of rounding, below 1e-3 of
[-1, 1].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import get_worker_info

from toonmark.data.augmentation_parameters import Changes, Light
from toonmark.data.matte import matte_on_white
from toonmark.data.sampling import Sampler
from toonmark.faces.align import block_of, invert
from toonmark.landmarks import Array
from toonmark.training.batch import Batch
from toonmark.training.tensors import sent, to_points

#: Bytes of decoded pictures that are kept, of one domain, over all processes that make them.
KEPT = 2**29
#: Pixels of a set's pictures, and of samples, that are worked on together: more would leave the
#: processor's cache, or fill its memory.
_TOGETHER = 2**17
#: A matte is an edge blurred by (1, 2, 1) / 4 in both directions: it has these steps, and no other.
_STEPS = 16


class BatchSampler:
    """Makes batches of a sampler's pictures.

    Args:
        sampler: one without photos, drawings and noise, which are for single pictures.
        kept: bytes of decoded pictures that it keeps, over all processes; others are decoded
            whenever they come.
        device: where the pictures are made. A worker process's copy makes them on the processor.
    """

    def __init__(
        self, sampler: Sampler, kept: int = KEPT, device: torch.device | str = "cpu"
    ) -> None:
        if sampler.photos or sampler.drawings or sampler.noise:
            raise ValueError("Photos, drawings and noise are for single pictures.")
        self.sampler, self._kept, self._room = sampler, kept, kept
        self.device = torch.device(device)
        self._decoded: dict[int, Tensor] = {}

    def __getstate__(self) -> dict[str, Any]:
        """A worker process's state: without decoded pictures, which it can decode itself."""
        fresh = {"_room": self._kept, "_decoded": {}, "device": torch.device("cpu")}
        return self.__dict__ | fresh

    @torch.no_grad()
    def at(self, iteration: int, places: Sequence[int], batch: int) -> Batch:
        """The pictures of ``places`` in the ``batch`` of ``iteration``, on the device."""
        pixels, changes = [], []
        for place in places:
            index, random = self.sampler.chosen(iteration, place, batch)
            pixels.append(self._pixels(index))
            shape = tuple(pixels[-1].shape[1:])
            changes.append(self.sampler.changes(index, random, shape))
        size = self.sampler.size
        shape = (len(places), 3, size, size)
        image, shown = (torch.empty(shape, device=self.device) for _ in range(2))
        for block, of in _alike(pixels, changes, size):
            chosen = [changes[k] for k in of]
            views = _views([pixels[k] for k in of], chosen, block, size)
            finished = _cartoons if self.sampler.backgrounds is None else _faces
            image[of], shown[of] = finished(views, chosen)
        points = to_points([one.landmarks for one in changes])
        return Batch(image, shown, sent(points, self.device))

    def _pixels(self, index: int) -> Tensor:
        """A picture's planes: (3, H, W) uint8, for faces a fourth with the matte's steps."""
        found = self._decoded.get(index)
        if found is not None:
            return found
        picture = self.sampler.picture(index)
        if self.sampler.backgrounds is not None:
            steps = np.rint(matte_on_white(picture) * _STEPS).astype(np.uint8)
            picture = np.dstack([picture, steps])
        planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
        planes = sent(planes, self.device)
        worker = get_worker_info()
        share = 1 if worker is None else worker.num_workers
        if planes.numel() * share <= self._room:
            self._room -= planes.numel() * share
            self._decoded[index] = planes
        return planes


def _alike(
    pixels: Sequence[Tensor], changes: Sequence[Changes], size: int
) -> Iterator[tuple[int, list[int]]]:
    """Groups of one size that are averaged in blocks of one size: the blocks' edge, and places."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    for k, (planes, change) in enumerate(zip(pixels, changes, strict=True)):
        height, width = planes.shape[1:]
        groups.setdefault((height, width, block_of(change.transform)), []).append(k)
    for (height, width, block), of in groups.items():
        together = max(1, _TOGETHER // max(height * width, size * size))
        for start in range(0, len(of), together):
            yield block, of[start : start + together]


def _views(pixels: Sequence[Tensor], changes: Sequence[Changes], block: int, size: int) -> Tensor:
    """Crops, as by :func:`toonmark.faces.align.crop`: (n, 3 or 4, size, size) in [0, 1].

    Of faces the premultiplied colours, which :func:`toonmark.data.matte.lift` gives, and the matte.
    """
    stacked = torch.stack(list(pixels))
    if mirrored := [k for k, change in enumerate(changes) if change.mirrored]:
        stacked[mirrored] = stacked[mirrored].flip(-1)
    layer = stacked.float()
    if layer.shape[1] == 4:
        colour, alpha = layer[:, :3].mul_(1 / 255), layer[:, 3:].mul_(1 / _STEPS)
        colour.add_(alpha).sub_(1).clamp_(min=0)  # never above the matte
    else:
        layer.mul_(1 / 255)
    if block > 1:
        height, width = layer.shape[-2:]
        layer = F.pad(layer, (0, -width % block, 0, -height % block), mode="replicate")
        layer = F.avg_pool2d(layer, block)
    back = invert(np.stack([change.transform for change in changes]))
    # A block's centre lies (block - 1) / 2 behind its first pixel.
    back[:, :, 2] -= (block - 1) / 2
    grid = _grid(back / block, layer.shape[-2:], size, layer.device)
    return F.grid_sample(layer, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _grid(back: Array, shape: Sequence[int], size: int, device: torch.device) -> Tensor:
    """Places of (n, 2, 3) views in pictures of (H, W), as ``grid_sample`` counts: in [-1, 1]."""
    height, width = shape
    scale = np.array([[2 / width], [2 / height]])
    back = back * scale
    back[:, :, 2] += scale[:, 0] / 2 - 1
    middle = (size - 1) / 2
    # From the view's middle, where rounding is least.
    back[:, :, 2] += back[:, :, :2].sum(-1) * middle
    # Each by itself in memory, or the grid would lie in another order, and be read slower.
    apart = np.ascontiguousarray(np.moveaxis(back, -1, 0), np.float32)
    across, down, offset = sent(torch.from_numpy(apart), device)
    steps = torch.arange(size, device=device) - middle
    rows = down[:, None] * steps[:, None] + offset[:, None]  # (n, size, 2)
    columns = across[:, None] * steps[:, None]
    return rows[:, :, None] + columns[:, None]


def _cartoons(views: Tensor, changes: Sequence[Changes]) -> tuple[Tensor, Tensor]:
    """A cartoon: its drawn edges stay as they are. Its image, and what is shown, in [-1, 1]."""
    image = _tinted(views, changes).mul_(2).sub_(1)
    return image, image.clamp(-1, 1)


def _faces(views: Tensor, changes: Sequence[Changes]) -> tuple[Tensor, Tensor]:
    """Faces on white, and before their backgrounds in their light: each in [-1, 1]."""
    colour, ground = _tinted(views[:, :3], changes), 1 - views[:, 3:]
    image = (colour + ground).mul_(2).sub_(1)
    lights = [change.light for change in changes if change.light is not None]
    backgrounds = [change.background for change in changes if change.background is not None]
    if not lights and not backgrounds:
        return image, image.clamp(-1, 1)
    shown = colour
    if lights:
        shown = colour.mul_(_gains(lights, views.shape[-1], views.device)[:, None]).clamp_(0, 1)
    if backgrounds:
        drawn = [k for k, change in enumerate(changes) if change.background is not None]
        behind = torch.ones_like(shown)
        given = sent(torch.from_numpy(np.stack(backgrounds)), views.device)
        behind[drawn] = given.permute(0, 3, 1, 2)
        shown.addcmul_(ground, behind)
    else:
        shown.add_(ground)
    return image, shown.clamp_(0, 1).mul_(2).sub_(1)


def _tinted(pictures: Tensor, changes: Sequence[Changes]) -> Tensor:
    """:meth:`toonmark.data.augmentation_parameters.Tint.on`, of (n, 3, S, S)."""
    tints = [change.tint for change in changes if change.tint is not None]
    if not tints:
        return pictures
    gamma = torch.tensor([one.gamma for one in tints], dtype=torch.float32)[:, None, None, None]
    gain = torch.from_numpy(np.stack([one.gain for one in tints])).float()[:, :, None, None]
    gamma, gain = sent(gamma, pictures.device), sent(gain, pictures.device)
    # A power by its logarithm, which is much quicker; that of 0 is minus infinity, and 0 again.
    return pictures.clamp(0, 1).log_().mul_(gamma).exp_().mul_(gain).clamp_(0, 1)


def _gains(lights: Sequence[Light], size: int, device: torch.device) -> Tensor:
    """The factors of :meth:`toonmark.data.augmentation_parameters.Light.on`: (n, size, size)."""
    angles = sent(torch.tensor([one.angle for one in lights])[:, None], device)
    steps = torch.linspace(-1, 1, size, device=device) * 2
    x, y = angles.cos() * steps, angles.sin() * steps
    side = torch.tanh(x[:, None] + y[..., None])
    strengths = torch.tensor([one.strength * one.side for one in lights])
    side *= sent(strengths, device)[:, None, None]
    rows, cells = (sent(tensor, device) for tensor in _cubic(lights, size))
    return torch.baddbmm(side, rows @ cells, rows.mT).exp_()


def _cubic(lights: Sequence[Light], size: int) -> tuple[Tensor, Tensor]:
    """Patches' grids, (n, k, k), and how each row of a picture weighs theirs: (n, size, k).

    Filled up with zeros to one k. As OpenCV enlarges by ``INTER_CUBIC``: Keys's kernel with
    a = -0.75 (Keys 1981), beyond the edge the outermost cell.
    """
    largest = max(len(one.cells) for one in lights)
    cells = torch.zeros(len(lights), largest, largest)
    rows = torch.zeros(len(lights), size, largest)
    for k, one in enumerate(lights):
        edge = len(one.cells)
        strength = np.float32(one.strength * one.patches)
        cells[k, :edge, :edge] = torch.from_numpy(one.cells[..., 0] * strength)
        unit = torch.eye(edge)[None, None]
        rows[k, :, :edge] = F.interpolate(unit, (size, edge), mode="bicubic")[0, 0]
    return rows, cells
