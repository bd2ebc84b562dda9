"""COCO keypoints JSON, as CVAT, Roboflow, FiftyOne and others read and write it.

A keypoint is taken as a pixel's position, the centre of the first at 0, as in COCO's own files.
Tools that count from the pixel's corner differ by half a pixel; CVAT's own XML has no such doubt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.data.formats.points_table import Listing, Sizes, Table, landmarks_of, read_json
from toonmark.errors import DataError
from toonmark.files import write_text
from toonmark.landmarks import COUNT, NAMES


def read_coco(path: str | Path) -> Listing:
    """Points by file name; a point that is marked as not there is missing.

    Raises:
        DataError: it is no such file, a picture has two faces, or points are missing.
    """
    content = read_json(path, dict, "COCO keypoints")
    listing = Listing()
    try:
        images = {image["id"]: image for image in content["images"]}
        kinds = {kind["id"]: _labels(kind) for kind in content["categories"]}
        for what, found in (("images", images), ("categories", kinds)):
            if len(found) < len(content[what]):
                raise DataError(
                    f"{path} has {what} with the same id, so that it does not say whose the points "
                    "are.",
                    "Export it again, or give each its own id.",
                )
        names = {key: str(image["file_name"]) for key, image in images.items()}
        entries = [
            (
                images[entry["image_id"]],
                names[entry["image_id"]],
                kinds[entry["category_id"]],
                entry.get("keypoints") or [],
            )
            for entry in content["annotations"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        _refuse_others(path, content)
        raise DataError(
            f"{path} lacks what COCO keypoints must have ({error}).", "Export it again."
        ) from error
    for image, name, labels, values in entries:
        if len(set(landmarks_of(labels)) - {None}) < COUNT:
            listing.unknown.update(labels)  # of another category, which may have boxes alone
            continue
        if values and len(values) != 3 * len(labels):
            raise DataError(
                f"{name} in {path} has {len(values)} numbers for {len(labels)} keypoints, which "
                "COCO gives three each: x, y and whether it is visible.",
                "Export it again.",
            )
        marks = [
            (label, values[3 * place : 3 * place + 2])
            for place, label in enumerate(labels)
            if values and values[3 * place + 2]
        ]
        listing.add(name, f"{name} in {path}", marks, (image.get("width"), image.get("height")))
    listing.without = sorted(set(names.values()) - set(listing.points))
    return listing


#: Other tools' files that begin as COCO's do, and what only they have.
_OTHERS = {"shapes": "labelme", "_via_img_metadata": "VGG Image Annotator (VIA)"}


def _refuse_others(path: str | Path, content: dict[str, Any]) -> None:
    for key, tool in _OTHERS.items():
        if key in content:
            raise DataError(
                f"{path} is a file of {tool}, which is not read.",
                "Export COCO keypoints from there, or convert it with another tool.",
            )


def _labels(kind: dict[str, Any]) -> list[str]:
    return [str(name) for name in kind.get("keypoints") or []]


def write_coco(path: str | Path, table: Table, sizes: Sizes) -> None:
    """Writes one face a picture."""
    images, annotations = [], []
    for number, name in enumerate(sorted(table), 1):
        width, height = sizes[name]
        points = np.asarray(table[name], np.float64)
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        low, extent = points.min(0), np.ptp(points, axis=0)
        box = [round(float(v), 3) for v in (*low, *extent)]
        flat = [v for x, y in points for v in (round(float(x), 3), round(float(y), 3), 2)]
        annotations.append(
            {
                "id": number,
                "image_id": number,
                "category_id": 1,
                "iscrowd": 0,
                "num_keypoints": COUNT,
                "keypoints": flat,
                "bbox": box,
                "area": round(box[2] * box[3], 3),
            }
        )
    face = {"id": 1, "name": "face", "supercategory": "", "keypoints": NAMES, "skeleton": []}
    content = {"images": images, "annotations": annotations, "categories": [face]}
    write_text(path, json.dumps(content, ensure_ascii=False) + "\n")
