"""Exports the page as a static site."""

from __future__ import annotations

import gzip
from pathlib import Path

from toonmark.errors import ToonmarkError
from toonmark.files import write_bytes
from toonmark.web import assets
from toonmark.web.offered_styles import OfferedStyles


class PageNotBuiltError(ToonmarkError):
    """The page's files are not there."""


def write(out: Path, styles: OfferedStyles, address: str = "") -> list[Path]:
    """Writes the page and its networks into a folder; what is there under other names stays.

    Each file is written whole or not at all.

    Args:
        address: where the folder will be, if that is known: what others show where somebody sends
            this address has a picture then.

    Raises:
        PageNotBuiltError: this installation has no built page.
        OutputError: the folder cannot be written to, or the disk is full.
    """
    if not assets.is_built():
        raise PageNotBuiltError(
            "This installation has no built page.", f"Build it with: {assets.HOW_TO_BUILD}"
        )
    networks = assets.Networks(styles, server=False)
    written = []

    def put(name: str, content: bytes) -> None:
        write_bytes(out / name, content)
        written.append(out / name)

    for name in networks.names():
        put(f"models/{name}", networks.file(name) or b"")
        put(f"models/{name}.gz", networks.file(name, packed=True) or b"")
    # Names under assets/ say what is in the files; those that name them come last, so that a page
    # that is replaced while people use it is the old one or the new one.
    built = sorted(assets.built_files().items(), key=lambda pair: not pair[0].startswith("assets/"))
    for name, file in built:
        if name in ("docs.html",) or name.startswith("assets/docs-"):
            continue  # there is no API there
        if name == "index.html" and address:
            text = assets.index(address.rstrip("/") + "/").encode()
            put(name, text)
            put(f"{name}.gz", gzip.compress(text, 9, mtime=0))
            (out / f"{name}.br").unlink(missing_ok=True)  # of a page for anywhere
            continue
        for twin in (file, Path(f"{file}.gz"), Path(f"{file}.br")):
            if twin.is_file():
                put(name + twin.name.removeprefix(file.name), twin.read_bytes())
    put("models/manifest.json", networks.manifest())
    return written
