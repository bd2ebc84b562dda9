"""The curated facesjs parts: their sampling weights and hand-annotated properties.

Parts that hide the eyes or the mouth, or that one would not like to see oneself drawn with, are
left out: hats, headbands, sports goggles' straps, round ogling eyes, sneers.
"""

from __future__ import annotations

from typing import NamedTuple

Weights = dict[str, float]


class Eye(NamedTuple):
    """Weight, which of the part's shapes is the pupil, its size against the others, its pupil's."""

    weight: float
    pupil: int
    scale: float = 1.0
    wide: float = 1.0


class Nose(NamedTuple):
    """Weight, the nose tip as fractions of the part's box, and its size."""

    weight: float
    across: float
    down: float
    scale: float


EYES_MEN: dict[str, Eye] = {
    "eye10": Eye(3, 1, 1.1, 1.25),
    "eye12": Eye(2, 2),
    "eye13": Eye(3, 2, 1, 1.05),
    "eye14": Eye(2, 2, 1, 1.05),
    "eye15": Eye(2, 2, 1, 1.3),
    "eye2": Eye(0.5, 1, 1.05, 1.2),
    "eye4": Eye(2, 1, 1, 1.15),
    "eye6": Eye(2, 1),
    "eye8": Eye(1, 1, 0.88, 1.35),
    "eye9": Eye(3, 1, 1.05, 1.1),
    "eye18": Eye(1, 1, 1, 1.2),
    "eye19": Eye(1, 1, 1, 1.2),
}
EYES_WOMEN: dict[str, Eye] = {
    "eye12": Eye(3, 2),
    "eye13": Eye(2, 2, 1, 1.05),
    "eye14": Eye(2, 2, 1, 1.05),
    "eye15": Eye(2, 2, 1, 1.3),
    "eye10": Eye(1, 1, 1.1, 1.25),
    "female14": Eye(3, 2),
    "female4": Eye(2, 1, 1, 1.15),
    "female6": Eye(2, 1),
    "female8": Eye(2, 1),
    "female2": Eye(0.6, 1, 1.05, 1.2),
}
BROWS_MEN: Weights = dict.fromkeys(
    ("eyebrow1", "eyebrow3", "eyebrow5", "eyebrow6", "eyebrow7", "eyebrow11", "eyebrow13",
     "eyebrow14", "eyebrow15", "eyebrow18", "eyebrow19", "eyebrow20", "eyebrow2"), 1.0
)  # fmt: skip
BROWS_WOMEN: Weights = dict.fromkeys(
    ("eyebrow1", "eyebrow3", "eyebrow13", "eyebrow15", "eyebrow16", "eyebrow18", "eyebrow20",
     "female2", "female6", "female1"), 1.0
)  # fmt: skip
NOSES: dict[str, Nose] = {
    "nose1": Nose(2, 0.5, 0.7, 0.75),
    "nose10": Nose(3, 0.5, 0.5, 1.2),
    "nose11": Nose(1.5, 0.5, 0.65, 0.75),
    "nose2": Nose(1, 0.5, 0.8, 0.7),
    "nose3": Nose(2, 0.5, 0.7, 0.75),
    "nose5": Nose(1.5, 0.5, 0.7, 0.65),
    "nose9": Nose(1.5, 0.65, 0.8, 1.0),
    "nose13": Nose(1, 0.3, 0.8, 0.65),
    "small": Nose(3, 0.5, 0.6, 0.85),
}
#: Mouths with the teeth showing, and without.
MOUTHS_OPEN: Weights = {
    "smile": 2, "smile3": 3, "mouth3": 1.5, "mouth7": 1.5,
}  # fmt: skip
MOUTHS_CLOSED: Weights = {
    "smile-closed": 3, "mouth4": 0.8, "mouth5": 2, "straight": 0.2,
}  # fmt: skip
#: Mouths drawn without lips; a broad stroke under the drawing gives women theirs.
WITHOUT_LIPS = ("smile", "smile3", "smile-closed")

