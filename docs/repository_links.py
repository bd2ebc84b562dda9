"""For MkDocs: files of the repository that the pages link to become part of the site.

A page may say ``[recipe](../recipes/comic.sh)``, which is right where the repository is read. On
the site that file stands under ``repository/``. A link to a file that is not there fails the build.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
#: Pages of the repository that the navigation names.
PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")


def place(path: str) -> str:
    """Where a file of the repository stands on the site."""
    return path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}"


def target(page: str, link: str) -> str | None:
    """The file of the repository that a page's link means; None for another kind of link."""
    if "://" in link or link.startswith(("mailto:", "/")):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    return path if (ROOT / path).is_file() else None


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Adds what the pages link to, and what that links to."""
    pages = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    known, waiting = set(pages), [*pages]
    for name in PAGES:
        waiting.append(name)
        files.append(File.generated(config, place(name), abs_src_path=str(ROOT / name)))
        known.add(name)
    while waiting:
        page = waiting.pop()
        for _before, link, _after in _LINK.findall((ROOT / page).read_text("utf-8")):
            path = target(page, link)
            if path is None or path in known or path.startswith("docs/"):
                continue
            known.add(path)
            files.append(File.generated(config, place(path), abs_src_path=str(ROOT / path)))
            if path.endswith(".md"):
                waiting.append(path)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Points links at where their files stand on the site."""
    own = os.path.relpath(page.file.abs_src_path, ROOT).replace(os.sep, "/")
    here = posixpath.dirname(page.file.src_uri)

    def moved(match: re.Match[str]) -> str:
        path = target(own, match[2])
        if path is None:
            return match[0]
        return match[1] + posixpath.relpath(place(path), here or ".") + match[3]

    return _LINK.sub(moved, markdown)
