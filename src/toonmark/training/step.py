"""The losses of one training step, in the order of the paper's section 3 (eq. 1 to 6).

For a direction X -> Y: what the generators minimise, then what Y's discriminators minimise. Both
return ``(loss, its parts)``; a part that is switched off is not there. Random numbers are drawn
before (:data:`Draws`), so that PyTorch can capture all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from toonmark import losses
from toonmark.models.generator import join
from toonmark.models.heatmaps import heatmaps, points_from_heatmaps
from toonmark.models.patches import cut_patches
from toonmark.models.resampling import enlarged_views
from toonmark.training.batch import Batch
from toonmark.training.config import TrainConfig
from toonmark.training.networks import Direction, Networks

Parts = dict[str, Tensor]
#: A direction's random numbers of one step, by what they are for.
Draws = dict[str, Tensor]


@dataclass(frozen=True)
class Generated:
    """Images that a generator drew, without gradient.

    Attributes:
        image: (N, 3, S, S).
        points: (N, 2, 5, 2): the landmarks it was drawn from, and those found in it.
    """

    image: Tensor
    points: Tensor


def generator_loss(
    networks: Networks,
    direction: Direction,
    batch: Batch,
    config: TrainConfig,
    local: bool,
    draws: Draws,
) -> tuple[Tensor, Parts, Generated]:
    """The loss of both generators in one direction.

    Args:
        batch: pictures of the source domain.
        local: whether the local discriminators take part (stage II).
        draws: of :func:`generator_draws`.
    """
    method, weights = config.method, config.weights
    judges = networks.judges(direction.target, local)
    maps = heatmaps(batch.landmarks, config.size)
    fake = networks.generator(direction)(batch.shown, maps)
    restored = networks.generator(direction.back)(noisy(fake, draws.get("cycle")), maps)
    judged = noisy(fake, draws.get("judged"))
    parts: Parts = {}

    parts["real"] = config.weight_of_real * losses.adversarial_generator(
        judges["real"](judged), method.gan
    )  # eq. 1
    parts["cycle"] = weights.cycle * losses.cycle_consistency(restored, batch.image)  # eq. 2

    placed = found = batch.landmarks
    if direction.target in networks.regressors:
        predicted = networks.regressors[direction.target](fake)
        # Patches are cut where the regressor sees the parts; the cut moves pixels, not places.
        placed = points_from_heatmaps(predicted)
        found = placed.detach()
        if method.landmark_consistency:
            parts["landmarks"] = weights.landmarks * losses.landmark_consistency(
                predicted, maps
            )  # eq. 4
    if "matched" in judges:
        # As its discriminator gets them: drawn around the points, not the regressor's own maps.
        given = maps if method.fake_landmarks == "input" else heatmaps(placed, config.size)
        score = judges["matched"](join(judged, given))
        parts["matched"] = weights.matched * losses.adversarial_generator(
            score, method.gan
        )  # eq. 5
    if local:
        patches = cut_patches(judged, found)
        scores = {name: judges[name](patch) for name, patch in patches.items()}
        parts["local"] = weights.local * losses.local_adversarial(scores, method.gan)  # eq. 6
    if weights.colour:
        parts["colour"] = weights.colour * losses.colour_anchor(fake, batch.image)
    if weights.hue:
        parts["hue"] = weights.hue * losses.hue_anchor(fake, batch.image)

    points = torch.stack([batch.landmarks, found], dim=1)
    return total(parts), parts, Generated(fake.detach(), points.detach())


def discriminator_loss(
    networks: Networks,
    domain_batch: Batch,
    direction: Direction,
    generated: Generated,
    config: TrainConfig,
    local: bool,
    draws: Draws,
) -> tuple[Tensor, Parts]:
    """The loss of the target domain's discriminators.

    Args:
        domain_batch: real pictures of the target domain.
        generated: drawn ones, without gradient, from the pool.
        draws: of :func:`discriminator_draws`.
    """
    method = config.method
    judges = networks.judges(direction.target, local)
    # Without noise they know a drawing by its faintest unevenness, and teach no shapes.
    real = noisy(domain_batch.image, draws.get("real"))
    drawn = noisy(generated.image, draws.get("drawn"))
    count = len(real)
    parts: Parts = {}

    # Real and fake in one call: the networks treat each sample by itself, and it is faster.
    one, other = judges["real"](torch.cat([real, drawn])).split(count)
    parts["real"] = losses.adversarial_discriminator(one, other, method.gan)
    if "matched" in judges:
        given = generated.points[:, 0 if method.fake_landmarks == "input" else 1]
        both = torch.cat([domain_batch.landmarks, given])
        maps, drawn_maps = heatmaps(both, config.size).split(count)
        pairs = [join(real, maps), join(drawn, drawn_maps)]
        if method.unmatched_pairs:
            # Noise comes last: cut with the picture it would be smoother, and tell these apart.
            elsewhere = unmatched(domain_batch.image, draws["views"])
            pairs.append(join(noisy(elsewhere, draws.get("elsewhere")), maps))
        scores = judges["matched"](torch.cat(pairs)).split(count)
        parts["matched"] = losses.conditional_discriminator(
            scores[0], scores[1], scores[2] if method.unmatched_pairs else None, method.gan
        )
    if local:
        places = torch.cat([domain_batch.landmarks, generated.points[:, 1]])
        for name, patches in cut_patches(torch.cat([real, drawn]), places).items():
            one, other = judges[name](patches).split(count)
            parts[name] = losses.adversarial_discriminator(one, other, method.gan)
    return total(parts), parts


def regressor_loss(networks: Networks, domain: str, batch: Batch, config: TrainConfig) -> Tensor:
    """For ``no_pretraining``: the regressor learns from real pictures while the rest trains."""
    maps = heatmaps(batch.landmarks, config.size)
    return losses.landmark_consistency(networks.regressors[domain](batch.image), maps)


def generator_draws(
    config: TrainConfig, shape: Sequence[int], random: np.random.Generator
) -> Draws:
    """The random numbers of :func:`generator_loss`, on the processor.

    Args:
        shape: of a batch's pictures, (N, 3, S, S).

    Returns:
        noise of that shape: ``cycle``, on what goes back, and ``judged``, on what is judged; each
        only where there is any.
    """
    return _noises({"cycle": config.cycle_noise, "judged": config.judged_noise}, shape, random)


def discriminator_draws(
    config: TrainConfig, shape: Sequence[int], random: np.random.Generator
) -> Draws:
    """The random numbers of :func:`discriminator_loss`, on the processor.

    Args:
        shape: of a batch's pictures, (N, 3, S, S).

    Returns:
        ``views``, of :func:`unmatched_views`, if there are unmatched pairs; and noise of that
        shape, if there is any, on what is judged: ``real``, ``drawn`` and ``elsewhere``.
    """
    noise, method = config.judged_noise, config.method
    draws = _noises({"real": noise, "drawn": noise}, shape, random)
    if method.conditional_discriminator and method.unmatched_pairs:
        draws["views"] = unmatched_views(shape[0], shape[-1], random)
        draws |= _noises({"elsewhere": noise}, shape, random)
    return draws


def unmatched_views(count: int, size: int, random: np.random.Generator) -> Tensor:
    """Where :func:`unmatched` cuts: crop pixels to picture pixels, (count, 2, 3).

    A crop has 70 to 85 % of the picture's edge and lies within it, so that no border is repeated
    that would give it away without a look at the landmarks. Its middle is at least 8 % of the edge
    off, in the resized picture: enough to leave the heatmaps.

    Args:
        count: of pictures.
        size: height and width of each.
    """
    middle = (size - 1) / 2
    share = random.uniform(0.70, 0.85, count)
    angle = random.uniform(0, 2 * np.pi, count)
    aside = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    # How far the crop's middle can go in that direction before its edge meets the picture's.
    farthest = (1 - share) * middle / np.abs(aside).max(axis=1)
    offset = aside * random.uniform(0.08 * size * share, farthest)[:, None]
    views = np.zeros((count, 2, 3), np.float32)
    views[:, 0, 0] = views[:, 1, 1] = share
    views[:, :, 2] = middle + offset - share[:, None] * middle
    return torch.from_numpy(views)


def unmatched(images: Tensor, views: Tensor) -> Tensor:
    """Real pictures whose old landmarks no longer fit: random crops, resized (section 3.2.2).

    Args:
        images: (N, C, S, S).
        views: of :func:`unmatched_views`, (N, 2, 3).

    Returns:
        (N, C, S, S).
    """
    return enlarged_views(images, views)


def noisy(images: Tensor, noise: Tensor | None) -> Tensor:
    """Images with Gaussian noise over them; the same ones for None.

    A generator hides what it may not draw in faint speckle, from which the way back restores the
    photo (Chu et al. 2017). Noise drowns the speckle, so that it no longer pays (Bashkirova et al.
    2019).
    """
    return images if noise is None else images + noise


def _noises(
    strengths: Mapping[str, float], shape: Sequence[int], random: np.random.Generator
) -> Draws:
    """Gaussian noise by name, of these standard deviations; none where one is 0."""
    return {
        name: torch.from_numpy(random.standard_normal(shape, np.float32) * np.float32(strength))
        for name, strength in strengths.items()
        if strength
    }


def total(parts: Parts) -> Tensor:
    """The sum of all parts."""
    return torch.stack(list(parts.values())).sum()
