"""Pages of HTML, filled in from the Jinja2 templates beside this file.

A template escapes all that it is given, but for what another template made; a name that it is not
given is an error. Pages load nothing from anywhere: styles and pictures are within.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toonmark.errors import imported

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@functools.cache
def _environment() -> Environment:
    jinja2 = imported("jinja2", "A page", "train")
    environment: Environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment


def filled_in(template: str, **values: Any) -> Markup:
    """A template's text with ``values`` in it: HTML or SVG, which other templates do not escape.

    Args:
        template: the file's name in this folder, such as ``scores.html``.
        values: what the template names.

    Raises:
        MissingExtraError: ``toonmark[train]`` is not installed.
        jinja2.UndefinedError: a value is missing.
    """
    from markupsafe import Markup

    return Markup(_environment().get_template(template).render(values))
