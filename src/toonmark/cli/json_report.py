"""The JSON report of ``toonmark cartoonize --json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from toonmark._version import __version__
from toonmark.cartoon import Cartoon
from toonmark.errors import ToonmarkError
from toonmark.files import write_text
from toonmark.landmarks import NAMES
from toonmark.styles.metadata import StyleMetadata


def of_face(cartoon: Cartoon, file: Path) -> dict[str, Any]:
    """One face: where it was, and where its cartoon is."""
    return {
        "number": cartoon.number,
        "file": str(file),
        "box": [round(value, 2) for value in cartoon.box],
        "landmarks": {
            name: [round(float(value), 2) for value in point]
            for name, point in zip(NAMES, cartoon.points, strict=True)
        },
        "score": round(cartoon.score, 4),
        "yaw": round(cartoon.yaw, 1),
        "roll": round(cartoon.roll, 1),
        "transform": [[float(value) for value in row] for row in cartoon.transform],
        "warning": cartoon.warning or None,
    }


def of_photo(
    photo: Path, faces: list[dict[str, Any]], error: ToonmarkError | None, warning: str = ""
) -> Any:
    """One photo: its faces, what is to be said of those that are not drawn, what went wrong."""
    wrong = error and {
        "type": type(error).__name__,
        "happened": error.happened,
        "remedy": error.remedy,
    }
    return {
        "photo": str(photo),
        "faces": faces,
        "warning": warning or None,
        "error": wrong or None,
    }


def write(where: str, style: StyleMetadata, output: str, photos: list[Any]) -> None:
    """Writes the report to a file, or to standard output for "-"."""
    failed = sum(photo["error"] is not None for photo in photos)
    report = {
        "toonmark": __version__,
        "style": {"name": style.name, "version": style.version},
        "output": output,
        "drawn": len(photos) - failed,
        "failed": failed,
        "photos": photos,
    }
    # A name that is no valid Unicode is escaped, which JSON happens to write in the same way.
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    data = text.encode("utf-8", "backslashreplace")
    if where == "-":
        # UTF-8 whatever the terminal's encoding: this is for programs.
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_text(where, data.decode())
