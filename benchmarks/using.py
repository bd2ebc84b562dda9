"""What using Toonmark costs: time of each part, cold start, memory, and size of the install.

``python benchmarks/using.py [STYLE.onnx] [--photo PHOTO] [--install]``

Without a style, the one that ships is measured, or else an untrained ``compact`` generator (needs
the extra [train]): speed does not depend on the weights. Without a photo, scikit-image's astronaut
at 1024² (needs [dev]). ``--install`` makes a fresh virtual environment of the core and weighs it.
On a busy machine, processor time says more than time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("style", nargs="?", help="a style's name or file")
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--install", action="store_true", help="weigh a fresh install")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        style = options.style or shipped_or_untrained(folder)
        photo = options.photo or astronaut(folder)
        # Cold first: a process is born with its parent's memory, which counts as its own peak.
        started = cold(style, photo, folder)
        rows = [*warm(style, photo, folder, options.rounds), *started]
        if options.install:
            rows.append(install(folder))
    width = max(len(row[0]) for row in rows)
    for what, value, unit, processor, goal in rows:
        own = f"({processor:7.1f} ms processor)" if processor else ""
        limit = f"goal ≤ {goal:g} {unit}{'' if value <= goal else '   MISSED'}" if goal else ""
        print(f"{what:{width}}  {value:8.1f} {unit} {own:23} {limit}")
    if hasattr(os, "getloadavg"):
        print(f"load while measured: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def shipped_or_untrained(folder: Path) -> str:
    """The default style; where none ships, a network of the same form. In a process of its own,
    so that torch does not count as ours."""
    from toonmark.styles.pack import DEFAULT_STYLE, FOLDER

    if (FOLDER / f"{DEFAULT_STYLE}.onnx").is_file():
        return DEFAULT_STYLE
    path = folder / "untrained.onnx"
    code = (
        "import sys; from pathlib import Path\n"
        "from toonmark.exporting import export_style\n"
        "from toonmark.models.presets import build_generator\n"
        "from toonmark.styles.metadata import StyleMetadata\n"
        "export_style(build_generator('compact').eval(),\n"
        "    StyleMetadata(name='untrained', title='Untrained', size=128), Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True)
    return str(path)


def astronaut(folder: Path) -> Path:
    code = (
        "import sys; from PIL import Image; from skimage import data\n"
        "Image.fromarray(data.astronaut()).resize((1024, 1024)).save(sys.argv[1], quality=92)"
    )
    path = folder / "photo.jpg"
    subprocess.run([sys.executable, "-c", code, path], check=True)
    return path


#: What, its value, the unit, processor time where it is one thread's, the goal.
Row = tuple[str, float, str, float | None, float | None]


def timed_row(what: str, work: Callable[[], object], rounds: int, goal: float | None = None) -> Row:
    """Median milliseconds that ``work`` takes, and of processor time; three rounds to warm up."""
    wall, processor = [], []
    for _ in range(rounds + 3):
        start, start_processor = time.perf_counter(), time.process_time()
        work()
        wall.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.process_time() - start_processor))
    return what, statistics.median(wall[3:]), "ms", statistics.median(processor[3:]), goal


def warm(style: str, path: Path, folder: Path, rounds: int) -> list[Row]:
    """Everything on one thread, with all networks open."""
    import cv2

    from toonmark import Cartoonizer, StylePack, blend, find_faces, pictures
    from toonmark.faces.align import crop, face_transform
    from toonmark.faces.refine import Refiner

    cv2.setNumThreads(1)
    pack = StylePack.open(style, threads=1)
    cartoonizer, refiner = Cartoonizer(pack, threads=1), Refiner(threads=1)
    pixels = pictures.read(path).pixels
    face = find_faces(pixels)[0]
    size = pack.metadata.size
    transform = face_transform(face.points, size)
    faces = np.zeros((1, 3, size, size), np.float32)
    (cartoon,) = cartoonizer(path)

    def whole() -> None:
        cartoonizer(path)[0].save(folder / "whole.png", 512)

    height, width = pixels.shape[:2]
    points = face.points[None]
    frame = cv2.resize(pixels, (1080, 1080), interpolation=cv2.INTER_AREA)
    frame = cv2.copyMakeBorder(frame, 0, 0, 420, 420, cv2.BORDER_REPLICATE)  # 1920 × 1080
    (large,) = cartoonizer(frame)
    works: list[tuple[str, Callable[[], object], float | None]] = [
        ("read the photo", lambda: pictures.read(path), None),
        ("find the face", lambda: find_faces(pixels), None),
        ("refine its landmarks", lambda: refiner(pixels, points), None),
        ("cut it out", lambda: crop(pixels, transform, size), None),
        (f"draw it, {size}²", lambda: pack.draw(faces, points), 20 if size <= 128 else 40),
        ("write it, 512²", lambda: cartoon.save(folder / "a.png", 512), None),
        ("put it back, 1920×1080", lambda: blend.in_photo(frame, [large]), 40),
        (f"photo of {width}×{height} to file, warm", whole, 80),
    ]
    rows = [timed_row(what, work, rounds, goal) for what, work, goal in works]
    return [*rows, *film(cartoonizer, frame, folder)]


def film(cartoonizer: Any, frame: Any, folder: Path) -> list[Row]:
    """A frame of a video in which a face moves, from file to file; nothing without PyAV."""
    try:
        import av
    except ImportError:
        return []
    from toonmark.video.clip import cartoonize_clip

    source, count = folder / "film.mp4", 24
    with av.open(str(source), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.height, stream.width = frame.shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 20_000_000
        for i in range(count):
            moved = np.ascontiguousarray(np.roll(frame, 3 * i, axis=1))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        file.mux(stream.encode(None))
    start, start_processor = time.perf_counter(), time.process_time()
    cartoonize_clip(cartoonizer, source, folder / "film-toon.mp4")
    wall = 1000 * (time.perf_counter() - start) / count
    processor = 1000 * (time.process_time() - start_processor) / count
    return [("frame of a video, 1920×1080", wall, "ms", processor, 125)]


def cold(style: str, photo: Path, folder: Path) -> list[Row]:
    """The command, started afresh; memory is the most that any of the runs took."""
    command = [sys.executable, "-m", "toonmark"]
    draw = [*command, "cartoonize", str(photo), "-s", style, "-o", str(folder / "cold.png")]
    version = [*command, "--version"]
    draws = [run(draw) for _ in range(7)]
    versions = [run(version) for _ in range(7)]
    wall, processor, memory = (statistics.median(column) for column in zip(*draws, strict=True))
    quick, quick_processor, _ = (
        statistics.median(column) for column in zip(*versions, strict=True)
    )
    return [
        ("command to file, cold", wall, "ms", processor, 1500),
        ("peak memory of it", memory, "MB", None, 300),
        ("toonmark --version", quick, "ms", quick_processor, 150),
    ]


def run(command: list[str]) -> tuple[float, float, float]:
    """Milliseconds, milliseconds of processor time, and megabytes that a command took."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} failed")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    processor = 1000 * (usage.ru_utime + usage.ru_stime)
    return 1000 * (time.perf_counter() - start), processor, usage.ru_maxrss / unit


def install(folder: Path) -> Row:
    """What the core and its packages take on disk, in an environment of their own."""
    place = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "-q", ROOT], check=True
    )
    files = {(f.stat().st_dev, f.stat().st_ino): f.stat().st_size for f in place.rglob("*")}
    return ("fresh install of the core", sum(files.values()) / 2**20, "MB", None, 400)


if __name__ == "__main__":
    main()
