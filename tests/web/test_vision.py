"""The page's pure functions give what Python's give."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from toonmark import Cartoon, blend, cutout, tuning
from toonmark.faces import align, pose
from toonmark.landmarks import template_points

NODE = shutil.which("node")
SCRIPT = Path(__file__).with_name("vision.mjs")

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js is installed (apt: nodejs)")


def _pack(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        kind = "u8" if value.dtype == np.uint8 else "f4"
        data = value if kind == "u8" else value.astype("<f4")
        return {"$": kind, "data": base64.b64encode(data.tobytes()).decode()}
    raise TypeError(type(value))


def _revive(value: dict[str, Any]) -> Any:
    if "$" not in value:
        return value
    kind = np.uint8 if value["$"] == "u8" else np.dtype("<f4")
    return np.frombuffer(base64.b64decode(value["data"]), kind)


def call(module: str, name: str, *args: Any, method: str = "", many: bool = False) -> Any:
    """What a function gives, or an object's method; with ``many``, for each of the arguments."""
    request = {"module": module, "name": name, "args": args, "method": method, "many": many}
    text = json.dumps(request, default=_pack)
    done = subprocess.run([NODE, SCRIPT], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=_revive)


def picture(pixels: np.ndarray) -> dict[str, Any]:
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    return {"data": pixels, "width": pixels.shape[1], "height": pixels.shape[0]}


def rgba(result: dict[str, Any]) -> np.ndarray:
    return result["data"].reshape(result["height"], result["width"], 4)


@pytest.fixture(scope="module")
def face(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[20:220, 120:320])


@pytest.fixture(scope="module")
def drawing() -> np.ndarray:
    """A head with an outline, an eye and a mouth on white, at 128 pixels."""
    image = np.full((128, 128, 3), 255, np.uint8)
    cv2.ellipse(image, (64, 70), (40, 50), 8, 0, 360, (224, 172, 140), -1, cv2.LINE_AA)
    cv2.ellipse(image, (64, 70), (40, 50), 8, 0, 360, (10, 8, 6), 2, cv2.LINE_AA)
    cv2.circle(image, (48, 61), 6, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(image, (48, 61), 3, (0, 0, 0), -1, cv2.LINE_AA)
    cv2.line(image, (52, 95), (78, 93), (120, 30, 30), 2, cv2.LINE_AA)
    return image


def points(seed: int, scale: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (template_points(128) + random.normal(0, 2, (5, 2))) * scale + random.uniform(0, 60, 2)


@pytest.mark.parametrize("seed", range(3))
def test_similarity_and_pose(seed):
    source = points(seed)
    found = call("geometry.js", "similarity", source.tolist(), template_points(128).tolist())
    np.testing.assert_allclose(found, align.similarity(source, template_points(128)), atol=1e-9)
    assert call("geometry.js", "yaw", source.tolist()) == pytest.approx(pose.yaw(source))
    assert call("geometry.js", "roll", source.tolist()) == pytest.approx(pose.roll(source))


@pytest.mark.parametrize("enlarged", [1, 4])
def test_cartoons_are_put_back_as_python_puts_them(astronaut, drawing, enlarged):
    """Turned ones, at the photo's scale and larger, and one that reaches beyond the photo."""
    photo = np.ascontiguousarray(astronaut[:300, 60:400])
    cartoons, told = [], []
    for seed, (scale, shift) in enumerate([(1.3, (60, 90)), (0.5, (190, 20)), (0.7, (-40, 200))]):
        size = 128 // enlarged
        image = cv2.resize(drawing, (size, size), interpolation=cv2.INTER_AREA)
        places = points(seed, scale) + shift
        transform = align.face_transform(places, size)
        low, high = places.min(0), places.max(0)
        box = (*low, *(high - low))
        how = {"points": places, "score": 1.0, "transform": transform}
        turn = {"yaw": 0.0, "roll": 0.0, "turned": False}
        cartoons.append(Cartoon(image=image, crop=image, number=None, box=box, **how, **turn))
        shown = picture(image)
        told.append({"shown": shown, "outline": shown, "transform": transform.tolist()})
    found = rgba(call("blend.js", "inPhoto", picture(photo), told))[..., :3].astype(int)
    expected = blend.in_photo(photo, cartoons)
    assert np.abs(expected.astype(int) - photo).mean() > 3
    apart = np.abs(found - expected)
    assert apart.mean() < 0.15
    assert np.percentile(apart, 99.5) <= 4
    np.testing.assert_array_equal(found[-40:, -40:], photo[-40:, -40:])


def test_invert():
    transform = align.face_transform(points(1), 128)
    found = call("geometry.js", "invert", transform.tolist())
    np.testing.assert_allclose(found, align.invert(transform), atol=1e-9)


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.3, 3.4])
def test_crop(astronaut, scale):
    """Enlarged, as it is, and shrunk by blocks; half outside of the picture too."""
    for shift in (0, -90, 260):
        transform = align.face_transform(points(2, scale) + shift, 128)
        found = call("crop.js", "crop", picture(astronaut), transform.tolist(), 128)
        expected = align.crop(astronaut, transform, 128)
        assert np.abs(found.reshape(128, 128, 3) - expected).max() < 0.01
        found = call("crop.js", "crop", picture(astronaut), transform.tolist(), 128, 255)
        expected = align.crop(astronaut, transform, 128, 255)
        assert np.abs(found.reshape(128, 128, 3) - expected).max() < 0.01


