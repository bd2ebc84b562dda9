"""Checks for data leakage: all runs share one split, and none trains on evaluation pictures."""

from __future__ import annotations

from collections.abc import Sequence

from toonmark.data.dataset import Dataset
from toonmark.data.split import HeldOut
from toonmark.errors import ConfigurationError
from toonmark.experiments.plan import Job, Plan
from toonmark.methods.optimised import OptimisedConfig


def check_splits(plan: Plan, jobs: Sequence[Job]) -> None:
    """Refuses rows that were trained on other data, or hold out other pictures.

    Rows are only compared where all learn from the same pictures, and where what is measured was
    seen by none of them in training.

    Raises:
        ConfigurationError: rows with different sets or splits, or measured on what one learns.
        DataError: a set cannot be read.
    """
    trained = {job.row: job.training for job in jobs if job.training is not None}
    others = [row for row in trained if isinstance(plan.rows[row].get("method"), str)]
    first = next(iter(trained.values()), None)
    if first is None:
        return
    for row, config in trained.items():
        for setting in ("faces", "cartoons", "split") if others else ("split",):
            if getattr(config, setting) != getattr(first, setting):
                raise ConfigurationError(
                    f"Row {row} has other {setting} than {next(iter(trained))}: "
                    f"{getattr(config, setting)} and {getattr(first, setting)}.",
                    "Rows are compared on the same data: write it once, under `train`.",
                )
    for job in jobs:
        own = job.config
        if job.training is None and own.split != first.split:
            raise ConfigurationError(
                f"Row {job.row} holds out pictures by {own.split}, the others by {first.split}.",
                "Write `split` once, under `train`.",
            )
        drawn = isinstance(own, OptimisedConfig) and own.picture is None and own.cartoons
        if drawn and list(own.cartoons) != list(first.cartoons):
            raise ConfigurationError(
                f"Row {job.row} takes its style from other cartoons than the others learn from: "
                f"{own.cartoons} and {first.cartoons}.",
                "Leave `cartoons` out of this row, or name one file as its `picture`.",
            )
    if not plan.measure.held_out:
        return
    for domain in ("faces", "cartoons"):
        named = getattr(plan.measure, domain)
        if named is None:
            continue
        measured = Dataset.open(named)
        kept = set(HeldOut(frozenset({first.split}), plan.measure.part).of(measured.names))
        for folder in sorted({f for c in trained.values() for f in getattr(c, domain)}):
            learnt = Dataset.open(folder)
            if learnt.images.resolve() != measured.images.resolve():
                continue
            seen = kept & {learnt.names[i] for i in learnt.split(first.split)[0]}
            if seen:
                raise ConfigurationError(
                    f"{len(seen)} of the {domain} that {named} holds out are learnt from in"
                    f" {folder} ({min(seen)}, for one): they are split differently.",
                    f"Measure on what is trained on: leave `measure: {domain}:` out.",
                )
