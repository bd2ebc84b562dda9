"""``python -m toonmark.cli``."""

from toonmark.cli import main

main()
