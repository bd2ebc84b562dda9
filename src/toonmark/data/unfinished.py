"""Sets that are filled picture by picture, and go on where they were stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from toonmark.data.dataset import DESCRIPTION, IMAGES, LANDMARKS
from toonmark.errors import ConfigurationError


def prepare(folder: Path, config: dict[str, Any], force: bool) -> None:
    """Sees that the folder may be filled, and that nobody takes it for complete meanwhile.

    Args:
        folder: the set's.
        config: what its pictures depend on; ``configuration`` in ``dataset.json``.
        force: throw away pictures of another configuration.

    Raises:
        ConfigurationError: it holds pictures of another configuration.
    """
    before = _found_configuration(folder)
    if before is not None:
        different = sorted(key for key in {*before, *config} if before.get(key) != config.get(key))
        if different and not force:
            changes = ", ".join(
                f"{key}: {before.get(key, 'unknown')} -> {config.get(key, 'nothing')}"
                for key in different
                if key != "integrity"
            )
            raise ConfigurationError(
                f"{folder} was made with another configuration ({changes}).",
                "Choose another folder, or pass --force to draw it anew.",
            )
        if different:
            shutil.rmtree(folder / IMAGES, ignore_errors=True)
    (folder / LANDMARKS).unlink(missing_ok=True)


def _found_configuration(folder: Path) -> dict[str, Any] | None:
    """What the pictures in a folder were made with: {} if unknown, None if there are none."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return dict(description["configuration"])
    except FileNotFoundError:
        images = folder / IMAGES
        return {} if images.is_dir() and any(images.iterdir()) else None
    except (OSError, ValueError, KeyError, TypeError):
        return {}
