"""The page's assets: the built front end, and ONNX models under content-hashed names."""

from __future__ import annotations

import functools
import gzip
import hashlib
import html
import json
import threading
from dataclasses import dataclass
from pathlib import Path

from toonmark import svg
from toonmark._version import __version__
from toonmark.faces import refine, yunet
from toonmark.faces.choose import SMALLEST_FACE
from toonmark.half_precision import halved
from toonmark.web.live import live_graph
from toonmark.web.offered_styles import OfferedStyles

#: Where the build puts the page; see ``web/build.mjs``.
STATIC = Path(__file__).with_name("static")

#: How to build it, for those who run Toonmark from its repository.
HOW_TO_BUILD = "npm ci --prefix web && npm run build --prefix web"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".onnx": "application/octet-stream",
    ".txt": "text/plain; charset=utf-8",
}


def is_built() -> bool:
    """Whether the page can be shown."""
    return (STATIC / "index.html").is_file()


def index(address: str) -> str:
    """The page's text, for where it is served.

    Args:
        address: with a slash at its end; the picture that is shown where the page's address is sent
            needs a whole one. Empty if it is not known.
    """
    card = 'property="og:image" content="'
    text = (STATIC / "index.html").read_text("utf-8")
    return text.replace(card, card + html.escape(address))


def built_files() -> dict[str, Path]:
    """The built page's files by their path in the page, without their compressed twins."""
    return {
        file.relative_to(STATIC).as_posix(): file
        for file in sorted(STATIC.rglob("*"))
        if file.is_file() and file.suffix in TYPES
    }


@dataclass(frozen=True)
class Network:
    """An ONNX model that the page loads; as its name holds its hash, it may be kept for ever."""

    name: str
    content: bytes

    @functools.cached_property
    def packed(self) -> bytes:
        """The same as gzip: a tenth less. Brotli takes half a minute for another twentieth."""
        return gzip.compress(self.content, 9, mtime=0)


class Networks:
    """The networks that the page needs to find and draw faces. Safe to share between threads.

    Args:
        server: whether there is an API beside the page.
    """

    def __init__(self, styles: OfferedStyles, server: bool) -> None:
        self._styles = styles
        self._server = server
        self._lock = threading.Lock()
        self._files: dict[str, Network] | None = None
        self._manifest = b""

    def manifest(self) -> bytes:
        """JSON: what there is, and in which file."""
        self._load()
        return self._manifest

    def file(self, name: str, packed: bool = False) -> bytes | None:
        """One of the files, or None; ``packed``: as gzip."""
        network = self._load().get(name)
        if network is None:
            return None
        return network.packed if packed else network.content

    def names(self) -> list[str]:
        """The names of the files."""
        return list(self._load())

    def _load(self) -> dict[str, Network]:
        with self._lock:
            if self._files is None:
                self._files = self._made()
            return self._files

    def _made(self) -> dict[str, Network]:
        styles = []
        files = []
        for metadata in self._styles.list():
            pack = self._styles.file(metadata.name).read_bytes()
            network = _network(f"style-{metadata.name}", halved(pack))
            files.append(network)
            live, graph = None, live_graph(pack)
            if graph:
                quick = _network(f"live-{metadata.name}", halved(graph[0]))
                files.append(quick)
                live = {"file": quick.name, "size": graph[1]}
            shown = ("name", "title", "version", "description", "licence", "terms")
            fields = metadata.model_dump(mode="json")
            styles.append(
                {key: fields[key] for key in shown}
                | {
                    "file": network.name,
                    "size": metadata.size,
                    "template": fields["template"],
                    "outside": metadata.outside,
                    "parts": metadata.parts,
                    "live": live,
                }
            )
        detector, regressor = _finders()
        manifest = {
            "version": __version__,
            "server": self._server,
            "svg": self._server and svg.is_available(),
            "tracing": svg.settings(),
            "detector": detector.name,
            "regressor": regressor.name if regressor else None,
            "regressorSize": refine.SIZE,
            "refine": {
                "looks": refine.MAX_PASSES,
                "settled": refine.SETTLED,
                "trust": refine.TRUST,
                "tilt": refine.TILT,
                "furthest": refine.FURTHEST,
                "turns": refine.TURNS,
            },
            "smallestFace": SMALLEST_FACE,
            "styles": styles,
        }
        self._manifest = json.dumps(manifest).encode()
        files += [one for one in (detector, regressor) if one]
        return {network.name: network for network in files}


@functools.cache
def _finders() -> tuple[Network, Network | None]:
    """The networks that find faces and their points; the second may not be installed."""
    detector = _network("yunet", yunet.WEIGHTS.read_bytes())
    regressor = None
    if refine.WEIGHTS.is_file():
        regressor = _network("landmarks", halved(refine.WEIGHTS.read_bytes()))
    return detector, regressor


def _network(name: str, content: bytes) -> Network:
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Network(f"{name}.{digest}.onnx", content)