@pytest.mark.parametrize("size", [(640, 427), (256, 256), (333, 100)])
def test_shrink_as_opencv(size):
    noise = np.random.default_rng(0).integers(0, 256, (700, 1050, 3), np.uint8)
    found = rgba(call("shrink.js", "shrink", picture(noise), *size))[..., :3]
    expected = cv2.resize(noise, size, interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("shape", "size"), [((1200, 41), (20, 3)), ((30, 2000), (7, 30))])
def test_shrink_by_hundreds(shape, size):
    """So many rows, or columns, in one pixel that their sums are more than 16 bits hold."""
    bright = np.random.default_rng(0).integers(240, 256, (*shape, 3), np.uint8)
    found = rgba(call("shrink.js", "shrink", picture(bright), *size))[..., :3]
    expected = cv2.resize(bright, size, interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_shrink_loses_no_row_where_lines_end_at_whole_rows():
    """But for a rounding error: 3000 rows to 1440, where a line ends after 25 of them."""
    plain = np.full((3000, 40, 3), 200, np.uint8)
    found = rgba(call("shrink.js", "shrink", picture(plain), 26, 1440))[..., :3]
    assert (found == 200).all()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turn(face, quarters):
    found = rgba(call("shrink.js", "turn", picture(face[:90, :60]), quarters))[..., :3]
    np.testing.assert_array_equal(found, np.rot90(face[:90, :60], quarters))


@pytest.mark.parametrize(("seed", "size"), [(0, 512), (1, 100), (2, 128)])
def test_lanczos_as_pillow(face, seed, size):
    image = cv2.resize(face, (128, 128), interpolation=cv2.INTER_AREA)
    if seed:
        alpha = np.random.default_rng(seed).integers(0, 256, (128, 128, 1), np.uint8)
        image = np.dstack([image, cv2.blur(alpha, (9, 9))])
    found = rgba(call("lanczos.js", "resize", picture(image), size))
    resized = Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS)
    expected = np.asarray(resized)
    assert np.abs(found[..., : expected.shape[2]].astype(int) - expected).max() <= 1
    if not seed:
        np.testing.assert_array_equal(found[..., :3], expected)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_cut_out(size):
    image = np.full((size, size, 3), 255, np.uint8)
    middle = (size // 2, size // 2)
    cv2.circle(image, middle, size // 3, (230, 180, 150), -1, cv2.LINE_AA)
    cv2.circle(image, middle, size // 3, (20, 10, 30), max(1, size // 50), cv2.LINE_AA)
    cv2.circle(image, middle, size // 10, (255, 255, 255), -1, cv2.LINE_AA)
    found = rgba(call("cutout.js", "cutOut", picture(image)))
    expected = cutout.cut_out(image)
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found != expected).mean() < 0.001


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("size", [100, 300, 512])
def test_resized(drawing, size, transparent):
    """Smaller by Lanczos, larger with sharp lines; cut out before or after, as Python does it."""
    found = rgba(call("resize.js", "resized", picture(drawing), size, transparent))
    expected = (cutout.figure if transparent else cutout.resized)(drawing, size)
    difference = np.abs(found[..., : expected.shape[2]].astype(int) - expected)
    if transparent:  # what cannot be seen has no colour
        difference[..., :3][expected[..., 3] < 8] = 0
    assert difference.mean() < 0.1
    assert (difference > 8).mean() < 0.001


@pytest.mark.parametrize("size", [100, 128, 300])
def test_a_mixture_is_cut_out_along_its_drawing(drawing, size):
    mixed = drawing // 2 + 127  # which comes near to white
    found = rgba(call("resize.js", "resized", picture(mixed), size, True, picture(drawing)))
    expected = cutout.figure(mixed, size, drawing)
    assert (expected[..., 3] != cutout.figure(mixed, size)[..., 3]).any()
    difference = np.abs(found.astype(int) - expected)
    difference[..., :3][expected[..., 3] < 8] = 0
    assert difference.mean() < 0.1
    assert (difference > 8).mean() < 0.001


def test_yunet_finds_what_opencv_finds(astronaut):
    """Decoding and suppression, on the network's own outputs; with a frame, as for tight crops."""
    from toonmark.faces import detect, yunet
    from toonmark.inference import open_session

    image = cv2.resize(astronaut, (320, 300), interpolation=cv2.INTER_AREA)
    view = call("yunet.js", "input", picture(image), 0)
    width, height = view["width"], view["height"]
    assert (width, height) == (320, 320)
    tensor = view["values"].reshape(1, 3, height, width)
    np.testing.assert_array_equal(tensor[0, :, :300], image[..., ::-1].transpose(2, 0, 1))
    assert not tensor[0, :, 300:].any()

    session = open_session(yunet.WEIGHTS.read_bytes(), 1)
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(names, {"input": tensor}), strict=True))
    found = call("yunet.js", "decode", outputs, width, height, 0.6)
    (expected,) = detect.detect_once(image, 640)
    assert len(found) == 1
    np.testing.assert_allclose(found[0]["box"], expected.box, atol=0.05)
    np.testing.assert_allclose(found[0]["points"], expected.points, atol=0.05)
    assert found[0]["score"] == pytest.approx(expected.score, abs=1e-3)


def test_numbers_that_are_none_are_no_face():
    """Of some pictures that hold nothing, the network makes infinities and NaN."""
    outputs = {}
    for stride in (8, 16, 32):
        cells = (64 // stride) ** 2
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{name}_{stride}"] = np.zeros(cells * channels, np.float32)
    for place in range(5):
        outputs["cls_8"][place] = outputs["obj_8"][place] = 1.0
        # Far from each other, so that none hides another.
        outputs["bbox_8"][4 * place : 4 * place + 2] = 2 * place
    outputs["cls_8"][0] = np.nan
    outputs["bbox_8"][4 * 1 + 2] = 1000.0
    outputs["kps_8"][10 * 2 + 3] = np.nan
    outputs["kps_8"][10 * 3] = 1e6
    found = call("yunet.js", "decode", outputs, 64, 64, 0.6)
    assert len(found) == 1
    assert found[0]["points"][0][0] == 4 * 8, "the sound one, in the fifth cell"


def test_no_find_is_trusted():
    """The same finds pass as in Python: of pictures of many shapes, sound ones and garbage."""
    from toonmark.faces import yunet

    random = np.random.default_rng(0)
    calls, expected = [], []
    for _ in range(400):
        width, height = random.integers(128, 700, 2)
        middle = random.uniform(-0.2, 1.2, 2) * [width, height]
        size = np.exp(random.uniform(0, 8, 2))
        points = middle + random.normal(0, random.choice([0.001, 0.3, 2]), (5, 2)) * size
        row = np.concatenate([middle - size / 2, size, points.ravel(), [random.uniform(-0.1, 1)]])
        if random.random() < 0.1:
            row[random.integers(15)] = random.choice([1e30, -1e30])
        expected.append(bool(yunet._plausible(row[None].astype(np.float32), (height, width))[0]))
        row = row.astype(np.float32).astype(float)
        face = {"box": row[:4].tolist(), "points": row[4:14].reshape(5, 2).tolist()}
        calls.append(({**face, "score": row[14]}, int(width), int(height)))
    found = call("yunet.js", "plausible", *calls, many=True)
    assert found == expected
    assert 20 < sum(expected) < 380


@pytest.mark.parametrize("shape", [(20, 640), (31, 640), (300, 40), (150, 200)])
@pytest.mark.parametrize("border", [0, 24])
def test_thin_pictures_are_filled_up_as_in_python(shape, border):
    from toonmark.faces import yunet

    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    around = [border] * 4
    framed = cv2.copyMakeBorder(noise, *around, cv2.BORDER_CONSTANT, value=(127, 127, 127))
    expected = yunet._filled_up(framed)
    view = call("yunet.js", "input", picture(noise), border)
    found = view["values"].reshape(3, view["height"], view["width"])[::-1].transpose(1, 2, 0)
    high, wide = expected.shape[:2]
    np.testing.assert_array_equal(found[:high, :wide], expected)
    assert not found[high:].any()
    assert not found[:, wide:].any()


def test_suppression_keeps_the_best():
    boxes = [[0, 0, 10, 10], [1, 1, 10, 10], [30, 0, 10, 10], [0, 0, 11, 9]]
    scores = [0.7, 0.9, 0.8, 0.95]
    faces = [{"box": b, "points": [], "score": s} for b, s in zip(boxes, scores, strict=True)]
    kept = call("yunet.js", "suppress", faces, 0.3)
    assert [face["score"] for face in kept] == [0.95, 0.8]


def test_smoothing_over_time():
    """Jitter of a still face is cut to less than half; a moving one is followed closely."""
    random = np.random.default_rng(0)
    still = template_points(128)
    steps = [still + random.normal(0, 0.6, (5, 2)) for _ in range(120)]
    args = [(step.tolist(), 32.0, i / 15) for i, step in enumerate(steps)]
    smooth = np.array(call("euro.js", "PointFilter", *args, method="next"))[30:]
    raw = np.array(steps)[30:]
    assert np.diff(smooth, axis=0).std() < 0.5 * np.diff(raw, axis=0).std()

    moving = [still + [4.0 * i, 0] for i in range(60)]
    args = [(step.tolist(), 32.0, i / 15) for i, step in enumerate(moving)]
    followed = np.array(call("euro.js", "PointFilter", *args, method="next"))
    assert np.abs(followed - np.array(moving)).max() < 0.35 * 32

    jump = [(still.tolist(), 32.0, 0.0), ((still + 90).tolist(), 32.0, 0.07)]
    np.testing.assert_allclose(
        call("euro.js", "PointFilter", *jump, method="next")[1], still + 90
    )  # another face: no gliding across the picture


@pytest.mark.parametrize(
    "changes",
    [
        *({"lines": lines} for lines in (0.5, 0.8, 1, 1.3, 2)),
        {"skin": 0.6},
        {"hair": -1},
        {"strength": 0},
        {"lines": 1.4, "skin": -0.3, "hair": 0.8, "strength": 0.6},
    ],
)
@pytest.mark.parametrize("size", [128, 301])
def test_a_drawing_is_tuned_as_python_tunes_it(drawing, astronaut, size, changes):
    image = cv2.resize(drawing, (size, size))
    photo = cv2.resize(astronaut, (size, size), interpolation=cv2.INTER_AREA)
    parts = np.random.default_rng(0).integers(0, 256, (2, 20, 20), np.uint8)
    parts = np.stack([cv2.resize(part, (size // 2, size // 2)) for part in parts])
    wanted = tuning.Tuning(**changes)
    shares = (parts / 255).astype(np.float32).ravel()
    found = rgba(call("tuning.js", "tuned", picture(image), asdict(wanted), picture(photo), shares))
    expected = tuning.tuned(image, wanted, photo, parts).astype(int)
    assert abs(found[..., :3] - expected).max() <= 1
    assert (found[..., 3] == 255).all()


def test_where_skin_and_hair_are_is_not_known(drawing):
    wanted = asdict(tuning.Tuning(skin=1, hair=1))
    found = rgba(call("tuning.js", "tuned", picture(drawing), wanted, picture(drawing), None))
    np.testing.assert_array_equal(found[..., :3], drawing)
