"""A server in the process, and photos to send to it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="toonmark[web] is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")
pytest.importorskip("skimage.data", reason="scikit-image is not installed")

from fastapi.testclient import TestClient
from tests.using.conftest import _write_pack

from toonmark.web.app import create_app
from toonmark.web.settings import Settings

JSON = {"accept": "application/json"}
TOKEN = "a-secret-of-the-tests"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a browser is slow, whatever its file says."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_pack(tmp_path_factory.mktemp("style") / "negative.onnx")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """Eileen Collins, 512 × 512, one face of about 110 pixels (NASA, public domain)."""
    import skimage.data

    return skimage.data.astronaut()


def encoded(pixels: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def photo(astronaut: np.ndarray) -> bytes:
    """Of one face, as a PNG."""
    return encoded(astronaut, compress_level=1)


@pytest.fixture(scope="session")
def two_faces(astronaut: np.ndarray) -> bytes:
    """A small face on the left, a large one on the right, as a PNG: 812 × 512."""
    import cv2

    picture = np.zeros((512, 812, 3), np.uint8)
    picture[:300, :300] = cv2.resize(astronaut, (300, 300), interpolation=cv2.INTER_AREA)
    picture[:, 300:] = astronaut
    return encoded(picture, compress_level=1)


@pytest.fixture(scope="session")
def serve(pack: Path) -> Callable[..., Any]:
    """Starts a server with settings of one's own; a context manager."""

    def start(**settings: Any) -> Any:
        app = create_app(Settings(**{"styles": (pack,), **settings}))
        return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)

    return start


@pytest.fixture(scope="module")
def client(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium for all tests that need no flags of their own."""
    from tests.web import browser

    with browser.chromium() as found:
        yield found
