"""Trains a landmark regressor on a set's annotated pictures and predicts all other landmarks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark import pictures
from toonmark.data.annotation.store import Annotations, State
from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.dataset import write_landmarks
from toonmark.data.sources.known_points import fingerprint
from toonmark.errors import DataError, ImageError
from toonmark.training.config import RegressorConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_training import LandmarkTrainer
from toonmark.training.loop import train
from toonmark.training.regressor_proposals import BATCH, RegressorProposer
from toonmark.training.run import open_run

#: Fewer annotated pictures than this teach nothing.
FEWEST = 10

#: Where the run lies within a set.
RUN = "landmarks-run"

#: Few pictures, so each is shown in many ways.
HEAVY = Augmentation(degrees=22.0, zoom=(0.75, 1.3), shift=12.0, colour=0.7)


@dataclass(frozen=True)
class Learnt:
    """The result of :func:`learn`.

    Attributes:
        annotated: pictures that were learnt from.
        proposed: pictures that got new proposals.
        error: see :meth:`LandmarkTrainer.error`; ``n`` of the annotated were held out for it.
        finished: False if it was stopped; the same call goes on.
    """

    annotated: int
    proposed: int
    error: Mapping[str, float]
    finished: bool = True


def configuration(table: Path, iterations: int = 3000, batch: int = 8) -> RegressorConfig:
    """The configuration of a regressor for few pictures, which ``table`` lists."""
    return RegressorConfig(
        data=[str(table)],
        iterations=iterations,
        batch=batch,
        augmentation=HEAVY,
        noise=0.05,
        learning_rate=2e-3,
        average=0.995,
    )


def learn(
    folder: str | Path,
    *,
    iterations: int = 3000,
) -> Learnt:
    """Trains a compact regressor on a set's annotated pictures and proposes all other points.

    A stopped training goes on, unless more pictures have been annotated since, the set has moved,
    or other ``iterations`` are asked for: then it is begun anew. Proposals and their confidence go
    into the set; what a person said stays.

    Args:
        folder: the set.
        iterations: of eight pictures each.

    Raises:
        DataError: too few pictures are annotated.
    """
    annotations = Annotations(folder)
    done = {n: e.points for n, e in annotations.entries.items() if e.state is State.DONE}
    if len(done) < FEWEST:
        raise DataError(
            f"{len(done)} pictures of {folder} are annotated; {FEWEST} is the least to learn from.",
            f"Annotate some with: toonmark annotate {folder}",
        )
    table = Path(folder).resolve() / "annotated.csv"
    write_landmarks(table, done.items())
    wanted = configuration(table, iterations)
    told = hashlib.sha256((fingerprint(done) + wanted.model_dump_json()).encode()).hexdigest()
    run = Path(folder) / RUN / f"{len(done)}-{told[:8]}"
    config = open_run(run, RegressorConfig, wanted)
    trainer = LandmarkTrainer(config, make_fabric("auto", 1, 1, "32-true"))
    if not train(trainer, config, run):
        return Learnt(len(done), 0, {}, finished=False)
    error = trainer.error()
    trainer.save(run, error)
    open_names = [n for n, e in annotations.entries.items() if e.state is State.PROPOSED]
    proposer = RegressorProposer.of(trainer.averaged, config.size)
    found = {}
    for start in range(0, len(open_names), BATCH):
        images = {}
        for name in open_names[start : start + BATCH]:
            with suppress(ImageError):  # `data check` names it
                images[name] = pictures.read(annotations.images / name).pixels
        proposals = proposer.propose_all(images.values())
        for (name, image), proposal in zip(images.items(), proposals, strict=True):
            limit = np.array(image.shape[1::-1]) - 0.5
            found[name] = (np.clip(proposal.points, -0.5, limit), proposal.confidence)
    annotations.propose(found)
    return Learnt(len(done), len(found), error)
