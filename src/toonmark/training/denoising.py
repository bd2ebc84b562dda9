"""Trains a denoiser on pairs of degraded and clean cartoons.

The faults to learn from are real ones where a run of ``toonmark train`` is named: its generators
turn a cartoon into a photo, another photo's light and background are laid over it, and what they
draw from that is to become the cartoon that it was. So there are pairs, though nobody was drawn
twice. The rest is spoiled by :func:`toonmark.data.degradation.degraded`.

A discriminator, if there is one, also sees what the denoiser makes of drawings of photos, for which
there is no pair, so that faults of those drawings count too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from toonmark import artifacts
from toonmark.artifacts import Kind, Pack
from toonmark.data.degradation import degraded, see_through
from toonmark.data.random_streams import Stream
from toonmark.data.sampling import Sampler
from toonmark.data.split import Rule, rules_in
from toonmark.faces.align import crop, similarity
from toonmark.landmarks import Array
from toonmark.models.denoiser import Denoiser
from toonmark.models.heatmaps import heatmaps
from toonmark.ranges import LEVELS
from toonmark.training import checkpoint
from toonmark.training.batches import sampler_of
from toonmark.training.config import DenoiserConfig
from toonmark.training.fabric import placed, precision_of
from toonmark.training.networks import load_generators
from toonmark.training.pack_loading import pack_denoiser
from toonmark.training.paired import PairedTrainer, Pairs
from toonmark.training.run import check_size
from toonmark.training.tensors import to_pictures, to_points, to_tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: The strongest noise on a photo that was made of a cartoon, before it is drawn again.
_PHOTO_NOISE = 0.5


class DenoiserTrainer(PairedTrainer[DenoiserConfig]):
    """Spoiled cartoons in, clean ones wanted; drawings of photos in, for the discriminator."""

    def __init__(self, config: DenoiserConfig, fabric: Fabric) -> None:
        torch.manual_seed(config.seed)
        denoiser = Denoiser()
        #: The rules of all runs that its weights come from.
        self.rules: frozenset[Rule] = frozenset({config.split})
        if config.start_from is not None:
            start, facts = load_denoiser(config.start_from, config.size)
            denoiser.load_state_dict(start.state_dict())
            self.rules |= rules_in(facts)
        learnt = config.start_from is not None
        super().__init__("denoiser", denoiser, config, fabric, learnt)
        self.cartoons = self._sampler(config.cartoons, photos=False, held_out=False)
        self.faces = self._sampler(config.faces, photos=True, held_out=False)
        self.generators: nn.ModuleDict | None = None
        if config.generators is not None and (config.drawn_share or config.adversarial):
            self.generators = load_generators(Path(config.generators))
            placed(fabric, self.generators)

    def _sampler(self, folders: list[str], *, photos: bool, held_out: bool) -> Sampler:
        seed = self.config.seed + photos
        return sampler_of(self.config, folders, behind=photos, held_out=held_out, seed=seed)

    def pairs(self, numbers: list[int]) -> Pairs:
        """Spoiled cartoons and their clean ones, and drawings if there is a discriminator."""
        spoiled, clean = self.batch(self.cartoons, self.faces, numbers)
        if self.discriminator is not None and self.generators is not None:
            spoiled = torch.cat([spoiled, self.drawings(numbers)])
        return Pairs((spoiled,), clean)

    @torch.no_grad()
    def drawings(self, numbers: list[int]) -> Tensor:
        """The run's generator's drawings of photos: (N, 3, S, S), by the pictures' numbers."""
        assert self.generators is not None
        samples = [self.faces.at(number, 0, 1) for number in numbers]
        points = to_points([sample.landmarks for sample in samples])
        maps = heatmaps(points.to(self.fabric.device), self.config.size)
        shown = to_tensor([sample.shown for sample in samples]).to(self.fabric.device)
        drawn: Tensor = self.generators["face_to_cartoon"](shown, maps)
        return drawn

    def batch(self, cartoons: Sampler, faces: Sampler, numbers: list[int]) -> tuple[Tensor, Tensor]:
        """Spoiled cartoons and clean ones, (N, 3, S, S) each; a pure function of the numbers."""
        config, device = self.config, self.fabric.device
        randoms = [
            np.random.default_rng([config.seed, Stream.SPOILED, number]) for number in numbers
        ]
        clean = [cartoons.at(number, 0, 1) for number in numbers]
        photos = []
        for number, cartoon in zip(numbers, clean, strict=True):
            face = faces.at(number, 0, 1)
            # The photo's face where the cartoon's is, so that its shadows fall in their places.
            moved = similarity(face.landmarks, cartoon.landmarks)
            photos.append(crop(face.shown, moved, config.size))
        target = to_tensor([sample.image for sample in clean]).to(device)
        start = [sample.image for sample in clean]
        again = [
            i
            for i, random in enumerate(randoms)
            if random.random() < config.drawn_share and self.generators is not None
        ]
        if again:
            points = to_points([clean[i].landmarks for i in again])
            drawn = self._drawn_again(
                target[again], [photos[i] for i in again], points, [randoms[i] for i in again]
            )
            for i, picture in zip(again, drawn, strict=True):
                start[i] = picture
        spoiled = []
        for i, random in enumerate(randoms):
            picture = start[i]
            if i not in again:
                picture = see_through(picture, photos[i], random, 0.8 * config.strength)
            other = cartoons.at(numbers[i] + 1, 0, 1).image
            # What was drawn again has faults of its own; it gets fewer of the others.
            strength = config.strength * (0.5 if i in again else 1.0)
            spoiled.append(degraded(picture, other, random, strength))
        return to_tensor(spoiled).to(device), target

    @torch.no_grad()
    def _drawn_again(
        self,
        cartoons: Tensor,
        photos: list[Array],
        points: Tensor,
        randoms: list[np.random.Generator],
    ) -> list[Array]:
        """Cartoon to photo, another photo laid over it, and drawn from that: (S, S, 3) each."""
        assert self.generators is not None
        maps = heatmaps(points.to(self.fabric.device), self.config.size)
        made = self.generators["cartoon_to_face"](cartoons, maps)
        mixed = []
        for picture, photo, random in zip(to_pictures(made), photos, randoms, strict=True):
            noise = random.standard_normal(picture.shape, np.float32)
            noisy = picture + noise * random.uniform(0, _PHOTO_NOISE) * self.config.strength
            mixed.append(see_through(noisy, photo, random, min(1.0, self.config.strength)))
        return to_pictures(
            self.generators["face_to_cartoon"](to_tensor(mixed).to(made.device), maps)
        )

    @torch.no_grad()
    def grid(self, count: int) -> list[Tensor]:
        """Held-out cartoons in columns: spoiled, denoised, clean."""
        spoiled, clean = (torch.cat(parts) for parts in zip(*self._held_out(count), strict=True))
        return [spoiled, self.averaged(spoiled), clean]

    def _held_out(self, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Spoiled and clean, a few at a time: the generators of a large preset need much memory."""
        cartoons = self._sampler(self.config.cartoons, photos=False, held_out=True)
        faces = self._sampler(self.config.faces, photos=True, held_out=True)
        numbers = list(range(min(count, len(cartoons))))
        for start in range(0, len(numbers), 8):
            yield self.batch(cartoons, faces, numbers[start : start + 8])

    @torch.no_grad()
    def error(self, limit: int = 200) -> dict[str, float]:
        """Mean absolute difference from the clean cartoon, of 255, on held-out ones.

        Returns:
            ``spoiled`` before, ``denoised`` after, and ``clean``: what the denoiser does to a
            cartoon that nothing is wrong with; ``n``.
        """
        differences: dict[str, list[float]] = {"spoiled": [], "denoised": [], "clean": []}
        for bad, good in self._held_out(limit):
            for name, drawn in (
                ("spoiled", bad),
                ("denoised", self.averaged(bad)),
                ("clean", self.averaged(good)),
            ):
                each = (drawn.clamp(-1, 1) - good).abs().mean((1, 2, 3))
                differences[name] += (each * LEVELS).tolist()
        means = {name: float(np.mean(values)) for name, values in differences.items()}
        return {"n": float(len(differences["clean"])), **means}

    def header(self, folder: Path, error: Mapping[str, float]) -> dict[str, str]:
        """See :class:`toonmark.training.supervised.SupervisedTrainer`."""
        facts = {"size": str(self.config.size), "iterations": str(self.config.iterations)}
        facts["precision"] = precision_of(self.fabric)
        facts["split"] = " ".join(sorted(self.rules))
        return facts | {f"error_{name}": f"{value:.4f}" for name, value in error.items()}


def load_denoiser(path: str | Path, size: int | None = None) -> tuple[Denoiser, dict[str, str]]:
    """A trained denoiser and what is known of it, from its run, its weights' file or a style pack.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
        StyleError: not a style pack, though its name ends like one's, or one without a denoiser.
        ConfigurationError: it was trained at another size.
    """
    found, path = artifacts.open(path), Path(path)
    if isinstance(found, Pack):
        denoiser, metadata = pack_denoiser(path)
        facts = {k: str(v) for k, v in metadata.training.get("denoiser", {}).items()}
        facts["size"] = str(metadata.size)
        check_size(path, facts, size)
        return denoiser, facts
    tensors, facts = checkpoint.load(artifacts.weights_of(found, Kind.DENOISER))
    check_size(path, facts, size)
    denoiser = Denoiser()
    checkpoint.load_weights(denoiser, tensors, "a denoiser")
    return denoiser.requires_grad_(False).eval(), facts
