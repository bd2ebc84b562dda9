"""``toonmark styles``."""


def styles() -> None:
    """List the styles that ship, or check a style pack."""
