"""Options that the commands which draw have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toonmark.cartoon import LARGEST, SMALLEST
from toonmark.inference import Runtime

if TYPE_CHECKING:
    from toonmark.faces.choose import Faces


StyleOption = Annotated[
    str | None,
    typer.Option("--style", "-s", help="A style that ships (toonmark styles), or a file."),
]
SizeOption = Annotated[
    int, typer.Option(min=SMALLEST, max=LARGEST, help="Edge of a cartoon in pixels.")
]
FaceOption = Annotated[
    str, typer.Option(help="largest, all, or a number that counts faces from the left: 1, 2, ...")
]
RuntimeOption = Annotated[
    Runtime,
    typer.Option(
        help="The processor, a GPU (needs onnxruntime-gpu), or OpenVINO (extra openvino)."
    ),
]


def which_face(text: str) -> Faces:
    """The faces that ``--face`` chooses.

    Raises:
        typer.BadParameter: nothing that it can say.
    """
    from toonmark.faces.choose import faces_of

    faces = faces_of(text)
    if faces is None:
        raise typer.BadParameter("largest, all, or a number: 1 is the leftmost face")
    return faces
