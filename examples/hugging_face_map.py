"""Draws a data set of Hugging Face: pip install '.' datasets

python examples/hugging_face_map.py photos/ cartoons.parquet
"""

import functools
import sys

import datasets
from PIL import Image

from toonmark import Cartoonizer, ToonmarkError

cartoonizer = functools.cache(Cartoonizer)  # one a process


def draw(row, style="comic"):
    """A row's largest face as its ``cartoon``; or None, and why in ``problem``."""
    try:
        (cartoon,) = cartoonizer(style)(row["image"])
    except ToonmarkError as error:
        return {"cartoon": None, "problem": str(error)}
    return {"cartoon": Image.fromarray(cartoon.image), "problem": ""}


def drawn(photos, style="comic", processes=None):
    """A data set with an ``image`` column, with ``cartoon`` and ``problem`` beside it."""
    columns = {"cartoon": datasets.Image(), "problem": datasets.Value("string")}
    features = datasets.Features({**photos.features, **columns})
    return photos.map(draw, fn_kwargs={"style": style}, features=features, num_proc=processes)


if __name__ == "__main__":
    photos = datasets.load_dataset("imagefolder", data_dir=sys.argv[1], split="train")
    drawn(photos).to_parquet(sys.argv[2])
