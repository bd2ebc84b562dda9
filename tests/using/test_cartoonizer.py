import threading
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image

from toonmark import Cartoonizer, StylePack
from toonmark.errors import (
    FaceTooSmallError,
    LandmarksError,
    NoFaceError,
    NotAnImageError,
    OutputError,
    SmallFaceWarning,
    TurnedFaceWarning,
)
from toonmark.faces import align
from toonmark.faces.choose import choose
from toonmark.faces.detect import Face
from toonmark.landmarks import template_points

POINTS = np.array([[201, 102], [247, 102], [222, 127], [203, 146], [240, 146]], float)


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


def test_a_photo_gives_a_cartoon(cartoonizer, photo, astronaut):
    (cartoon,) = cartoonizer(photo)
    assert cartoon.image.shape == cartoon.crop.shape == (128, 128, 3)
    assert cartoon.image.dtype == np.uint8
    # The crop is what the one crop function cuts by the transform that is told.
    cut = align.crop(astronaut, cartoon.transform, 128)
    np.testing.assert_allclose(cartoon.crop, cut, atol=0.51)
    # The style draws the negative, a little lighter by the nose's place in the crop.
    nose = align.transform_points(cartoon.points, cartoon.transform)[2].mean()
    expected = np.clip(255 - cut - 1e-4 * nose * 127.5, 0, 255)
    np.testing.assert_allclose(cartoon.image, expected, atol=0.6)
    placed = align.transform_points(cartoon.points, cartoon.transform)
    assert np.abs(placed - template_points(128)).max() < 8
    assert not cartoon.turned


def test_paths_arrays_and_pillow_pictures_give_the_same(cartoonizer, photo, astronaut):
    expected = cartoonizer(astronaut)[0].image
    for source in (photo, str(photo), photo.read_bytes(), Image.fromarray(astronaut)):
        np.testing.assert_array_equal(cartoonizer(source)[0].image, expected)


