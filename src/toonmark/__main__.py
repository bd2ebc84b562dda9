"""``python -m toonmark``."""

from toonmark.cli import main

main()
