"""Graphs for the camera: the shipped styles have one, with their own weights."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest

from toonmark.faces.align import crop, face_transform, transform_points
from toonmark.faces.detect import find_faces
from toonmark.styles import pack as packs
from toonmark.web.assets import Networks
from toonmark.web.live import (
    FOLDER,
    SMALL,
    WEIGHTS,
    digest,
    live_graph,
    size_of,
    small_weights,
    weights_digest,
    without_weights,
)
from toonmark.web.offered_styles import OfferedStyles

#: Correlation of a smaller drawing with the pack's: another person's has less than 0.6.
LEAST = 0.9
STYLES = [one.name for one in packs.list_styles()]


def seen(metadata, photo, size):
    """What a style's network sees of a photo: (1, 3, size, size) and (1, 5, 2)."""
    points = find_faces(photo)[0].points
    transform = face_transform(points, size, np.asarray(metadata.template))
    face = crop(photo, transform, size, metadata.fill).transpose(2, 0, 1)[None] / 127.5 - 1
    return face.astype(np.float32), transform_points(points, transform)[None].astype(np.float32)


@pytest.mark.parametrize("style", STYLES)
def test_it_draws_what_the_pack_draws(style, astronaut):
    """Smaller, where the pack draws at 512; alike but for lines' edges. After a change of a pack's
    structure the graphs are made anew: python tools/live.py src/toonmark/styles/*.onnx"""
    path = packs.find(style)
    found = live_graph(path.read_bytes())
    assert found is not None, "there is none for this structure"
    graph, size = found
    metadata = packs.StylePack.open(path).metadata
    assert size == {512: 256, 128: 128}[metadata.size]
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    face, landmarks = seen(metadata, astronaut, size)
    (drawn,) = session.run(["cartoon"], {"face": face, "landmarks": landmarks})
    assert drawn.shape == (1, 3, size, size)
    whole = packs.StylePack.open(path).draw(*seen(metadata, astronaut, metadata.size))
    edge = 128  # both at one size: means of blocks
    small, large = (
        one.reshape(3, edge, one.shape[-1] // edge, edge, one.shape[-1] // edge).mean((2, 4))
        for one in (drawn[0], whole[0])
    )
    if size == metadata.size:
        assert np.abs(small - large).mean() < 1e-3
    else:
        alike = np.corrcoef(small.ravel(), large.ravel())[0, 1]
        assert alike > LEAST


def test_other_weights_are_drawn_with_and_at_three_quarters():
    """Whoever trains a style on sees that one in the camera, and not the one that ships."""
    path = packs.find("comic")
    content = path.read_bytes()
    _, weights = without_weights(content)
    assert all(name.startswith(WEIGHTS) for name in weights)
    name = max(weights, key=lambda one: len(weights[one]))
    changed = content.replace(weights[name], bytes(len(weights[name])))
    bare, zeros = without_weights(changed)
    assert digest(bare) == digest(without_weights(content)[0])
    assert small_weights(zeros) is None
    graph, size = live_graph(changed)
    assert size == 384
    assert all(data in graph for data in zeros.values())
    assert weights[name] not in graph
    small = small_weights(weights)
    _, known = without_weights(small.read_bytes())
    graph, size = live_graph(content)
    assert size == size_of(small) == 256
    assert known.keys() == weights.keys()
    assert all(data in graph for data in known.values())


def test_another_structure_has_none():
    content = packs.find("comic").read_bytes()
    other = content.replace(b"InstanceNormalization", b"InstanceNormalizatiom", 1)
    assert live_graph(other) is None


def test_the_page_hears_of_it():
    networks = Networks(OfferedStyles([]), server=False)
    for style in json.loads(networks.manifest())["styles"]:
        assert style["live"]["size"] in (128, 256)
        assert style["live"]["file"].startswith(f"live-{style['name']}.")
        assert networks.file(style["live"]["file"])


def test_none_is_left_over():
    known = [without_weights(packs.find(one).read_bytes()) for one in STYLES]
    wanted = {digest(bare) for bare, _ in known} | {SMALL}
    assert {file.stem.split("-")[0] for file in FOLDER.glob("*.onnx")} == wanted
    assert {file for _, weights in known if (file := small_weights(weights))} == {
        *FOLDER.glob(f"{SMALL}-*.onnx")
    }
    assert len({weights_digest(weights) for _, weights in known}) == 2, "three looks of one network"
