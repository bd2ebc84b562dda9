"""How fast pictures are measured: ``python benchmarks/features.py FOLDER [--n 2000]``.

Milliseconds a picture of the default feature extractor, fresh and from the cache, and the memory
it takes: twice the pictures must not take more.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import torch

from toonmark.data.dataset import Dataset
from toonmark.evaluation.cache import Cache
from toonmark.evaluation.extractors import open_extractor
from toonmark.evaluation.selection import Selection, batches, select


def peak() -> float:
    """The process's largest memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints one line a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--extractor", default="efficientnet-lite0")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    extractor = open_extractor(arguments.extractor)
    pictures = select(Dataset.open(arguments.folder, landmarks=False), arguments.n, held_out=None)
    half = len(pictures) // 2

    def run(what: str, some: Selection, cache: Cache) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        for batch, _ in batches(some, 128):
            cache.measured(extractor.identity, batch, lambda part, _: extractor(part))
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(
            f"{what:12} {len(some):6} pictures {wall:7.1f} s, {1000 * wall / len(some):6.1f} ms"
            f" each ({1000 * processor / len(some):.1f} of the processor), peak {peak():.0f} MB"
        )

    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(folder)
        run("first half", pictures.first(half), cache)
        run("all", pictures, cache)
        run("again", pictures, cache)


if __name__ == "__main__":
    main()
