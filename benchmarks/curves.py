"""What FID and KID follow while runs train: of each kept checkpoint, on validation pictures.

    python benchmarks/curves.py runs/ablation/rows/*-seed0 \
        --faces data/faces --cartoons data/bitmoji

For runs with ``keep_every`` set. Beside each distance stands how much of the photo's texture is
left: the correlation, over a picture, of the drawing's fine detail with the photo's. With
``--part`` only the square around eyes, nose and mouth is compared, which the method is about; hair
and outlines are most of a picture. Prints a Markdown table: a row a checkpoint, a column a run.
With ``--cache`` features are kept, and a second time takes less.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from toonmark.data.dataset import Dataset
from toonmark.data.split import HeldOut, Rule, rules_of
from toonmark.evaluation.distances import fid, kid
from toonmark.evaluation.networks import EvaluationNetworks, Options
from toonmark.evaluation.selection import Selection, batches, select
from toonmark.exporting import DrawingGenerator
from toonmark.faces.align import crop
from toonmark.landmarks import Array, inter_eye_distance
from toonmark.ranges import from_network, to_network
from toonmark.training.style_loading import trained_style

#: Edge of the square around the five points, in inter-eye distances.
REACH = 2.2


def detail_left(drawings: Array, photos: Array) -> Array:
    """(N, H, W, 3) each to (N,): correlation of what is finer than two pixels."""
    fine = []
    for pictures in (drawings, photos):
        grey = pictures.astype(np.float32).mean(-1)
        fine.append(np.stack([one - cv2.GaussianBlur(one, (0, 0), 2) for one in grey]))
    shared, own, theirs = [(a * b).sum((1, 2)) for a, b in (fine, fine[:1] * 2, fine[1:] * 2)]
    return np.asarray(shared / np.sqrt(np.maximum(own * theirs, 1e-9)))


def parts(pictures: Array, points: Sequence[Array]) -> Array:
    """(N, H, W, 3) uint8 to the squares around eyes, nose and mouth, (N, H/2, H/2, 3)."""
    size = pictures.shape[1] // 2
    cut = []
    for picture, five in zip(pictures, points, strict=True):
        scale = size / (REACH * inter_eye_distance(five[None])[0])
        shift = size / 2 - 0.5 - scale * five.mean(0)
        square = crop(picture, np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), size)
        cut.append(np.rint(square).clip(0, 255).astype(np.uint8))
    return np.stack(cut)


def drawn(
    weights: Path, faces: Selection, tools: EvaluationNetworks, part: bool
) -> tuple[Array, float]:
    """Features of what the generator draws of the faces, (N, D), and the mean detail left."""
    generator, size, _ = trained_style(weights)
    network = DrawingGenerator(generator.eval(), size).eval()
    features, left = [], []
    for pictures, found in batches(faces, size):
        points = [five for five in found if five is not None]
        images = torch.from_numpy(to_network(pictures))
        with torch.inference_mode():
            cartoons = network(images, torch.from_numpy(np.stack(points)).float())
        pixels = from_network(cartoons.numpy())
        if part:
            pixels, pictures = parts(pixels, points), parts(pictures, points)
        features.append(tools.features(pixels))
        left.append(detail_left(pixels, pictures))
    return np.concatenate(features), float(np.concatenate(left).mean())


def as_they_are(selection: Selection, size: int, tools: EvaluationNetworks, part: bool) -> Array:
    """Features of pictures that nobody drew, (N, D)."""
    return np.concatenate(
        [
            tools.features(
                parts(pictures, [p for p in points if p is not None]) if part else pictures
            )
            for pictures, points in batches(selection, size)
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--cartoons", type=Path, required=True)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="of these iterations' multiples only")
    parser.add_argument("--part", action="store_true", help="only the square from eyes to mouth")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    tools = EvaluationNetworks.open(Options(cache=options.cache))
    rules: frozenset[Rule] = frozenset()
    for run in options.runs:
        _, size, facts = trained_style(next(iter(sorted((run / "averaged").iterdir()))))
        rules |= rules_of(facts)
    held = HeldOut(rules, "validation")  # curves are to choose by
    faces = select(Dataset.open(options.faces), options.n, options.seed, held)
    whole = Dataset.open(options.cartoons, landmarks=False)
    cartoons = select(whole, options.n, options.seed, held)
    others = select(whole, options.n, options.seed, None, cartoons.names)
    if options.part:
        cartoons, others = cartoons.with_points(), others.with_points()
    real = as_they_are(cartoons, size, tools, options.part)
    what = "eyes to mouth of " * options.part
    print(f"{what}{len(faces)} faces, {len(real)} cartoons, {size} px, seed {options.seed},")
    print(f"held out of training ({held});")
    print(f"{tools.extractor.identity}. FID / KID×1000 / detail left.")
    for name, selection in (("photos", faces), ("other cartoons", others)):
        features = as_they_are(selection, size, tools, options.part)
        near = fid(features, real), kid(features, real).value
        print(f"The {len(features)} {name}: {near[0]:.1f} / {near[1]:.0f}.")
    print()
    kept = sorted({file for run in options.runs for file in _kept(run)})
    kept = [iteration for iteration in kept if iteration % options.every == 0]
    print(f"| iterations | {' | '.join(run.name for run in options.runs)} |")
    print("| ---: |" + " ---: |" * len(options.runs))
    for iteration in kept:
        cells = []
        for run in options.runs:
            if iteration not in _kept(run):
                cells.append("–")
                continue
            features, left = drawn(_kept(run)[iteration], faces, tools, options.part)
            near = fid(features, real), kid(features, real).value
            cells.append(f"{near[0]:.1f} / {near[1]:.0f} / {left:.2f}")
        print(f"| {iteration} | {' | '.join(cells)} |", flush=True)


def _kept(run: Path) -> dict[int, Path]:
    return {int(file.stem): file for file in (run / "averaged").glob("*.safetensors")}


if __name__ == "__main__":
    main()
