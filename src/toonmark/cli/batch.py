"""``toonmark batch``: millions of photos, on this machine or on a cluster."""

from __future__ import annotations

import math
import sys
import time
from typing import Annotated, Any

import typer

from toonmark.batch.settings import Container, Counts, Format
from toonmark.cli.drawing_options import (
    FaceOption,
    RuntimeOption,
    SizeOption,
    StyleOption,
    which_face,
)

#: Between two lines that say how far it is, where they are kept.
_SECONDS = 60


def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A folder, a pattern, WebDataset shards (.tar), or a table (.parquet, .csv); here "
            "or at any address that fsspec opens, such as s3://bucket/photos.",
        ),
    ],
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="A folder, here or there.")],
    style: StyleOption = None,
    size: SizeOption = 512,
    face: FaceOption = "largest",
    format: Annotated[Format, typer.Option(help="Of a drawing.")] = "png",
    transparent: Annotated[
        bool, typer.Option("--transparent", help="Nothing around the figure.")
    ] = False,
    container: Annotated[
        Container,
        typer.Option("--into", help="Drawings go into the rows, or into tar files beside them."),
    ] = "parquet",
    column: Annotated[
        str | None, typer.Option(help="Of a table: holds the photos' paths, or their bytes.")
    ] = None,
    part: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Photos a file: what is drawn again, at most, if killed. 256 by default, fewer "
            "(16 and more) of few photos.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that draw; one a core by default.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster; without it, one of this machine alone.")
    ] = None,
    runtime: RuntimeOption = "cpu",
    gpus: Annotated[
        float, typer.Option(min=0.01, help="What part of a GPU a worker takes.")
    ] = 0.25,
) -> None:
    """Draw a folder, a bucket or a table of photos into Parquet files.

    OUTPUT/faces has one row a face: its photo, box, points, warning, style
    and drawing. OUTPUT/failures has one row a photo that could not be drawn,
    with the reason; OUTPUT/manifest.json has the counts. Killed, the same
    command goes on. A photo that crashes a worker is tried once more alone,
    and then listed.

    Exit status: 0 when every photo was drawn or listed, else 2.
    """
    import pyarrow  # noqa: F401 - what the extra installs, before anything is begun
    import ray  # noqa: F401

    from toonmark.batch.engine import run_batch
    from toonmark.styles.pack import DEFAULT_STYLE

    manifest = run_batch(
        source,
        output,
        style=style or DEFAULT_STYLE,
        size=size,
        faces=which_face(face),
        format=format,
        transparent=transparent,
        container=container,
        column=column,
        part=part,
        workers=workers,
        address=address,
        runtime=runtime,
        gpus=gpus,
        told=_Telling(),
    )
    _say(manifest)


class _Telling:
    """Shows the progress: on a terminal in one line, else by a line now and then."""

    def __init__(self) -> None:
        self._last = -math.inf

    def __call__(self, counts: Counts, done: int, units: int) -> None:
        text = f"{done} of {units} parts, {counts.photos} photos, {counts.faces} faces"
        if sys.stderr.isatty():
            end = "\n" if done == units else ""
            print(f"\r{text}", end=end, file=sys.stderr, flush=True)
        elif time.monotonic() >= self._last + _SECONDS:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)


def _say(manifest: dict[str, Any]) -> None:
    typer.echo(f"{manifest['photos']} photos: {manifest['faces']} faces drawn")
    for kind, count in sorted(manifest["failures"].items(), key=lambda item: -item[1]):
        typer.echo(f"  {count} failed: {kind}")
