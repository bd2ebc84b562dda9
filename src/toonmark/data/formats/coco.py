"""COCO keypoints JSON, as CVAT, Roboflow, FiftyOne and others read and write it.

A keypoint is taken as a pixel's position, the centre of the first at 0, as in COCO's own files.
Tools that count from the pixel's corner differ by half a pixel; CVAT's own XML has no such doubt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.data.formats.table import Sizes, Table, read_json, which, whole
from toonmark.errors import DataError
from toonmark.files import write_text
from toonmark.landmarks import COUNT, NAMES, Array


def read_coco(path: str | Path) -> dict[str, Array]:
    """File name to (5, 2) float32 pixels; a point that is marked as not there is missing.

    Raises:
        DataError: it is no such file, a picture has two faces, or points are missing.
    """
    content = read_json(path, dict, "COCO keypoints")
    try:
        images = {image["id"]: str(image["file_name"]) for image in content["images"]}
        orders = {kind["id"]: _order(kind) for kind in content["categories"]}
        entries = [
            (images[entry["image_id"]], orders[entry["category_id"]], entry.get("keypoints") or [])
            for entry in content["annotations"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} lacks what COCO keypoints must have ({error}).", "Export it again."
        ) from error
    points: dict[str, Array] = {}
    for name, order, values in entries:
        if not order:
            continue  # boxes of another category
        where = f"{name} in {path}"
        if name in points:
            raise DataError(f"{where} has two faces.", "Keep one of them.")
        found = {
            index: values[3 * place : 3 * place + 2]
            for place, index in order.items()
            if len(values) >= 3 * place + 3 and values[3 * place + 2]
        }
        points[name] = whole(found, where)
    return points


def _order(kind: dict[str, Any]) -> dict[int, int]:
    """Place among a category's keypoints to landmark; empty if it has not all five."""
    names = kind.get("keypoints") or []
    order = {
        place: index for place, name in enumerate(names) if (index := which(str(name))) is not None
    }
    return order if len(set(order.values())) == COUNT else {}


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
