"""The styles that a server offers, by name; each is loaded when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from toonmark.cartoonizer import Cartoonizer
from toonmark.errors import UnknownStyleError
from toonmark.styles import pack
from toonmark.styles.metadata import StyleMetadata
from toonmark.styles.pack import DEFAULT_STYLE, StylePack


class OfferedStyles:
    """Styles by name, each opened once. Safe to share between threads.

    Args:
        extra: files, or folders of files; one that has a shipped style's name takes its place.
        threads: how many threads one network may use.

    Raises:
        StyleError: a pack cannot be used, or there is no style at all.
    """

    def __init__(self, extra: Sequence[Path] = (), threads: int = 1) -> None:
        self._threads = threads
        self._packs: dict[str, StylePack] = {}
        self._cartoonizers: dict[str, Cartoonizer] = {}
        self._lock = threading.Lock()
        shipped = sorted(pack.FOLDER.glob("*.onnx"))
        files = [file for place in extra for file in _files(place)]
        for file in [*shipped, *files]:
            style = StylePack.open(file, threads)
            self._packs[style.metadata.name] = style
        if not self._packs:
            raise UnknownStyleError(
                "There is no style to draw with.", "Give a style pack: --style FILE.onnx"
            )
        self._first = self._packs_first(files)

    def _packs_first(self, files: Sequence[Path]) -> str:
        # Whoever names a style of their own wants to see it first.
        for name, style in self._packs.items():
            if files and style.path == files[0]:
                return name
        return DEFAULT_STYLE if DEFAULT_STYLE in self._packs else next(iter(self._packs))

    @property
    def default(self) -> str:
        """The style that is used when none is named."""
        return self._first

    def list(self) -> list[StyleMetadata]:
        """The metadata of the styles, the default first."""
        names = sorted(self._packs, key=lambda name: (name != self._first, name))
        return [self._packs[name].metadata for name in names]

    def file(self, name: str) -> Path:
        """A style's file.

        Raises:
            UnknownStyleError: it is not offered.
        """
        return self._pack(name).path

    def cartoonizer(self, name: str) -> Cartoonizer:
        """The cartoonizer of a style.

        Raises:
            UnknownStyleError: it is not offered.
        """
        style = self._pack(name)
        with self._lock:
            if name not in self._cartoonizers:
                self._cartoonizers[name] = Cartoonizer(style, self._threads)
            return self._cartoonizers[name]

    def _pack(self, name: str) -> StylePack:
        # Only what is offered can be had: a name is never taken for a path.
        if name not in self._packs:
            raise UnknownStyleError(
                f"There is no style called {name[:64]!r} here.",
                f"These are: {', '.join(self._packs)}.",
            )
        return self._packs[name]


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        return sorted(place.glob("*.onnx"))
    return [pack.find(place)]
