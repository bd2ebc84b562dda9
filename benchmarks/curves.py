"""How FID and KID fall while runs train: of each kept checkpoint, on pictures none has seen.

    python benchmarks/curves.py runs/ablation/rows/*-seed0 \
        --faces data/faces --cartoons data/bitmoji

For runs with ``keep_every`` set. Prints a Markdown table: a row a checkpoint, a column a run. With
``--cache`` features are kept, and a second time takes less.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from toonmark.evaluation.distances import fid, kid
from toonmark.evaluation.instruments import Instruments, Options
from toonmark.evaluation.selection import Selection, batches, select
from toonmark.evaluation.sets import PictureSet
from toonmark.export import DrawingGenerator
from toonmark.landmarks import Array
from toonmark.training.trained import trained_style


def drawn(weights: Path, faces: Selection, tools: Instruments) -> Array:
    """Features of what the generator draws of the faces, (N, D)."""
    generator, size, _ = trained_style(weights)
    network = DrawingGenerator(generator.eval(), size).eval()
    features = []
    for pictures, points in batches(faces, size):
        images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.inference_mode():
            cartoons = network(images, torch.from_numpy(np.stack(points)).float())
        pixels = ((cartoons.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255)
        features.append(tools.features(pixels.to(torch.uint8).numpy()))
    return np.concatenate(features)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--cartoons", type=Path, required=True)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="of these iterations' multiples only")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    tools = Instruments.open(Options(cache=options.cache))
    faces = select(PictureSet.open(options.faces, landmarks=True), options.n, options.seed)
    cartoons = select(PictureSet.open(options.cartoons), options.n, options.seed)
    _, size, _ = trained_style(next(iter(sorted((options.runs[0] / "averaged").iterdir()))))
    real = np.concatenate([tools.features(pictures) for pictures, _ in batches(cartoons, size)])
    print(f"{len(faces)} faces, {len(real)} cartoons, {size} px, seed {options.seed};")
    print(f"{tools.extractor.identity}. FID / KID×1000.\n")
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
            features = drawn(_kept(run)[iteration], faces, tools)
            cells.append(f"{fid(features, real):.1f} / {kid(features, real).value:.0f}")
        print(f"| {iteration} | {' | '.join(cells)} |", flush=True)


def _kept(run: Path) -> dict[int, Path]:
    return {int(file.stem): file for file in (run / "averaged").glob("*.safetensors")}


if __name__ == "__main__":
    main()
