"""A page about a set that any browser shows without a network: histograms, pictures, reasons."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

import numpy as np

from toonmark import pictures
from toonmark.data.dataset import Dataset
from toonmark.data.sheet import contact_sheet
from toonmark.data.sources.selection import chroma, sharpness
from toonmark.faces.pose import roll, yaw
from toonmark.landmarks import FACE_TEMPLATE, Array, inter_eye_distance, template_points
from toonmark.srgb import to_lab

#: Pictures whose pixels are measured, spread evenly over the set; points are measured in all.
MEASURED = 500

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 24px auto; padding: 0 16px;
  color: #222 }
section { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 18px }
figure { margin: 0; border: 1px solid #ddd; border-radius: 8px; padding: 10px 12px }
figcaption { font-weight: 600 } small { color: #666 } svg { width: 100%; height: 120px }
rect { fill: #5a82be } img { width: 100% } table { border-collapse: collapse }
td { padding: 2px 14px 2px 0 } td:first-child { text-align: right }
"""


def overview(dataset: Dataset, count: int = 96) -> str:
    """The page's HTML.

    Args:
        dataset: the set.
        count: pictures to show.

    Raises:
        DataError: a picture cannot be read.
    """
    about = dataset.description
    train, validation = dataset.split()
    test = len(dataset) - len(train) - len(validation)
    facts = [
        f"{len(dataset)} pictures: {len(train)} for training,"
        f" {len(validation)} for validation, {test} for test.",
        f"Source: {about.get('source', 'not stated')}. Terms: {about.get('terms', 'not stated')}.",
    ]
    figures = [_figure(title, values) for title, values in measures(dataset).items()]
    sheet = pictures.encode(contact_sheet(dataset, count, with_histograms=False), ".jpg", 85)
    image = base64.b64encode(sheet).decode()
    name = escape(dataset.folder.resolve().name)
    return "".join(
        (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>',
            f"<style>{_STYLE}</style><h1>{name}</h1>",
            *(f"<p>{escape(fact)}</p>" for fact in facts),
            _left_out(about),
            f"<h2>Histograms</h2><section>{''.join(figures)}</section>",
            f'<h2>Pictures and points</h2><img alt="" src="data:image/jpeg;base64,{image}">',
        )
    )


def measures(dataset: Dataset) -> dict[str, Array]:
    """The histograms' numbers, by title: of points (n,), of pixels at most :data:`MEASURED`."""
    points = dataset.points.astype(np.float64)
    indices = np.unique(np.linspace(0, len(dataset) - 1, min(MEASURED, len(dataset))).astype(int))
    rows = []
    for index in indices.tolist():
        image = dataset.image(index)
        size = image.shape[1]
        template = template_points(size, FACE_TEMPLATE)
        away = np.linalg.norm(points[index] - template, axis=-1).mean() / size * 100
        lab = to_lab(image)
        x, y = points[index, 2].round().astype(int).tolist()
        reach = max(1, size // 16)
        skin = lab[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1, 0]
        light = float(np.median(skin)) if skin.size else float("nan")
        rows.append((light, chroma(image), sharpness(image), away))
    light, colour, sharp, away = np.array(rows).T
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    unit = np.maximum(inter_eye_distance(points), 1e-6)
    return {
        "Distance between the eyes, px": unit,
        "From the eyes to the mouth, px": np.linalg.norm(mouth - eyes, axis=-1),
        "Width of the mouth, of the eyes' distance": np.linalg.norm(
            points[:, 4] - points[:, 3], axis=-1
        )
        / unit,
        "Yaw, degrees": np.array([yaw(face) for face in points]),
        "Roll, degrees": np.array([roll(face) for face in points]),
        "Points from the template, % of the picture": away,
        "Lightness around the nose (CIE L*)": light[np.isfinite(light)],
        "Colourfulness (mean chroma)": colour,
        "Sharpness (fine contrast, %)": sharp,
    }


def _figure(title: str, values: Array) -> str:
    if len(values) == 0:
        return ""
    counts, edges = np.histogram(values, bins=32)
    top = max(1, int(counts.max()))
    bars = "".join(
        f'<rect x="{i}" y="{100 - 100 * c / top:.1f}" width=".9" height="{100 * c / top:.1f}">'
        f"<title>{edges[i]:.3g} to {edges[i + 1]:.3g}: {c}</title></rect>"
        for i, c in enumerate(counts.tolist())
    )
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {len(counts)} 100" preserveAspectRatio="none">{bars}</svg>'
        f"<small>{low:.3g} … median {middle:.3g} … {high:.3g}; {len(values)} pictures</small>"
        "</figure>"
    )


def _left_out(about: Mapping[str, object]) -> str:
    counts = about.get("counts")
    reasons = counts.get("left out") if isinstance(counts, dict) else None
    if not isinstance(reasons, dict) or not reasons:
        return ""
    rows = "".join(
        f"<tr><td>{escape(str(count))}</td><td>{escape(str(reason))}</td></tr>"
        for reason, count in reasons.items()
    )
    return f"<h2>Left out</h2><table>{rows}</table>"
