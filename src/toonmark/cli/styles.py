"""``toonmark styles``: what ships, or what is in a style pack and whether it is sound."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from toonmark.styles.metadata import StyleMetadata


def styles(
    style: Annotated[
        str | None, typer.Argument(metavar="[STYLE]", help="A style's name, or a file to check.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List the styles that ship, or check a style pack.

    With a name or a file, the pack is opened, tried out, and described.
    """
    from toonmark.styles.pack import StylePack, list_styles

    if style is None:
        found = list_styles()
        if json:
            _print_json([one.model_dump(mode="json") for one in found])
        else:
            _table(found)
        return
    pack = StylePack.open(style, threads=1)
    pack.check()
    if json:
        _print_json(pack.metadata.model_dump(mode="json"))
    else:
        _describe(pack.metadata)
        typer.echo(f"{pack.path} is sound.")


def _print_json(value: Any) -> None:
    import json

    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _table(found: list[StyleMetadata]) -> None:
    from rich.console import Console
    from rich.table import Table

    from toonmark.styles.pack import DEFAULT_STYLE

    if not found:
        typer.echo("No style ships with this installation.", err=True)
        return
    table = Table("name", "title", "version", "pixels", "licence", "terms", box=None)
    for one in found:
        name = f"{one.name} (default)" if one.name == DEFAULT_STYLE else one.name
        table.add_row(name, one.title, one.version, str(one.size), one.licence, one.terms)
    Console().print(table)


def _describe(metadata: StyleMetadata) -> None:
    for field, value in metadata.model_dump(mode="json").items():
        if field == "template" or value in ("", {}):
            continue
        if isinstance(value, dict):
            typer.echo(f"{field}:")
            for key, part in value.items():
                typer.echo(f"  {key}: {part}")
        else:
            typer.echo(f"{field}: {value}")
