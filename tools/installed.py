"""Draws a photo with the Toonmark that is installed, and says how large the installation is.

``make installed`` runs this in environments that have nothing but the wheel (and scikit-image, for
the photo).
"""

from __future__ import annotations

import platform
import sysconfig
from collections import Counter
from pathlib import Path


def sizes(folder: Path) -> Counter[str]:
    """Bytes of each package in a ``site-packages`` folder, its libraries with it."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(folder).parts[0].partition(".")[0].partition("-")[0]
            found[name] += path.stat().st_size
    return found


def main() -> None:
    import skimage.data

    import toonmark

    site = Path(sysconfig.get_path("purelib"))
    assert Path(toonmark.__file__).is_relative_to(site), "not the one that is installed"
    (cartoon,) = toonmark.Cartoonizer()(skimage.data.astronaut())
    assert cartoon.image.shape == (512, 512, 3)
    assert cartoon.image.std() > 20
    found = sizes(site)
    largest = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in found.most_common(6))
    print(f"Python {platform.python_version()} draws; MB with scikit-image: {largest}")


if __name__ == "__main__":
    main()
