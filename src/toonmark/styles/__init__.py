"""Style packs: the ones that ship, and how any is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toonmark.styles.metadata import StyleMetadata
    from toonmark.styles.pack import DEFAULT_STYLE, StylePack, list_styles

__all__ = ["DEFAULT_STYLE", "StyleMetadata", "StylePack", "list_styles"]


def __getattr__(name: str) -> Any:
    if name == "StyleMetadata":
        from toonmark.styles.metadata import StyleMetadata

        return StyleMetadata
    if name in __all__:
        from toonmark.styles import pack

        return getattr(pack, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
