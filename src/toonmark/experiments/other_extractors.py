"""FID and KID by further feature extractors, to check that the ranking of methods holds.

The paper's FID is on Illustration2Vec's features. Where its weights are on this machine a
comparison has them; where not, VGG16's, of another family than the default's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import Field

from toonmark.configuration import Frozen
from toonmark.errors import MissingExtraError, MissingWeightsError
from toonmark.evaluation.scores import Evaluation
from toonmark.experiments.plan import Job, Plan
from toonmark.experiments.spread import Spread

Measure = Callable[[str], Evaluation]
#: The paper's network, and what stands in for it.
PAPERS, OTHER = "illustration2vec", "vgg16"


class ExtractorDistances(Frozen):
    """The distances by one other extractor."""

    name: str
    extractor: str = Field(description="all that decides its features")
    floor_fid: float | None
    photos_fid: float
    fid: dict[str, Spread] = Field(description="by row")
    kid: dict[str, Spread]


def chosen(plan: Plan) -> list[str]:
    """The other extractors of a plan."""
    if plan.measure.also is not None:
        return [name for name in plan.measure.also if name != plan.measure.extractor]
    if not any(isinstance(row.get("method"), str) for row in plan.rows.values()):
        return []
    from toonmark.evaluation.extractors.illustration2vec import weights_file

    if plan.measure.extractor == PAPERS or weights_file() is None:
        return [OTHER] if _has_vgg() and plan.measure.extractor != OTHER else []
    return [PAPERS]


def _has_vgg() -> bool:
    from toonmark.methods.vgg import open_vgg

    try:
        open_vgg()
    except (MissingWeightsError, MissingExtraError):
        return False
    return True


def distances(plan: Plan, jobs: Sequence[Job], measure: Measure) -> list[ExtractorDistances]:
    """The distances of finished runs by the plan's other extractors.

    Args:
        jobs: finished runs.
        measure: the scores by one extractor, of all those runs.
    """
    return [_one(name, jobs, measure(name)) for name in chosen(plan)]


def _one(name: str, jobs: Sequence[Job], evaluation: Evaluation) -> ExtractorDistances:
    scores = {s.name: s for s in evaluation.scores}
    reference = evaluation.scores[0].reference
    spreads: dict[str, dict[str, Spread]] = {"fid": {}, "kid": {}}
    for row in dict.fromkeys(job.row for job in jobs):
        own = [scores[job.name].distance for job in jobs if job.row == row]
        for key, values in (("fid", [d.fid for d in own]), ("kid", [d.kid.value for d in own])):
            spread = Spread.of(values)
            assert spread is not None
            spreads[key][row] = spread
    return ExtractorDistances(
        name=name,
        extractor=reference.setting.extractor,
        floor_fid=None if reference.floor is None else reference.floor.fid,
        photos_fid=reference.photos.fid,
        **spreads,
    )


def notes(found: Sequence[ExtractorDistances], extractor: str) -> list[str]:
    """A comparison's notes on the networks that it was measured by.

    Args:
        found: by the plan's other extractors.
        extractor: all that decides the features of the table itself.
    """
    told = []
    if not (extractor.startswith(PAPERS) or any(one.name == PAPERS for one in found)):
        agreed = ", where both networks here agree on it" if found else ""
        told.append(
            "The paper's FID is on Illustration2Vec's features, whose weights are not on this"
            f" machine: at most the order may be compared with the paper's{agreed}."
        )
    if extractor.startswith(OTHER) or any(one.name == OTHER for one in found):
        told.append(
            "VGG16's weights are those with which Style and Analogy draw, unless they were given"
            " others: of these two rows it is no independent judge."
        )
    return told
