"""Small studies of drawn pictures, and a server for them. Answers are the tests' own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

METHODS = ("plain", "ours", "grey", "late", "mirror")
COLOURS = ((60, 140, 220), (80, 190, 120), (150, 150, 150), (200, 110, 190), (230, 170, 60))


def draw(path: Path, colour: tuple[int, int, int], number: int, size: int = 64) -> None:
    """A round face of a colour, with a number that tells photos apart."""
    picture = np.full((size, size, 3), 255, np.uint8)
    middle = size // 2
    cv2.circle(picture, (middle, middle), size // 3, colour[::-1], -1)
    for x in (-1, 1):
        cv2.circle(picture, (middle + x * size // 8, middle - 4), 3, (30, 30, 30), -1)
    cv2.putText(picture, str(number), (2, size - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (90,) * 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """``photos/`` and a folder a method, eight pictures each."""
    for number in range(8):
        draw(tmp_path / "photos" / f"p{number}.jpg", (225, 180, 150), number, 128)
        for method, colour in zip(METHODS, COLOURS, strict=True):
            draw(tmp_path / method / f"p{number}-toon.png", colour, number)
    return tmp_path


@pytest.fixture
def folders(material: Path) -> dict[str, Path]:
    return {method: material / method for method in METHODS}


@pytest.fixture
def study_folder(material: Path, folders: dict[str, Path]) -> Path:
    """A study of two groups."""
    from toonmark.study.create import create

    create(folders, material / "photos", material / "study", groups=2, seed=1)
    return material / "study"


@pytest.fixture
def served(study_folder: Path) -> Iterator[str]:
    """The address where the command serves the study."""
    process = subprocess.Popen(
        [sys.executable, "-m", "toonmark", "study", "serve", str(study_folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://"), line
        yield line.split()[0]
    finally:
        process.terminate()
        process.wait(20)
