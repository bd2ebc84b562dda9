"""CVAT's own XML ("CVAT for images 1.1"): a skeleton, five single points, or one row of five.

CVAT counts from the corner of the first pixel, we from its centre: half a pixel lies between.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from toonmark.data.formats.points_table import Listing, Sizes, Table, read_text
from toonmark.errors import DataError
from toonmark.files import written_whole
from toonmark.landmarks import COUNT, NAMES


def read_cvat(path: str | Path) -> Listing:
    """Points by file name.

    Raises:
        DataError: it is no such file, a picture has two faces, or points are missing.
    """
    try:
        root = ElementTree.fromstring(read_text(path))
    except ElementTree.ParseError as error:
        raise DataError(f"{path} is no XML ({error}).", "Export it again.") from error
    if root.tag != "annotations":
        raise DataError(f"{path} is no CVAT XML.", "Export it as “CVAT for images 1.1”.")
    if root.find("track") is not None and root.find("image") is None:
        raise DataError(
            f"{path} has tracks through a video and no pictures.",
            "Export it as “CVAT for images 1.1”.",
        )
    listing = Listing()
    for image in root.iter("image"):
        name = image.get("name", "")
        marks: list[tuple[str, list[float]]] = []
        for element in image.iter("points"):
            if element.get("outside") == "1":
                continue
            places = [_place(text, name) for text in (element.get("points") or "").split(";")]
            label = element.get("label", "")
            if len(places) == COUNT:  # in a row under one label: they have only an order
                marks += [(str(number), place) for number, place in enumerate(places, 1)]
            else:
                marks += [(label, place) for place in places]
        size = (image.get("width"), image.get("height"))
        listing.add(name, f"{name} in {path}", marks, size)
    return listing


def _place(text: str, name: str) -> list[float]:
    try:
        x, y = (float(value) - 0.5 for value in text.split(","))
    except ValueError as error:
        raise DataError(f"{name} has a point {text!r}.", "Correct it.") from error
    return [x, y]


def write_cvat(path: str | Path, table: Table, sizes: Sizes) -> None:
    """Writes a skeleton "face" a picture."""
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    for number, name in enumerate(sorted(table)):
        width, height = sizes[name]
        image = ElementTree.SubElement(
            root, "image", id=str(number), name=name, width=str(width), height=str(height)
        )
        face = ElementTree.SubElement(image, "skeleton", label="face", source="manual", z_order="0")
        for label, (x, y) in zip(NAMES, np.asarray(table[name], float) + 0.5, strict=True):
            shown = {"source": "manual", "outside": "0", "occluded": "0"}
            ElementTree.SubElement(face, "points", shown, label=label, points=f"{x:.2f},{y:.2f}")
    ElementTree.indent(root)
    with written_whole(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)
