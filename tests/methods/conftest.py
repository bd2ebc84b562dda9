"""VGG without learnt weights: enough to follow features and gradients."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="session")
def vgg():
    from toonmark.methods.vgg import Vgg

    torch.manual_seed(0)
    network = Vgg(16, "average").requires_grad_(False).eval()
    for convolution in network.convolutions.values():
        torch.nn.init.kaiming_normal_(convolution.weight)
    return network


@pytest.fixture
def toy(tmp_path):
    """Red faces and blue cartoons: discs on white, anywhere. Gives their folders."""
    import cv2
    import numpy as np

    from toonmark.data.dataset import write_landmarks
    from toonmark.landmarks import template_points

    folders = []
    for domain, colour in (("faces", (220, 40, 40)), ("cartoons", (40, 40, 220))):
        random = np.random.default_rng(len(folders))
        folder = tmp_path / domain
        (folder / "images").mkdir(parents=True)
        rows = []
        for i in range(12):
            picture = np.full((32, 32, 3), 255, np.uint8)
            x, y = (int(v) for v in random.integers(12, 21, 2))
            cv2.circle(picture, (x, y), 9, colour, -1)
            cv2.imwrite(str(folder / "images" / f"{i:02d}.png"), picture[..., ::-1])
            rows.append((f"{i:02d}.png", template_points(32).astype(np.float32)))
        write_landmarks(folder / "landmarks.csv", rows)
        folders.append(str(folder))
    return {"faces": [folders[0]], "cartoons": [folders[1]]}


@pytest.fixture
def discs():
    """Red discs that no set has, and where they are: (4, 3, 32, 32) in [-1, 1] and (4, 32, 32)."""
    places = torch.stack(torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij"), -1)
    middles = torch.tensor([[13.0, 14.0], [14.0, 19.0], [18.0, 13.0], [18.0, 18.0]])
    inside = ((places[None] - middles[:, None, None]) ** 2).sum(-1) < 81
    red = torch.tensor([220, 40, 40]) / 127.5 - 1
    pictures = torch.where(inside[:, None], red.view(1, 3, 1, 1), torch.ones(1))
    return pictures, inside
