"""Builds the page into a wheel, where npm is there and can; else the wheel has the API only."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Runs ``npm run build`` unless the page is built already. Editable installs are left alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        static = root / "src/toonmark/web/static"
        if version == "editable" or self.target_name != "wheel":
            return
        npm = shutil.which("npm")
        if not (static / "index.html").is_file() and npm and (root / "web").is_dir():
            try:
                for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                    subprocess.run([npm, *words], cwd=root / "web", check=True)
            except (OSError, subprocess.CalledProcessError) as error:  # no network, an old Node.js
                self.app.display_warning(f"The page could not be built: {error}")
        if not (static / "index.html").is_file():
            self.app.display_warning("No page: the wheel will have the API without it.")
