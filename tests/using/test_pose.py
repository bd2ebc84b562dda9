import numpy as np
import pytest

from toonmark.faces import pose
from toonmark.landmarks import FACE_TEMPLATE, mirror

#: A head in space: x right, y down, z towards the camera; distances between the eyes are 1.
HEAD = np.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0, 0.1, 0.58], [-0.42, 0.5, 0], [0.42, 0.5, 0]])


def seen(yaw=0.0, roll=0.0):
    a, b = np.radians([yaw, roll])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    lean = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return (HEAD @ (lean @ turn).T)[:, :2] * 80 + 200


@pytest.mark.parametrize("angle", [-60, -30, 0, 15, 50])
def test_yaw(angle):
    assert pose.yaw(seen(yaw=angle)) == pytest.approx(angle, abs=1)
    assert pose.yaw(seen(yaw=angle, roll=25)) == pytest.approx(angle, abs=4)
    assert pose.yaw(mirror(seen(yaw=angle), 400)) == pytest.approx(-angle, abs=1)


@pytest.mark.parametrize("angle", [-170, -90, -20, 0, 45, 90])
def test_roll(angle):
    assert pose.roll(seen(roll=angle)) == pytest.approx(angle, abs=1e-6)


def test_turned():
    assert not pose.is_turned(FACE_TEMPLATE)
    assert not pose.is_turned(seen(yaw=25))
    assert pose.is_turned(seen(yaw=50))
    assert pose.is_turned(seen(yaw=-50))
