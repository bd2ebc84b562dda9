"""Work can be ended between its steps, and takes its faces in groups."""

from __future__ import annotations

import numpy as np
import pytest

from toonmark import Cartoonizer, blend
from toonmark.cancellation import checkpoint, watched
from toonmark.faces import refine


class EnoughError(Exception):
    """What a watch raises here."""


def after(steps: int):
    """A watch that lets so many steps pass; and how many it has seen."""
    seen = [0]

    def watch():
        seen[0] += 1
        if seen[0] > steps:
            raise EnoughError

    return watch, seen


def test_without_a_watch_nothing_happens():
    checkpoint()
    watch, seen = after(0)
    with pytest.raises(EnoughError), watched(watch):
        checkpoint()
    checkpoint()
    assert seen == [1]


def test_every_step_of_a_photo_can_be_the_last(pack, two_faces):
    cartoonizer = Cartoonizer(pack, threads=1)

    def work():
        cartoons = cartoonizer(two_faces, "all")
        blend.in_photo(two_faces, cartoons)
        return [one.resized(256, transparent=True) for one in cartoons]

    watch, seen = after(1000)
    with watched(watch):
        work()
    assert seen[0] > 10
    for steps in range(0, seen[0], 3):
        watch, _ = after(steps)
        with pytest.raises(EnoughError), watched(watch):
            work()


def test_points_of_many_faces_are_refined_in_groups(pack, astronaut, monkeypatch):
    refiner = Cartoonizer(pack, threads=1).refine
    points = Cartoonizer(pack, threads=1)(astronaut)[0].points
    many = points + np.random.default_rng(0).normal(0, 1, (40, 1, 2))
    sizes = []
    session = refiner._session

    class Watched:
        def run(self, names, feed):
            sizes.append(len(feed["face"]))
            return session.run(names, feed)

    grouped = refiner.locate(astronaut, many)
    monkeypatch.setattr(refiner, "_session", Watched())
    np.testing.assert_array_equal(refiner.locate(astronaut, many), grouped)
    assert sizes == [16, 16, 8]
    monkeypatch.setattr(refine, "BATCH", 1)
    np.testing.assert_allclose(refiner.locate(astronaut, many), grouped, atol=1e-3)
