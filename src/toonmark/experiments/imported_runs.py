"""Checks imported runs, of which only configuration and averaged weights came from elsewhere.

Put where the experiment would have trained them, they are drawn and measured like the others, if
they were trained as the plan says and on the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from toonmark.artifacts import checkpoint_of, imported_weights, kept_in, was_begun_here
from toonmark.configuration import difference
from toonmark.data.dataset import places_of
from toonmark.errors import ConfigurationError
from toonmark.experiments.plan import REGRESSORS, Job
from toonmark.training import checkpoint
from toonmark.training.config import UnpairedConfig
from toonmark.training.digests import DOMAINS, digests
from toonmark.training.run import open_run

#: Names of places, which another machine has others of; what lies there is asked for below.
_PLACES = (*DOMAINS, "backgrounds", *REGRESSORS)
#: What changes no weight.
_FREE = ("sample_every", "checkpoint_every", "log_every", "keep_every")
#: What may differ, and is told in the table.
_TOLD = ("batch",)


class ImportedRun(BaseModel):
    """The facts of a run that was trained elsewhere and brought here; None: it does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int
    precision: str | None
    device: str | None
    half: bool = Field(description="whether its weights are stored in half precision")
    same_pictures: bool = Field(
        description="whether its data are known to be these by content, and not by name alone"
    )


def check(jobs: Sequence[Job]) -> None:
    """Refuses brought runs that are not what the plan would have trained.

    Batch, precision and device may differ: the table says so.

    Raises:
        ConfigurationError: another split, other settings, or other data.
        RunError: it cannot be read, or is of another kind.
        DataError: a set of the plan's cannot be read.
    """
    here: dict[str, dict[str, str]] = {}
    for job in jobs:
        if job.training is None:
            continue
        if imported_weights(job.folder) is not None:
            _check(job, job.training, here)
        elif early := _imported_early(job.folder):
            raise ConfigurationError(
                f"{job.folder} was brought here before its training ended: it has {early.name}, and"
                f" the plan {job.training.iterations} iterations.",
                "Bring the last ones, or take the folder away to train this row here.",
            )


def _imported_early(folder: Path) -> Path | None:
    """Averaged generators of a run that was never trained in this folder."""
    if checkpoint_of(folder) is not None or was_begun_here(folder):
        return None
    return max(kept_in(folder), default=None)


def _check(job: Job, config: UnpairedConfig, here: dict[str, dict[str, str]]) -> None:
    own = open_run(job.folder, type(config), None)
    free = {k: getattr(config, k) for k in (*_PLACES, *_FREE, *_TOLD) if hasattr(config, k)}
    if changes := difference(own.model_copy(update=free), config):
        raise ConfigurationError(
            f"{job.folder} was trained otherwise than the plan says:\n{changes}\n",
            "Correct the plan, or take the folder away to train this row here.",
        )
    if other := _other_data(job.folder, config, own, here):
        raise ConfigurationError(
            f"{job.folder} was trained on other {other} than the plan names.",
            "Name the pictures that it was trained on, unchanged, or take the folder away.",
        )


def told(job: Job) -> ImportedRun | None:
    """The facts of a run for the table, where it was not trained here."""
    file = imported_weights(job.folder)
    if file is None or job.training is None:
        return None
    own = open_run(job.folder, type(job.training), None)
    facts = checkpoint.facts(file)
    return ImportedRun(
        batch=own.batch,
        precision=facts.get("precision"),
        device=facts.get("device"),
        half=checkpoint.in_half(file),
        same_pictures=f"{DOMAINS[0]}_digest" in facts,
    )


def _other_data(
    folder: Path, config: UnpairedConfig, own: UnpairedConfig, here: dict[str, dict[str, str]]
) -> str:
    """The first domain whose pictures differ: by content, or where none is known, by name."""
    file = imported_weights(folder)
    assert file is not None
    facts = checkpoint.facts(file)
    for domain in DOMAINS:
        if f"{domain}_digest" in facts:
            sets = str((config.faces, config.cartoons))
            if sets not in here:
                here[sets] = digests(config)
            same = facts[f"{domain}_digest"] == here[sets][f"{domain}_digest"]
        else:
            same = _names(getattr(own, domain)) == _names(getattr(config, domain))
        if not same:
            return domain
    return "" if _names(own.backgrounds) == _names(config.backgrounds) else "backgrounds"


def _names(folders: list[str]) -> list[tuple[str, str]]:
    """Sets by name: of the folder, and of a table in it."""
    return [(places_of(f)[0].name, Path(f).suffix and Path(f).name) for f in folders]
