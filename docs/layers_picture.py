"""Draws ``docs/layers.png``: ``python docs/layers_picture.py PORTRAIT comic.onnx``.

From left to right: the crop, its layers in colours that tell them apart, the drawing, and the same
without contours. Needs '.[train]'.
"""

from __future__ import annotations

import colorsys
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from toonmark import Cartoonizer
from toonmark.faces.align import transform_points
from toonmark.models.drawing_layers import Layer
from toonmark.models.layered import LayeredGenerator
from toonmark.training.pack_loading import pack_networks

EDGE = 384


def main() -> None:
    network, _ = pack_networks(Path(sys.argv[2]))
    assert isinstance(network, LayeredGenerator)
    (cartoon,) = Cartoonizer(sys.argv[2])(sys.argv[1])
    face = torch.from_numpy(cartoon.crop.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1)
    points = transform_points(cartoon.points, cartoon.transform).astype(np.float32)
    palette = np.array(
        [colorsys.hsv_to_rgb(0.38 * layer % 1, 0.65, 0.95) for layer in Layer], np.float32
    )
    palette[Layer.BACKGROUND] = 1
    tiles = [cartoon.crop, cartoon.image]
    with torch.no_grad():
        shares = network.drawn(face, torch.from_numpy(points)[None])[1][0]
        flat = LayeredGenerator(network.scores, "flat")(face, torch.from_numpy(points)[None])[0]
    layers = np.rint(255 * palette[shares.argmax(0).numpy()]).astype(np.uint8)
    tiles.insert(1, np.kron(layers, np.ones((2, 2, 1), np.uint8)))
    values = (flat.numpy().transpose(1, 2, 0).clip(-1, 1) + 1) * 127.5
    tiles.append(np.rint(values).astype(np.uint8))
    small = [np.asarray(Image.fromarray(tile).resize((EDGE, EDGE))) for tile in tiles]
    picture = Image.fromarray(np.hstack(small)).quantize(256, dither=Image.Dither.NONE)
    picture.save(Path(__file__).with_name("layers.png"), optimize=True)


if __name__ == "__main__":
    main()
