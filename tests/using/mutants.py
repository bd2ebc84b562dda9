"""Clips with faults in them, each drawn in a process of its own with bounds on time and memory."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path

import numpy as np
from tests.using.clips import swaying, with_matrix, write_clip

#: A process may take so many seconds of the processor and of the clock, and bytes of memory.
SECONDS, PATIENCE = 30, 240
ADDRESSES, RESIDENT = 6 << 30, 1500 << 20
#: What every process imports, done once.
PRELOADED = ["tests.using.mutants", "toonmark.cartoonizer", "toonmark.video.clip", "cv2",
             "onnxruntime", "av", "PIL.Image"]  # fmt: skip
#: Of these codecs and containers; what FFmpeg lacks is left out.
KINDS = [
    (".mp4", "mpeg4", ("aac",)),
    (".mov", "libx264", ("aac", "aac")),
    (".mkv", "libx264", ("libopus",)),
    (".webm", "libvpx", ("libopus",)),
    (".avi", "mjpeg", ("pcm_s16le",)),
    (".ts", "mpeg2video", ("mp2",)),
    (".flv", "flv", ()),
    (".wmv", "wmv2", ()),
]


def seeds(folder: Path, picture: np.ndarray) -> dict[str, bytes]:
    """Sound clips of four frames, by what their names end in: a face, and sound in most."""
    import av

    frames = [np.ascontiguousarray(swaying(picture, 5 * i)[:240:2, :320:2]) for i in range(4)]
    found = {}
    for suffix, codec, sounds in KINDS:
        if {codec, *sounds} <= av.codecs_available:
            path = write_clip(folder / f"sound{suffix}", frames, codec=codec, sounds=sounds)
            if suffix == ".mov":
                with_matrix(path, (0, 1, -1, 0))
            found[suffix] = path.read_bytes()
    return found


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """One to four faults of any kind, at random."""
    for _ in range(random.integers(1, 5)):
        fault = FAULTS[random.integers(len(FAULTS))]
        data = fault(data, random) or data
    return data


def _flipped(data: bytes, random: np.random.Generator) -> bytes:
    """Bytes here and there, in the header as often as in the rest."""
    out = bytearray(data)
    end = len(out) if random.random() < 0.5 else min(len(out), 600)
    for _ in range(random.integers(1, 20)):
        out[random.integers(end)] = random.integers(256)
    return bytes(out)


def _truncated(data: bytes, random: np.random.Generator) -> bytes:
    return data[: random.integers(1, len(data))]


def _cut(data: bytes, random: np.random.Generator) -> bytes:
    start, length = random.integers(len(data)), random.integers(1, 4000)
    return data[:start] + data[start + length :]


def _doubled(data: bytes, random: np.random.Generator) -> bytes:
    start, length = random.integers(len(data)), random.integers(1, 4000)
    part = data[start : start + length]
    return data[:start] + part * random.integers(2, 5) + data[start + length :]


def _extreme(data: bytes, random: np.random.Generator) -> bytes:
    """A number of two, four or eight bytes that is as large or small as it can be, or nearly."""
    size = int(random.choice([2, 4, 8]))
    top = 1 << 8 * size
    number = int(random.choice(np.array([0, 1, -1, top // 2, top // 2 - 1, -2, 16384], object)))
    start = int(random.integers(max(1, min(len(data), 1500) - size)))
    order = "big" if random.random() < 0.5 else "little"
    return data[:start] + (number % top).to_bytes(size, order) + data[start + size :]


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the boxes of an MP4, or of one that holds boxes, begin and end."""
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > end:
            return
        yield start, start + size
        if data[start + 4 : start + 8] in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta"):
            yield from _boxes(data, start + 8, start + size)
        start += size


def _boxed(data: bytes, random: np.random.Generator) -> bytes:
    """A box that is moved, doubled, left out, or of another size than it says."""
    found = list(_boxes(data, 0, len(data)))
    if not found:
        return b""
    start, end = found[random.integers(len(found))]
    other = found[random.integers(len(found))][1]
    box = data[start:end]
    how = random.integers(4)
    if how == 0:
        size = int(random.choice([0, 1, 7, end - start + 8, 1 << 31, (1 << 32) - 1]))
        return data[:start] + size.to_bytes(4, "big") + data[start + 4 :]
    if how == 1:
        return data[:start] + data[end:]
    if how == 2 or other > start:
        return data[:other] + box + data[other:]
    return data[:other] + box + data[other:start] + data[end:]


def _sized(data: bytes, random: np.random.Generator) -> bytes:
    """Another width or height wherever the clip's own stands."""
    own = int(random.choice([160, 120]))
    new = int(random.choice([0, 1, 2, 16, 161, 640, 4096, 16384, 65535]))
    order = "big" if random.random() < 0.7 else "little"
    return data.replace(own.to_bytes(2, order), new.to_bytes(2, order))


FAULTS: list[Callable[[bytes, np.random.Generator], bytes]] = [
    _flipped, _truncated, _cut, _doubled, _extreme, _extreme, _boxed, _boxed, _sized,
]  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of a clip.

    Attributes:
        what: ``drawn``, the name of Toonmark's error, or anything else, which is a fault.
        fault: whether it is one.
        seconds: how long it took.
        resident: bytes of memory that were in use at most.
    """

    what: str
    fault: bool
    seconds: float
    resident: int


def drawn(source: Path, target: Path, answer: Connection) -> None:
    """Draws a clip, in a process of its own, and tells what came of it."""
    from toonmark import Cartoonizer
    from toonmark.errors import ToonmarkError
    from toonmark.video.clip import cartoonize_clip

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    try:
        report = cartoonize_clip(Cartoonizer("toon", threads=1), source, target)
        what, fault = "drawn", not (report.frames and target.stat().st_size)
    except ToonmarkError as error:
        what, fault = type(error).__name__, target.exists()
    except BaseException as error:  # noqa: BLE001  (whatever it is, it must not be)
        what, fault = f"{type(error).__name__}: {error}", True
    answer.send((what, fault, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10))


def outcome(context: BaseContext, source: Path) -> Outcome:
    """Draws a clip in a process of its own, and waits for it."""
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=drawn, args=(source, source.with_suffix(".out.mp4"), its))
    begun = time.monotonic()
    process.start()
    its.close()
    said = None
    if mine.poll(PATIENCE):
        try:
            said = mine.recv()
        except EOFError:
            said = None
    process.join(5 if said or not process.is_alive() else 0.1)
    if process.is_alive():
        process.kill()
        process.join()
    taken = time.monotonic() - begun
    if said is None:
        code = process.exitcode
        return Outcome(f"ended by signal {-code}" if code else "no answer", True, taken, 0)
    what, fault, resident = said
    if resident > RESIDENT:
        what, fault = f"{what}, with {resident >> 20} MiB", True
    return Outcome(what, fault, taken, resident)


def outcomes(paths: list[Path], at_once: int = 2) -> Iterator[Outcome]:
    """Draws every clip, some of them at once; in the order that they are given."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(lambda path: outcome(context, path), paths)
