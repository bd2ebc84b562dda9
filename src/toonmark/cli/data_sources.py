"""``toonmark data folder``, ``celeba``, ``cartoons``, ``anime``, ``dicebear``, ``crop``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from toonmark.cli.data_building import (
    CORES,
    Force,
    LeaveOut,
    Out,
    Size,
    Terms,
    Workers,
    build_and_tell,
)
from toonmark.errors import MissingExtraError
from toonmark.landmarks import Frame

if TYPE_CHECKING:
    from toonmark.data.proposals import Proposer

Matte = Annotated[bool, typer.Option("--matte", help="Lay the people on white.")]
Pictures = Annotated[Path, typer.Argument(metavar="PICTURES", help="A folder of drawn faces.")]
Regressor = Annotated[
    Path | None,
    typer.Option(metavar="RUN", help="A run of train-landmarks on drawings; refines the points."),
]
KeepAll = Annotated[
    bool,
    typer.Option("--keep-all", help="Keep pictures without a face too, to annotate them."),
]

InFrame = Annotated[
    Frame, typer.Option("--frame", help="The tight face, or the whole head with its shoulders.")
]


PointsBy = Annotated[
    Literal["regressor", "mesh"],
    typer.Option(
        "--points",
        help="What finds the five points: the regressor that ships, or MediaPipe's Face Mesh, "
        "which has to be installed.",
    ),
]
Whole = Annotated[bool, typer.Option("--whole", help="Do not crop; fill up to squares.")]


def folder(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder of photos of people.")],
    out: Out,
    size: Size = 128,
    frame: InFrame = "face",
    points: PointsBy = "regressor",
    matte: Matte = False,
    terms: Terms = "not stated",
    yaw: Annotated[float, typer.Option(min=0, help="Largest turn to a side, degrees.")] = 15.0,
    roll: Annotated[float, typer.Option(min=0, help="Largest tilt, degrees.")] = 25.0,
    grey: Annotated[bool, typer.Option("--grey", help="Keep grey photos too.")] = False,
    enlargement: Annotated[
        float, typer.Option(min=0.1, help="How much a face may be enlarged, at most.")
    ] = 1.5,
    cut_off: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of the crop beyond the photo.")
    ] = 0.3,
    leave_out: LeaveOut = None,
    workers: Workers = CORES,
    force: Force = False,
) -> None:
    """Turn photos into a set: the frontal face of each, upright, with its five points.

    Writes OUT/images, OUT/landmarks.csv and OUT/dataset.json, which says of each photo that was
    left out why. A run that was stopped goes on where it was when the command is given again.
    """
    from toonmark.data.face_mesh import MeshDetector
    from toonmark.data.matting import Matting
    from toonmark.data.sources.folder import Folder, find_and_refine
    from toonmark.data.sources.photos import unwanted_from
    from toonmark.data.sources.selection import Selection

    by_mesh = points == "mesh"
    source = Folder(
        root=photos,
        detector=(MeshDetector.name, MeshDetector()) if by_mesh else find_and_refine(),
        size=size,
        frame=frame,
        matting=Matting() if matte else None,
        selection=Selection(
            yaw=yaw,
            roll=roll,
            enlargement=enlargement,
            cut_off=cut_off,
            chroma=0.0 if grey else Selection.chroma,
        ),
        leave_out=(out,),
        unwanted=unwanted_from(leave_out),
    )
    build_and_tell(source, out, terms=terms, workers=workers, force=force)


def celeba(
    directory: Annotated[
        Path,
        typer.Argument(metavar="CELEBA", help="The folder with img_align_celeba and its list."),
    ],
    out: Out,
    size: Size = 128,
    matte: Matte = False,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Largest frontality; without it, as many pass as in the paper."),
    ] = None,
    leave_out: LeaveOut = None,
    workers: Workers = CORES,
    force: Force = False,
) -> None:
    """Take the full-frontal faces of CelebA's aligned pictures, by the geometry of their points."""
    from toonmark.data.matting import Matting
    from toonmark.data.sources.celeba import CelebA, defaults
    from toonmark.data.sources.photos import unwanted_from

    source = CelebA(
        root=directory,
        size=size,
        threshold=threshold,
        selection=defaults(),
        matting=Matting() if matte else None,
        unwanted=unwanted_from(leave_out),
    )
    typer.echo(source.rule())
    terms = "CelebA: non-commercial research only; pictures may not be passed on"
    build_and_tell(source, out, terms=terms, workers=workers, force=force)


