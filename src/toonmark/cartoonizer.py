"""The pipeline: a photo goes in, cartoons of the people in it come out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from toonmark import pictures
from toonmark.cancellation import checkpoint
from toonmark.cartoon import Cartoon
from toonmark.errors import (
    FaceError,
    LandmarksError,
    PoorPhotoWarning,
    SmallFaceWarning,
    ToonmarkError,
    TurnedFaceWarning,
)
from toonmark.faces import pose
from toonmark.faces.align import (
    compose,
    crop,
    face_transform,
    inside,
    invert,
    scale_of,
    transform_points,
)
from toonmark.faces.choose import Faces, check_landmarks, choose
from toonmark.faces.detect import Face, face_from_points, find_faces
from toonmark.faces.photo_quality import Flaw, flaw
from toonmark.faces.refine import Refiner
from toonmark.inference import Runtime
from toonmark.landmarks import Array
from toonmark.pictures import Photo, Source
from toonmark.ranges import from_network, to_network
from toonmark.styles.pack import DEFAULT_STYLE, StylePack


@dataclass(frozen=True, eq=False)
class Attempt:
    """The result for one photo of many.

    Attributes:
        cartoons: from left to right; none where it failed.
        left_out: what is to be said of faces that are too small to draw, or "".
        error: why nothing was drawn, or None.
    """

    cartoons: list[Cartoon]
    left_out: str = ""
    error: ToonmarkError | None = None


class Cartoonizer:
    """Draws the faces of photos in one style.

    One object serves many threads and any number of photos.

    Args:
        style: the name of a style that ships, a style pack's file, or an open style.
        threads: how many threads one network may use; the number of cores, at most four.
        runtime: what networks run on: "cpu", "cuda" (needs `onnxruntime-gpu`) or "openvino".

    Raises:
        StyleError: the style cannot be opened.
        RuntimeBrokenError: networks cannot run there.
        OtherDrawingError: what OpenVINO draws is too far from what ONNX Runtime draws.

    Example:
        >>> cartoonizer = Cartoonizer("toon")
        >>> (cartoon,) = cartoonizer("me.jpg")
        >>> cartoon.image.shape, cartoon.points.shape
        ((128, 128, 3), (5, 2))
        >>> cartoon.save("me-toon.png", size=512, transparent=True)
    """

    def __init__(
        self,
        style: str | os.PathLike[str] | StylePack = DEFAULT_STYLE,
        threads: int | None = None,
        runtime: Runtime = "cpu",
    ) -> None:
        self.style = (
            style if isinstance(style, StylePack) else StylePack.open(style, threads, runtime)
        )
        self.refine = Refiner(threads=threads, runtime=runtime)

    @overload
    def __call__(
        self, images: Source, faces: Faces = ..., landmarks: Array | None = ...
    ) -> list[Cartoon]: ...

    @overload
    def __call__(
        self,
        images: list[Source],
        faces: Faces = ...,
        landmarks: list[Array | None] | None = ...,
    ) -> list[list[Cartoon]]: ...

    def __call__(self, images: Any, faces: Faces = "largest", landmarks: Any = None) -> Any:
        """Draws one photo's faces, or many photos'.

        Args:
            images: a photo (see :func:`toonmark.pictures.read` for what that can be), or a list.
            faces: the largest face, all of them, or the one of this number.
            landmarks: (5, 2) or (n, 5, 2) points in the photo's pixels, drawn instead of what a
                detector finds; for a list of photos a list, with None where it shall detect.

        Returns:
            The cartoons from left to right; for a list of photos, a list of such lists. Of "all"
            faces, those too small to draw are left out.

        Raises:
            ImageError: a photo cannot be read.
            FaceError: there is no face in a photo, or none that can be drawn.

        Warns:
            TurnedFaceWarning: a face is turned far to the side.
            PoorPhotoWarning: a face is cut off by the photo's edge, nearly black or blown out.
            SmallFaceWarning: of "all" faces, some were left out.
        """
        many = isinstance(images, list | tuple)
        if not many:
            images, landmarks = [images], [landmarks]
        landmarks = [None] * len(images) if landmarks is None else landmarks
        if len(landmarks) != len(images):
            raise LandmarksError(
                f"There are {len(images)} photos, and landmarks for {len(landmarks)}.",
                "Give one entry a photo, None where a detector shall find them.",
            )
        found = [
            self._find(image, faces, points)
            for image, points in zip(images, landmarks, strict=True)
        ]
        views = [one for one, _ in found]
        drawn = self._draw([view for photo in views for view in photo])
        for _, left_out in found:
            if left_out:
                warnings.warn(left_out, SmallFaceWarning, stacklevel=2)
        for cartoon in drawn:
            if cartoon.warning:
                kind = TurnedFaceWarning if cartoon.turned else PoorPhotoWarning
                warnings.warn(cartoon.warning, kind, stacklevel=2)
        rest = iter(drawn)
        results = [[next(rest) for _ in photo] for photo in views]
        return results if many else results[0]

    def each(self, images: Iterable[Source], faces: Faces = "largest") -> list[Attempt]:
        """Draws many photos' faces together; one that cannot be drawn does not stop the others.

        Args:
            images: photos; one at a time is held in memory, so they may be read as they are needed.
            faces: as for a single photo.

        Returns:
            For every photo what came of it. Nothing is warned of: a cartoon's ``warning``
            says it.
        """
        found: list[tuple[list[_View], str, ToonmarkError | None]] = []
        for image in images:
            try:
                found.append((*self._find(image, faces, None), None))
            except ToonmarkError as error:
                found.append(([], "", error))
        rest = iter(self._draw([view for views, _, _ in found for view in views]))
        return [
            Attempt([next(rest) for _ in views], left_out, error)
            for views, left_out, error in found
        ]

    def draw_points(self, image: Array, points: Array) -> list[Cartoon]:
        """Draws faces that are known already, as those that are followed through a clip.

        Args:
            image: (h, w, 3) uint8 RGB.
            points: (n, 5, 2) landmarks in its pixels.

        Returns:
            The cartoons in the points' order, however small or turned they are.
        """
        photo = Photo(image)
        faces = [face_from_points(one) for one in points]
        return self._draw([self._view(photo, n, face) for n, face in enumerate(faces, 1)])

    def _find(
        self, image: Source, faces: Faces, landmarks: Array | None
    ) -> tuple[list[_View], str]:
        """Cuts the wanted faces out of a photo; reads a large file in full only if it must.

        Returns:
            The views, and what is to be said of faces that are left out.
        """
        photo = pictures.read(image, reduced=True)
        try:
            views, left_out = self._views(photo, faces, landmarks)
        except FaceError:
            if photo.reduction == 1:
                raise
            views, left_out = [], ""
        if photo.reduction > 1 and not (views and all(view.is_sharp for view in views)):
            return self._views(photo.full(), faces, landmarks)
        return views, left_out

    def _views(
        self, photo: Photo, faces: Faces, landmarks: Array | None
    ) -> tuple[list[_View], str]:
        if landmarks is not None:
            found = [face_from_points(points) for points in check_landmarks(landmarks, photo)]
        else:
            found = find_faces(photo.pixels, thorough=faces != "largest")
        chosen, left_out = choose(found, faces, photo.reduction)
        if landmarks is None:
            points = self.refine(photo.pixels, np.array([face.points for _, face in chosen]))
            chosen = [
                (number, replace(face, points=refined))
                for (number, face), refined in zip(chosen, points, strict=True)
            ]
        return [self._view(photo, *one) for one in chosen], left_out

    def _view(self, photo: Photo, number: int | None, face: Face) -> _View:
        checkpoint()
        size, template = self.style.metadata.size, np.array(self.style.metadata.template)
        transform = face_transform(face.points, size, template)
        pixels = crop(photo.pixels, transform, size, self.style.metadata.fill)
        step = max(1, size // 64)  # every so many pixels are enough to judge by
        few, places = pixels[::step, ::step], transform / step
        seen = inside(photo.pixels.shape, places, few.shape[:2])
        wrong = flaw(few, transform_points(face.points, places), seen)
        return _View(number, face, photo.reduction, photo.to_full, transform, pixels, wrong)

    def _draw(self, views: list[_View]) -> list[Cartoon]:
        """Draws faces of any number of photos together."""
        if not views:
            return []
        crops = to_network(np.stack([view.crop for view in views]))
        points = [transform_points(view.face.points, view.transform) for view in views]
        drawn, parts = self.style.draw_in_parts(crops, np.stack(points))
        images = from_network(drawn)
        shares = (
            [None] * len(views)
            if parts is None
            else np.rint(parts.clip(0, 1) * 255).astype(np.uint8)
        )
        made = zip(views, images, shares, strict=True)
        return [view.cartoon(image, part) for view, image, part in made]


@dataclass(frozen=True, eq=False)
class _View:
    """A face that will be drawn, in the pixels of a photo that may be a reduced one."""

    number: int | None
    face: Face
    reduction: int
    to_full: Array
    transform: Array
    crop: Array
    flaw: Flaw

    @property
    def is_sharp(self) -> bool:
        """Whether the photo has at least the pixels of the crop."""
        return scale_of(self.transform) <= 1

    def cartoon(self, image: Array, parts: Array | None) -> Cartoon:
        (corner,) = transform_points(np.array([self.face.box[:2]]), self.to_full)
        width, height = (side * self.reduction for side in self.face.box[2:])
        points = transform_points(self.face.points, self.to_full)
        return Cartoon(
            image=image,
            crop=np.rint(self.crop).astype(np.uint8),
            number=self.number,
            box=(float(corner[0]), float(corner[1]), width, height),
            points=points,
            score=self.face.score,
            transform=compose(invert(self.to_full), self.transform),
            yaw=pose.yaw(points),
            roll=pose.roll(points),
            turned=pose.is_turned(points),
            flaw=self.flaw,
            parts=parts,
        )
