"""Draws the card that is shown where somebody sends the page's address: ``python web/card.py``.

The page's example, half photo, half drawing: NASA's portrait of the astronaut Eileen Collins
(public domain), and `comic`. Writes ``src/card.jpg``, 1200 × 630 as Open Graph's readers ask for.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from toonmark import Cartoonizer

SOURCE = Path(__file__).parent / "src"
WIDTH, HEIGHT = 1200, 630
PAPER, INK, SOFT, ACCENT = "#faf7f2", "#241f1b", "#655c54", "#d9482b"


def main() -> None:
    points = np.array(json.loads((SOURCE / "example.json").read_text()))
    (cartoon,) = Cartoonizer("comic", threads=1)(SOURCE / "example.jpg", landmarks=points)
    drawn = cartoon.resized(HEIGHT).copy()
    photo = cv2.resize(cartoon.crop, (HEIGHT, HEIGHT), interpolation=cv2.INTER_CUBIC)
    half = HEIGHT // 2
    drawn[:, :half] = photo[:, :half]
    drawn[:, half - 3 : half + 3] = 255
    card = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    card.paste(Image.fromarray(drawn), (WIDTH - HEIGHT, 0))
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle((60, 70, 124, 134), 18, ACCENT)
    for x, y, radius in ((82, 96, 4.5), (102, 96, 4.5), (92, 105, 3)):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), "#fff")
    pen.arc((78, 100, 106, 122), 20, 160, "#fff", 5)
    pen.text((140, 102), "Toonmark", INK, ImageFont.load_default(44), "lm")
    pen.text((60, 240), "See yourself\ndrawn.", INK, ImageFont.load_default(84), spacing=16)
    promise = "In your browser: your photo\nnever leaves it."
    pen.text((60, 500), promise, SOFT, ImageFont.load_default(34))
    card.save(SOURCE / "card.jpg", quality=88, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
