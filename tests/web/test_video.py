"""A video dropped on the page: drawn in the browser, with progress and a stop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.web import browser
from tests.web.test_vision import NODE, call

av = pytest.importorskip("av", reason="toonmark[video] is not installed")
needs_node = pytest.mark.skipif(NODE is None, reason="no Node.js is installed (apt: nodejs)")
needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")


def frames_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            (float(frame.pts * stream.time_base), frame.to_ndarray(format="rgb24"))
            for frame in container.decode(stream)
        ]


def write_video(path, pictures, rate):
    """As VP8 in WebM."""
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        stream.gop_size = 12
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@needs_node
def test_webm_is_what_others_read(tmp_path):
    """Packets that the page has put together are decoded at their times; one can jump to them."""
    shades = [np.full((48, 64, 3), 8 * i, np.uint8) for i in range(30)]
    write_video(tmp_path / "in.webm", shades, 12)
    chunks = []
    with av.open(str(tmp_path / "in.webm")) as container:
        for packet in container.demux(video=0):
            if packet.size:
                time = round(1000 * float(packet.pts * packet.time_base))
                data = np.frombuffer(bytes(packet), np.uint8)
                chunks.append({"data": data, "time": time, "key": packet.is_keyframe})
    about = {"codec": "V_VP8", "width": 64, "height": 48, "duration": 2500}
    found = np.asarray(call("webm.js", "webm", about, chunks), np.uint8)
    (tmp_path / "out.webm").write_bytes(found.tobytes())
    expected, read = frames_of(tmp_path / "in.webm"), frames_of(tmp_path / "out.webm")
    assert len(read) == 30
    for (time, picture), (other, other_picture) in zip(expected, read, strict=True):
        assert time == pytest.approx(other, abs=0.001)
        np.testing.assert_array_equal(picture, other_picture)
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.duration == 2_500_000
        container.seek(2_200_000)
        first = next(container.decode(video=0))
        keys = [chunk["time"] / 1000 for chunk in chunks if chunk["key"]]
        before = max(key for key in keys if key <= 2.2)
        assert float(first.pts * first.time_base) == pytest.approx(before, abs=0.01)
        assert before > 0


@pytest.fixture(scope="module")
def address(pack):
    with browser.server("--style", str(pack)) as found:
        yield found


def film(path, picture, seconds, rate=6):
    """A face that sways."""
    pictures = []
    for i in range(int(seconds * rate)):
        turn = cv2.getRotationMatrix2D((222, 120), 8 * np.sin(i / 3), 1.0)
        pictures.append(cv2.warpAffine(picture, turn, (512, 384), borderMode=cv2.BORDER_REPLICATE))
    return write_video(path, pictures, rate)


VIDEO = ".video[data-state=drawn] video"


@needs_browser
def test_video_is_drawn_here(chromium, address, astronaut, tmp_path):
    file = film(tmp_path / "me.webm", astronaut, 1)
    page = browser.open_page(chromium, address)
    page.set_input_files("#pick", file)
    page.wait_for_selector(VIDEO)
    with page.expect_download() as download:
        page.click(".video button:text('Save')")
    assert download.value.suggested_filename == "me-toon.webm"
    drawn = frames_of(download.value.path())
    assert len(drawn) == 12
    assert [time for time, _ in drawn] == pytest.approx(np.arange(12) / 12, abs=0.002)
    pictures = np.stack([picture for _, picture in drawn]).astype(float)
    assert pictures.shape == (12, 512, 512, 3)
    # The style draws the negative: her light face is dark.
    assert pictures[:, 200:300, 200:300].mean() < 120
    assert not [one for one in page.requests if one.method != "GET"]
    for _ in range(50):
        if sum(one.url.startswith("blob:") for one in page.workers) == 1:
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail("its worker has not ended")
    assert not page.problems
    page.context.close()


@needs_browser
def test_video_can_be_stopped_and_long_ones_are_refused(chromium, address, astronaut, tmp_path):
    page = browser.open_page(chromium, address)
    page.set_input_files("#pick", film(tmp_path / "me.webm", astronaut, 15))
    page.wait_for_function("() => document.querySelector('.video progress')?.value >= 1")
    page.click(".video button:text('Stop here')")
    page.wait_for_selector(VIDEO)
    with page.expect_download() as download:
        page.click(".video button:text('Save')")
    assert 1 <= len(frames_of(download.value.path())) < 170
    page.click(".video header button")
    long = [np.zeros((48, 64, 3), np.uint8)] * 22
    page.set_input_files("#pick", write_video(tmp_path / "long.webm", long, 1))
    page.wait_for_selector(".video[data-state=failed]")
    assert "20 is the limit" in page.inner_text(".video")
    assert not page.problems
    page.context.close()
