"""The page as a folder of files, for any static host."""

from __future__ import annotations

import shutil
from pathlib import Path

from toonmark.errors import OutputNotWritableError, ToonmarkError
from toonmark.web import assets
from toonmark.web.shelf import Shelf


class PageNotBuiltError(ToonmarkError):
    """The page's files are not there."""


def write(out: Path, shelf: Shelf) -> list[Path]:
    """Writes the page and its networks into a folder; what is there under other names stays.

    Raises:
        PageNotBuiltError: this installation has no built page.
        OutputNotWritableError: the folder cannot be written to.
    """
    if not assets.is_built():
        raise PageNotBuiltError(
            "This installation has no built page.", f"Build it with: {assets.HOW_TO_BUILD}"
        )
    networks = assets.Networks(shelf, server=False)
    written = []
    try:
        for name, file in assets.built_files().items():
            if name in ("docs.html",) or name.startswith("assets/docs-"):
                continue  # there is no API there
            for twin in (file, Path(f"{file}.gz"), Path(f"{file}.br")):
                if twin.is_file():
                    target = out / (name + twin.name.removeprefix(file.name))
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(twin, target)
                    written.append(target)
        folder = out / "models"
        folder.mkdir(exist_ok=True)
        for name in networks.names():
            (folder / name).write_bytes(networks.file(name) or b"")
            written.append(folder / name)
        (folder / "manifest.json").write_bytes(networks.manifest())
        written.append(folder / "manifest.json")
    except OSError as error:
        raise OutputNotWritableError(
            f"{out} cannot be written ({error.strerror}).", "Choose a folder that you may write to."
        ) from error
    return written
