"""Makes the graphs of src/toonmark/web/live_graphs, in which the camera draws a style sooner.

    python tools/live.py src/toonmark/styles/*.onnx

A style that draws in layers draws at three quarters of its size: below that, eyes and brows get
lost, as it has not learnt from so few pixels. Others keep theirs. Convolutions are Winograd's,
which the browser's own are not. Weights are left out: they come from the pack.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from toonmark.exporting import DrawingGenerator, converted, examples, plain_norms_
from toonmark.half import halved
from toonmark.models.layered import LayeredGenerator
from toonmark.models.winograd import use_winograd_
from toonmark.training.packs import pack_networks
from toonmark.web import live


def quick_network(path: Path) -> tuple[nn.Module, int]:
    """What a pack draws with, sooner: (1, 3, S, S) and (1, 5, 2) to a drawing; and S."""
    drawing, metadata = pack_networks(path)
    size, network = metadata.size, drawing
    if isinstance(drawing, LayeredGenerator):
        size = 3 * size // 4
        drawing.clean = True
    else:
        sigma = metadata.sigma_at_128 * size / 128
        network = DrawingGenerator(drawing, size, sigma, clean=True).eval()
    plain_norms_(network)
    use_winograd_(network)
    return network, size


def main() -> None:
    for old in live.FOLDER.glob("*.onnx"):
        old.unlink()
    live.FOLDER.mkdir(exist_ok=True)
    for path in map(Path, sys.argv[1:]):
        network, size = quick_network(path)
        inputs: tuple[Tensor, ...] = tuple(one[:1] for one in examples(size, 1))
        model = converted(network, inputs, ["face", "landmarks"], ["cartoon"], batch=False)
        for node in model.graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
        for value in (*model.graph.initializer, *model.graph.value_info):
            del value.metadata_props[:]
        del model.graph.value_info[:]
        bare, _ = live.without_weights(path.read_bytes())
        stored = halved(model.SerializeToString(), 256, exact=True)
        graph, _ = live.without_weights(stored)
        file = live.FOLDER / f"{live.digest(bare)}-{size}.onnx"
        file.write_bytes(graph)
        print(f"{path.stem}: {file.name}, {len(graph) / 1000:.0f} kB")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
