"""Networks stored in half precision."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from toonmark.faces.refine import WEIGHTS
from toonmark.half_precision import halved
from toonmark.inference import open_session


def test_what_is_no_network_is_refused(pack):
    data = pack.read_bytes()
    assert open_session(halved(data), 1)
    for broken in (data[:-3], b"\xff" * 12, b"\x0f"):
        with pytest.raises(ValueError, match="no ONNX model"):
            halved(broken)


def test_halved_regressor_says_the_same(astronaut):
    whole = WEIGHTS.read_bytes()
    half = halved(whole)
    assert len(half) < 0.55 * len(whole)
    face = cv2.resize(astronaut[30:230, 120:320], (128, 128)).transpose(2, 0, 1)[None]
    feed = {"face": np.float32(face) / 127.5 - 1}
    expected, found = (open_session(one, 1).run(["landmarks"], feed)[0] for one in (whole, half))
    assert np.abs(expected - found).max() < 0.05  # pixels of 128


def test_what_is_not_exact_in_16_bits_can_be_left_alone():
    whole = WEIGHTS.read_bytes()
    left = halved(whole, exact=True)
    assert len(left) > 0.99 * len(whole)
    assert halved(halved(whole), exact=True) == halved(whole), "done once, nothing is left to do"
