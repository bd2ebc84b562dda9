"""The page and its server: everything that ``toonmark serve`` and ``toonmark page`` do."""
