"""The configuration of each kind of run: typed, frozen, printable, saved with it.

All settings that change the weights stand here but the precision, which is recorded with the
weights: a run goes on in no other (:func:`toonmark.training.loop.train`). Where and how fast it
runs (devices, processes, workers) is no setting: a run may move to another machine. The number of
processes is recorded too, since each has a pool and draws unmatched pairs of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from toonmark.artifacts import Kind
from toonmark.configuration import Frozen
from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.split import Rule
from toonmark.training.weighted_sets import Sets

#: Begun anew, every run splits by name; see :mod:`toonmark.data.split`.
_SPLIT: Any = Field(
    "name", description="how pictures are held out: by name, or as old runs did, by position"
)


class Weights(Frozen):
    """The loss terms' weights (section 3.3.2)."""

    real: float = Field(0.5, ge=0, description="lambda_g; see TrainConfig.weight_of_real")
    matched: float = Field(0.5, ge=0, description="lambda_gc")
    local: float = Field(0.3, ge=0, description="lambda_local")
    landmarks: float = Field(100.0, ge=0, description="lambda_lm")
    cycle: float = Field(10.0, ge=0, description="lambda_cyc")
    colour: float = Field(0.0, ge=0, description="colour anchor; beyond the paper")
    hue: float = Field(0.0, ge=0, description="hue anchor; beyond the paper")


class Method(Frozen):
    """The parts of the method, each with its switch; an ablation is a configuration."""

    condition_generator: bool = Field(True, description="heatmaps into the generators")
    conditional_discriminator: bool = Field(True, description="eq. 5")
    unmatched_pairs: bool = Field(True, description="real but moved pictures are fakes too")
    landmark_consistency: bool = Field(True, description="eq. 4")
    local_discriminators: bool = Field(True, description="eq. 6")
    two_stages: bool = Field(True, description="local discriminators only from stage II")
    pretrained_regressors: bool = Field(True, description="otherwise trained along the way")
    gan: Literal["least_squares", "log"] = "least_squares"
    fake_landmarks: Literal["input", "predicted"] = Field(
        "input", description="whose heatmaps go with a generated image: eq. 5, or figure 3"
    )


_BASIC = Method(
    condition_generator=False,
    conditional_discriminator=False,
    unmatched_pairs=False,
    landmark_consistency=False,
    local_discriminators=False,
)
_CONDITIONS = {
    "condition_generator": True,
    "conditional_discriminator": True,
    "unmatched_pairs": True,
}
#: The rows of the paper's ablation (table 2, figures 9 and 10).
ABLATION: dict[str, Method] = {
    "basic": _BASIC,
    "lm_cd": _BASIC.model_copy(update=_CONDITIONS),
    "lm_co": _BASIC.model_copy(update={"landmark_consistency": True}),
    "without_local": Method(local_discriminators=False),
    "full": Method(),
    "one_stage": Method(two_stages=False),
    "no_pretraining": Method(pretrained_regressors=False),
}


class RunConfig(Frozen):
    """The base of the configurations of all kinds of runs.

    Attributes:
        run_kind: the kind of the run; written into it.
        fixed: settings of older versions, each with the one value that is left: runs that say
            this value are read.
    """

    run_kind: ClassVar[Kind]
    fixed: ClassVar[Mapping[str, Any]] = {}


#: The learning rate of a larger batch is this power of it higher. Adam's steps are about as long as
#: the rate, however long the gradient: the square root is usual for it (Malladi et al. 2022). The
#: fourth root is more careful, since two sides have to keep pace; no run has compared them.
BATCH_POWER = 0.25


