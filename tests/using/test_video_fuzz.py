"""Mutated clips: no crash, no hang, no growth. ``make fuzz`` draws a thousand; here are forty."""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from tests.using.clips import read_clip

pytest.importorskip("av")
pytest.importorskip("resource")  # there is none on Windows
from tests.using.mutants import mutated, outcomes, seeds

COUNT = int(os.environ.get("TOONMARK_FUZZ", "40"))
SEED = int(os.environ.get("TOONMARK_FUZZ_SEED", "0"))


@pytest.mark.slow
def test_mutated_clips_end_in_a_picture_or_a_sentence(astronaut, tmp_path):
    sound = seeds(tmp_path, astronaut)
    assert len(sound) >= 6
    clips = [tmp_path / f"sound{suffix}" for suffix in sound]
    for number in range(COUNT):
        random = np.random.default_rng([SEED, number])
        suffix = sorted(sound)[number % len(sound)]
        path = tmp_path / f"{number:05d}{suffix}"
        path.write_bytes(mutated(sound[suffix], random))
        clips.append(path)
    found = {}
    for path, one in zip(clips, outcomes(clips), strict=True):
        found[path] = one
        if one.fault:
            print(path, one, flush=True)
    counted = Counter(one.what for one in found.values())
    print(*counted.most_common(), sep="\n")
    slowest = max(found.values(), key=lambda one: one.seconds)
    largest = max(found.values(), key=lambda one: one.resident)
    print(f"slowest {slowest.seconds:.1f} s, largest {largest.resident >> 20} MiB")
    faults = {path.name: one for path, one in found.items() if one.fault}
    assert not faults, f"in {tmp_path}: {faults}"
    for suffix in sound:
        assert found[tmp_path / f"sound{suffix}"].what == "drawn"
    assert counted["drawn"] > len(sound), "some faults do not matter"
    assert len(counted) > 1, "others do"
    assert len(read_clip(tmp_path / "sound.out.mp4")[0]) == 4
