"""Exports a run to a style pack: one ONNX file that takes a face and five landmarks.

The file is written beside its place, checked by the ONNX checker and run against torch, and only
then moved into place.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from toonmark import artifacts
from toonmark.artifacts import Kind, Place
from toonmark.configuration import parse
from toonmark.data.dataset import Dataset
from toonmark.errors import ConfigurationError, DataError
from toonmark.half_precision import halved
from toonmark.landmarks import FRAMES, default_sigma
from toonmark.models.cleaning import cleaned
from toonmark.models.denoiser import Denoised
from toonmark.models.heatmaps import heatmaps, points_from_heatmaps
from toonmark.models.layered import INK, LOOKS, LayeredGenerator
from toonmark.models.layered_parts import DrawingInParts
from toonmark.onnx_graphs import check_finite, checked, converted, examples, plain_norms_
from toonmark.styles.metadata import KEY, StyleMetadata
from toonmark.training import checkpoint
from toonmark.training.config import RegressorConfig
from toonmark.training.landmark_training import load_regressor
from toonmark.training.run import config_of
from toonmark.training.style_loading import trained_style

#: No file of scores has more: one style on 100 faces takes some 30 kB.
LARGEST_SCORES = 64 << 20


class DrawingGenerator(nn.Module):
    """A generator that is told five points and draws the heatmaps inside its graph.

    Args:
        clean: make white what is not joined to the face, as the last step.
    """

    def __init__(
        self, generator: nn.Module, size: int, sigma: float | None = None, clean: bool = False
    ) -> None:
        super().__init__()
        self.generator, self.size, self.clean = generator, size, clean
        self.sigma = default_sigma(size) if sigma is None else sigma

    def forward(self, face: Tensor, landmarks: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, 2) pixels to (N, 3, S, S) in [-1, 1]."""
        maps = heatmaps(landmarks, self.size, self.sigma)
        drawn: Tensor = self.generator(face, maps)
        if isinstance(self.generator, Denoised):
            drawn = drawn.clamp(-1, 1)
        return cleaned(drawn, maps) if self.clean else drawn


