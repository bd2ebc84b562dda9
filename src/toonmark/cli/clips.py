"""The part of ``toonmark cartoonize`` that draws videos."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toonmark.errors import OutputNotWritableError
from toonmark.video import clip

if TYPE_CHECKING:
    from toonmark.cartoon import Output
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.cli.inputs import Targets


def check_transparent(transparent: bool, path: Path) -> None:
    """Refuses one video among photos that are to be drawn on nothing.

    Raises:
        OutputNotWritableError: if ``transparent``.
    """
    if transparent:
        raise OutputNotWritableError(
            f"{path.name} is a video, and videos have no transparency here.",
            "Draw it without --transparent.",
        )


def draw_clip(
    path: Path, cartoonizer: Cartoonizer, targets: Targets, which: Any, output: Output, size: int
) -> tuple[Path, clip.ClipReport]:
    """Draws one video, with a bar on the terminal meanwhile.

    Raises:
        ToonmarkError: it cannot be read or written, or there is no face.
    """
    suffix = path.suffix.lower() if path.suffix.lower() in clip.WRITTEN else ".mp4"
    (target,) = targets.place(path, suffix).names([None])
    if isinstance(which, int):
        raise OutputNotWritableError(
            "Faces of a video have no numbers: people come and go.", "Use --face largest or all."
        )
    if target.suffix.lower() not in clip.WRITTEN:
        raise OutputNotWritableError(
            f"{path.name} is a video, and {target.name} is not.",
            f"Name a file that ends in one of {', '.join(clip.WRITTEN)}.",
        )
    with _Progress(path.name) as progress:
        report = clip.cartoonize_clip(
            cartoonizer,
            path,
            target,
            faces=which,
            output=output,
            size=size,
            progress=progress,
        )
    return target, report


def of_clip(path: Path, target: Path | None, report: clip.ClipReport | None, error: Any) -> Any:
    """A video's part of the ``--json`` report."""
    from dataclasses import asdict

    from toonmark.cli.json_report import of_photo

    entry = of_photo(path, [], error)
    rounded = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in (asdict(report) if report else {}).items()
    }
    return {**entry, "video": {"file": str(target), **rounded} if report else None}


def told(path: Path, target: Path, report: clip.ClipReport) -> str:
    """One line on what was drawn and how steady it is."""
    faces = "1 face" if report.faces == 1 else f"{report.faces} faces"
    return (
        f"{path} → {target}: {faces} in {report.drawn} of {report.frames} frames; change from "
        f"frame to frame {report.flicker:.1f} of 255, the video's own {report.own_flicker:.1f}"
    )


class _Progress:
    """Frames done, frames a second and time left; silent where nobody looks."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(
            *Progress.get_default_columns(),
            "{task.completed:.0f} frames",
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(name, total=None)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total or None)