def test_an_open_style_can_be_shared(pack, astronaut, cartoonizer):
    shared = Cartoonizer(StylePack.open(pack))
    np.testing.assert_array_equal(shared(astronaut)[0].image, cartoonizer(astronaut)[0].image)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_an_exif_rotated_photo_gives_the_same_face(cartoonizer, astronaut, tmp_path, orientation):
    stored = {3: np.rot90(astronaut, 2), 6: np.rot90(astronaut, 1), 8: np.rot90(astronaut, 3)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.png"
    Image.fromarray(np.ascontiguousarray(stored[orientation])).save(path, exif=exif)
    cartoon, expected = cartoonizer(path)[0], cartoonizer(astronaut)[0]
    np.testing.assert_allclose(cartoon.points, expected.points)
    np.testing.assert_array_equal(cartoon.image, expected.image)


def test_which_faces(cartoonizer, two_faces):
    (largest,) = cartoonizer(two_faces)
    assert largest.number is None
    small, large = cartoonizer(two_faces, faces="all")
    assert (small.number, large.number) == (1, 2)
    assert small.box[0] < 300 < large.box[0]
    assert large.face_size > small.face_size
    np.testing.assert_array_equal(largest.image, large.image)
    np.testing.assert_array_equal(cartoonizer(two_faces, faces=1)[0].image, small.image)
    np.testing.assert_array_equal(cartoonizer(two_faces, faces=2)[0].image, large.image)
    with pytest.raises(NoFaceError, match="number 3"):
        cartoonizer(two_faces, faces=3)
    with pytest.raises(ValueError, match="faces"):
        cartoonizer(two_faces, faces="some")


def test_only_faces_that_are_drawn_are_refined(cartoonizer, two_faces, monkeypatch):
    refine, asked = cartoonizer.refine, []
    monkeypatch.setattr(
        cartoonizer,
        "refine",
        lambda pixels, points: asked.append(len(points)) or refine(pixels, points),
    )
    for faces in ("largest", "all", 1):
        cartoonizer(two_faces, faces=faces)
    assert asked == [1, 2, 1]


def test_many_photos_are_as_one_by_one(cartoonizer, astronaut, two_faces):
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    sources = [astronaut, two_faces, mirrored]
    together = cartoonizer(sources, faces="all")
    assert [len(found) for found in together] == [1, 2, 1]
    for source, found in zip(sources, together, strict=True):
        for one, other in zip(cartoonizer(source, faces="all"), found, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
            np.testing.assert_array_equal(one.points, other.points)
    assert cartoonizer([]) == []


def test_many_threads_are_as_one(cartoonizer, astronaut, two_faces):
    sources = [
        cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        for picture in (astronaut, two_faces)
        for factor in (1.0, 0.9, 0.8, 0.7)
    ]
    expected = [cartoonizer(source)[0] for source in sources]
    found = [None] * len(sources)

    def draw(i):
        found[i] = cartoonizer(sources[i])[0]

    for _ in range(3):
        threads = [threading.Thread(target=draw, args=(i,)) for i in range(len(sources))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
            np.testing.assert_array_equal(one.points, other.points)


def test_a_large_jpeg_is_read_reduced_and_told_in_its_own_pixels(
    cartoonizer, astronaut, tmp_path, monkeypatch
):
    from toonmark import pictures

    big = cv2.resize(astronaut, (3072, 3072), interpolation=cv2.INTER_CUBIC)
    path = tmp_path / "big.jpg"
    Image.fromarray(big).save(path, quality=92)
    assert pictures.read(path, reduced=True).reduction == 2
    monkeypatch.setattr(pictures.Photo, "full", None)  # there is no need for it
    (cartoon,) = cartoonizer(path)
    (expected,) = cartoonizer(big)
    np.testing.assert_allclose(cartoon.points, expected.points, atol=0.02 * 46 * 6)
    np.testing.assert_allclose(cartoon.box, expected.box, atol=30)
    cut = align.crop(pictures.read(path).pixels, cartoon.transform, 128)
    assert np.abs(cartoon.crop - cut).mean() < 1.5


def test_a_small_face_in_a_large_jpeg_is_cut_from_the_full_picture(
    cartoonizer, astronaut, tmp_path
):
    big = np.full((3072, 3072, 3), 128, np.uint8)
    big[1000:1512, 1000:1512] = astronaut
    path = tmp_path / "big.jpg"
    Image.fromarray(big).save(path, quality=95, subsampling=0)
    (cartoon,) = cartoonizer(path)
    assert np.abs(cartoon.points - (POINTS + 1000)).max() < 15
    cut = align.crop(np.asarray(Image.open(path)), cartoon.transform, 128)
    np.testing.assert_allclose(cartoon.crop, cut, atol=1)


def test_given_landmarks(cartoonizer, astronaut):
    blank = np.full((200, 200, 3), 90, np.uint8)
    points = template_points(128) + 30
    (cartoon,) = cartoonizer(blank, landmarks=points)
    np.testing.assert_allclose(cartoon.points, points, atol=1e-9)
    assert cartoon.score == 1
    two = cartoonizer(blank, faces="all", landmarks=np.stack([points, points + 20]))
    assert len(two) == 2
    found, given = cartoonizer([astronaut, blank], landmarks=[None, points])
    assert found[0].score < 1 == given[0].score


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (POINTS[:4], "five points"),
        (np.zeros((5, 3)), "five points"),
        (POINTS + np.array([300, 0]), "outside"),
        (POINTS - np.array([0, 110]), "outside"),
        (np.full((5, 2), np.nan), "outside"),
        (np.full((5, 2), 50.0), "no face"),
        (POINTS[[1, 0, 2, 4, 3]], "exchanged"),
        (POINTS[[0, 1, 2, 4, 3]], "exchanged"),
    ],
)
def test_landmarks_that_do_not_fit(cartoonizer, astronaut, points, words):
    with pytest.raises(LandmarksError, match=words):
        cartoonizer(astronaut, landmarks=points)


def test_landmarks_for_another_number_of_photos(cartoonizer, astronaut):
    with pytest.raises(LandmarksError):
        cartoonizer([astronaut, astronaut], landmarks=[POINTS])


def test_no_face(cartoonizer):
    with pytest.raises(NoFaceError):
        cartoonizer(np.full((300, 300, 3), 200, np.uint8))
    with pytest.raises(NotAnImageError):
        cartoonizer(b"Dear diary")


def test_a_face_under_32_pixels(cartoonizer, astronaut):
    small = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    with pytest.raises(FaceTooSmallError, match="32"):
        cartoonizer(small)
    with pytest.raises(FaceTooSmallError):
        cartoonizer(small, faces="all")
    both = np.zeros((512, 640, 3), np.uint8)
    both[:128, :128] = small
    both[:, 128:] = astronaut
    with pytest.warns(SmallFaceWarning, match="1 face of .* left out") as caught:
        found = cartoonizer(both, faces="all")
    assert [cartoon.box[0] > 128 for cartoon in found] == [True]
    assert [one.filename for one in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # those beside the largest were not looked for
        cartoonizer(both)


def test_what_is_said_of_small_faces():
    points = np.zeros((5, 2))
    faces = [Face((0, 0, 20, side), points, 1) for side in (99, 31.9, 24, 24)]
    large, left_out = choose(faces, "all", 1)
    assert [number for number, _ in large] == [1]
    assert left_out == "3 faces of 24 to 31 pixels were left out; 32 is the least."
    assert "2 faces of 24 pixels were" in choose([faces[0], *faces[2:]], "all", 1)[1]
    assert choose(faces, "all", 2)[1] == ""  # twice as large in the file's picture


def test_a_turned_face_is_drawn_with_a_warning(cartoonizer, astronaut):
    points = POINTS + np.array([[0, 0], [-14, 0], [22, 0], [6, 0], [-8, 0]])
    with pytest.warns(TurnedFaceWarning, match="turned") as caught:
        (cartoon,) = cartoonizer(astronaut, landmarks=points)
    assert caught[0].filename == __file__
    assert cartoon.turned
    assert "turned" in cartoon.warning
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cartoonizer(astronaut)[0].warning == ""


def test_a_cartoon_saves_itself(cartoonizer, astronaut, tmp_path):
    (cartoon,) = cartoonizer(astronaut)
    cartoon.save(tmp_path / "a.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), cartoon.image)
    cartoon.save(tmp_path / "b.png", size=300, transparent=True)
    assert Image.open(tmp_path / "b.png").size == (300, 300)
    assert Image.open(tmp_path / "b.png").mode == "RGBA"


@pytest.mark.parametrize("size", [-5, 0, 15, 4097, 100_000])
def test_a_size_that_is_not_made(cartoonizer, astronaut, tmp_path, size):
    (cartoon,) = cartoonizer(astronaut)
    for transparent in (False, True):
        with pytest.raises(OutputError, match=f"{size} pixels is not made. .* 16 to 4096"):
            cartoon.save(tmp_path / "a.png", size, transparent)
        with pytest.raises(OutputError, match="16 to 4096"):
            cartoon.resized(size, transparent)
    assert not list(tmp_path.iterdir())
    assert len(cartoon.resized(16)) == 16


def test_a_jpeg_is_not_transparent(cartoonizer, astronaut, tmp_path):
    (cartoon,) = cartoonizer(astronaut)
    for name in ("a.jpg", "a.JPEG"):
        with pytest.raises(OutputError, match=r"no transparency.*\.webp"):
            cartoon.save(tmp_path / name, transparent=True)
    assert not list(tmp_path.iterdir())
    cartoon.save(tmp_path / "a.webp", transparent=True)
    assert Image.open(tmp_path / "a.webp").mode == "RGBA"
