"""The indices of Face Mesh's points by part; the subject's right is the image's left.

The order of the 468 points is fixed by the network (arXiv 1907.06724) and the same in all of its
versions. Closed curves do not repeat their first point.
"""

from __future__ import annotations

#: Around the face, clockwise in the image from the middle of the hairline.
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
#: The lower part of it, from ear to ear.
JAW = OVAL[9:28]

#: Eyes, the image's left first: upper lid and lower lid, each from the outer corner to the inner.
UPPER_LIDS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
)
LOWER_LIDS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
)
#: Brows, the image's left first: upper edge from the outer end, lower edge back.
BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
#: Under the nose, from wing to wing; the wings' outer curves.
NOSE_BASE = (64, 98, 97, 2, 326, 327, 294)
NOSE_WINGS = ((129, 64), (358, 294))

#: The lips' outer and inner edges, from the image's left corner over the upper lip and back.
OUTER_LIPS = (
    61,
    185,
    40,
    39,
    37,
    0,
    267,
    269,
    270,
    409,
    291,
    375,
    321,
    405,
    314,
    17,
    84,
    181,
    91,
    146,
)
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
