"""How few annotated pictures are enough? All points but N are hidden, and proposed by learning.

    python benchmarks/few_landmarks.py data/bitmoji data/anime --annotated 50 100 200

For each set and N: the normalised mean error of `toonmark data landmarks` on pictures whose points
it never saw, the same for a guess (the mean of the annotated points), and what the confidence is
worth: the error of the tenth that it trusts least, which people are asked to correct first.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from toonmark.data.dataset import Dataset, write_landmarks
from toonmark.landmarks import normalised_mean_error
from toonmark.training.annotation_learning import configuration
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_training import LandmarkTrainer
from toonmark.training.loop import train
from toonmark.training.regressor_proposals import RegressorProposer


def measure(
    folder: Path, annotated: int, iterations: int, batch: int, hidden: int, seed: int
) -> dict:
    """Trains on ``annotated`` random pictures of a set and measures on ``hidden`` others."""
    data = Dataset.open(folder)
    order = np.random.default_rng(seed).permutation(len(data))
    known, rest = order[:annotated], np.sort(order[annotated:][:hidden])
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "images").symlink_to(data.images.resolve())
        write_landmarks(place / "annotated.csv", [(data.names[i], data.points[i]) for i in known])
        config = configuration(place / "annotated.csv", iterations, batch)
        trainer = LandmarkTrainer(config, make_fabric())
        started = time.perf_counter()
        train(trainer, config, place, quiet=True)
        seconds = time.perf_counter() - started
    proposer = RegressorProposer.of(trainer.averaged, config.size)
    proposals = list(proposer.propose_all(data.image(int(i)) for i in rest))
    true = data.points[rest]
    error = normalised_mean_error(np.stack([p.points for p in proposals]), true)
    guess = normalised_mean_error(data.points[known].mean(0), true)
    least = np.argsort([p.confidence for p in proposals])
    tenth = max(1, len(least) // 10)
    return {
        "set": folder.name,
        "annotated": annotated,
        "hidden": len(rest),
        "iterations": iterations,
        "batch": batch,
        "seed": seed,
        "minutes": round(seconds / 60, 1),
        "mean": round(float(error.mean()), 4),
        "median": round(float(np.median(error)), 4),
        "p90": round(float(np.quantile(error, 0.9)), 4),
        "guess_mean": round(float(guess.mean()), 4),
        "least_trusted_tenth": round(float(error[least[:tenth]].mean()), 4),
        "most_trusted_half": round(float(error[least[len(least) // 2 :]].mean()), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--annotated", nargs="+", type=int, default=[50, 100, 200])
    parser.add_argument("--iterations", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=1000, help="pictures to measure on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    for folder in options.sets:
        for annotated in options.annotated:
            found = measure(
                folder,
                annotated,
                options.iterations,
                options.batch,
                options.hidden,
                options.seed,
            )
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
