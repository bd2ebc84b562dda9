"""A style pack: one ONNX file that draws faces in one style."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from toonmark.cancellation import checkpoint
from toonmark.errors import (
    CorruptStyleError,
    OtherDrawingError,
    StyleError,
    UnknownStyleError,
    WrongStyleError,
)
from toonmark.inference import Runtime, model_errors, open_session
from toonmark.landmarks import Array, template_points
from toonmark.ranges import LEVELS, to_network
from toonmark.styles.metadata import FORMAT_VERSION, KEY, StyleMetadata

#: The style that is used when none is named.
DEFAULT_STYLE = "comic"

#: Where the styles that ship lie, each with its card: NAME.onnx, NAME.md.
FOLDER = Path(__file__).parent

#: Faces drawn in one run of the graph; more would only take more memory.
BATCH = 8

#: How far another runtime's drawing of a face may be from ONNX Runtime's on the processor: the mean
#: difference, of 255; and the share of pixels that may be further off than ``FAR_OFF``.
MEAN_BOUND, FAR_OFF, FAR_SHARE = 1.0, 16.0, 0.005

#: What goes in and comes out, and the shape of each; None is any number.
_INPUTS = {"face": (None, 3, "size", "size"), "landmarks": (None, 5, 2)}
_OUTPUTS = {"cartoon": (None, 3, "size", "size")}
#: What comes out of a style that says where skin and hair are.
_PARTS = {"parts": (None, 2, "half", "half")}


class StylePack:
    """A style that is open and ready to draw; safe to share between threads.

    Attributes:
        metadata: what the pack says about itself.
        path: the file.
    """

    def __init__(self, session: Any, metadata: StyleMetadata, path: Path) -> None:
        self._session = session
        self.metadata = metadata
        self.path = path

    def __repr__(self) -> str:
        return f"StylePack({self.metadata.name!r}, version {self.metadata.version})"

    @classmethod
    def open(
        cls,
        style: str | os.PathLike[str] = DEFAULT_STYLE,
        threads: int | None = None,
        runtime: Runtime = "cpu",
    ) -> StylePack:
        """Opens a style.

        Args:
            style: the name of one that ships, or a file.
            threads: how many threads one drawing may use; see :func:`open_session`.
            runtime: where it is drawn.

        Raises:
            UnknownStyleError: no such style and no such file.
            CorruptStyleError: the file is damaged, or no ONNX model.
            WrongStyleError: a model, but no style pack, or one for a newer Toonmark.
            OtherDrawingError: the runtime does not draw what ONNX Runtime draws on the processor.
        """
        path = find(style)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CorruptStyleError(
                f"{path} cannot be read ({error.strerror}).", "Check that you may read it."
            ) from error
        try:
            # OpenVINO draws, but does not say what is in a file.
            told = runtime if runtime != "openvino" else "cpu"
            session = open_session(content, threads, told)
            stored = session.get_modelmeta().custom_metadata_map
        except model_errors() as error:
            raise CorruptStyleError(
                f"{path.name} is damaged, or not an ONNX model.",
                "Copy or export the style pack again.",
            ) from error
        metadata = _metadata(stored, path)
        _check_shapes(session, metadata, path)
        pack = cls(session, metadata, path)
        if runtime == "openvino":
            other = cls(open_session(content, threads, runtime), metadata, path)
            _check_alike(pack, other)
            return other
        return pack

    def draw(self, faces: Array, landmarks: Array) -> Array:
        """Draws crops as cartoons.

        Args:
            faces: (n, 3, size, size) float32 RGB in [-1, 1].
            landmarks: (n, 5, 2) pixels of the crops.

        Returns:
            (n, 3, size, size) float32 in [-1, 1].
        """
        return self.draw_in_parts(faces, landmarks)[0]

    def draw_in_parts(self, faces: Array, landmarks: Array) -> tuple[Array, Array | None]:
        """As :meth:`draw`, and where skin and hair are, of styles that say it.

        Returns:
            (n, 3, size, size) float32 in [-1, 1]; and (n, 2, p, p) float32 in [0, 1], how much of a
            pixel is skin, and how much hair, or None.
        """
        faces = np.ascontiguousarray(faces, np.float32)
        landmarks = np.ascontiguousarray(landmarks, np.float32)
        parted = self.metadata.parts
        names = ["cartoon", "parts"] if parted else ["cartoon"]
        runs: list[list[Array]] = []
        for i in range(0, len(faces), BATCH):
            checkpoint()
            feed = {"face": faces[i : i + BATCH], "landmarks": landmarks[i : i + BATCH]}
            runs.append(self._session.run(names, feed))
        if not runs:
            size = self.metadata.size
            return np.zeros((0, 3, size, size), np.float32), None
        # What one run has drawn need not be copied.
        made = [np.concatenate(one) if len(one) > 1 else one[0] for one in zip(*runs, strict=True)]
        return np.clip(made[0], -1, 1, out=made[0]), made[1] if parted else None

    def check(self) -> None:
        """Draws one grey face, as a trial.

        Raises:
            WrongStyleError: the graph cannot be run, or what it draws is no picture.
        """
        size = self.metadata.size
        points = template_points(size, np.array(self.metadata.template))
        try:
            drawn = self.draw(np.zeros((2, 3, size, size)), np.stack([points, points]))
        except model_errors() as error:
            raise _wrong(self.path, f"cannot draw: {error}") from error
        if drawn.shape != (2, 3, size, size) or not np.isfinite(drawn).all():
            raise _wrong(self.path, "draws no picture")


def _check_alike(pack: StylePack, other: StylePack) -> None:
    """Draws a trial face with both.

    Raises:
        OtherDrawingError: they differ by more than the bounds above.
    """
    size = pack.metadata.size
    points = template_points(size, np.array(pack.metadata.template))[None]
    face = _trial_face(size, points[0])
    off = np.abs(pack.draw(face, points) - other.draw(face, points))[0].max(0) * LEVELS
    mean, share = float(off.mean()), float((off > FAR_OFF).mean())
    if not (mean <= MEAN_BOUND and share <= FAR_SHARE):
        raise OtherDrawingError(
            f"{pack.path.name} is drawn otherwise by this runtime: {mean:.1f} of 255 off on "
            f"average, and {100 * share:.1f} % of the pixels by more than {FAR_OFF:.0f}.",
            "Draw with the runtime cpu.",
        )


def _trial_face(size: int, points: Array) -> Array:
    """A face of a few ellipses, shaded, with a little noise: (1, 3, size, size) in [-1, 1]."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    unit = float(np.linalg.norm(points[0] - points[1]))
    picture = np.full((size, size, 3), (190, 200, 210), np.float32)
    middle = points.mean(0)

    def ellipse(at: Array, wide: float, high: float, colour: tuple[int, int, int]) -> None:
        inside = ((x - at[0]) / (wide * unit)) ** 2 + ((y - at[1]) / (high * unit)) ** 2 < 1
        picture[inside] = colour

    ellipse(middle - [0, 0.6 * unit], 1.4, 1.6, (60, 45, 40))  # hair
    ellipse(middle, 1.05, 1.4, (215, 170, 145))
    for eye in points[:2]:
        ellipse(eye, 0.22, 0.1, (240, 240, 240))
        ellipse(eye, 0.09, 0.09, (50, 40, 30))
    ellipse(points[2], 0.12, 0.1, (190, 140, 120))
    ellipse(points[3:].mean(0), 0.35, 0.1, (170, 70, 70))
    picture *= (1.1 - 0.3 * x / size)[..., None]
    picture += np.random.default_rng(0).normal(0, 4, picture.shape)
    return to_network(np.clip(picture, 0, 255)[None])