def cartoons(
    pictures: Pictures,
    out: Out,
    size: Size = 128,
    regressor: Regressor = None,
    keep_all: KeepAll = False,
    whole: Whole = False,
    terms: Terms = "not stated",
    leave_out: LeaveOut = None,
    workers: Workers = CORES,
    force: Force = False,
) -> None:
    """Turn drawn faces like Bitmoji's into a set; MTCNN proposes their points.

    Points are proposals: look at them, and correct the uncertain ones with `toonmark annotate OUT`.
    """
    from toonmark.data.proposals import MtcnnProposer
    from toonmark.data.sources.cartoons import Cartoons
    from toonmark.data.sources.photos import unwanted_from

    source = Cartoons(
        root=pictures,
        size=size,
        proposer=MtcnnProposer(),
        refiner=_refiner(regressor),
        keep_all=keep_all,
        crop=not whole,
        leave_out=(out,),
        unwanted=unwanted_from(leave_out),
    )
    build_and_tell(source, out, terms=terms, workers=workers, force=force)
    typer.echo(f"Correct uncertain points: toonmark annotate {out}")


def anime(
    pictures: Pictures,
    out: Out,
    size: Size = 128,
    cascade: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xml", help="Your own lbpcascade_animeface.xml, to find faces."),
    ] = None,
    regressor: Regressor = None,
    keep_all: KeepAll = False,
    whole: Whole = False,
    terms: Terms = "not stated",
    leave_out: LeaveOut = None,
    workers: Workers = CORES,
    force: Force = False,
) -> None:
    """Turn anime faces into a set; animeface proposes their points.

    Needs the extra `anime`. With --cascade it does not: that finds the faces, and their points are
    guesses.
    """
    from toonmark.data.proposals import AnimeFaceProposer, Cascade
    from toonmark.data.sources.cartoons import Cartoons
    from toonmark.data.sources.photos import unwanted_from
    from toonmark.errors import ToonmarkError

    proposer: Proposer
    try:
        proposer = AnimeFaceProposer()
    except ToonmarkError as error:
        if cascade is None:
            raise
        typer.echo(f"{error.happened} Points are guessed from the cascade's boxes.", err=True)
        proposer = Cascade(cascade)
    else:
        proposer = Cascade(cascade, proposer) if cascade else proposer
    source = Cartoons(
        root=pictures,
        size=size,
        proposer=proposer,
        refiner=_refiner(regressor),
        keep_all=keep_all,
        crop=not whole,
        kind="anime",
        leave_out=(out,),
        unwanted=unwanted_from(leave_out),
    )
    build_and_tell(source, out, terms=terms, workers=workers, force=force)
    typer.echo(f"Correct uncertain points: toonmark annotate {out}")


def dicebear(
    out: Out,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many pictures.")],
    style: Annotated[
        Literal["avataaars", "big-ears", "personas", "toon-head"],  # those that look straight ahead
        typer.Option(help="The DiceBear style whose parts are drawn."),
    ] = "avataaars",
    size: Size = 128,
    workers: Workers = CORES,
    force: Force = False,
) -> None:
    """Draw DiceBear avatars: fixed parts at fixed places, the paper's own failure case."""
    from toonmark.data.sources.dicebear import DiceBear

    source = DiceBear(style, count, size)
    build_and_tell(source, out, terms=source.terms, workers=workers, force=force)


def crop(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Pictures with points.")],
    out: Out,
    size: Size = 128,
    frame: InFrame = "face",
    matte: Matte = False,
    terms: Terms = "not stated",
    leave_out: LeaveOut = None,
    workers: Workers = CORES,
    force: Force = False,
) -> None:
    """Cut upright faces out of pictures whose points are known (by `toonmark data import`)."""
    from toonmark.data.dataset import Dataset
    from toonmark.data.matting import Matting
    from toonmark.data.sources.known_points import KnownPoints
    from toonmark.data.sources.photos import unwanted_from
    from toonmark.data.sources.selection import Selection

    known = Dataset.open(directory)
    source = KnownPoints(
        root=known.images,
        size=size,
        frame=frame,
        points=dict(zip(known.names, known.points, strict=True)),
        selection=Selection(yaw=90, roll=180, chroma=0, sharpness=0, enlargement=4, duplicate=0),
        matting=Matting() if matte else None,
        leave_out=(out,),
        unwanted=unwanted_from(leave_out),
    )
    build_and_tell(source, out, terms=terms, workers=workers, force=force)


def _refiner(run: Path | None) -> Proposer | None:
    if run is None:
        return None
    try:
        from toonmark.training.regressor_proposals import RegressorProposer
    except ModuleNotFoundError as error:
        raise MissingExtraError("--regressor", "train") from error
    return RegressorProposer(run)
