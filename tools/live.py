"""Makes the graphs of src/toonmark/web/live_graphs, in which the camera draws a style sooner.

    python tools/live.py src/toonmark/styles/*.onnx [--small SMALL.onnx]

A style that draws in layers draws at three quarters of its size: below that, eyes and brows get
lost, as it has not learnt from so few pixels. Others keep theirs. Convolutions are Winograd's,
which the browser's own are not. Weights are left out: they come from the pack.

SMALL.onnx is a pack of the first one's network that was trained on at a smaller size. All styles of
the first one's weights draw with its weights, and at its size. Without it the ones that lie
there already stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from toonmark.exporting import DrawingGenerator
from toonmark.half_precision import halved
from toonmark.models.layered import LayeredGenerator
from toonmark.models.winograd import use_winograd_
from toonmark.onnx_graphs import converted, examples, plain_norms_
from toonmark.training.pack_loading import pack_networks
from toonmark.web import live


def quick_network(path: Path, size: int | None) -> tuple[nn.Module, int]:
    """What a pack draws with, sooner: (1, 3, S, S) and (1, 5, 2) to a drawing; and S.

    Args:
        size: S of a style that draws in layers; unless given, three quarters of its own.
    """
    drawing, metadata = pack_networks(path)
    network = drawing
    if isinstance(drawing, LayeredGenerator):
        size = size or 3 * metadata.size // 4
        drawing.clean = True
    else:
        size = metadata.size
        sigma = metadata.sigma_at_128 * size / 128
        network = DrawingGenerator(drawing, size, sigma, clean=True).eval()
    plain_norms_(network)
    use_winograd_(network)
    return network, size


def written(pack: bytes, network: nn.Module, size: int) -> Path:
    """Writes one graph, for packs of this one's structure."""
    inputs: tuple[Tensor, ...] = tuple(one[:1] for one in examples(size, 1))
    model = converted(network, inputs, ["face", "landmarks"], ["cartoon"], batch=False)
    del model.graph.value_info[:]
    bare, _ = live.without_weights(pack)
    stored = halved(model.SerializeToString(), 256, exact=True)
    graph, _ = live.without_weights(stored)
    file = live.FOLDER / f"{live.digest(bare)}-{size}.onnx"
    file.write_bytes(graph)
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--small", type=Path)
    options = parser.parse_args()
    live.FOLDER.mkdir(exist_ok=True)
    for old in live.FOLDER.glob("*.onnx"):
        if options.small or not old.name.startswith(live.SMALL):
            old.unlink()
    if options.small:
        _, metadata = pack_networks(options.small)
        _, weights = live.without_weights(options.small.read_bytes())
        _, own = live.without_weights(options.packs[0].read_bytes())
        name = f"{live.SMALL}-{live.weights_digest(own)}-{metadata.size}.onnx"
        (live.FOLDER / name).write_bytes(live.only_weights(weights))
    for path in options.packs:
        pack = path.read_bytes()
        _, weights = live.without_weights(pack)
        small = live.small_weights(weights)
        for size in (None,) if small is None else (None, live.size_of(small)):
            network, edge = quick_network(path, size)
            file = written(pack, network, edge)
            print(f"{path.stem}: {file.name}, {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
