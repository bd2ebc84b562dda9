"""Draw one 128² face, one thread, ONNX Runtime: both presets, and their ratio in one run.

``python benchmarks/generators.py``; untrained weights, since speed does not depend on them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch.utils.flop_counter import FlopCounterMode

from toonmark.exporting import export_style
from toonmark.models.presets import build_generator
from toonmark.styles.metadata import StyleMetadata


def session(preset: str, folder: Path) -> tuple[onnxruntime.InferenceSession, float, int]:
    """The exported generator, its multiply-adds, its weights."""
    network = build_generator(preset).eval()  # type: ignore[arg-type]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, 128, 128), torch.zeros(1, 5, 128, 128))
    file = folder / f"{preset}.onnx"
    export_style(network, StyleMetadata(name=preset, title=preset, size=128), file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    weights = sum(p.numel() for p in network.parameters())
    return (
        onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"]),
        counter.get_total_flops() / 2,
        weights,
    )


def main() -> None:
    feeds = {
        "face": np.zeros((1, 3, 128, 128), np.float32),
        "landmarks": np.full((1, 5, 2), 60, np.float32),
    }
    with tempfile.TemporaryDirectory() as name:
        sessions = {p: session(p, Path(name)) for p in ("compact", "paper")}
        times: dict[str, list[float]] = {p: [] for p in sessions}
        for i in range(33):  # in turn, so that both see the same machine
            for preset, (one, _, _) in sessions.items():
                start = time.perf_counter()
                one.run(None, feeds)
                if i >= 3:
                    times[preset].append(time.perf_counter() - start)
    base = statistics.median(times["compact"])
    for preset, (_, macs, weights) in sessions.items():
        median = statistics.median(times[preset])
        print(
            f"{preset:8} {macs / 1e9:5.2f} GMAC  {weights / 1e6:5.2f} M weights  "
            f"median {median * 1e3:6.1f} ms  {median / base:5.1f}x compact"
        )


if __name__ == "__main__":
    main()
