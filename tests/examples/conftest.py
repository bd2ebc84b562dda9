"""The photo that the examples are shown."""

import pytest


@pytest.fixture
def astronaut():
    return pytest.importorskip("skimage.data").astronaut()
