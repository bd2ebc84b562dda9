"""Times the methods that optimise each picture: ``python benchmarks/methods.py CARTOONS FACE``.

CARTOONS is a set, FACE a picture of a face; each method draws it once, on one thread, in a process
of its own. Printed: processor time, time, and the most memory that the process had.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from toonmark.methods.analogy import AnalogyConfig, AnalogyDrawer
from toonmark.methods.gatys import GatysConfig, GatysDrawer
from toonmark.methods.optimised import OptimisedDrawer
from toonmark.pictures import read


def drawer_of(method: str, cartoons: str, size: int) -> OptimisedDrawer:
    """A method with its defaults."""
    if method == "Style":
        return GatysDrawer(method, GatysConfig(cartoons=[cartoons], size=size))
    return AnalogyDrawer(method, AnalogyConfig(cartoons=[cartoons], size=size))


def measure(method: str, cartoons: str, face: Path, size: int) -> None:
    """Prints a row of the table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    picture = cv2.resize(read(face).pixels, (size, size), interpolation=cv2.INTER_AREA)
    drawer = drawer_of(method, cartoons, size)
    worked, began = time.process_time(), time.perf_counter()
    drawer.draw(np.asarray(picture)[None], np.zeros((1, 5, 2)))
    worked, took = time.process_time() - worked, time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {method} | {worked:.1f} s | {took:.1f} s | {memory:.0f} MB |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cartoons")
    parser.add_argument("face", type=Path)
    parser.add_argument("--size", type=int, default=128)
    wanted = parser.parse_args()
    print("| | processor time | time | memory |\n| --- | ---: | ---: | ---: |", flush=True)
    for name in ("Style", "Analogy"):
        # A process's peak is never forgotten: each has its own.
        one = multiprocessing.get_context("spawn").Process(
            target=measure, args=(name, wanted.cartoons, wanted.face, wanted.size)
        )
        one.start()
        one.join()
