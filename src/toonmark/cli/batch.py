"""``toonmark batch``: millions of photos, on this machine or on a cluster."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toonmark.cartoon import LARGEST, SMALLEST
from toonmark.cli.runtimes import Runtime

if TYPE_CHECKING:
    from toonmark.batch.settings import Counts


class Format(StrEnum):
    """How a drawing is written."""

    png = "png"
    webp = "webp"
    svg = "svg"


class Container(StrEnum):
    """Where drawings are."""

    parquet = "parquet"
    shards = "shards"


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
    style: Annotated[
        str | None,
        typer.Option("--style", "-s", help="A style that ships (toonmark styles), or a file."),
    ] = None,
    size: Annotated[
        int, typer.Option(min=SMALLEST, max=LARGEST, help="Edge of a drawing in pixels.")
    ] = 512,
    face: Annotated[
        str,
        typer.Option(help="largest, all, or a number that counts faces from the left: 1, 2, ..."),
    ] = "largest",
    format: Annotated[Format, typer.Option(help="Of a drawing.")] = Format.png,
    transparent: Annotated[
        bool, typer.Option("--transparent", help="Nothing around the figure.")
    ] = False,
    container: Annotated[
        Container,
        typer.Option("--into", help="Drawings go into the rows, or into tar files beside them."),
    ] = Container.parquet,
    column: Annotated[
        str | None, typer.Option(help="Of a table: holds the photos' paths, or their bytes.")
    ] = None,
    part: Annotated[
        int, typer.Option(min=1, help="Photos a file: what is drawn again, at most, if killed.")
    ] = 256,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that draw; one a core by default.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster; without it, one of this machine alone.")
    ] = None,
    runtime: Annotated[
        Runtime,
        typer.Option(
            help="The processor, a GPU (needs onnxruntime-gpu), or OpenVINO (extra openvino)."
        ),
    ] = Runtime.cpu,
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
    from toonmark.cli.cartoonize import _which_face
    from toonmark.styles.pack import DEFAULT_STYLE

    manifest = run_batch(
        source,
        output,
        style=style or DEFAULT_STYLE,
        size=size,
        faces=_which_face(face),
        format=format.value,
        transparent=transparent,
        container=container.value,
        column=column,
        part=part,
        workers=workers,
        address=address,
        runtime=runtime.value,
        gpus=gpus,
        told=_told,
    )
    _say(manifest)


def _told(counts: Counts, done: int, units: int) -> None:
    """A line that is written over, on a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == units else ""
        text = f"\r{done} of {units} parts, {counts.photos} photos, {counts.faces} faces"
        print(text, end=end, file=sys.stderr, flush=True)


def _say(manifest: dict[str, Any]) -> None:
    typer.echo(f"{manifest['photos']} photos: {manifest['faces']} faces drawn")
    for kind, count in sorted(manifest["failures"].items(), key=lambda item: -item[1]):
        typer.echo(f"  {count} failed: {kind}")
