"""``toonmark cartoonize``: photos or videos in, cartoons out; a bad one does not stop the rest."""

from __future__ import annotations

import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from toonmark.cartoon import Cartoon
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.cli.inputs import Targets


class Output(StrEnum):
    """What is drawn."""

    crop = "crop"
    in_photo = "in-photo"
    side_by_side = "side-by-side"


def _which_face(text: str) -> Any:
    if text in ("largest", "all"):
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise typer.BadParameter("largest, all, or a number: 1 is the leftmost face")


def cartoonize(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO...", help="Files, folders and patterns; videos too."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A folder, or for one photo a file: .png, .jpg, .webp. Without it, PHOTO-toon.png "
            "is written beside each photo. For a video: .mp4, .mov, .mkv, .webm.",
        ),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option("--style", "-s", help="A style that ships (toonmark styles), or a file."),
    ] = None,
    size: Annotated[int, typer.Option(min=16, max=4096, help="Edge of a cartoon in pixels.")] = 512,
    face: Annotated[
        str,
        typer.Option(help="largest, all, or a number that counts faces from the left: 1, 2, ..."),
    ] = "largest",
    output: Annotated[
        Output,
        typer.Option(help="The cartoon alone, in place of the face in its photo, or beside it."),
    ] = Output.crop,
    transparent: Annotated[
        bool, typer.Option("--transparent", help="Nothing around the figure (PNG or WebP).")
    ] = False,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of five points a face, file,left_eye_x,left_eye_y,..., for photos in which "
            "no face is found."
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write what was found as JSON to a file, or to - ."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=256, help="Threads for one drawing.")
    ] = None,
) -> None:
    """Draw the faces in photos, or in videos, as cartoons.

    A video's faces are followed and its sound is kept. A photo is never written over. A batch
    goes on past failures, and lists them at the end.

    Exit status: 0, or 2 if anything failed.
    """
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.cli import clips, report
    from toonmark.cli.inputs import Targets, landmarks_for, photos_of, read_landmarks
    from toonmark.errors import ToonmarkError, TurnedFaceWarning
    from toonmark.styles.pack import DEFAULT_STYLE

    which = _which_face(face)
    files, failures = photos_of(photos)
    targets = Targets(files, out)
    _check_transparent(transparent, output, targets, files)
    table = read_landmarks(landmarks) if landmarks else {}
    if threads:
        import cv2

        cv2.setNumThreads(threads)
    cartoonizer = Cartoonizer(style or DEFAULT_STYLE, threads)
    draw = _Drawer(cartoonizer, targets, which, output, size, transparent)

    told = sys.stderr if json == "-" else sys.stdout
    entries = [report.of_photo(path, [], error) for path, error in failures]
    warnings.simplefilter("ignore", TurnedFaceWarning)  # said below, with the photo's name
    warnings.filterwarnings("ignore", module=r"PIL\.")  # about EXIF data that nobody asked for
    for photo in _progress(files):
        found: list[dict[str, Any]] = []
        failure: ToonmarkError | None = None
        if clips.is_clip(photo):
            target = drawn = None
            try:
                target, drawn = clips.draw_clip(photo, cartoonizer, targets, which, output, size)
                print(clips.told(photo, target, drawn), file=told)
            except ToonmarkError as error:
                failure = error
                failures.append((photo, error))
            entries.append(clips.of_clip(photo, target, drawn, failure))
            continue
        try:
            for cartoon, name in draw(photo, landmarks_for(photo, table)):
                found.append(report.of_face(cartoon, name))
        except ToonmarkError as error:
            failure = error
            failures.append((photo, error))
        for name in dict.fromkeys(entry["file"] for entry in found):
            print(f"{photo} → {name}", file=told)
        for entry in found:
            if entry["warning"]:
                typer.secho(f"{photo.name}: {entry['warning']}", fg="yellow", err=True)
        entries.append(report.of_photo(photo, found, failure))
    if json is not None:
        report.write(json, cartoonizer.style.metadata, output.value, entries)
    _tell(failures, len(entries))


def _check_transparent(
    transparent: bool, output: Output, targets: Targets, files: list[Path]
) -> None:
    from toonmark.cli import clips

    if not transparent:
        return
    if output is not Output.crop:
        raise typer.BadParameter("--transparent goes with --output crop only")
    if any(clips.is_clip(file) for file in files):
        raise typer.BadParameter("--transparent is for photos: videos have no transparency here")
    if targets.file is not None and targets.file.suffix.lower() in (".jpg", ".jpeg"):
        raise typer.BadParameter("--transparent needs a .png or .webp, which JPEG is not")


class _Drawer:
    """Draws one photo and writes what comes of it."""

    def __init__(
        self,
        cartoonizer: Cartoonizer,
        targets: Targets,
        which: Any,
        output: Output,
        size: int,
        transparent: bool,
    ) -> None:
        self._cartoonizer = cartoonizer
        self._targets = targets
        self._which = which
        self._output = output
        self._size = size
        self._transparent = transparent

    def __call__(self, path: Path, landmarks: Any) -> list[tuple[Cartoon, Path]]:
        from toonmark import blend, pictures

        # Only a cartoon alone can do with a reduced photo.
        source = path if self._output is Output.crop else pictures.read(path)
        cartoons = self._cartoonizer(source, self._which, landmarks)
        if isinstance(source, pictures.Photo) and self._output is Output.in_photo:
            suffix = path.suffix if path.suffix.lower() in pictures.WRITTEN else ".png"
            (name,) = self._targets.names(path, [1], suffix)
            pictures.write(name, blend.in_photo(source.pixels, cartoons))
            return [(cartoon, name) for cartoon in cartoons]
        names = self._targets.names(path, [cartoon.number for cartoon in cartoons], ".png")
        for cartoon, name in zip(cartoons, names, strict=True):
            if isinstance(source, pictures.Photo):
                pictures.write(name, blend.side_by_side(source.pixels, cartoon, self._size))
            else:
                cartoon.save(name, self._size, self._transparent)
        return list(zip(cartoons, names, strict=True))


def _progress(files: list[Path]) -> Any:
    """The files, with a bar on the terminal while they are worked through."""
    if len(files) < 2 or not sys.stderr.isatty():
        return files
    from rich.console import Console
    from rich.progress import track

    return track(files, "Drawing", console=Console(stderr=True), transient=True)


def _tell(failures: list[Any], count: int) -> None:
    """Says what failed and why.

    Raises:
        typer.Exit: status 2, if anything did.
    """
    from toonmark.cli.application import show_error

    if not failures:
        return
    if count == 1:
        show_error(failures[0][1])
    else:
        typer.secho(f"{len(failures)} of {count} photos failed:", fg="red", bold=True, err=True)
        for photo, error in failures:
            typer.echo(f"  {photo}: {error.happened} {error.remedy}", err=True)
    raise typer.Exit(2)