def list_styles() -> list[StyleMetadata]:
    """The metadata of the styles that ship, by name."""
    return [StylePack.open(path, threads=1).metadata for path in sorted(FOLDER.glob("*.onnx"))]


def find(style: str | os.PathLike[str]) -> Path:
    """The file of a style that is given by name or as a file.

    Raises:
        UnknownStyleError: there is none.
    """
    path = Path(style)
    shipped = {file.stem: file for file in sorted(FOLDER.glob("*.onnx"))}
    if str(style) in shipped:
        return shipped[str(style)]
    if path.is_file():
        return path
    if path.suffix == ".onnx" or len(path.parts) > 1 or path.exists():
        raise UnknownStyleError(
            f"There is no style pack {path}.", "Give an .onnx file, or the name of a style."
        )
    near = difflib.get_close_matches(str(style), shipped, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UnknownStyleError(
        f"There is no style called {str(style)!r}.",
        f"{hint}These ship: {', '.join(shipped) or 'none'}; or give an .onnx file.",
    )


def _metadata(stored: dict[str, str], path: Path) -> StyleMetadata:
    if KEY not in stored:
        raise _wrong(path, "is an ONNX model, but not a Toonmark style pack")
    try:
        fields = json.loads(stored[KEY])
        version = int(fields["format_version"])
    except (ValueError, TypeError, KeyError) as error:
        raise _wrong(path, "has metadata that cannot be read") from error
    if version > FORMAT_VERSION:
        raise WrongStyleError(
            f"{path.name} was made for a newer Toonmark (its format is {version}, "
            f"this one reads {FORMAT_VERSION}).",
            "Update it: pip install --upgrade toonmark",
        )
    try:
        return StyleMetadata.model_validate_json(stored[KEY])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _wrong(path, f"has wrong metadata ({place}: {first['msg']})") from error


def _check_shapes(session: Any, metadata: StyleMetadata, path: Path) -> None:
    sides = {"size": metadata.size, "half": metadata.size // 2}
    for side, expected, actual in (
        ("input", _INPUTS, session.get_inputs()),
        ("output", _OUTPUTS | (_PARTS if metadata.parts else {}), session.get_outputs()),
    ):
        found = {value.name: value for value in actual}
        for name, shape in expected.items():
            if name not in found:
                raise _wrong(path, f"has no {side} called {name!r}")
            wanted = [sides.get(str(part), part) for part in shape]
            given = found[name].shape
            fits = len(given) == len(wanted) and all(
                # A name or None stands for any number; a batch of one cannot take many.
                not isinstance(a, int) or a == b
                for a, b in zip(given, wanted, strict=True)
            )
            if not fits or found[name].type != "tensor(float)":
                raise _wrong(path, f"has {side} {name!r} of shape {given}, not {wanted}")
        if side == "input" and set(found) != set(expected):
            raise _wrong(path, f"asks for inputs {sorted(found)}")


def _wrong(path: Path, what: str) -> StyleError:
    return WrongStyleError(f"{path.name} {what}.", "Export it again with: toonmark export")
