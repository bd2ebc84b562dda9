"""Making pictures for training: ``python benchmarks/making.py [--size 256] [--beside OTHER/src]``.

Prints the processor time in which one thread makes 16 faces, and 16 cartoons, as training does; and
the time until two threads have made 16 pairs: the least of several rounds, once all pictures have
been seen, and that of the first round, which decodes them. With ``--beside`` another version's is
measured in turns with this one's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import torch

from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.sampling import Sampler
from toonmark.training.batches import Batches
from training import random_set

#: Rounds in which each of 40 pictures is seen.
SEEN = 3


def timed(make: Callable[[int], object], rounds: int, clock: Callable[[], float]) -> str:
    """The least time of a round, and that of the first, in milliseconds."""
    times = []
    for iteration in range(SEEN + rounds):
        start = clock()
        make(iteration)
        times.append(1000 * (clock() - start))
    return f"{min(times[SEEN:]):.0f} ms (first {times[0]:.0f})"


def measure(faces: str, cartoons: str, size: int, rounds: int) -> None:
    torch.set_num_threads(1)
    lit = Augmentation(light=1.0, colour=0.5)
    backgrounds = Backgrounds()
    cartoon = Sampler([cartoons], size, Augmentation())
    face = {
        "faces": Sampler([faces], size, Augmentation(), backgrounds=backgrounds),
        "faces, lit, before backgrounds": Sampler(
            [faces], size, lit, backgrounds=backgrounds, background_share=0.6
        ),
    }

    def made(sampler: Sampler) -> Batches:
        return Batches({"face": sampler, "cartoon": cartoon}, 16, range(16))

    found = []
    for name, sampler in face.items():
        time_of = timed(partial(made(sampler).of, "face"), rounds, time.process_time)
        found.append(f"{name} {time_of}")
    time_of = timed(partial(made(cartoon).of, "cartoon"), rounds, time.process_time)
    found.append(f"cartoons {time_of}")
    with ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as threads:
        for name, sampler in face.items():
            both = made(sampler)

            def pairs(k: int, both: Batches = both) -> list[object]:
                return list(threads.map(lambda domain: both.of(domain, k), ("face", "cartoon")))

            found.append(f"pairs, {name} {timed(pairs, rounds, time.perf_counter)}")
    print(*found, sep="; ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", default="", help="a set; random pictures if none is given")
    parser.add_argument("--cartoons", default="")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--beside", default="", help="another version's src folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        faces = options.faces or random_set(Path(name) / "faces", options.size)
        cartoons = options.cartoons or random_set(Path(name) / "cartoons", options.size)
        if not options.beside:
            measure(faces, cartoons, options.size, options.rounds)
            return
        command = [sys.executable, __file__, "--faces", faces, "--cartoons", cartoons]
        command += ["--size", str(options.size), "--rounds", str(options.rounds)]
        this = str(Path(__file__).parents[1] / "src")
        for source in 2 * [options.beside, this]:
            print(source, end=": ", flush=True)
            subprocess.run(command, env={**os.environ, "PYTHONPATH": source}, check=True)


if __name__ == "__main__":
    main()
