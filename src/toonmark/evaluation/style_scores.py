"""Computes all scores of one style from its drawings of the baseline's faces."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from toonmark.evaluation import background, colour, diversity
from toonmark.evaluation.baseline import Baseline
from toonmark.evaluation.cycle import both_cycles
from toonmark.evaluation.drawers import Drawer
from toonmark.evaluation.estimates import distance, point_error
from toonmark.evaluation.group_scores import by_group
from toonmark.evaluation.identity import rank_curve, ranks, share
from toonmark.evaluation.networks import EvaluationNetworks, Options
from toonmark.evaluation.portrait import portrait_scores
from toonmark.evaluation.scores import (
    Cleanness,
    Colour,
    Diversity,
    Identity,
    Item,
    Scores,
    Structure,
)
from toonmark.evaluation.selection import batches
from toonmark.landmarks import Array

Progress = Callable[[str, int, int], None]


def score(
    drawer: Drawer, base: Baseline, options: Options, tools: EvaluationNetworks, report: Progress
) -> Scores:
    """Draws the baseline's faces and takes all measures of the drawings."""
    features, embeddings, found, tones, clean = [], [], [], [], []
    judged = []
    overlaps: list[float] = []
    done, seconds = 0, 0.0
    for pictures, points_list in batches(
        base.faces, drawer.size, options.crop, template=base.template
    ):
        points = np.stack(points_list)  # type: ignore[arg-type]
        began = time.process_time()
        cartoons = drawer.draw(pictures, points)
        seconds += time.process_time() - began
        features.append(tools.features(cartoons))
        embeddings.append(tools.embeddings(cartoons, points))
        found.append(tools.points(cartoons))
        tones.append(colour.colours(cartoons, points))
        clean += [(background.haze(c), background.chequer(c)) for c in cartoons]
        overlaps += [background.overlap(*one) for one in zip(pictures, cartoons, strict=True)]
        if tools.judge is not None:
            judged += [tools.judge(*one) for one in zip(pictures, cartoons, points, strict=True)]
        done += len(pictures)
        report(drawer.name, done, len(base.faces))
    drawn, tone = np.concatenate(features), np.concatenate(tones)
    cartoon_points = np.concatenate(found)
    places = ranks(np.concatenate(embeddings), base.embeddings)
    structure = _structure(cartoon_points, base)
    errors = base.errors(cartoon_points)
    skin = colour.ciede2000(base.tones[:, :3], tone[:, :3])
    hair = colour.ciede2000(base.tones[:, 3:], tone[:, 3:])
    haze, chequer = np.mean(clean, axis=0)
    outside, inside = _background(drawer, base, options)
    items = [
        Item(
            file=name,
            error=_number(errors[i]),
            rank=int(places[i]),
            skin_photo=float(base.tones[i, 0]),
            skin_cartoon=float(tone[i, 0]),
            skin_difference=float(skin[i]),
            hair_difference=_number(hair[i]),
            overlap=judged[i].overlap if judged else None,
            top_difference=_number(judged[i].top) if judged else None,
        )
        for i, name in enumerate(base.faces.names)
    ]
    return Scores(
        name=drawer.name,
        iterations=drawer.iterations,
        distance=distance(drawn, base.cartoon_features),
        structure=structure,
        identity=Identity(
            top1=share(int((places == 1).sum()), len(places)),
            top5=share(int((places <= 5).sum()), len(places)),
            median_rank=float(np.median(places)),
            chance=1 / len(places),
            curve=rank_curve(places),
        ),
        colour=_colour(base.tones, tone, skin, hair),
        diversity=_diversity(drawn, base),
        cleanness=Cleanness(
            haze=float(haze),
            chequer=float(chequer),
            background_outside=outside,
            background_inside=inside,
            overlap=None if np.isnan(overlaps).all() else float(np.nanmedian(overlaps)),
        ),
        milliseconds=1000 * seconds / done,
        cycle=both_cycles(drawer, base, tools, options.crop),
        portraits=portrait_scores(judged) if judged else None,
        groups=by_group(items, base.labels),
        reference=base.reference,
        items=items,
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _structure(found: Array, base: Baseline) -> Structure:
    corrected = None
    if base.finder_offset is not None:
        shift = base.finder_offset * base.inter_eye[:, None, None]
        corrected = point_error(found - shift, base.points)
    return Structure(
        annotated=point_error(found, base.points),
        detected=point_error(found, base.found),
        corrected=corrected,
    )


def _colour(photo: Array, cartoon: Array, skin: Array, hair: Array) -> Colour:
    light, tenth = colour.dark_drawn_light(photo[:, 0], cartoon[:, 0])
    both = ~np.isnan(hair)
    return Colour(
        skin_rank_correlation=colour.rank_correlation(photo[:, 0], cartoon[:, 0]),
        hair_rank_correlation=(
            colour.rank_correlation(photo[both, 3], cartoon[both, 3]) if both.any() else None
        ),
        darkest_tenth=tenth,
        darkest_tenth_drawn_light=light,
        skin_difference=float(np.median(skin)),
        hair_difference=float(np.median(hair[both])) if both.any() else None,
        hair_measured=int(both.sum()),
    )


def _diversity(drawn: Array, base: Baseline) -> Diversity:
    own = diversity.mean_pairwise_distance(drawn)
    cartoons = diversity.mean_pairwise_distance(base.cartoon_features)
    faces = diversity.mean_pairwise_distance(base.face_features)
    return Diversity(
        drawings=own,
        of_cartoons=own / max(cartoons, 1e-9),
        of_faces=own / max(faces, 1e-9),
    )


def _background(
    drawer: Drawer, base: Baseline, options: Options
) -> tuple[float | None, float | None]:
    """Mean change outside and inside the face, over the first faces that are on white."""
    rng = np.random.default_rng(base.setting.seed)
    first = base.faces.first(options.backgrounds)
    pairs = []
    for pictures, points_list in batches(first, drawer.size, options.crop, template=base.template):
        points = np.stack(points_list)  # type: ignore[arg-type]
        behind = [background.random_background(drawer.size, rng) for _ in pictures]
        mixed = np.stack(
            [background.composite(p, b) for p, b in zip(pictures, behind, strict=True)]
        )
        before, after = drawer.draw(pictures, points), drawer.draw(mixed, points)
        pairs += [
            background.changes(a, b, face)
            for a, b, face in zip(before, after, pictures, strict=True)
            if background.is_cut_out(face)
        ]
    if not pairs:
        return None, None
    values = np.array(pairs)
    return tuple(
        None if np.isnan(column).all() else float(np.nanmean(column)) for column in values.T
    )  # type: ignore[return-value]
