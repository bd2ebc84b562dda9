"""One whole stage-II iteration: ``python benchmarks/training.py [--paper] [--half] [--batch N]``.

Prints the median seconds an iteration of each preset with one thread and with both directions
side by side, their ratio, the arithmetic limit (the multiplications of all convolutions at this
machine's measured matrix-product speed) and the peak memory; with ``--half`` also in mixed
precision (bfloat16), which pays where a processor has matrix units for it (AMX), and costs where
it has none. Pictures are random: the networks do not care, and data loading is timed by the same
code that training runs.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from toonmark.data.dataset import write_landmarks
from toonmark.landmarks import template_points
from toonmark.models.presets import Preset, build_regressor
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.engine import StyleTrainer
from toonmark.training.fabric import make_fabric


def random_set(folder: Path, size: int, count: int = 40) -> str:
    random = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    rows = []
    for i in range(count):
        pixels = random.integers(0, 255, (size, size, 3), dtype=np.uint8)
        pixels[:, :20] = 255
        Image.fromarray(pixels).save(folder / "images" / f"{i:02d}.png")
        rows.append((f"{i:02d}.png", template_points(size) + random.normal(0, 2, (5, 2))))
    write_landmarks(folder / "landmarks.csv", rows)
    return str(folder)


def trainer(
    folder: Path,
    preset: Preset,
    size: int,
    threads: int,
    batch: int,
    precision: str = "32-true",
    accelerator: str = "cpu",
) -> StyleTrainer:
    paths = {}
    for domain in ("face", "cartoon"):
        data = folder / domain
        if not data.exists():
            random_set(data, size)
        weights = folder / f"{preset}-{domain}.safetensors"
        checkpoint.save(weights, build_regressor(preset).state_dict(), {})
        paths[domain] = (str(data), str(weights))
    config = TrainConfig(
        faces=[paths["face"][0]],
        cartoons=[paths["cartoon"][0]],
        face_regressor=paths["face"][1],
        cartoon_regressor=paths["cartoon"][1],
        preset=preset,
        size=size,
        batch=batch,
        stage1=0,
        stage2=10_000,
    )
    return StyleTrainer(config, make_fabric(accelerator, precision=precision), threads)


def seconds(trainer: StyleTrainer, count: int) -> float:
    times = []
    for i in range(count + 2):
        start = time.perf_counter()
        trainer.step(i)
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


def flops(trainer: StyleTrainer) -> float:
    """Multiply-adds of one iteration, times two."""
    from torch.utils.flop_counter import FlopCounterMode

    trainer.side_by_side = False
    with FlopCounterMode(display=False) as counter:
        trainer.step(0)
    return float(counter.get_total_flops())


def matrix_speed() -> float:
    """Floating-point operations a second of a large single-precision product, one thread."""
    a = torch.randn(1024, 1024)
    best = min(_timed(lambda: a @ a) for _ in range(10))
    return 2 * 1024**3 / best


def _timed(work) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paper", action="store_true", help="also the paper's preset (slow)")
    parser.add_argument("--half", action="store_true", help="also in mixed precision, bfloat16")
    parser.add_argument("--batch", type=int, default=1, help="pictures of each domain")
    parser.add_argument("--iterations", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    speed = matrix_speed()
    print(f"matrix product, one thread: {speed / 1e9:.0f} GFLOP/s")
    rows: list[tuple[Preset, int]] = [("compact", 128), ("compact", 64)]
    rows += [("paper", 128)] * options.paper
    precisions = ["32-true"] + ["bf16-mixed"] * options.half
    base = 0.0
    with tempfile.TemporaryDirectory() as name:
        for preset, size in rows:
            count = options.iterations if preset == "compact" else 2
            folder = Path(name) / f"{preset}{size}"
            limit = flops(trainer(folder, preset, size, 1, options.batch)) / speed
            for precision in precisions:
                one = seconds(trainer(folder, preset, size, 1, options.batch, precision), count)
                both = seconds(trainer(folder, preset, size, 2, options.batch, precision), count)
                base = base or one
                print(
                    f"{preset} {size}², {precision}: one thread {one:.3f} s, side by side "
                    f"{both:.3f} s ({one / both:.2f}x), {one / base:.2f}x compact"
                )
            print(f"  arithmetic limit on two cores in single precision {limit / 2:.3f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
