"""``toonmark cartoonize``: photos or videos in, cartoons out; a bad one does not stop the rest."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toonmark.cartoon import Output
from toonmark.cli.drawing_options import (
    FaceOption,
    RuntimeOption,
    SizeOption,
    StyleOption,
    which_face,
)
from toonmark.tuning import AS_DRAWN, FINEST, WIDEST, Tuning

if TYPE_CHECKING:
    from toonmark.cartoon import Cartoon
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.cli.inputs import Targets


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
            help="A folder, or for one photo a file: .png, .jpg, .webp, .svg. Without it, "
            "PHOTO-toon.png is written beside each photo. For a video: .mp4, .mov, .mkv, .webm.",
        ),
    ] = None,
    style: StyleOption = None,
    size: SizeOption = 512,
    face: FaceOption = "largest",
    output: Annotated[
        Output,
        typer.Option(help="The cartoon alone, in place of the face in its photo, or beside it."),
    ] = "crop",
    transparent: Annotated[
        bool, typer.Option("--transparent", help="Nothing around the figure (not JPEG).")
    ] = False,
    lines: Annotated[
        float,
        typer.Option(
            min=FINEST, max=WIDEST, help="Finer lines than drawn, or wider ones (photos only)."
        ),
    ] = 1.0,
    skin: Annotated[
        float, typer.Option(min=-1, max=1, help="Lighter skin, or darker (photos only).")
    ] = 0.0,
    hair: Annotated[
        float,
        typer.Option(
            min=-1, max=1, help="Lighter hair, or what covers the head, or darker (photos only)."
        ),
    ] = 0.0,
    strength: Annotated[
        float,
        typer.Option(min=0, max=1, help="How much is drawn; the rest is the photo (photos only)."),
    ] = 1.0,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of five points a face, drawn instead of what is found; its columns are "
            "above."
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write what was found as JSON to a file, or to - ."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=256, help="Threads for one drawing.")
    ] = None,
    runtime: RuntimeOption = "cpu",
) -> None:
    """Draw the faces in photos, or in videos, as cartoons.

    A video's faces are followed and its sound is kept. A photo is never
    written over. A batch goes on past failures, and lists them at the end.

    A --landmarks table has a row a face. In a photo that it names, these are
    the faces, and no others are looked for. Points are pixels of the upright
    photo, left is the image's left, and the header is, in one line,
    file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y,
    mouth_left_x,mouth_left_y,mouth_right_x,mouth_right_y

    Exit status: 0, or 2 if anything failed.
    """
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.cli import clips, json_report
    from toonmark.cli.file_types import is_clip
    from toonmark.cli.inputs import Targets, faces_by_photo, landmarks_for, photos_of
    from toonmark.errors import PoorPhotoWarning, ToonmarkError
    from toonmark.styles.pack import DEFAULT_STYLE

    which = which_face(face)
    meant = photos_of(photos)
    files, failures = meant.files, meant.failures
    targets = Targets(files, out)
    _check_transparent(transparent, output, targets, files)
    wanted = Tuning(lines, skin, hair, strength)
    if wanted != AS_DRAWN and any(map(is_clip, files)):
        raise typer.BadParameter(
            "--lines, --skin, --hair and --strength are for photos: a video stays as it is drawn"
        )
    shapes = targets.file is not None and targets.file.suffix.lower() == ".svg"
    if shapes and strength < 1:
        raise typer.BadParameter("an .svg has no photo in it: leave out --strength")
    if shapes and output != "crop":
        raise typer.BadParameter("an .svg goes with --output crop only")
    table = faces_by_photo(landmarks) if landmarks else {}
    if threads:
        import cv2

        cv2.setNumThreads(threads)
    cartoonizer = Cartoonizer(style or DEFAULT_STYLE, threads, runtime)
    draw = _Drawer(cartoonizer, targets, which, output, size, transparent, wanted)

    for note in meant.notes:
        typer.secho(note, fg="yellow", err=True)
    told = sys.stderr if json == "-" else sys.stdout
    entries = [json_report.of_photo(path, [], error) for path, error in failures]
    warnings.simplefilter("ignore", PoorPhotoWarning)  # said below, with the photo's name
    warnings.filterwarnings("ignore", module=r"PIL\.")  # about EXIF data that nobody asked for
    for photo in _progress(files):
        found: list[dict[str, Any]] = []
        failure: ToonmarkError | None = None
        left_out: list[str] = []
        if is_clip(photo):
            target = drawn = None
            try:
                clips.check_transparent(transparent, photo)
                target, drawn = clips.draw_clip(photo, cartoonizer, targets, which, output, size)
                print(clips.told(photo, target, drawn), file=told)
                for note in drawn.notes:
                    typer.secho(f"{photo.name}: {note}", fg="yellow", err=True)
            except ToonmarkError as error:
                failure = error
                failures.append((photo, error))
            entries.append(clips.of_clip(photo, target, drawn, failure))
            continue
        try:
            with _small_faces(left_out):
                drawings = draw(photo, landmarks_for(photo, table))
            found = [json_report.of_face(cartoon, name) for cartoon, name in drawings]
        except ToonmarkError as error:
            failure = error
            failures.append((photo, error))
        for name in dict.fromkeys(entry["file"] for entry in found):
            print(f"{photo} → {name}", file=told)
        for warning in (*left_out, *(entry["warning"] for entry in found)):
            if warning:
                typer.secho(f"{photo.name}: {warning}", fg="yellow", err=True)
        entries.append(json_report.of_photo(photo, found, failure, " ".join(left_out)))
    if json is not None:
        json_report.write(json, cartoonizer.style.metadata, output, entries)
    _tell(failures, len(entries))


def _check_transparent(
    transparent: bool, output: Output, targets: Targets, files: list[Path]
) -> None:
    from toonmark.cli.file_types import is_clip

    if not transparent:
        return
    if output != "crop":
        raise typer.BadParameter("--transparent goes with --output crop only")
    if files and all(map(is_clip, files)):
        raise typer.BadParameter("--transparent is for photos: videos have no transparency here")
    if targets.file is not None and targets.file.suffix.lower() in (".jpg", ".jpeg"):
        raise typer.BadParameter("--transparent needs a .png or .webp, which JPEG is not")


@contextmanager
def _small_faces(told: list[str]) -> Iterator[None]:
    """Keeps what is said of faces that are too small, to be told with the photo's name."""
    from toonmark.errors import SmallFaceWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SmallFaceWarning)
        yield
    for one in caught:
        if issubclass(one.category, SmallFaceWarning):
            told.append(str(one.message))
        else:
            warnings.showwarning(one.message, one.category, one.filename, one.lineno)


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
        wanted: Tuning,
    ) -> None:
        self._cartoonizer = cartoonizer
        self._targets = targets
        self._which = which
        self._output = output
        self._size = size
        self._transparent = transparent
        self._wanted = wanted

    def __call__(self, path: Path, landmarks: Any) -> list[tuple[Cartoon, Path]]:
        from toonmark import blend, pictures

        kept = self._output == "in-photo" and path.suffix.lower() in pictures.WRITTEN
        place = self._targets.place(path, path.suffix if kept else ".png")
        # Only a cartoon alone can do with a reduced photo.
        source = path if self._output == "crop" else pictures.read(path)
        drawn = self._cartoonizer(source, self._which, landmarks)
        cartoons = [cartoon.tuned(**asdict(self._wanted)) for cartoon in drawn]
        if isinstance(source, pictures.Photo) and self._output == "in-photo":
            (name,) = place.names([None])
            pictures.write(name, blend.in_photo(source.pixels, cartoons))
            return [(cartoon, name) for cartoon in cartoons]
        names = place.names([cartoon.number for cartoon in cartoons])
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
