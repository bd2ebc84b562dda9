"""Whether a portrait wears a beard or a moustache, and where.

Hair on a face is darker than the cheeks, greyer than their shadow would be, and rougher. One of the
three alone is a shadow, make-up or a wrinkle, so what is around the mouth is weighed as a whole
before any pixel is taken for hair.
"""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.face_regions import SIZE, Places, polygon
from toonmark.data.mask_shapes import closed, grown
from toonmark.landmarks import Array

#: Where hair grows, by points of Face Mesh: above the lips, beside them, on the chin, on the jaw.
ZONES = (
    ((98, 97, 2, 326, 327, 391, 269, 267, 0, 37, 39, 165),),
    (
        (98, 165, 39, 40, 185, 61, 57, 186, 92),
        (327, 391, 269, 270, 409, 291, 287, 410, 322),
    ),
    ((181, 84, 17, 314, 405, 418, 262, 369, 377, 152, 148, 140, 32, 194),),
    (
        (57, 43, 32, 140, 176, 149, 150, 136, 172, 138, 212),
        (287, 273, 262, 369, 400, 378, 379, 365, 397, 367, 432),
    ),
)
#: What a zone counts for: how much darker than the cheeks it is (L*), how much greyer than they
#: would be as dark (chroma), and the logarithm of how much rougher; and the logarithm of the
#: cheeks' own roughness, without which sharp photos would be judged as soft ones. Logistic
#: regression on portraits whose beards were looked for by eye.
_WEIGHTS = np.array(
    [[0.12, -0.02, 0.89], [0.09, 0.05, 2.15], [0.06, 0.24, 0.65], [0.02, 0.16, -0.38]]
)
_ROUGHNESS, _BIAS = 3.67, -6.95
#: Bounds of the three, so that nothing extreme decides alone.
_LEAST, _MOST = np.array([-5, -12, -0.5]), np.array([30, 12, 1.5])
#: From these on there is a beard in the portrait, and hair at a pixel.
BEARD, _HAIR = -0.4, 6.0


def beard_score(lab: Array, place: Places) -> float:
    """The log odds that a face is not shaved, of portraits as they come.

    Args:
        lab: (SIZE, SIZE, 3) L*a*b*.
        place: where the face's parts are.
    """
    cheeks = _cheeks(place)
    if cheeks.sum() < 40:
        return -np.inf
    rough, lips = _roughness(lab[..., 0], 2), grown(place.lips, 1)
    tone, usual = np.median(lab[cheeks], axis=0), max(float(np.median(rough[cheeks])), 0.3)
    score = _BIAS + _ROUGHNESS * np.log(usual)
    for weights, zone in zip(_WEIGHTS, ZONES, strict=True):
        seen = []
        for side in zone:
            own = polygon(place.points[list(side)], SIZE) & ~lips
            if own.sum() < 6:
                seen.append(np.zeros(3))
                continue
            colour = np.median(lab[own], axis=0)
            shadow = np.hypot(*tone[1:]) * min(colour[0] / max(tone[0], 1), 1.2)
            rougher = max(float(np.median(rough[own])), 0.05) / usual
            grey = shadow - np.hypot(*colour[1:])
            seen.append(np.array([tone[0] - colour[0], grey, np.log(rougher)]))
        score += float(np.clip(np.mean(seen, axis=0), _LEAST, _MOST) @ weights)
    return float(score)


def found_beard(lab: Array, figure: Array, place: Places) -> Array:
    """Where there is hair on the lower face: (SIZE, SIZE) bool.

    Args:
        lab: (SIZE, SIZE, 3) L*a*b*.
        figure: (SIZE, SIZE) bool, the person.
        place: where the face's parts are.
    """
    import cv2

    kept = np.zeros(figure.shape, bool)
    if beard_score(lab, place) < BEARD:
        return kept
    cheeks = _cheeks(place)
    rough = _roughness(lab[..., 0], 3)
    rougher = rough / max(float(np.median(rough[cheeks])), 0.2)
    tone, chroma = np.median(lab[cheeks], axis=0), np.hypot(lab[..., 1], lab[..., 2])
    smooth, chroma = cv2.GaussianBlur(lab, (0, 0), 2), cv2.GaussianBlur(chroma, (0, 0), 2)
    # In shadow a colour's strength falls with its lightness; hair's is weaker than that.
    shadow = np.hypot(tone[1], tone[2]) * np.clip(smooth[..., 0] / max(tone[0], 1), 0, 1.2)
    unlike = 0.6 * (tone[0] - smooth[..., 0]) + 1.6 * (shadow - chroma)
    unlike += 4 * (np.minimum(rougher, 4) - 1.2)
    zone = place.lower_face & figure & ~place.lips
    found = cv2.medianBlur((zone & (unlike > _HAIR)).astype(np.uint8), 9) > 0
    found = closed(found, 4) & zone
    count, labels = cv2.connectedComponents(found.astype(np.uint8))
    for k in range(1, count):
        piece = labels == k
        if (piece & place.oval).sum() > max(0.4 * piece.sum(), 0.012 * place.oval.sum()):
            kept = kept | piece
    return kept


def _cheeks(place: Places) -> Array:
    cheeks = place.inner & (place.rows > place.eye + 0.5 * (place.nose - place.eye))
    return np.asarray(cheeks & (place.rows < place.nose) & ~place.features)


def _roughness(light: Array, reach: float) -> Array:
    import cv2

    fine = abs(light - cv2.GaussianBlur(light, (0, 0), 1.5))
    return np.asarray(cv2.GaussianBlur(fine, (0, 0), reach))
