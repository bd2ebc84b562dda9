"""An experiment's plan: the configurations to compare, on the same data, length and seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, field_validator

from toonmark.artifacts import CHECKPOINT, has_checkpoint
from toonmark.configuration import Frozen, parse
from toonmark.errors import ConfigurationError
from toonmark.methods.analogy import AnalogyConfig
from toonmark.methods.gatys import GatysConfig
from toonmark.methods.learned import LEARNED
from toonmark.methods.optimised import OptimisedConfig
from toonmark.training.config import ABLATION, TrainConfig, UnpairedConfig
from toonmark.training.fabric import Precision

#: The settings a row leaves out where its method does not need them.
REGRESSORS = ("face_regressor", "cartoon_regressor")
#: Settings in which methods differ for good reason: what the plan says of them is for ours.
_OWN = {"learning_rate", "betas", "pool"}
#: Methods that draw each picture by an optimisation of its own.
DRAWN: dict[str, type[OptimisedConfig]] = {
    "gatys": GatysConfig,
    "analogy": AnalogyConfig,
}
#: The rows of the paper's comparison (tables 1 and 2); `basic` is CycleGAN.
COMPARISON: dict[str, dict[str, Any]] = {
    "style": {"method": "gatys"},
    "analogy": {"method": "analogy"},
    "improving": {"method": "ganimorph"},
    "munit": {"method": "munit"},
    **{n: {"ablation": n} for n in ("basic", "lm_cd", "lm_co", "without_local", "full")},
}


class Measuring(Frozen):
    """The settings for measuring finished rows; may change without training anything again."""

    n: int = Field(500, ge=2, description="photos, and at most as many cartoons")
    seed: int = 0
    held_out: bool = Field(True, description="only pictures that training held out")
    part: Literal["test", "validation"] = Field(
        "test", description="of those: test to report, validation to choose by"
    )
    faces: str | None = Field(None, description="folder of photos; the first one trained on")
    cartoons: str | None = Field(None, description="folder of cartoons; the first one trained on")
    extractor: str = "efficientnet-lite0"
    weights: str | None = Field(None, description="the extractor's weights, where it needs them")
    also: list[str] | None = Field(
        None,
        description="other extractors, for FID and KID; unless given, a comparison of methods "
        "has Illustration2Vec where its weights are, and else VGG16",
    )
    finder: str = Field("mtcnn", description="of points in drawings; animeface for anime")


class Plan(Frozen):
    """One file: what is the same for all rows, and what each row does differently."""

    train: dict[str, Any] = Field(description="settings of `toonmark train`, the same for all")
    rows: dict[str, dict[str, Any]] = Field(
        default={name: {"ablation": name} for name in ABLATION},
        min_length=1,
        description="name: settings that differ; `ablation: lm_cd` is a row of the paper's",
    )
    seeds: list[int] = Field(default=[0, 1], min_length=1)
    baseline: str | None = Field(
        "basic", description="the row that others are compared with; null: none"
    )
    start_from: str | None = Field(
        None, description="another experiment's folder: each run begins as its namesake there ended"
    )
    precision: Precision = Field(
        "32-true", description="of all runs' arithmetic, as in `toonmark train --precision`"
    )
    measure: Measuring = Measuring()

    @field_validator("rows", mode="before")
    @classmethod
    def _names_alone(cls, rows: Any) -> Any:
        """A list of names is a list of the paper's rows; no settings are none."""
        if isinstance(rows, list):
            return {str(name): {"ablation": name} for name in rows}
        if isinstance(rows, dict):
            return {name: settings or {} for name, settings in rows.items()}
        return rows

    @property
    def kind(self) -> str:
        """The command that trains such rows: ``ablation``, ``comparison`` or ``run``."""
        if all(row == {"ablation": name} for name, row in self.rows.items()):
            return "ablation"
        methods = any(isinstance(row.get("method"), str) for row in self.rows.values())
        return "comparison" if methods else "run"


def plan_of(values: Mapping[str, Any], kind: str) -> Plan:
    """The plan that a file's settings stand for, with the rows and the baseline that it leaves out.

    Args:
        values: the settings.
        kind: ``comparison``, whose rows are :data:`COMPARISON` unless they are named; ``run``,
            which has to name them; or another, whose rows are the paper's ablation.

    Raises:
        ConfigurationError: a setting is wrong, or a ``run`` names no rows.
    """
    chosen = dict(values)
    if kind == "comparison":
        chosen.setdefault("rows", COMPARISON)
    if kind == "run" and not chosen.get("rows"):
        raise ConfigurationError(
            "The plan names no rows.",
            "Write `rows:` with a name and settings for each, or use `experiment ablation`.",
        )
    if "baseline" not in chosen and "basic" not in (chosen.get("rows") or ["basic"]):
        chosen["baseline"] = None
    return parse(Plan, chosen)


@dataclass(frozen=True)
class Job:
    """One row with one seed: one run directory.

    Attributes:
        row: name of the row.
        seed: its seed.
        folder: where it is trained.
        config: what is trained, or how each picture is drawn.
        precision: of its arithmetic.
    """

    row: str
    seed: int
    folder: Path
    config: UnpairedConfig | OptimisedConfig
    precision: str

    @property
    def name(self) -> str:
        """``row-seed0``."""
        return self.folder.name

    @property
    def training(self) -> UnpairedConfig | None:
        """The training's configuration; None for a method that is not trained."""
        return self.config if isinstance(self.config, UnpairedConfig) else None


