"""High dynamic range and wide gamut: drawn and written as an ordinary film of the same scene."""

from __future__ import annotations

import numpy as np
import pytest
from tests.using.clips import read_clip, swaying
from tests.using.curves import KINDS, hlg, pq, special

from toonmark import Cartoonizer
from toonmark.hdr import HLG, PQ, ordinary
from toonmark.video.clip import cartoonize_clip
from toonmark.video.colour_spaces import Colours

av = pytest.importorskip("av")


def write_special(path, frames, kind):
    tags = Colours(*KINDS[kind][2])
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p10le"
        tags.tag(stream.codec_context)
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(special(picture, kind), "rgb48le")
            matrix = 9 if tags.matrix == 2 else tags.matrix
            file.mux(stream.encode(frame.reformat(
                format="yuv420p10le", dst_colorspace=matrix, dst_color_range="MPEG")))  # fmt: skip
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_is_written_as_an_ordinary_one(pack, astronaut, tmp_path, kind):
    picture = swaying(astronaut, 0)
    source = write_special(tmp_path / "a.mov", [picture] * 2, kind)
    report = cartoonize_clip(Cartoonizer(pack, threads=1), source, tmp_path / "b.mp4")
    assert report.drawn == 2
    for frame in read_clip(tmp_path / "b.mp4")[0]:
        around = np.abs(frame.astype(int) - picture).mean(axis=2)
        around = np.hstack([around[:, :90], around[:, 430:]])  # beside the drawn face
        assert around.mean() < 6
        assert np.percentile(around, 98) < 24
    with av.open(str(tmp_path / "b.mp4")) as file:
        for frame in file.decode(video=0):
            tags = frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range
            assert tags == (1, 1, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_colours_are_those_of_the_scene(kind):
    """Skin, cloth and grey, to 2 of 255; white stays nearly white."""
    scene = np.array([[[205, 150, 125], [60, 90, 160], [118, 118, 118], [0, 0, 0]]], np.uint8)
    _, _, (_, primaries, transfer) = KINDS[kind]
    np.testing.assert_allclose(
        ordinary(special(scene, kind), primaries, transfer), scene.astype(int), atol=2
    )
    white = ordinary(special(np.full((1, 1, 3), 255, np.uint8), kind), primaries, transfer)
    assert white.min() >= 235


@pytest.mark.parametrize(("curve", "transfer"), [(hlg, HLG), (pq, PQ)])
def test_what_is_brighter_than_white_is_compressed_not_cut(curve, transfer):
    light = np.linspace(0, 1000, 200)[None, :, None].repeat(3, axis=2)
    signal = np.rint(np.clip(curve(light), 0, 1) * 65535).astype(np.uint16)
    shown = ordinary(signal, 9, transfer).astype(int)
    assert np.ptp(shown, axis=2).max() <= 1, "grey stays grey"
    rise = np.diff(shown[0, :, 0])
    assert rise.min() >= 0
    assert shown[0, 80, 0] < 252, "twice white can be told from what is brightest"
    assert shown[0, -1, 0] >= 254
    (brighter,) = ordinary(np.full((1, 1, 3), 65535, np.uint16), 9, transfer)[0]
    assert brighter.min() >= 254
