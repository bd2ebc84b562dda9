"""Draws a photo in every style of the Toonmark that is installed, and says what the install takes.

``make installed`` runs this in environments that have nothing but the wheel (and scikit-image, for
the photo).
"""

from __future__ import annotations

import platform
import re
import subprocess
import sysconfig
import tempfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

#: Bytes that the light install may take; it grows with OpenCV and ONNX Runtime, not by accident.
MOST = 400e6


def needed(name: str) -> set[str]:
    """The installed packages that a package needs without extras, itself among them."""
    found: set[str] = set()
    left = [name]
    while left:
        one = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if one in found:
            continue
        found.add(one)
        for line in distribution(one).requires or []:
            other, _, condition = line.partition(";")
            if _holds(condition):
                match = re.match(r"[\w.-]+", other)
                assert match, line
                left.append(match[0])
    return found


def _holds(condition: str) -> bool:
    if not condition.strip():
        return True
    from packaging.markers import Marker

    return Marker(condition.strip()).evaluate({"extra": ""})


def size(package: Distribution) -> int:
    """Bytes of its files, without what Python compiles of them."""
    files = [Path(str(package.locate_file(file))) for file in package.files or []]
    return sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file())


def draws_all() -> int:
    """Draws a photo in every style that ships, in Python and by the command; counts them."""
    import skimage.data
    from PIL import Image

    import toonmark

    site = Path(sysconfig.get_path("purelib"))
    assert Path(toonmark.__file__).is_relative_to(site), "not the one that is installed"
    command = Path(sysconfig.get_path("scripts")) / "toonmark"
    styles = [style.name for style in toonmark.list_styles()]
    assert len(styles) >= 4, styles
    with tempfile.TemporaryDirectory() as folder:
        photo, drawn = Path(folder) / "me.png", Path(folder) / "toon.png"
        Image.fromarray(skimage.data.astronaut()).save(photo)
        for style in styles:
            (cartoon,) = toonmark.Cartoonizer(style)(photo)
            assert cartoon.image.std() > 20, style
            arguments = ["cartoonize", str(photo), "-s", style, "-o", str(drawn)]
            subprocess.run([command, *arguments], check=True, capture_output=True, timeout=120)
            with Image.open(drawn) as image:
                assert image.size == (512, 512), style
            drawn.unlink()
    return len(styles)


def main() -> None:
    count = draws_all()
    sizes = {name: size(distribution(name)) for name in needed("toonmark")}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:6]
    parts = ", ".join(f"{name} {sizes[name] / 1e6:.0f}" for name in largest)
    total = sum(sizes.values())
    print(
        f"Python {platform.python_version()} draws {count} styles; the light install takes"
        f" {total / 1e6:.0f} MB: {parts}"
    )
    assert total < MOST


if __name__ == "__main__":
    main()
