"""Settings from a file, from ``--set key=value`` and from a command's own options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toonmark.errors import ConfigurationError


def gathered(
    file: Path | None,
    assignments: list[str] | None,
    given: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One dictionary: the file's values, then the command's options, then ``--set``.

    Args:
        before: what all of these stand above.
        assignments: ``key=value`` with dots for nested keys; values are YAML.

    Raises:
        ConfigurationError: an unreadable file, or an assignment without ``=``.
    """
    import yaml

    values: dict[str, Any] = dict(before or {})
    if file is not None:
        try:
            values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(
                f"{file} cannot be read as a configuration ({error}).",
                "Give a YAML or JSON file of settings.",
            ) from error
        if not isinstance(values, dict):
            raise ConfigurationError(
                f"{file} holds no settings by name.", "Write lines like `size: 128`."
            )
    values |= given
    for assignment in assignments or []:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigurationError(
                f"--set {assignment} has no value.", "Write it as --set key=value."
            )
        place = values
        *outer, last = key.strip().split(".")
        for name in outer:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ConfigurationError(
                    f"--set {assignment}: {name} has no settings of its own.",
                    "Check the name before the dot.",
                )
        try:
            place[last] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigurationError(
                f"--set {assignment}: the value cannot be read as YAML.",
                "Close its brackets and quotes, and quote the whole for the shell.",
            ) from error
    return values
