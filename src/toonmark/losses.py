"""The terms of the paper's equations 1 to 6, and those of our own and of other methods.

An adversarial equation has two sides, and a function for each: the generator's and the
discriminator's. Equation 3, their weighted sum, is made in ``training/step.py``.

All are means over the batch, so that a step over two machines equals one over twice the batch, and
in single precision at least, whatever the networks computed in. Domains are ``face`` and
``cartoon``; each equation serves both directions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from toonmark.ranges import signed_to_unit

GanForm = Literal["least_squares", "log"]


def _exact(values: Tensor) -> Tensor:
    """In single precision at least: bfloat16 has three digits, and what is left of a difference of
    two such numbers, or of their mean, fewer."""
    return values if values.dtype == torch.float64 else values.float()


def _distance(scores: Tensor, wanted: float) -> Tensor:
    """Mean squared distance of scores from a number: one operator there and one back."""
    return F.mse_loss(scores, torch.full_like(scores, wanted))


def adversarial_discriminator(
    real: Tensor, fake: Tensor, form: GanForm = "least_squares"
) -> Tensor:
    """The loss of a discriminator (eq. 1, 5 and 6, the discriminator's side).

    Args:
        real, fake: raw scores of any shape.
        form: ``least_squares`` (Mao et al. 2017, as CycleGAN trains), or the paper's ``log``.

    Returns:
        scalar; half the sum of both sides, as in CycleGAN, to slow the discriminator down.
    """
    real, fake = _exact(real), _exact(fake)
    if form == "least_squares":
        return 0.5 * _distance(real, 1.0) + 0.5 * _distance(fake, 0.0)
    # -log D and -log(1 - D) with D = sigmoid(score), written so that nothing overflows.
    return 0.5 * F.softplus(-real).mean() + 0.5 * F.softplus(fake).mean()


def adversarial_generator(fake: Tensor, form: GanForm = "least_squares") -> Tensor:
    """The loss of the generator against one discriminator (eq. 1, 5 and 6, its side).

    The log form is the non-saturating one, -log D(fake): same fixed point as eq. 1, and it still
    has a gradient when the discriminator is sure.
    """
    fake = _exact(fake)
    if form == "least_squares":
        return _distance(fake, 1.0)
    return F.softplus(-fake).mean()


def cycle_consistency(restored: Tensor, original: Tensor) -> Tensor:
    """Eq. 2, one direction: mean absolute difference of (N, 3, S, S) images in [-1, 1]."""
    return (_exact(restored) - original).abs().mean()


def landmark_consistency(predicted_maps: Tensor, maps: Tensor) -> Tensor:
    """Eq. 4: the generated image's heatmaps, by the frozen regressor, against the input's.

    Mean squared error over the five (N, 5, S, S) maps with peaks of 1 and sigma = 4 px at 128.
    The paper's lambda of 100 goes with this scale: a map is almost all zeros, so that even a face
    in a wrong place costs about 0.01.
    """
    return F.mse_loss(_exact(predicted_maps), _exact(maps))


def conditional_discriminator(
    real: Tensor, fake: Tensor, unmatched: Tensor | None, form: GanForm = "least_squares"
) -> Tensor:
    """Eq. 5 with the unmatched pairs of section 3.2.2: both kinds of fake count half.

    Args:
        real: scores of real images with their own heatmaps.
        fake: scores of generated images with the heatmaps they were made from.
        unmatched: scores of real images that were moved under their old heatmaps, or None.
    """
    loss = adversarial_discriminator(real, fake, form)
    if unmatched is None:
        return loss
    return 0.5 * loss + 0.5 * adversarial_discriminator(real, unmatched, form)


def local_adversarial(scores: Mapping[str, Tensor], form: GanForm = "least_squares") -> Tensor:
    """Eq. 6, the generator's side: the sum over eyes, nose and mouth.

    The weights lambda_l of the equation are all one; lambda_local = 0.3 multiplies the sum.
    """
    return torch.stack([adversarial_generator(score, form) for score in scores.values()]).sum()


def colour_anchor(generated: Tensor, original: Tensor, cells: int = 8) -> Tensor:
    """Beyond the paper, off in its preset: the coarse colours stay what they were.

    Mean absolute difference of the images averaged to ``cells`` x ``cells``. Unpaired learning
    only matches the two domains' colours on the whole, and can answer dark skin with light; this
    holds each person's own. At 8 cells it says nothing about shapes.
    """
    return _coarse_difference(generated, original, cells).abs().mean()


def hue_anchor(generated: Tensor, original: Tensor, cells: int = 16) -> Tensor:
    """Beyond the paper, off in its preset: hair and skin keep their hue, whatever the light.

    As :func:`colour_anchor`, but of what is left when each pixel's mean over the channels is taken
    away: it holds that blond is yellow and says nothing about shadows, which a cartoon drops.
    """
    difference = _coarse_difference(generated, original, cells)
    return (difference - difference.mean(dim=1, keepdim=True)).abs().mean()


def _coarse_difference(first: Tensor, second: Tensor, cells: int) -> Tensor:
    """The difference of two (N, C, S, S) pictures, averaged over cells: (N, C, cells, cells)."""
    return F.adaptive_avg_pool2d(_exact(first) - _exact(second), (cells, cells))


def denoising(denoised: Tensor, clean: Tensor) -> dict[str, Tensor]:
    """The loss of a denoiser: beyond the paper, and in no generator's loss.

    Args:
        denoised, clean: (N, 3, S, S) images in [-1, 1].

    Returns:
        ``colours``, the mean absolute difference; and ``edges``, that of the differences between
        neighbours, across and down: flat areas stay flat and lines stay sharp.
    """
    off = _exact(denoised) - clean
    across = (off[..., 1:] - off[..., :-1]).abs().mean()
    down = (off[..., 1:, :] - off[..., :-1, :]).abs().mean()
    return {"colours": off.abs().mean(), "edges": across + down}


#: Weights of the scales in Wang et al. 2003, "Multi-scale structural similarity", the finest first.
MS_SSIM = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = 11


def ms_ssim(first: Tensor, second: Tensor) -> Tensor:
    """Multi-scale structural similarity (Wang et al. 2003), 1 for pictures that are the same.

    With as many of the five scales as the window of 11 pixels fits into, whose weights then sum to
    1; a negative structure term counts as 0.

    Args:
        first, second: (N, C, H, W) in [-1, 1], 11 pixels or more a side.

    Returns:
        scalar, the mean over pictures and channels.
    """
    # Variances are differences of means that are nearly the same: bfloat16 would leave nothing.
    with torch.autocast(first.device.type, enabled=False):
        return _ms_ssim(signed_to_unit(first.float()), signed_to_unit(second.float()))


def _ms_ssim(first: Tensor, second: Tensor) -> Tensor:
    """See :func:`ms_ssim`; pictures are (N, C, H, W) float32 in [0, 1]."""
    edge = min(first.shape[-2:])
    scales = sum(edge >> k >= _WINDOW for k in range(len(MS_SSIM)))
    weights = torch.tensor(MS_SSIM[:scales], device=first.device)
    weights = weights / weights.sum()
    places = torch.arange(_WINDOW, device=first.device) - _WINDOW // 2
    line = torch.exp(-(places**2) / (2 * 1.5**2))
    kernel = torch.outer(line, line) / line.sum() ** 2

    def blurred(picture: Tensor) -> Tensor:
        flat = picture.flatten(0, 1)[:, None]
        return F.conv2d(flat, kernel[None, None])

    result = torch.ones(first.shape[0] * first.shape[1], device=first.device)
    for k in range(scales):
        a, b = blurred(first), blurred(second)
        spread_a, spread_b = blurred(first**2) - a**2, blurred(second**2) - b**2
        shared = blurred(first * second) - a * b
        structure = (2 * shared + 0.03**2) / (spread_a + spread_b + 0.03**2)
        if k == scales - 1:
            structure = structure * (2 * a * b + 0.01**2) / (a**2 + b**2 + 0.01**2)
        result = result * structure.mean((1, 2, 3)).clamp(min=1e-6) ** weights[k]
        first, second = F.avg_pool2d(first, 2), F.avg_pool2d(second, 2)
    return result.mean()
