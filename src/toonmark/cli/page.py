"""``toonmark page``: the page as files, for any static host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def page(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    style: Annotated[
        list[Path] | None,
        typer.Option("--style", "-s", help="A style pack, or a folder of them, to offer as well."),
    ] = None,
    address: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where it will be, such as https://example.org/toons/: a picture is shown where "
            "somebody sends this address then.",
        ),
    ] = "",
) -> None:
    """Write the page as a static site, which does everything in the browser.

    Put the folder on any web host; there is nothing to run. Where the host can set headers,
    `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`
    make drawing faster; elsewhere the page sets them itself from its second visit on.
    """
    from toonmark.web import site
    from toonmark.web.offered_styles import OfferedStyles

    files = site.write(out, OfferedStyles(tuple(style or ())), address)
    size = sum(file.stat().st_size for file in files if file.suffix not in (".br", ".gz"))
    typer.echo(f"Wrote {out}: {len(files)} files, {size / 1e6:.1f} MB before compression.")
    typer.echo("To try it: python -m http.server -d " + str(out))
