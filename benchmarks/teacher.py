"""The drawings that `comic`, `flat` and `ink` learnt from, as cartoons to compare with.

    toonmark data folder PHOTOS set --frame portrait --points mesh --size 512
    toonmark data layers set layers
    python benchmarks/teacher.py layers teacher
    python benchmarks/portraits.py PORTRAITS comic flat ink --cartoons teacher

Portraits of which a part is unknown (eyes where glasses are in doubt) are left out.
With PHOTOS of other people than PORTRAITS, KID says how near a style is to what it was taught.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import typer

from toonmark.data.dataset import Dataset
from toonmark.data.layers.layer_sampling import LAYERS
from toonmark.models.drawing_layers import UNKNOWN
from toonmark.models.layered import LayeredGenerator, LayerScores
from toonmark.pictures import write
from toonmark.ranges import from_network, to_network

SIZE = 512


def main(layers: Path, out: Path) -> None:
    dataset, drawing = Dataset.open(layers), LayeredGenerator(LayerScores(16))
    out.mkdir(parents=True, exist_ok=True)
    kept = 0
    for i, name in enumerate(dataset.names):
        photo = cv2.resize(dataset.image(i), (SIZE // 2, SIZE // 2), interpolation=cv2.INTER_AREA)
        file = (layers / LAYERS / name).with_suffix(".png")
        label = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert label is not None, file
        label = cv2.resize(label, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
        x, y = np.rint(dataset.points[i][:2].mean(0) * SIZE / len(dataset.image(i))).astype(int)
        if label[y, x] == UNKNOWN:
            continue
        kept += 1
        with torch.no_grad():
            drawn = drawing.painted(
                torch.from_numpy(label.astype(np.int64))[None],
                torch.from_numpy(to_network(photo[None])),
            )
        write((out / name).with_suffix(".png"), from_network(drawn.numpy())[0])
    print(f"{kept} drawings are in {out}")


if __name__ == "__main__":
    typer.run(main)