HEADS_MEN: Weights = {
    "head1": 1.5, "head2": 1, "head4": 1.2, "head5": 0.6, "head6": 0.7, "head8": 0.6, "head9": 1.2,
    "head12": 0.8, "head14": 1, "head16": 0.6, "female2": 1, "female3": 0.8,
}  # fmt: skip
HEADS_WOMEN: Weights = {
    "female1": 1, "female2": 2, "female3": 2.2, "head1": 1.5, "head6": 0.8, "head9": 0.6,
}  # fmt: skip
EARS: Weights = {"ear1": 1, "ear3": 1}
BODIES: Weights = {"body": 1, "body2": 1, "body4": 1}
CLOTHES: Weights = {"jersey": 1, "hockey2": 1.5, "baseball": 1, "football": 1.5}

HAIR_MEN: Weights = {
    "curly": 0.6, "crop": 0.3, "short": 1.5, "short2": 1.5, "short3": 1.5, "parted": 2,
    "middle-part": 1, "hair": 1, "juice": 0.25, "shaggy1": 1, "shaggy2": 0.5, "messy": 1.2,
    "messy-short": 1, "spike2": 0.5, "spike4": 0.8, "faux-hawk": 0.7, "emo": 0.7,
    "shortBangs": 0.5, "tall-fade": 0.4, "curly3": 0.3,
}  # fmt: skip
#: Only where the hair is dark.
HAIR_MEN_DARK: Weights = {"curlyFade1": 0.8, "curlyFade2": 0.5, "afro": 0.15, "crop-fade": 0.8,
                          "short-fade-2": 0.2}  # fmt: skip
#: Balding: these need hair at the sides, or none.
HAIR_BALD: Weights = {"bald": 1.2, "short-bald": 1, "short-fade": 1}
#: Hair that follows the head's outline, or is a shadow on it, and must not grow beyond it.
HAIR_ON_THE_HEAD = ("short-bald", "short-fade", "short-fade-2", "crop-fade", "tall-fade",
                    "curlyFade1", "curlyFade2")  # fmt: skip
#: Long hair: what falls over the face's sides, and what hangs behind.
HAIR_LONG: Weights = {
    "female5": 2.5, "female6": 2, "female9": 1.8, "female10": 1.2, "female1": 0.5, "female7": 0.5,
    "longHair": 2.5, "middle-part": 0.8, "parted": 0.8, "female4": 0.8,
}  # fmt: skip
HAIR_BEHIND: Weights = {"female2": 2, "female3": 1.5, "female4": 1.5,
                        "female5": 0.8, "longHair": 1.5}  # fmt: skip
#: Curls end in round bulges, which must not stick out like a second head.
HAIR_BEHIND_WIDTH = {"female5": 0.84}
#: A woman's hair that does not reach the shoulders.
HAIR_SHORT_WOMEN: Weights = {
    "female4": 1, "female5": 1.5, "female6": 1.2, "female8": 0.6, "female11": 0.8, "female3": 0.7,
    "female1": 0.7, "female2": 0.4, "parted": 0.4, "emo": 0.3, "middle-part": 0.4,
}  # fmt: skip

BEARDS: Weights = {
    "beard1": 1, "beard2": 1.5, "beard4": 0.7, "fullgoatee": 1, "fullgoatee2": 1, "goatee1": 0.7,
    "goatee1-stache": 0.7, "goatee12": 0.4, "goatee18": 0.7, "goatee19": 0.6, "goatee2": 0.6,
    "mustache1": 1, "soul": 0.7, "soul-stache": 0.6, "chin-strapStache": 0.6,
    "loganGoatee2Stache": 0.6,
}  # fmt: skip
#: Beards that reach from ear to ear, and moustaches: what remains for plain faces. A goatee is a
#: dark spot in the middle of a face, and small generators answer any shadow with one.
BEARDS_PLAIN: Weights = {
    "beard1": 1, "beard2": 1.5, "beard4": 0.7, "mustache1": 0.5, "chin-strapStache": 0.5,
}  # fmt: skip
GLASSES: Weights = {"glasses1-primary": 1}
#: Flat colours of ordinary clothes.
CLOTH_COLOURS = (
    "#2b2d33", "#3d4350", "#22324d", "#5a6b7c", "#8a9199", "#e8e6e1", "#f4f1ea", "#b9c4cc",
    "#7c2f36", "#a8564e", "#c98f6b", "#d9c3a5", "#6d5a48", "#4c5f4a", "#7f8f6d", "#2f5d62",
    "#5d7fa3", "#9db4c0", "#584a66", "#a88aa0", "#d8a7a7", "#c2a34f",
)  # fmt: skip