class UnpairedConfig(RunConfig):
    """The base of the configurations of all methods that learn from unpaired faces and cartoons.

    ``pictures`` may be given in place of ``stage1`` and ``stage2``: how many of each domain both
    stages see together, half of them in each. ``learning_rate``, unless it is given too, is then
    its default times ``batch ** 0.25``: twice that for a batch of 16.
    """

    faces: Sets = Field(min_length=1, description="folders with landmarks.csv")
    cartoons: Sets = Field(min_length=1, description="folders with landmarks.csv")
    backgrounds: list[str] = Field(
        default=[], description="folders of pictures put behind the faces, beside drawn ones"
    )
    background_share: float = Field(0.8, ge=0, le=1, description="faces that get a background")
    even_light: bool = Field(
        False,
        description="faces get the same light on both sides first, for a teacher of `distill` that "
        "is shown such faces; beyond the paper",
    )

    preset: Literal["paper", "compact"] = "compact"
    size: int = Field(128, ge=32, multiple_of=32)
    width: int = Field(64, ge=16, multiple_of=16, description="channels of the generators")
    augmentation: Augmentation = Augmentation()

    stage1: int = Field(100_000, ge=0, description="iterations of stage I")
    stage2: int = Field(100_000, ge=0, description="iterations of stage II")
    batch: int = Field(1, ge=1, description="pictures of each domain a step, over all processes")
    learning_rate: float = Field(2e-4, gt=0)
    decay_power: float = Field(0.9, ge=0, description="polynomial decay to zero over both stages")
    betas: tuple[float, float] = (0.5, 0.999)
    average: float = Field(0.999, ge=0, lt=1, description="decay of the averaged generators")
    pool: int = Field(50, ge=0, description="generated images kept for the discriminators")
    seed: int = 0
    split: Rule = _SPLIT

    sample_every: int = Field(1000, ge=1)
    checkpoint_every: int = Field(500, ge=1)
    log_every: int = Field(50, ge=1)
    keep_every: int = Field(
        5000, ge=0, description="averaged generators kept for choosing; 0: none"
    )

    @model_validator(mode="before")
    @classmethod
    def _budget(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "pictures" not in values:
            return values
        values = dict(values)
        pictures, batch = values.pop("pictures"), values.get("batch", cls._default("batch"))
        if not (isinstance(pictures, int) and isinstance(batch, int) and 0 < 2 * batch <= pictures):
            raise ValueError(f"pictures: both stages need a batch of {batch} at least")
        values["stage1"] = values["stage2"] = pictures // (2 * batch)
        values.setdefault("learning_rate", cls._default("learning_rate") * batch**BATCH_POWER)
        return values

    @classmethod
    def _default(cls, name: str) -> Any:
        return cls.model_fields[name].default

    @property
    def iterations(self) -> int:
        """Both stages together."""
        return self.stage1 + self.stage2

    def in_stage2(self, iteration: int) -> bool:
        """Whether this iteration is one of stage II."""
        return iteration >= self.stage1

    def rate_at(self, iteration: int) -> float:
        """Learning rate of this iteration: polynomial decay to zero (section 3.3.2)."""
        return decayed(self.learning_rate, iteration, self.iterations, self.decay_power)


class TrainConfig(UnpairedConfig):
    """One run of ``toonmark train``: landmark-assisted CycleGAN."""

    run_kind: ClassVar[Kind] = Kind.TRAIN

    face_regressor: str | None = Field(None, description="a run of train-landmarks")
    cartoon_regressor: str | None = None
    start_from: str | None = Field(
        None,
        description="another run: its generators and discriminators are the start; or a style "
        "pack: its generator",
    )
    hold: int = Field(
        0,
        ge=0,
        description="iterations in which the generator to cartoons stays as it is, while the way "
        "back and the discriminators of a start from a style pack catch up",
    )
    denoiser: str | None = Field(
        None,
        description="a run of train-denoiser, frozen behind the way to cartoons; beyond the paper",
    )
    cycle_noise: float = Field(
        0.0, ge=0, description="noise on a drawn picture before its way back; beyond the paper"
    )
    judged_noise: float = Field(
        0.0, ge=0, description="noise on all that the discriminators see; beyond the paper"
    )
    method: Method = Method()
    weights: Weights = Weights()

    @property
    def weight_of_real(self) -> float:
        """Weight of the adversarial term against the discriminator of pictures alone.

        Eq. 3 gives adversarial terms 1 in all. Without a conditional discriminator this one has
        both shares: a row of the ablation lacks a discriminator, not half of the pressure.
        """
        alone = not self.method.conditional_discriminator
        return self.weights.real + (self.weights.matched if alone else 0.0)

    def local_in(self, stage2: bool) -> bool:
        """Whether the local discriminators take part in stage II, or in stage I."""
        return self.method.local_discriminators and (stage2 or not self.method.two_stages)


def decayed(rate: float, iteration: int, iterations: int, power: float = 0.9) -> float:
    """A learning rate that falls to zero as a polynomial (section 3.3.2)."""
    left = 1 - iteration / max(iterations, 1)
    return float(rate * max(left, 0.0) ** power)


class RegressorConfig(RunConfig):
    """One run of ``toonmark train-landmarks``."""

    run_kind: ClassVar[Kind] = Kind.LANDMARKS

    data: Sets = Field(min_length=1, description="folders with landmarks.csv")
    backgrounds: list[str] = Field(default=[], description="folders of pictures put behind them")
    background_share: float = Field(0.0, ge=0, le=1)
    preset: Literal["paper", "compact"] = "compact"
    size: int = Field(128, ge=32, multiple_of=32)
    augmentation: Augmentation = Augmentation(
        degrees=15.0, zoom=(0.8, 1.25), shift=10.0, colour=0.5
    )
    noise: float = Field(0.1, ge=0, description="strength of blur, noise and blocks on the input")
    iterations: int = Field(80_000, ge=1)
    batch: int = Field(8, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    average: float = Field(0.999, ge=0, lt=1)
    seed: int = 0
    split: Rule = _SPLIT
    checkpoint_every: int = Field(500, ge=1)
    log_every: int = Field(50, ge=1)


class PairedConfig(RunConfig):
    """The base of the supervised ones; see :class:`toonmark.training.paired.PairedTrainer`."""

    faces: Sets = Field(min_length=1, description="folders of photos with landmarks.csv")
    backgrounds: list[str] = Field(default=[], description="folders of pictures put behind them")
    background_share: float = Field(0.6, ge=0, le=1)
    size: int = Field(128, ge=32, multiple_of=32)
    augmentation: Augmentation = Augmentation()
    edges: float = Field(1.0, ge=0, description="weight of the differences between neighbours")
    adversarial: float = Field(0.0, ge=0, description="weight of a discriminator; 0: there is none")
    judged_noise: float = Field(0.05, ge=0, description="noise on all that the discriminator sees")
    iterations: int = Field(8_000, ge=1)
    batch: int = Field(4, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    average: float = Field(0.998, ge=0, lt=1)
    seed: int = 0
    split: Rule = _SPLIT
    sample_every: int = Field(500, ge=1)
    checkpoint_every: int = Field(250, ge=1)
    log_every: int = Field(50, ge=1)


class DenoiserConfig(PairedConfig):
    """One run of ``toonmark train-denoiser``; beyond the paper."""

    run_kind: ClassVar[Kind] = Kind.DENOISER

    cartoons: Sets = Field(min_length=1, description="folders with landmarks.csv")
    generators: str | None = Field(
        None, description="a run of train, or weights it kept: draws the cartoons again, as it can"
    )
    drawn_share: float = Field(
        0.7, ge=0, le=1, description="cartoons that those generators draw again"
    )
    strength: float = Field(1.0, ge=0, le=2, description="of all that spoils a cartoon")
    start_from: str | None = Field(
        None, description="another run of train-denoiser: its denoiser is the start"
    )


class DistillationConfig(PairedConfig):
    """One run of ``toonmark distill``; beyond the paper."""

    run_kind: ClassVar[Kind] = Kind.DISTILLATION

    teacher: str = Field(description="a run of train, weights it kept, or a style pack")
    denoiser: str | None = Field(
        None,
        description="a run of train-denoiser, or a style pack that has one, behind the teacher",
    )
    preset: Literal["paper", "compact"] = "compact"
    width: int = Field(64, ge=16, multiple_of=16, description="channels of the generator")
    photos: list[str] = Field(
        default=[],
        description="sets of the same crops with their own backgrounds (`toonmark data folder` "
        "without --matte), for the student",
    )
    drawings: list[str] = Field(
        default=[],
        description="sets of drawings of the faces (`toonmark data drawings`), to be learned "
        "instead of what the teacher draws; on_white and even_light have no part in it",
    )
    on_white: bool = Field(
        True, description="the teacher sees the face on white, without the student's background"
    )
    even_light: bool = Field(
        False, description="the teacher sees a face whose light is the same on both sides"
    )
    keep_denoiser: bool = Field(
        False,
        description="the denoiser stays behind the student, which learns to draw for it: crisper, "
        "and slower by the denoiser's time",
    )
    tune_denoiser: bool = Field(False, description="the denoiser that is kept learns with it")
    start_from: str | None = Field(
        None, description="another run of distill: its student is the start"
    )
    learning_rate: float = Field(5e-4, gt=0)


class LayersConfig(RunConfig):
    """One run of ``toonmark train-layers``; beyond the paper."""

    run_kind: ClassVar[Kind] = Kind.LAYERS
    fixed: ClassVar[Mapping[str, Any]] = {"blocks": 5, "kernel": 3}

    layers: Sets = Field(min_length=1, description="sets of `toonmark data layers`")
    size: int = Field(512, ge=128, multiple_of=32, description="edge of the drawing in pixels")
    width: int = Field(48, ge=16, multiple_of=16, description="channels of the network")
    iterations: int = Field(12_000, ge=1)
    batch: int = Field(8, ge=1, description="portraits a step, over all processes")
    learning_rate: float = Field(1e-3, gt=0)
    average: float = Field(0.998, ge=0, lt=1)
    start_from: str | None = Field(
        None,
        description="another run, or a style pack that it became: its network is the start",
    )
    seed: int = 0
    split: Rule = _SPLIT
    sample_every: int = Field(500, ge=1)
    checkpoint_every: int = Field(250, ge=1)
    log_every: int = Field(50, ge=1)
