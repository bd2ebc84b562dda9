"""Evaluation of styles: metrics with confidence intervals, and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toonmark.evaluation.networks import Options
    from toonmark.evaluation.scores import Evaluation, Scores
    from toonmark.evaluation.scoring import evaluate_all
    from toonmark.files import default_cache

__all__ = ["Evaluation", "Options", "Scores", "default_cache", "evaluate_all"]

_PLACES = {
    "evaluate_all": "toonmark.evaluation.scoring",
    "default_cache": "toonmark.files",
    "Options": "toonmark.evaluation.networks",
    "Evaluation": "toonmark.evaluation.scores",
    "Scores": "toonmark.evaluation.scores",
}


def __getattr__(name: str) -> Any:
    # Torch is loaded when something is measured, and not by the import of this package.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