class ReadingRegressor(nn.Module):
    """A regressor that also reads the points off its maps."""

    def __init__(self, regressor: nn.Module) -> None:
        super().__init__()
        self.regressor = regressor

    def forward(self, face: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, S, S) in [-1, 1] to (N, 5, S, S) maps and (N, 5, 2) pixels."""
        maps = self.regressor(face)
        return maps, points_from_heatmaps(maps)


def export_style(
    generator: nn.Module,
    metadata: StyleMetadata,
    pack: Path,
    *,
    half: bool = False,
    clean: bool = False,
) -> float:
    """Writes a style pack.

    Args:
        generator: image and maps in, image out.
        metadata: what the pack says of itself.
        pack: the file to write.
        half: round the weights to half precision first and store them so: half the size. They are
            made whole again when the pack is opened, and computed with in single precision.
        clean: let the graph make white what is not joined to the face; see
            :func:`toonmark.models.cleaning.cleaned`.

    Returns:
        the largest difference from torch that was seen, on a scale of [-1, 1].

    Raises:
        ExportError: the graph is not valid, or disagrees with torch by more than 1e-3 (as many
            times as much as its last step makes a difference larger, for the look ink).
    """
    size = metadata.size
    sigma = metadata.sigma_at_128 * size / 128
    drawing = copy.deepcopy(generator).eval()
    network: nn.Module
    names = ["cartoon"]
    if isinstance(drawing, LayeredGenerator):
        drawing.clean = clean  # it draws its own heatmaps, at the size that it needs them
        network = drawing
        if drawing.look != INK:  # whose black and white have no lightness to be tuned
            network, names = DrawingInParts.of(drawing), ["cartoon", "parts"]
            metadata = metadata.model_copy(update={"parts": True})
    else:
        network = DrawingGenerator(drawing, size, sigma, clean).eval()
    plain_norms_(network)
    check_finite(network)
    if half:
        for parameter in network.parameters():
            parameter.data = parameter.data.half().float()
        check_finite(network, "in half precision ", "Export without --half; nothing was written.")
    faces, points = examples(size, 3)
    model = converted(network, (faces[:2], points[:2]), ["face", "landmarks"], names)
    if half:
        import onnx

        model = onnx.load_from_string(halved(model.SerializeToString(), 256, exact=True))
    return checked(model, network, (faces, points), {KEY: metadata.model_dump_json()}, pack)


def export_run(
    run: Place,
    pack: Path,
    denoiser: Path | None = None,
    *,
    half: bool = False,
    clean: bool = False,
    frame: str | None = None,
    look: str | None = None,
    **said: Any,
) -> tuple[StyleMetadata, float]:
    """Writes what a run has learnt as a style pack; see :func:`toonmark.export`.

    Args:
        run: its path, or what was found there.
        pack: the file to write.
        denoiser: a run or a style pack; put behind the generator.
        half, clean, frame, look: as there.
        said: what :class:`StyleMetadata` is to say besides; the name is the file's unless given.

    Raises:
        RunError: the run cannot be read, or is not finished.
        ConfigurationError: a name, title, frame, look or the like that no style can have.
        ExportError: the graph does not draw what the run draws.
    """
    found = artifacts.open(run)
    generator, size, facts = trained_style(found, denoiser)
    if look is not None:
        if not isinstance(generator, LayeredGenerator):
            raise ConfigurationError(
                f"{found.path} does not draw in layers, and has one look only.",
                "Leave the look out.",
            )
        if look not in LOOKS:
            raise ConfigurationError(
                f"There is no look called {look}.", f"Use one of: {', '.join(LOOKS)}."
            )
        generator = LayeredGenerator(generator.scores, look).eval()
    if isinstance(generator, LayeredGenerator):
        facts = {**facts, "look": generator.look}
    own = re.sub(r"[^a-z0-9._-]+", "-", pack.stem.lower()).strip("-._") or "style"
    # What a style pack was the start of, or taught, is bound by the same terms.
    taken = [one["terms"] for one in facts["runs"] if one.get("terms")]
    if taken and not said.get("terms"):
        said["terms"] = " ".join(dict.fromkeys(taken))
    frame = frame or facts.get("frame") or "face"
    if frame not in FRAMES:
        raise ConfigurationError(
            f"There is no frame called {frame}.", f"Use one of: {', '.join(FRAMES)}."
        )
    said["template"] = tuple((float(x), float(y)) for x, y in FRAMES[frame])
    if frame != "face":  # its sets have white beyond the photo's edge
        said |= {"outside": "white", "format_version": 2}
    name = said.pop("name", None) or own
    title = said.pop("title", None) or name
    metadata = parse(
        StyleMetadata, {**said, "name": name, "title": title, "size": size, "training": facts}
    )
    return metadata, export_style(generator, metadata, pack, half=half, clean=clean)


def read_scores(file: str | Path) -> dict[str, Any]:
    """The values of ``scores.json``, as :func:`toonmark.evaluate` writes them.

    Raises:
        DataError: it cannot be read, has more than 64 MiB, or holds no JSON object.
    """
    try:
        with open(file, "rb") as opened:
            text = opened.read(LARGEST_SCORES + 1)
        if len(text) > LARGEST_SCORES:
            raise ValueError(f"larger than {LARGEST_SCORES >> 20} MiB")
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("no object")
    except (OSError, ValueError) as error:
        raise DataError(
            f"{file} cannot be read as scores ({error}).",
            "Give the scores.json that `toonmark evaluate` wrote.",
        ) from error
    return values


def export_regressor(regressor: nn.Module, size: int, facts: dict[str, str], path: Path) -> float:
    """Writes a landmark regressor for the using half: ``face`` to ``heatmaps``, ``landmarks``."""
    network = ReadingRegressor(copy.deepcopy(regressor).eval()).eval()
    check_finite(network)
    faces, _ = examples(size, 3)
    model = converted(network, (faces[:2],), ["face"], ["heatmaps", "landmarks"])
    return checked(model, network, (faces,), facts, path)


def export_landmarks(run: Place, out: Path) -> float:
    """Writes what a run of ``toonmark train-landmarks`` has learnt, as the using half reads it.

    Args:
        run: one of ``toonmark train-landmarks``, or weights that it kept.
        out: the ONNX file to write; its metadata have the terms of the sets, and the errors.

    Returns:
        the largest difference from torch that was seen, in pixels or of a heatmap's peak.

    Raises:
        RunError: the run cannot be read, or is not finished.
        DataError: a set that it learnt from is gone, and its terms with it.
        ExportError: the graph does not find what the run finds.
    """
    found = artifacts.open(run)
    config = config_of(artifacts.run_of(found), RegressorConfig)
    weights = artifacts.weights_of(found, Kind.LANDMARKS)
    terms = dict.fromkeys(
        str(Dataset.open(folder).description.get("terms") or "not stated") for folder in config.data
    )
    said = checkpoint.facts(weights)
    facts = {
        "name": "landmarks",
        "toonmark_terms": " ".join(terms),
        "toonmark_training": config.model_dump_json(exclude={"data", "backgrounds"}),
        **{name: value for name, value in said.items() if name.startswith("error_")},
    }
    return export_regressor(load_regressor(found, config.preset), config.size, facts, out)
