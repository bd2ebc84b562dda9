"""The scores of a style as data: printable, comparable, saved as JSON."""

from __future__ import annotations

from pydantic import Field

from toonmark._version import __version__
from toonmark.configuration import Frozen


class Interval(Frozen):
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


class Setting(Frozen):
    """Everything a number depends on besides the style."""

    extractor: str = Field(description="name, input size, resize filter, normalisation, weights")
    point_finder: str
    recogniser: str
    faces: str
    cartoons: str
    n_faces: int
    n_cartoons: int
    n_other_cartoons: int = Field(description="disjoint from the others; for the floor")
    image_size: int
    held_out: bool = Field(description="only pictures that training leaves out")
    part: str = Field("", description="which of those; empty in scores that do not say")
    recropped: bool
    seed: int
    toonmark: str = __version__


class Distance(Frozen):
    """Between two sets of pictures; KID is times 1000."""

    kid: Interval
    fid: float
    n: tuple[int, int]


class PointError(Frozen):
    """Landmark error as a fraction of the inter-eye distance, over the faces that were found."""

    n: int
    not_found: float = Field(description="share of pictures without a face, by the detector")
    median: float | None
    mean: float | None
    p90: float | None
    eyes: float | None = None
    nose: float | None = None
    mouth: float | None = None


class Structure(Frozen):
    """Points found in the cartoon against ..."""

    annotated: PointError = Field(description="... the photo's annotated points")
    detected: PointError = Field(description="... those the same detector finds in the photo")
    corrected: PointError | None = Field(
        description="... the annotated, less the detector's mean offset on real cartoons"
    )


class Identity(Frozen):
    """Identity: how often a cartoon's own photo is found among N."""

    top1: Interval
    top5: Interval
    median_rank: float
    chance: float
    curve: list[tuple[int, float]]


class Colour(Frozen):
    """Skin and hair of photo and cartoon, CIE L*a*b*."""

    skin_rank_correlation: float
    hair_rank_correlation: float | None
    darkest_tenth: int
    darkest_tenth_drawn_light: int = Field(description="drawn among the lightest half")
    skin_difference: float = Field(description="median CIEDE2000")
    hair_difference: float | None
    hair_measured: int


class Diversity(Frozen):
    """Mean distance between two drawings, in the extractor's features."""

    drawings: float
    of_cartoons: float = Field(description="as a share of the same between real cartoons")
    of_faces: float = Field(description="as a share of the same between the photos")


class Cleanness(Frozen):
    """Marks in a drawing where there should be none."""

    haze: float = Field(description="share of the white surroundings that is off-white")
    chequer: float = Field(description="strength of a pixel-to-pixel alternation")
    background_outside: float | None = Field(
        description="mean change around the face when a background is put behind it, of 1"
    )
    background_inside: float | None = Field(description="the same within the face")
    overlap: float | None = Field(
        None,
        description="of drawn figure and the photo's (IoU), median, of photos cut out on white",
    )


class Portraits(Frozen):
    """Outline, colour of what is on the head, and glasses of whole portraits."""

    n: int
    overlap: float = Field(description="of drawn figure and the photo's matte (IoU), median")
    overlap_worst_tenth: float
    outside: float = Field(
        description="of the figure, farther than 3 % of the frame from the matte"
    )
    second_overlap: float | None = Field(
        None, description="as `overlap`, by another mask, MediaPipe's Selfie Segmentation"
    )
    second_worst_tenth: float | None = None
    second_outside: float | None = None
    agreed_overlap: float | None = Field(
        None, description="as `overlap`, of the pixels on which both masks agree"
    )
    agreed_worst_tenth: float | None = None
    top_difference: float | None = Field(
        description="median CIEDE2000 of hair or what covers the head"
    )
    top_measured: int
    glasses_worn: int
    glasses_kept: int
    bare: int = Field(description="photos that surely show no glasses")
    glasses_invented: int


class Cycle(Frozen):
    """The difference of a picture from itself after going there and back."""

    l1: float = Field(description="mean absolute difference, of 1")
    perceptual: float = Field(description="of the features; 1 is another picture's distance")
    n: int


class Item(Frozen):
    """One face."""

    file: str
    error: float | None
    rank: int
    skin_photo: float
    skin_cartoon: float
    skin_difference: float
    hair_difference: float | None
    overlap: float | None = Field(None, description="of figure and matte, where it was measured")
    top_difference: float | None = None


class GroupScores(Frozen):
    """The faces that share one value of a label."""

    label: str
    value: str
    n: int
    top1: Interval = Field(description="its photo found first among all")
    landmark_error: float | None = Field(description="median, over the faces that were found")
    not_found: float
    skin_difference: float = Field(description="median CIEDE2000")
    lightness_shift: float = Field(description="median L* of cartoon minus photo")
    overlap: float | None = Field(None, description="median, of figure and matte")
    top_difference: float | None = Field(None, description="median CIEDE2000, on the head")


class BothCycles(Frozen):
    """There and back again, from either domain."""

    face: Cycle
    cartoon: Cycle | None = Field(description="None where the cartoons have no landmarks")


class Reference(Frozen):
    """The same measures without any style: floors and ceilings."""

    floor: Distance | None = Field(description="real cartoons against other real cartoons")
    photos: Distance = Field(description="the photos themselves against the cartoons")
    finder_on_cartoons: PointError | None = Field(description="against the cartoons' own points")
    finder_on_cartoons_corrected: PointError | None = Field(
        description="the same, less the mean offset: the floor of a style's corrected error"
    )
    finder_on_photos: PointError
    mirrored_photo_top1: float = Field(description="a photo found by its mirror image")
    cartoon_haze: float
    cartoon_chequer: float
    setting: Setting
    warnings: list[str]
    skipped: list[tuple[str, str]]


class Scores(Frozen):
    """All measures of one style, with what they are to be compared with."""

    name: str
    iterations: int | None
    distance: Distance
    structure: Structure
    identity: Identity
    colour: Colour
    diversity: Diversity
    cleanness: Cleanness
    milliseconds: float = Field(description="of processor time to draw one face, here")
    cycle: BothCycles | None = Field(None, description="of a run; a pack has no way back")
    portraits: Portraits | None = Field(None, description="of whole portraits, where asked for")
    groups: list[GroupScores] = Field([], description="where the faces have labels")
    reference: Reference
    items: list[Item]


class Evaluation(Frozen):
    """The contents of ``scores.json``: one or more styles, measured alike."""

    format: int = 1
    scores: list[Scores]
