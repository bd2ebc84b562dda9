"""``toonmark batch`` against two plain processes, in turns, and what forty million photos cost.

``python benchmarks/batch.py [--photos N] [--rounds N] [--faults]`` (extra [batch], and [dev] for
scikit-image's portrait of Eileen Collins, of which the photos are made: turned, zoomed, moved,
recoloured, 1024² JPEGs, each different).

A round draws all photos with two processes that each call a `Cartoonizer` in a loop and write PNG
files, and then with a batch of two workers. Rates count from the first result to the last, without
the start of either. Processor time is of all processes: on a busy machine it says more than time.
``--faults`` damages one photo in a hundred and kills a worker in the middle.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

#: The photos of the question that is answered on paper, and machines to ask it for.
MANY, MACHINES = 40_000_000, (1, 10, 100)
#: Cores of such a machine.
CORES = 32
TICK = os.sysconf("SC_CLK_TCK")


def photos(folder: Path, count: int, damaged: bool) -> list[Path]:
    """Portraits of one woman, each seen differently."""
    import cv2
    from skimage import data

    cv2.setNumThreads(1)
    source, random = data.astronaut(), np.random.default_rng(0)
    folder.mkdir()
    files = []
    for i in range(count):
        picture = source[:, ::-1] if random.random() < 0.5 else source
        face = (222, 110)
        turn = cv2.getRotationMatrix2D(face, random.uniform(-12, 12), random.uniform(0.8, 1.6))
        turn[:, 2] = turn[:, 2] + [256 - face[0], 256 - face[1]] + random.uniform(-40, 40, 2)
        view = cv2.warpAffine(picture, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)
        view = np.clip(view * random.uniform(0.7, 1.2, 3), 0, 255).astype(np.uint8)
        file = folder / f"{i:05d}.jpg"
        cv2.imwrite(str(file), cv2.resize(view, (1024, 1024))[..., ::-1])
        if damaged and i % 100 == 50:
            file.write_bytes(file.read_bytes()[:1000])
        files.append(file)
    return files


def plain(files: list[Path], style: str, out: Path, ready: Any, go: Any) -> None:
    """One plain process: a photo after the other, each to a file."""
    import cv2

    from toonmark import Cartoonizer, ToonmarkError

    cv2.setNumThreads(1)
    cartoonizer = Cartoonizer(style, threads=1)
    cartoonizer.style.check()
    ready.release()
    go.wait()
    for file in files:
        try:
            for cartoon in cartoonizer(file):
                cartoon.save(out / f"{file.stem}.png", 512)
        except ToonmarkError:
            continue


class Watch:
    """Processor seconds and resident megabytes of all processes that this one began.

    Attributes:
        memory: megabytes of all of them, every so often.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self.memory: list[float] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """So far; what a process took after it was last looked at is missing."""
        return sum(self._seconds.values())

    def _run(self) -> None:
        while not self._end.wait(0.3):
            self.memory.append(self._look())

    def _look(self) -> float:
        parents, pages, times = {}, {}, {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            pid = int(place.name)
            parents[pid], pages[pid] = int(words[1]), int(words[21])
            times[pid] = (int(words[11]) + int(words[12])) / TICK
        ours = [pid for pid in parents if self._ours(pid, parents)]
        self._seconds |= {pid: times[pid] for pid in ours}
        return sum(pages[pid] for pid in ours) * os.sysconf("SC_PAGE_SIZE") / 2**20

    @staticmethod
    def _ours(pid: int, parents: dict[int, int]) -> bool:
        while pid := parents.get(pid, 0):
            if pid == os.getpid():
                return True
        return False


def with_processes(files: list[Path], style: str, out: Path, workers: int) -> tuple[float, float]:
    """Photos a second, and processor seconds a photo."""
    out.mkdir()
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    processes = [
        context.Process(target=plain, args=(files[i::workers], style, out, ready, go))
        for i in range(workers)
    ]
    with Watch() as watch:
        for process in processes:
            process.start()
        for _ in processes:
            ready.acquire()
        time.sleep(0.7)  # the watch has looked
        before, start = watch.seconds, time.monotonic()
        go.set()
        for process in processes:
            process.join()
        return len(files) / (time.monotonic() - start), (watch.seconds - before) / len(files)


def with_batch(
    files: list[Path], style: str, out: Path, workers: int, part: int, kill: bool
) -> tuple[float, float, Watch, dict[str, Any]]:
    """Photos a second and processor seconds a photo between the first result and the last."""
    from toonmark.batch.engine import run_batch

    seen: list[tuple[float, float, int]] = []
    with Watch() as watch:

        def told(counts: Any, done: int, units: int) -> None:
            seen.append((time.monotonic(), watch.seconds, counts.photos))
            if kill and done == units // 2:
                os.kill(a_worker(), signal.SIGKILL)

        folder = str(files[0].parent)
        manifest = run_batch(folder, str(out), style=style, workers=workers, part=part, told=told)
    (start, before, first), (end, after, last) = seen[0], seen[-1]
    count = last - first
    return count / (end - start), (after - before) / count, watch, manifest


def a_worker() -> int:
    """The process of one of Ray's actors that draw."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if b"MapWorker" in (place / "cmdline").read_bytes():
                return int(place.name)
        except OSError:  # it has ended
            continue
    raise SystemExit("no worker was found")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--part", type=int, default=16)
    parser.add_argument("--style", default="comic")
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    rates, costs = [], []
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        folder = Path(name)
        files = photos(folder / "in", options.photos, options.faults)
        size = sum(file.stat().st_size for file in files) / len(files)
        for i in range(options.rounds):
            rate, cost = with_processes(files, options.style, folder / f"plain{i}", options.workers)
            print(f"plain  {rate:6.2f} photos/s, {1000 * cost:4.0f} ms of processor a photo")
            ours, own_cost, watch, manifest = with_batch(
                files,
                options.style,
                folder / f"batch{i}",
                options.workers,
                options.part,
                options.faults,
            )
            print(f"batch  {ours:6.2f} photos/s, {1000 * own_cost:4.0f} ms of processor a photo")
            rates.append(ours / rate)
            costs.append(own_cost)
            quarter = len(watch.memory) // 4
            middle, late = watch.memory[quarter : 3 * quarter], watch.memory[3 * quarter : -3]
            print(
                f"  memory of all its processes: {statistics.median(middle):.0f} MB in the middle, "
                f"{statistics.median(late):.0f} MB late, {max(watch.memory):.0f} MB at most"
            )
            print(f"  {manifest['faces']} faces, failures {manifest['failures']}")
        written = sum(file.stat().st_size for file in (folder / "batch0").rglob("*.parquet"))
        print(f"a photo has {size / 1000:.0f} kB, its row {written / len(files) / 1000:.0f} kB")
    load = os.getloadavg()[0]
    print(f"batch/plain {statistics.median(rates):.2f}; load {load:.1f} on {os.cpu_count()} cores")
    on_paper(statistics.median(costs))


def on_paper(cost: float) -> None:
    """What forty million photos take, from processor seconds a photo."""
    hours = MANY * cost / 3600
    print(f"{MANY / 1e6:.0f} million photos: {hours:,.0f} core hours")
    for count in MACHINES:
        print(f"  {count} machines of {CORES} cores: {hours / CORES / count:,.1f} hours")


if __name__ == "__main__":
    main()