def jobs_of(plan: Plan, out: Path) -> list[Job]:
    """All runs of a plan; a whole round of rows with the first seed, then the next seed.

    In this order a stopped experiment has something of every row.

    Raises:
        ConfigurationError: a row is no valid run, two are the same, budgets differ, or the
            experiment to start from lacks one.
    """
    if len(set(plan.seeds)) < len(plan.seeds):
        raise ConfigurationError("A seed is listed twice.", "Each seed makes one run of a row.")
    if plan.baseline is not None and plan.baseline not in plan.rows:
        raise ConfigurationError(
            f"The baseline {plan.baseline} is none of the rows: {', '.join(plan.rows)}.",
            "Add it to the rows, name another, or write `baseline: null`.",
        )
    configs = {name: row_config(plan, name) for name in plan.rows}
    trained = {n: c for n, c in configs.items() if isinstance(c, UnpairedConfig)}
    budgets = {name: (c.iterations, c.batch) for name, c in trained.items()}
    if len(set(budgets.values())) > 1:
        told = ", ".join(f"{name} {i} of batch {b}" for name, (i, b) in budgets.items())
        raise ConfigurationError(
            f"The rows do not train for equally many iterations: {told}.",
            "Give all rows the same stage1 + stage2 and batch, or make two experiments.",
        )
    jobs = []
    for seed in plan.seeds:
        for name, config in configs.items():
            place = Path("rows") / f"{name}-seed{seed}"
            own = with_seed(config, seed)
            if plan.start_from is not None and isinstance(own, UnpairedConfig):
                if not isinstance(own, TrainConfig):
                    raise ConfigurationError(
                        f"Row {name} cannot begin as it ended in {plan.start_from}: only the "
                        "paper's method and its ablation can.",
                        "Leave this row out, or `start_from`.",
                    )
                before = Path(plan.start_from) / place
                if not has_checkpoint(out / place):
                    _check_finished(before)
                own = own.model_copy(update={"start_from": str(before)})
            jobs.append(Job(name, seed, out / place, own, plan.precision))
    return jobs


def _check_finished(run: Path) -> None:
    """Rows that start from unequal lengths could not be compared."""
    from toonmark.training import checkpoint
    from toonmark.training.run import open_run

    remedy = "Train it there to its end first, or leave this row or seed out."
    if not has_checkpoint(run):
        raise ConfigurationError(f"{run} has not been trained.", remedy)
    wanted = open_run(run, TrainConfig, None).iterations
    done = int(checkpoint.facts(run / CHECKPOINT).get("iteration", 0))
    if done < wanted:
        raise ConfigurationError(f"{run} has {done} of its {wanted} iterations.", remedy)


Config = UnpairedConfig | OptimisedConfig


def row_config(plan: Plan, name: str) -> Config:
    """The configuration of a row, trained or drawn, with the first seed.

    Regressors are taken out where the method has no use for pre-trained ones, so that a run's
    configuration says what it had.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", name):
        raise ConfigurationError(
            f"{name!r} cannot be a row's name: it becomes a folder.",
            "Use letters, digits, hyphens and underscores.",
        )
    own = dict(plan.rows[name])
    values: dict[str, Any] = _merged({}, plan.train)
    if "seed" in values or "seed" in own:
        raise ConfigurationError(
            f"Row {name} sets a seed of its own.", "Write the seeds once, under `seeds`."
        )
    if isinstance(own.get("method"), str):
        return with_seed(_other_method(plan, name, own), plan.seeds[0])
    ablation = own.pop("ablation", None)
    if ablation is not None:
        if ablation not in ABLATION:
            raise ConfigurationError(
                f"Row {name}: there is no ablation {ablation}.",
                f"Choose one of: {', '.join(ABLATION)}.",
            )
        values["method"] = ABLATION[ablation].model_dump()
    try:
        config = parse(TrainConfig, _merged(values, own))
    except ConfigurationError as error:
        raise ConfigurationError(f"Row {name}: {error.happened}", error.remedy) from error
    from toonmark.training.networks import needs_regressors

    if not needs_regressors(config) or not config.method.pretrained_regressors:
        config = config.model_copy(update=dict.fromkeys(REGRESSORS))
    else:
        for key in REGRESSORS:
            if getattr(config, key) is None:
                raise ConfigurationError(
                    f"Row {name} needs a pre-trained landmark regressor: {key} is not set.",
                    "Train one with `toonmark train-landmarks` and name its run in the plan.",
                )
    return with_seed(config, plan.seeds[0])


def _other_method(plan: Plan, name: str, own: dict[str, Any]) -> Config:
    """A row of another method than ours: of the plan's settings those that all methods share."""
    method = own.pop("method")
    kinds: dict[str, type[Config]] = {
        **DRAWN,
        **{str(kind): config for kind, (config, _, _) in LEARNED.items()},
    }
    if method not in kinds:
        raise ConfigurationError(
            f"Row {name}: there is no method {method}.", f"Choose one of: {', '.join(kinds)}."
        )
    kind = kinds[method]
    shared = (set(UnpairedConfig.model_fields) & set(kind.model_fields)) - _OWN
    if issubclass(kind, UnpairedConfig):
        shared.add("pictures")  # no field of its own: it stands for the stages
    values = {key: value for key, value in plan.train.items() if key in shared}
    try:
        return parse(kind, _merged(values, own))
    except ConfigurationError as error:
        raise ConfigurationError(f"Row {name}: {error.happened}", error.remedy) from error


C = TypeVar("C", bound=Frozen)


def with_seed(config: C, seed: int) -> C:
    """The same run with another seed."""
    return config.model_copy(update={"seed": seed})


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """``more`` over ``base``, key by key also within nested settings."""
    merged = dict(base)
    for key, value in more.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return merged
