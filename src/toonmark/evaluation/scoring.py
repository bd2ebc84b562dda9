"""The entry point of evaluation: opens sets, networks and styles, and scores each style."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from toonmark.errors import ConfigurationError
from toonmark.evaluation.baseline import Baseline
from toonmark.evaluation.drawers import Drawer, PackDrawer, template_of
from toonmark.evaluation.errors import SamePackNameError
from toonmark.evaluation.networks import EvaluationNetworks, Options
from toonmark.evaluation.scores import Evaluation
from toonmark.evaluation.style_scores import Progress, score
from toonmark.landmarks import FACE_TEMPLATE

Style = str | Path | Drawer


def evaluate_all(
    packs: Sequence[Style],
    faces: str | Path,
    cartoons: str | Path,
    n: int = 250,
    seed: int = 0,
    options: Options | None = None,
    on_progress: Progress | None = None,
) -> Evaluation:
    """Measures several styles on the same pictures; see :func:`toonmark.evaluate`.

    Raises:
        ConfigurationError: there are none.
        SamePackNameError: two of them have one name.
    """
    options = options or Options()
    if not packs:
        raise ConfigurationError(
            "There is nothing to measure.", "Name a style pack, or a run (--run)."
        )
    drawers = [PackDrawer(pack) if isinstance(pack, str | Path) else pack for pack in packs]
    twice = [name for name, count in Counter(d.name for d in drawers).items() if count > 1]
    if twice:
        raise SamePackNameError(
            f"Two of the styles are called {twice[0]}.",
            "Rename one of the files: a style's row in the tables is called after it.",
        )
    networks = EvaluationNetworks.open(options)
    report = on_progress or (lambda _what, _done, _total: None)
    baselines: dict[tuple[int, bytes], Baseline] = {}
    scores = []
    try:
        for drawer in drawers:
            template = template_of(drawer) if options.crop else FACE_TEMPLATE
            key = drawer.size, template.tobytes()
            if key not in baselines:
                baselines[key] = Baseline.measure(
                    faces,
                    cartoons,
                    n,
                    seed,
                    drawer.size,
                    template,
                    options,
                    networks,
                    report,
                    drawers,
                )
            scores.append(score(drawer, baselines[key], options, networks, report))
    finally:
        networks.cache.close()
    return Evaluation(scores=scores)
