"""Training of a denoiser: spoiled cartoons in, the clean ones wanted.

The faults to learn from are real ones where a run of ``toonmark train`` is named: its generators
turn a cartoon into a photo, another photo's light and background are laid over it, and what they
draw from that is to become the cartoon that it was. So there are pairs, though nobody was drawn
twice. The rest is spoiled by :func:`toonmark.data.degradation.degraded`.

Where several clean cartoons are possible, the mean difference alone is smallest for a blurred
mixture of them. A discriminator (``adversarial``) asks for one of them instead (Isola et al. 2017).
It also sees what the denoiser makes of drawings of photos, for which there is no pair, so that
faults of those drawings count too.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from toonmark.data.backgrounds import Backgrounds
from toonmark.data.degradation import degraded, see_through
from toonmark.data.sampling import Sampler
from toonmark.faces.align import crop, similarity
from toonmark.files import written_whole
from toonmark.landmarks import Array
from toonmark.losses import adversarial_discriminator, adversarial_generator, denoising
from toonmark.models.denoiser import Denoiser
from toonmark.models.presets import build_discriminators
from toonmark.models.sampling import heatmaps
from toonmark.training import checkpoint
from toonmark.training.config import DenoiserConfig
from toonmark.training.landmarks import apply_gradients
from toonmark.training.networks import average_into, load_generators

if TYPE_CHECKING:
    from lightning_fabric import Fabric

WEIGHTS = "denoiser.safetensors"
#: The strongest noise on a photo that was made of a cartoon, before it is drawn again.
_PHOTO_NOISE = 0.5
#: As CycleGAN's and pix2pix's discriminators are trained.
_DISCRIMINATOR_RATE, _BETAS = 2e-4, (0.5, 0.999)


class DenoiserTrainer:
    """Supervised learning with averaged weights; see :class:`toonmark.training.loop.Trainer`."""

    def __init__(self, config: DenoiserConfig, fabric: Fabric) -> None:
        self.config, self.fabric = config, fabric
        torch.manual_seed(config.seed)
        self.cartoons = self._sampler(config.cartoons, photos=False, held_out=False)
        self.faces = self._sampler(config.faces, photos=True, held_out=False)
        self.denoiser = Denoiser()
        if config.start_from is not None:
            self.denoiser.load_state_dict(load_denoiser(config.start_from)[0].state_dict())
        fabric.to_device(self.denoiser)
        self.averaged = copy.deepcopy(self.denoiser).requires_grad_(False).eval()
        self.generators: nn.ModuleDict | None = None
        if config.generators is not None and (config.drawn_share or config.adversarial):
            self.generators = load_generators(Path(config.generators))
            fabric.to_device(self.generators)
        rate, betas = config.learning_rate, _BETAS if config.adversarial else (0.9, 0.999)
        self.optimizers = {
            "denoiser": torch.optim.Adam(self.denoiser.parameters(), rate, betas, fused=True)
        }
        self.discriminator: nn.Module | None = None
        if config.adversarial:
            judges = build_discriminators("compact", config.size, conditional=False, local=False)
            self.discriminator = judges["real"]
            fabric.to_device(self.discriminator)
            self.optimizers["discriminator"] = torch.optim.Adam(
                self.discriminator.parameters(), _DISCRIMINATOR_RATE, _BETAS, fused=True
            )

    def _sampler(self, folders: list[str], *, photos: bool, held_out: bool) -> Sampler:
        config = self.config
        return Sampler(
            folders,
            config.size,
            config.augmentation,
            backgrounds=Backgrounds(config.backgrounds) if photos else None,
            background_share=config.background_share if photos else 0.0,
            held_out=held_out,
            seed=config.seed + photos,
        )

    def step(self, iteration: int) -> Mapping[str, float]:
        """One step on one batch."""
        config, fabric = self.config, self.fabric
        places = range(fabric.global_rank, config.batch, fabric.world_size)
        numbers = [iteration * config.batch + place for place in places]
        spoiled, clean = self.batch(self.cartoons, self.faces, numbers)
        if self.discriminator is not None and self.generators is not None:
            spoiled = torch.cat([spoiled, self.drawings(numbers)])
        with fabric.autocast():
            denoised = self.denoiser(spoiled)
            loss, parts = self.loss(denoised, clean, numbers)
        parameters = {"denoiser": list(self.denoiser.parameters())}
        gradients = {"denoiser": torch.autograd.grad(loss, parameters["denoiser"])}
        if self.discriminator is not None:
            with fabric.autocast():
                judged = self.discriminator_loss(denoised.detach(), clean, numbers)
            parts["discriminator"] = judged
            parameters["discriminator"] = list(self.discriminator.parameters())
            gradients["discriminator"] = torch.autograd.grad(judged, parameters["discriminator"])
        values = {name: float(value.detach()) for name, value in parts.items()}
        if all(np.isfinite(value) for value in values.values()):
            left = (1 - iteration / config.iterations) ** 0.9
            for name, optimizer in self.optimizers.items():
                rate = config.learning_rate if name == "denoiser" else _DISCRIMINATOR_RATE
                for group in optimizer.param_groups:
                    group["lr"] = rate * left
                apply_gradients(fabric, optimizer, parameters[name], gradients[name])
            decay = min(config.average, (1 + iteration) / (10 + iteration))
            average_into(self.averaged, self.denoiser, decay)
        return values

    def loss(
        self, denoised: Tensor, clean: Tensor, numbers: list[int]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What the denoiser minimises.

        Args:
            denoised: (N + M, 3, S, S): what became of N spoiled cartoons and of M drawings.
            clean: (N, 3, S, S): the cartoons.
            numbers: of the pictures, for the noise that the discriminator sees.

        Returns:
            the weighted sum, and its terms before they are weighted.
        """
        parts = denoising(denoised[: len(clean)], clean)
        loss = parts["colours"] + self.config.edges * parts["edges"]
        if self.discriminator is not None:
            scores = self.discriminator(self._noisy(denoised, numbers, 6))
            parts["adversarial"] = adversarial_generator(scores)
            loss = loss + self.config.adversarial * parts["adversarial"]
        return loss, parts

    def discriminator_loss(self, denoised: Tensor, clean: Tensor, numbers: list[int]) -> Tensor:
        """What the discriminator minimises; arguments as for :meth:`loss`."""
        assert self.discriminator is not None
        real = self.discriminator(self._noisy(clean, numbers, 7))
        fake = self.discriminator(self._noisy(denoised, numbers, 8))
        return adversarial_discriminator(real, fake)

    def _noisy(self, images: Tensor, numbers: list[int], key: int) -> Tensor:
        noise = [
            np.random.default_rng([self.config.seed, key, i // len(numbers), number])
            for i, number in enumerate(numbers * (len(images) // len(numbers)))
        ]
        drawn = [random.standard_normal(images.shape[1:], np.float32) for random in noise]
        return images + self.config.judged_noise * torch.from_numpy(np.stack(drawn)).to(images)

    @torch.no_grad()
    def drawings(self, numbers: list[int]) -> Tensor:
        """What the run's generator draws of photos: (N, 3, S, S), by the pictures' numbers."""
        assert self.generators is not None
        samples = [self.faces.at(number, 0, 1) for number in numbers]
        points = torch.from_numpy(np.stack([sample.landmarks for sample in samples])).float()
        maps = heatmaps(points.to(self.fabric.device), self.config.size)
        shown = _tensor([sample.shown for sample in samples]).to(self.fabric.device)
        drawn: Tensor = self.generators["face_to_cartoon"](shown, maps)
        return drawn

    def batch(self, cartoons: Sampler, faces: Sampler, numbers: list[int]) -> tuple[Tensor, Tensor]:
        """Spoiled cartoons and clean ones, (N, 3, S, S) each; a pure function of the numbers."""
        config, device = self.config, self.fabric.device
        randoms = [np.random.default_rng([config.seed, 5, number]) for number in numbers]
        clean = [cartoons.at(number, 0, 1) for number in numbers]
        photos = []
        for number, cartoon in zip(numbers, clean, strict=True):
            face = faces.at(number, 0, 1)
            # The photo's face where the cartoon's is, so that its shadows fall in their places.
            moved = similarity(face.landmarks, cartoon.landmarks)
            photos.append(crop(face.shown, moved, config.size))
        target = _tensor([sample.image for sample in clean]).to(device)
        start = [sample.image for sample in clean]
        again = [
            i
            for i, random in enumerate(randoms)
            if random.random() < config.drawn_share and self.generators is not None
        ]
        if again:
            points = torch.from_numpy(np.stack([clean[i].landmarks for i in again])).float()
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
        return _tensor(spoiled).to(device), target

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
        for picture, photo, random in zip(_pictures(made), photos, randoms, strict=True):
            noise = random.standard_normal(picture.shape, np.float32)
            noisy = picture + noise * random.uniform(0, _PHOTO_NOISE) * self.config.strength
            mixed.append(see_through(noisy, photo, random, min(1.0, self.config.strength)))
        return _pictures(self.generators["face_to_cartoon"](_tensor(mixed).to(made.device), maps))

    def tensors(self) -> dict[str, Tensor]:
        """Weights, averaged weights and the optimisers' states."""
        tensors = {
            **checkpoint.prefixed("denoiser", self.denoiser.state_dict()),
            **checkpoint.prefixed("averaged", self.averaged.state_dict()),
        }
        if self.discriminator is not None:
            tensors |= checkpoint.prefixed("discriminator", self.discriminator.state_dict())
        for name, optimizer in self.optimizers.items():
            tensors |= checkpoint.prefixed(
                f"optimizer/{name}", checkpoint.optimizer_tensors(optimizer)
            )
        return tensors

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`."""
        for name in ("denoiser", "averaged", "discriminator"):
            network = getattr(self, name)
            if network is not None:
                checkpoint.load_weights(network, checkpoint.part(name, tensors), "this run")
        for name, optimizer in self.optimizers.items():
            checkpoint.restore_optimizer(optimizer, checkpoint.part(f"optimizer/{name}", tensors))

    def look(self, iteration: int, folder: Path) -> None:
        """Now and then a grid, held-out cartoons in columns: spoiled, denoised, clean."""
        config = self.config
        if iteration % config.sample_every and iteration != config.iterations:
            return
        from PIL import Image

        spoiled, clean = self._held_out(8)
        with torch.no_grad():
            rows = [spoiled, self.averaged(spoiled), clean]
        pixels = np.concatenate([np.concatenate(_pictures(row), axis=1) for row in rows])
        pixels = ((pixels.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8)
        with written_whole(folder / "samples" / f"{iteration:07d}.png") as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")

    def _held_out(self, count: int) -> tuple[Tensor, Tensor]:
        cartoons = self._sampler(self.config.cartoons, photos=False, held_out=True)
        faces = self._sampler(self.config.faces, photos=True, held_out=True)
        return self.batch(cartoons, faces, list(range(min(count, len(cartoons)))))

    @torch.no_grad()
    def error(self, limit: int = 200) -> dict[str, float]:
        """Mean absolute difference from the clean cartoon, of 255, on held-out ones.

        Returns:
            ``spoiled`` before, ``denoised`` after, and ``clean``: what the denoiser does to a
            cartoon that nothing is wrong with; ``n``.
        """
        spoiled, clean = self._held_out(limit)
        differences: dict[str, list[float]] = {"spoiled": [], "denoised": [], "clean": []}
        for bad, good in zip(spoiled.split(1), clean.split(1), strict=True):
            for name, picture in (
                ("spoiled", bad),
                ("denoised", self.averaged(bad)),
                ("clean", self.averaged(good)),
            ):
                difference = (picture.clamp(-1, 1) - good).abs().mean()
                differences[name].append(float(difference) * 127.5)
        means = {name: float(np.mean(values)) for name, values in differences.items()}
        return {"n": float(len(clean)), **means}

    def save(self, folder: Path, error: Mapping[str, float]) -> Path:
        """Writes the averaged weights for ``toonmark export``."""
        facts = {"size": str(self.config.size), "iterations": str(self.config.iterations)}
        facts |= {f"error_{name}": f"{value:.4f}" for name, value in error.items()}
        checkpoint.save(folder / WEIGHTS, self.averaged.state_dict(), facts)
        return folder / WEIGHTS


def load_denoiser(path: str | Path) -> tuple[Denoiser, dict[str, str]]:
    """A trained denoiser and what is known of it, from its run or its weights' file.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
    """
    path = Path(path)
    tensors, facts = checkpoint.load(path / WEIGHTS if path.is_dir() else path)
    denoiser = Denoiser()
    checkpoint.load_weights(denoiser, tensors, "a denoiser")
    return denoiser.requires_grad_(False).eval(), facts


def _tensor(pictures: list[Array]) -> Tensor:
    """(S, S, 3) pictures as (N, 3, S, S) float32."""
    stacked = np.stack(pictures).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(stacked, np.float32))


def _pictures(images: Tensor) -> list[Array]:
    """Undoes :func:`_tensor`."""
    return list(images.cpu().numpy().transpose(0, 2, 3, 1))
