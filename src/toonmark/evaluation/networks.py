"""Evaluation's options and pre-trained networks: feature extractor, detector, face recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.split import Part
from toonmark.errors import ConfigurationError
from toonmark.evaluation.cache import Cache
from toonmark.evaluation.extractors import open_extractor
from toonmark.evaluation.features import Extractor
from toonmark.evaluation.finders import open_finder
from toonmark.evaluation.identity import Recognizer
from toonmark.evaluation.landmark_error import PointFinder, find_all
from toonmark.evaluation.portrait import PortraitJudge
from toonmark.landmarks import Array


@dataclass(frozen=True)
class Options:
    """Options of measuring; published scores are made with the defaults.

    Attributes:
        held_out: measure only on pictures that training left out, by the rules that the styles
            say they were trained by.
        part: which of those left out by name: test; or validation, to choose by.
        crop: cut the faces by their points first; for pictures that are no crops yet.
        extractor: name of the feature extractor.
        weights: file with its weights, where it needs one.
        cache: folder where measurements are kept; None keeps nothing.
        finder: what finds the points in a drawing: mtcnn, or animeface for anime.
        backgrounds: how many faces are also drawn before a background.
        portraits: outline, the colour of what is on the head and glasses are measured too.
    """

    held_out: bool = True
    part: Part = "test"
    crop: bool = False
    extractor: str = "efficientnet-lite0"
    weights: Path | None = None
    cache: Path | None = None
    finder: str = "mtcnn"
    backgrounds: int = 48
    portraits: bool = False

    def __post_init__(self) -> None:
        """Refuses a part that no measure is taken on.

        Raises:
            ConfigurationError: ``part`` is neither test nor validation.
        """
        if self.part not in ("test", "validation"):
            raise ConfigurationError(f"There is no part {self.part}.", "Name test or validation.")


@dataclass
class EvaluationNetworks:
    """The networks that an evaluation runs, and the cache of what they give."""

    extractor: Extractor
    recogniser: Recognizer
    finder: PointFinder
    cache: Cache
    judge: PortraitJudge | None = None

    @classmethod
    def open(cls, options: Options) -> EvaluationNetworks:
        """Loads all of them."""
        extractor = open_extractor(options.extractor, options.weights)
        finder, cache = open_finder(options.finder), Cache(options.cache)
        judge = PortraitJudge() if options.portraits else None
        return cls(extractor, Recognizer(), finder, cache, judge)

    def features(self, pictures: Array) -> Array:
        """(B, H, W, 3) uint8 to (B, D)."""
        return self.cache.measured(
            self.extractor.identity, pictures, lambda part, _: self.extractor(part)
        )

    def embeddings(self, pictures: Array, points: Array) -> Array:
        """(B, H, W, 3) uint8 and (B, 5, 2) to (B, 128)."""
        return self.cache.measured(
            self.recogniser.identity,
            pictures,
            lambda part, which: self.recogniser(part, points[which]),
            [np.float64(point).tobytes() for point in points],
        )

    def points(self, pictures: Array) -> Array:
        """(B, H, W, 3) uint8 to (B, 5, 2), NaN where no face is found."""
        found = self.cache.measured(
            self.finder.identity, pictures, lambda part, _: find_all(self.finder, part)
        )
        return found.reshape(-1, 5, 2)
