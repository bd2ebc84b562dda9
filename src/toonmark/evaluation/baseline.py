"""Reference scores that need no style: real cartoons (best case) and unchanged photos.

A score means little by itself. So the same measures are taken of real cartoons against other real
cartoons (the floor), of the photos themselves (what doing nothing gives), and of the detector on
pictures whose points are known.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.data.split import HeldOut, Rule
from toonmark.evaluation import colour
from toonmark.evaluation.caveats import caveats_about, caveats_of_points
from toonmark.evaluation.drawers import Drawer, split_rules
from toonmark.evaluation.errors import MeasurementWarning
from toonmark.evaluation.estimates import distance, point_error
from toonmark.evaluation.group_scores import Labels, read_labels
from toonmark.evaluation.identity import ranks
from toonmark.evaluation.landmark_error import point_errors
from toonmark.evaluation.networks import EvaluationNetworks, Options
from toonmark.evaluation.reference_cartoons import Cartoons
from toonmark.evaluation.scores import Reference, Setting
from toonmark.evaluation.selection import Selection, batches, select
from toonmark.landmarks import Array, inter_eye_distance, mirror


@dataclass
class Baseline:
    """The pictures, and what is known of them before any style is measured.

    Attributes:
        faces: the photos.
        cartoons: the real ones.
        template: where the points of recropped photos lie, (5, 2).
        labels: each label's value of each photo that has any; see :mod:`.labels`.
        points: their annotated landmarks, (N, 5, 2), pixels at the measured size.
        inter_eye: (N,) pixels.
        found: those that the detector finds, (N, 5, 2).
        tones: skin and hair, (N, 6).
        face_features, cartoon_features: (N, D), (M, D).
        embeddings: the photos', (N, 128).
        finder_offset: mean offset of the detector on real cartoons, (5, 2), in inter-eye
            distances; None where their points are not known.
    """

    faces: Selection
    cartoons: Selection
    template: Array
    labels: Labels
    points: Array
    inter_eye: Array
    found: Array
    tones: Array
    face_features: Array
    cartoon_features: Array
    embeddings: Array
    finder_offset: Array | None
    reference: Reference

    @property
    def setting(self) -> Setting:
        """The setting that the numbers depend on."""
        return self.reference.setting

    def errors(self, found: Array) -> Array:
        """Each face's landmark error, (N,); NaN where none was found."""
        return point_errors(found, self.points).mean(1)

    @classmethod
    def measure(
        cls,
        face_folder: str | Path,
        cartoon_folder: str | Path,
        n: int,
        seed: int,
        size: int,
        template: Array,
        options: Options,
        tools: EvaluationNetworks,
        report: Callable[[str, int, int], None],
        styles: Sequence[Drawer],
    ) -> Baseline:
        """Chooses the pictures and takes all measures that need no style.

        Args:
            styles: all that are measured on them: none of their trainings may have seen them.
        """
        face_set = Dataset.open(face_folder)
        cartoon_set = Dataset.open(cartoon_folder, landmarks=False)
        rules = frozenset[Rule]().union(*(split_rules(style) for style in styles))
        held = HeldOut(rules, options.part) if options.held_out else None
        faces = select(face_set, n, seed, held)
        cartoons = select(cartoon_set, n, seed, held)
        # The floor needs real cartoons that are not among the others; nothing is learnt from
        # either here, so training may have seen them.
        others = select(cartoon_set, len(faces), seed, None, without=cartoons.names, minimum=0)

        points, found, tones, features, embeddings, mirrored = [], [], [], [], [], []
        for pictures, given in batches(faces, size, options.crop, template=template):
            known = np.stack(given)  # type: ignore[arg-type]
            points.append(known)
            found.append(tools.points(pictures))
            tones.append(colour.colours(pictures, known))
            features.append(tools.features(pictures))
            embeddings.append(tools.embeddings(pictures, known))
            mirrored.append(tools.embeddings(pictures[:, :, ::-1], mirror(known, size)))
            report("photos", sum(map(len, points)), len(faces))
        face_features, own = np.concatenate(features), np.concatenate(embeddings)
        all_points, all_found = np.concatenate(points), np.concatenate(found)

        seen = Cartoons.measure(cartoons, size, tools, report, "cartoons", points=True)
        rest = Cartoons.measure(others, size, tools, report, "other cartoons", points=False)
        setting = Setting(
            extractor=tools.extractor.identity,
            point_finder=tools.finder.identity,
            recogniser=tools.recogniser.identity,
            faces=face_set.name,
            cartoons=cartoon_set.name,
            n_faces=len(faces),
            n_cartoons=len(cartoons),
            n_other_cartoons=len(others),
            image_size=size,
            held_out=options.held_out,
            part=str(held) if held else "all",
            recropped=options.crop,
            seed=seed,
        )
        reference = Reference(
            floor=(distance(rest.features, seen.features) if len(others) >= 2 else None),
            photos=distance(face_features, seen.features),
            finder_on_cartoons=seen.error,
            finder_on_cartoons_corrected=seen.corrected,
            finder_on_photos=point_error(all_found, all_points),
            mirrored_photo_top1=float((ranks(np.concatenate(mirrored), own) == 1).mean()),
            cartoon_haze=seen.haze,
            cartoon_chequer=seen.chequer,
            setting=setting,
            warnings=[
                *caveats_about(setting, n, face_set, cartoon_set, tools.extractor),
                *caveats_of_points(setting, face_set, cartoon_set, styles),
            ],
            skipped=faces.skipped + cartoons.skipped + others.skipped,
        )
        for text in reference.warnings:
            warnings.warn(text, MeasurementWarning, stacklevel=4)
        return cls(
            faces=faces,
            cartoons=cartoons,
            template=template,
            labels=read_labels(face_set.folder),
            points=all_points,
            inter_eye=inter_eye_distance(all_points),
            found=all_found,
            tones=np.concatenate(tones),
            face_features=face_features,
            cartoon_features=seen.features,
            embeddings=own,
            finder_offset=seen.offset,
            reference=reference,
        )
