"""Converts Illustration2Vec's published weights, to be loaded without reading Caffe's format again.

python tools/illustration2vec.py illust2vec_ver200.caffemodel illustration2vec.pth
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from toonmark.evaluation.extractors.illustration2vec import Illustration2VecNetwork, load


def main() -> None:
    """See the module's first lines."""
    source, target = (Path(one) for one in sys.argv[1:])
    with torch.device("meta"):
        network = Illustration2VecNetwork()
    network.to_empty(device="cpu")
    load(network, source)
    torch.save(network.state_dict(), target)


if __name__ == "__main__":
    main()
