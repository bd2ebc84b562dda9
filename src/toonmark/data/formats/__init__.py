"""Points from and to other tools: each format is one short file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlparse

from toonmark.data.dataset import read_landmarks, write_landmarks
from toonmark.data.formats.celeba import read_celeba, write_celeba
from toonmark.data.formats.coco import read_coco, write_coco
from toonmark.data.formats.cvat import read_cvat, write_cvat
from toonmark.data.formats.label_studio import read_label_studio, write_label_studio
from toonmark.data.formats.points_table import Listing, Sizes, Table
from toonmark.errors import DataError


class Format(StrEnum):
    """The formats by name."""

    CSV = "csv"
    CELEBA = "celeba"
    COCO = "coco"
    CVAT = "cvat"
    LABEL_STUDIO = "label-studio"


def _write_csv(path: str | Path, table: Table, sizes: Sizes) -> None:
    write_landmarks(path, table.items())


def _read_csv(path: str | Path) -> Listing:
    return Listing(read_landmarks(path))


def _read_celeba(path: str | Path) -> Listing:
    return Listing(read_celeba(path))


Reader = Callable[[str | Path], Listing]
Writer = Callable[[str | Path, Table, Sizes], None]

FORMATS: dict[Format, tuple[Reader, Writer]] = {
    Format.CSV: (_read_csv, _write_csv),
    Format.CELEBA: (_read_celeba, write_celeba),
    Format.COCO: (read_coco, write_coco),
    Format.CVAT: (read_cvat, write_cvat),
    Format.LABEL_STUDIO: (read_label_studio, write_label_studio),
}


def guess(path: str | Path) -> Format:
    """The format that a file's name, and for JSON its first letter, speak for.

    Raises:
        DataError: nothing speaks for any.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if "list_landmarks" in path.name or suffix == ".txt":
        return Format.CELEBA
    if suffix == ".csv":
        return Format.CSV
    if suffix == ".xml":
        return Format.CVAT
    if suffix == ".json":
        try:
            with open(path, encoding="utf-8-sig") as file:
                start = file.read(64).lstrip()
        except (OSError, UnicodeDecodeError):
            start = ""
        return Format.LABEL_STUDIO if start.startswith("[") else Format.COCO
    raise DataError(f"The format of {path} is not known by its name.", "Give it with --format.")


def match_names(listed: Iterable[str], present: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Finds the files that another tool's names mean.

    Tools add folders, web addresses and prefixes: a name fits by itself, or by its last part if
    only one file has that, also without the eight letters that Label Studio puts before it.

    Returns:
        listed name to file, and the listed names that fit none or several.
    """
    files = set(present)
    by_last: dict[str, list[str]] = defaultdict(list)
    for file in files:
        by_last[PurePosixPath(file).name].append(file)
    found: dict[str, str] = {}
    missing = []
    for name in listed:
        if name in files:
            found[name] = name
            continue
        address = urlparse(name)
        local = parse_qs(address.query).get("d", [address.path])[0]
        last, as_it_is = (
            PurePosixPath(text.replace("\\", "/")).name for text in (unquote(local), name)
        )
        for candidate in (as_it_is, last, re.sub(r"^[0-9a-f]{8}-", "", last)):
            if len(by_last.get(candidate, ())) == 1:
                found[name] = by_last[candidate][0]
                break
        else:
            missing.append(name)
    return found, missing
