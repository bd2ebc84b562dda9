"""What training sees: pure functions of (seed, iteration, place), landmarks carried along."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import draw_faces

from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.dataset import Dataset, write_landmarks
from toonmark.data.matte import lift, matte_on_white
from toonmark.data.relighting import evened
from toonmark.data.sampling import Sampler, scaling
from toonmark.errors import DataError, UnreadableBackgroundWarning
from toonmark.faces.align import transform_points

STILL = Augmentation(mirror=False, degrees=0, zoom=(1, 1), shift=0)


def sampler(folder, augmentation=None, **options):
    return Sampler([str(folder)], 64, augmentation or Augmentation(), **options)


def dark_near(image, point, radius=4):
    x, y = np.round(point).astype(int)
    patch = image[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
    return patch.min() < -0.5


def test_held_out_pictures_are_never_drawn(face_set):
    train, kept = sampler(face_set), sampler(face_set, held_out=True)
    names = [{dataset.names[i] for dataset, i in one.items} for one in (train, kept)]
    assert len(names[0]) == 33
    assert names[1] == {"008.png", "034.png"}
    assert not names[0] & names[1]
    old = sampler(face_set, held_out=True, split="position")
    assert {dataset.names[i] for dataset, i in old.items} == {"000.png", "020.png"}


def test_the_same_place_gives_the_same_picture_and_each_epoch_all_of_them(face_set):
    one, other = sampler(face_set), sampler(face_set)
    for iteration, place in ((0, 0), (7, 1), (40, 0)):
        a, b = one.at(iteration, place, 2), other.at(iteration, place, 2)
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.landmarks, b.landmarks)
    assert not np.array_equal(one.at(0, 0, 1).image, one.at(1, 0, 1).image)
    still = sampler(face_set, STILL)
    count = len(still)
    first = {still.at(i, 0, 1).landmarks.tobytes() for i in range(count)}
    assert len(first) == count
    second = [still.at(count + i, 0, 1).landmarks.tobytes() for i in range(count)]
    assert set(second) == first
    assert second != [still.at(i, 0, 1).landmarks.tobytes() for i in range(count)]


def test_a_run_may_go_on_at_the_start_of_an_epoch(face_set):
    """Nothing has been drawn before: the order of epoch 1 is the first that is asked for."""
    whole, resumed = sampler(face_set), sampler(face_set)
    count = len(whole)
    whole.at(count - 1, 0, 1)
    assert np.array_equal(whole.at(count, 0, 1).image, resumed.at(count, 0, 1).image)


def test_a_picture_is_changed_otherwise_in_each_epoch(face_set):
    alone = sampler(face_set)
    alone.items = alone.items[:1]
    first, second = (alone.at(iteration, 0, 1) for iteration in range(2))
    assert not np.allclose(first.landmarks, second.landmarks, atol=0.1)


def test_landmarks_follow_the_picture(face_set):
    """The eyes are the only dark discs: they must lie under their landmarks after any change."""
    wild = Augmentation(degrees=20, zoom=(0.8, 1.2), shift=8)
    drawn = sampler(face_set, wild)
    for i in range(40):
        sample = drawn.at(i, 0, 1)
        left, right = sample.landmarks[:2]
        assert left[0] < right[0]
        assert dark_near(sample.image, left)
        assert dark_near(sample.image, right)


def test_backgrounds_lie_behind_the_face_and_only_there(face_set):
    drawn = sampler(face_set, STILL, backgrounds=Backgrounds(), background_share=1.0)
    sample = drawn.draw(3, np.random.default_rng(0))
    inside = sample.image[30:50, 25:40]
    assert np.allclose(inside, sample.shown[30:50, 25:40], atol=1e-5)
    assert (sample.image[:3, :3] > 0.99).all(), "the target stays on white"
    assert np.abs(sample.image[:3] - sample.shown[:3]).mean() > 0.05
    assert np.abs(sample.shown).max() <= 1


def test_cartoons_keep_their_pixels_when_nothing_moves(cartoon_set):
    drawn = sampler(cartoon_set, STILL)
    dataset, i = drawn.items[4]
    picture = dataset.image(i).astype(np.float32) / 127.5 - 1
    sample = drawn.draw(4, np.random.default_rng(0))
    assert np.allclose(sample.image, picture, atol=1e-5)
    assert np.array_equal(sample.image, sample.shown)


def test_the_share_of_backgrounds_is_kept(face_set):
    drawn = sampler(face_set, STILL, backgrounds=Backgrounds(), background_share=0.5)
    shown = [not np.array_equal(s.image, s.shown) for s in (drawn.at(i, 0, 1) for i in range(200))]
    assert 0.35 < np.mean(shown) < 0.65


@pytest.fixture
def photo_set(face_set, tmp_path):
    """Some of those faces before a striped wall, as they were photographed."""
    faces = Dataset.open(face_set)
    (tmp_path / "images").mkdir()
    rows = []
    for i, name in enumerate(faces.names[:12]):
        picture = faces.image(i).copy()
        wall = np.where(np.arange(64) % 8 < 4, 30, 200).astype(np.uint8)[None, :, None]
        background = matte_on_white(picture) < 0.5
        picture[background] = np.broadcast_to(wall, picture.shape)[background]
        Image.fromarray(picture).save(tmp_path / "images" / name)
        rows.append((name, faces.points[i]))
    write_landmarks(tmp_path / "landmarks.csv", rows)
    return tmp_path


def test_half_of_those_that_have_a_photo_keep_its_background(face_set, photo_set):
    moving = Augmentation()
    drawn, plain = (
        Sampler(
            [str(face_set)], 64, moving, backgrounds=Backgrounds(), background_share=1.0,
            photos=photos, seed=0,
        )
        for photos in ([str(photo_set)], [])
    )  # fmt: skip
    kept = []
    for i in range(120):
        sample, without = drawn.at(i, 0, 1), plain.at(i, 0, 1)
        np.testing.assert_array_equal(sample.image, without.image)
        np.testing.assert_array_equal(sample.landmarks, without.landmarks)
        levels = (sample.shown[:2] + 1) * 127.5
        striped = (np.abs(levels - 30) < 3) | (np.abs(levels - 200) < 3)
        kept.append(striped.mean() > 0.3)
        if kept[-1]:
            figure = (sample.image.max(axis=2) < 0.6)[20:50, 20:44]
            same = np.abs(sample.shown - sample.image).max(axis=2)[20:50, 20:44] < 0.05
            assert (same | ~figure).mean() > 0.9, "the face lies where it lay"
    assert 0.1 < np.mean(kept) < 0.4  # half of the half that have one


def test_a_photo_gets_the_colours_that_its_face_gets(face_set):
    """Student and teacher see one person: here the photos are the faces themselves."""
    drawn = sampler(
        face_set, Augmentation(colour=1.0), backgrounds=Backgrounds(), background_share=1.0,
        photos=[str(face_set)],
    )  # fmt: skip
    for i in range(12):
        own = drawn.at(i, 0, 1)
        figure = (own.image.max(axis=2) < 0.6)[20:50, 20:44]
        apart = np.abs(own.shown - own.image).max(axis=2)[20:50, 20:44]
        assert apart[figure].mean() < 0.02


def test_a_photo_keeps_its_own_white(face_set):
    drawn = sampler(
        face_set, STILL, backgrounds=Backgrounds(), background_share=1.0, photos=[str(face_set)]
    )
    darkest = [drawn.at(i, 0, 1).shown[0].min() for i in range(12)]
    assert max(darkest) == pytest.approx(1, abs=1e-5)


def test_sets_without_photos_are_drawn_as_ever(face_set, photo_set, tmp_path):
    others = draw_faces(tmp_path / "others", 4, seed=9)
    for path in sorted((others / "images").iterdir()):
        path.rename(path.with_name("x" + path.name))
    table = others / "landmarks.csv"
    header, *lines = table.read_text().splitlines()
    table.write_text("\n".join([header, *("x" + line for line in lines)]) + "\n")
    same = [
        sampler(face_set, STILL, backgrounds=Backgrounds(), background_share=1.0, photos=photos)
        for photos in ([str(others)], [])
    ]
    for i in range(4):
        np.testing.assert_array_equal(same[0].at(i, 0, 1).shown, same[1].at(i, 0, 1).shown)


def test_a_photo_of_another_size_is_refused(face_set, tmp_path):
    larger = draw_faces(tmp_path, 36, size=96)
    drawn = sampler(
        face_set, STILL, backgrounds=Backgrounds(), background_share=1.0, photos=[str(larger)]
    )
    with pytest.raises(DataError, match="96x96 pixels"):
        drawn.at(0, 0, 1)


def test_light_changes_only_what_is_shown_and_not_the_background(face_set):
    def drawn(light):
        settings = Augmentation(light=light)
        white = Sampler([str(face_set)], 64, settings, backgrounds=Backgrounds([]))
        return [white.at(i, 0, 1) for i in range(4)]

    for plain, lit in zip(drawn(0.0), drawn(1.0), strict=True):
        np.testing.assert_array_equal(plain.image, lit.image)
        np.testing.assert_array_equal(plain.landmarks, lit.landmarks)
        np.testing.assert_array_equal(plain.shown, plain.image)
        change = np.abs(lit.shown - plain.shown).max(axis=2)
        assert change.max() > 0.05
        assert change[:3, :3].max() < 0.01, "white stays white"
        assert np.abs(lit.shown).max() <= 1
    cartoons = Sampler([str(face_set)], 64, Augmentation(light=1.0))
    sample = cartoons.at(0, 0, 1)
    np.testing.assert_array_equal(sample.shown, sample.image)


def test_light_falls_on_photos_with_their_own_background_too(face_set):
    """Half of these are the faces as they were photographed; none is left without a lamp."""

    def drawn(light):
        own = sampler(
            face_set, Augmentation(light=light), backgrounds=Backgrounds([]),
            background_share=1.0, photos=[str(face_set)],
        )  # fmt: skip
        return [own.at(i, 0, 1) for i in range(16)]

    for plain, lit in zip(drawn(0.0), drawn(1.0), strict=True):
        figure = plain.image.max(axis=2) < 0.6
        assert np.abs(lit.shown - plain.shown).max(axis=2)[figure].max() > 0.05
        np.testing.assert_array_equal(plain.image, lit.image)


def test_noise_changes_only_what_is_shown(face_set):
    drawn = sampler(face_set, STILL, backgrounds=Backgrounds(), noise=0.2)
    clean = sampler(face_set, STILL, backgrounds=Backgrounds())
    changed = 0
    for i in range(20):
        noisy, plain = drawn.at(i, 0, 1), clean.at(i, 0, 1)
        assert np.array_equal(noisy.image, plain.image)
        changed += not np.array_equal(noisy.shown, plain.shown)
    assert changed > 8


def test_matte_keeps_white_teeth_and_drops_the_background():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[16:64, 16:48] = (180, 120, 90)
    picture[40:44, 28:36] = 255  # teeth
    alpha = matte_on_white(picture)
    assert alpha[42, 32] == 1
    assert alpha[4, 4] == 0
    assert alpha[30, 30] == 1
    assert alpha[63, 30] > 0.5, "the body goes on at the bottom"
    layer = lift(picture, alpha)
    assert np.allclose(layer[30, 30, :3], np.array([180, 120, 90]) / 255)
    assert (layer[..., :3] <= layer[..., 3:] + 1e-6).all()


def test_an_empty_folder_of_backgrounds_is_named(tmp_path):
    with pytest.raises(DataError, match="no pictures"):
        Backgrounds([tmp_path])


def test_backgrounds_come_from_pictures_too(tmp_path):
    import cv2

    picture = np.zeros((80, 120, 3), np.uint8)
    picture[..., 2] = 255  # red
    cv2.imwrite(str(tmp_path / "red.png"), picture)
    backgrounds = Backgrounds([tmp_path], picture_share=1.0)
    cut = backgrounds(np.random.default_rng(0), 64)
    assert cut.shape == (64, 64, 3)
    assert cut[..., 0].mean() > cut[..., 1].mean() + 0.4


def test_an_unreadable_background_is_named_and_another_taken(tmp_path):
    import cv2

    (tmp_path / "broken.png").write_bytes(b"not a picture")
    picture = np.zeros((80, 120, 3), np.uint8)
    picture[..., 2] = 255  # red
    cv2.imwrite(str(tmp_path / "red.png"), picture)
    backgrounds = Backgrounds([tmp_path], picture_share=1.0)
    with pytest.warns(UnreadableBackgroundWarning, match=r"broken\.png") as told:
        cuts = [backgrounds(np.random.default_rng(i), 64) for i in range(12)]
    assert len(told) == 1, "once a picture"
    for cut in cuts:
        assert cut[..., 0].mean() > cut[..., 1].mean() + 0.4
    for i, cut in enumerate(cuts):  # whether or not it was known to be broken
        np.testing.assert_array_equal(cut, backgrounds(np.random.default_rng(i), 64))


def test_backgrounds_of_which_none_can_be_read_are_refused(tmp_path):
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_bytes(b"not a picture")
    backgrounds = Backgrounds([tmp_path], picture_share=1.0)
    with (
        pytest.warns(UnreadableBackgroundWarning),
        pytest.raises(DataError, match="None of the 2 background pictures can be read"),
    ):
        backgrounds(np.random.default_rng(0), 64)


def test_drawn_backgrounds_vary_and_stay_in_range():
    backgrounds = Backgrounds()
    drawn = [backgrounds(np.random.default_rng(i), 64) for i in range(30)]
    assert all(b.min() >= 0 and b.max() <= 1 and b.dtype == np.float32 for b in drawn)
    assert np.std([b.mean() for b in drawn]) > 0.1


def test_an_empty_part_is_refused(tmp_path):
    draw_faces(tmp_path / "one", 1)  # its only picture is given up for validation
    with pytest.raises(DataError, match=r"has 1 picture\(s\), held out to measure with"):
        sampler(tmp_path / "one")


def test_drawings_follow_their_faces(face_set):
    """Where the drawing is the face itself, both views of it are the same."""
    wild = Augmentation(degrees=20, zoom=(0.8, 1.2), shift=8)
    drawn = sampler(face_set, wild, backgrounds=Backgrounds(), drawings=[str(face_set)])
    for i in range(12):
        sample = drawn.at(i, 0, 1)
        apart = np.abs(sample.drawing - sample.image).mean()
        assert apart < 0.055, "only sharper"
        for moved in (np.roll(sample.drawing, step, axis) for step in (-1, 1) for axis in (0, 1)):
            assert apart < 0.85 * np.abs(moved - sample.image).mean()
        assert np.array_equal(sample.evened().drawing, sample.drawing)
    assert sampler(face_set).at(0, 0, 1).drawing is None


def test_a_drawing_may_be_a_file_of_another_kind(face_set, tmp_path):
    faces = Dataset.open(face_set)
    (tmp_path / "images").mkdir()
    rows = []
    for i, name in enumerate(faces.names):
        Image.fromarray(faces.image(i)).save(tmp_path / "images" / name.replace(".png", ".webp"))
        rows.append((name.replace(".png", ".webp"), faces.points[i]))
    write_landmarks(tmp_path / "landmarks.csv", rows)
    assert sampler(face_set, drawings=[str(tmp_path)]).at(0, 0, 1).drawing is not None


@pytest.mark.parametrize("shape", [(40, 80, 3), (80, 40, 3)])
def test_a_picture_that_is_not_square_is_made_so_by_its_longer_side(shape):
    corners = transform_points(np.array([[-0.5, -0.5], [79.5, 79.5]]), scaling(shape, 64))
    np.testing.assert_allclose(corners, [[-0.5, -0.5], [63.5, 63.5]], atol=1e-6)


def test_a_face_without_a_drawing_is_named(face_set, tmp_path):
    dataset = Dataset.open(face_set)
    Image.fromarray(dataset.image(0)).save(tmp_path / "000.png")
    write_landmarks(tmp_path / "landmarks.csv", [("000.png", dataset.points[0])])
    with pytest.raises(DataError, match=r"32 of 33 faces have no drawing in .*001\.png"):
        sampler(face_set, drawings=[str(tmp_path)])


def test_two_faces_of_one_name_cannot_share_a_drawing(face_set, cartoon_set):
    folders = [str(face_set), str(cartoon_set)]
    with pytest.raises(DataError, match=r"both called 000"):
        Sampler(folders, 64, STILL, drawings=[str(face_set)])
    Sampler([str(face_set)] * 3, 64, STILL, drawings=[str(face_set)])


#: Samplers that leave nothing out; what they draw is kept in sampled.json.
KEPT = {
    "cartoons": {"augmentation": Augmentation(colour=0.7)},
    "plain colours": {"augmentation": Augmentation()},
    "faces": {
        "augmentation": Augmentation(degrees=12, zoom=(0.7, 1.4), shift=9, colour=0.5, light=1.0),
        "backgrounds": True, "background_share": 0.6, "photos": True, "drawings": True, "seed": 3,
    },
    "spoilt faces": {
        "augmentation": Augmentation(mirror=False, degrees=0), "backgrounds": True,
        "background_share": 1.0, "noise": 0.15, "seed": 4,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", KEPT)
def test_a_run_that_goes_on_sees_the_pictures_that_it_would_have_seen(kind, face_set, photo_set):
    """Of this version and of earlier ones: few numbers of each picture, which all pixels move."""
    settings = dict(KEPT[kind])
    if settings.pop("backgrounds", False):
        settings["backgrounds"] = Backgrounds()
    for name, folder in (("photos", photo_set), ("drawings", face_set)):
        if settings.pop(name, False):
            settings[name] = [str(folder)]
    drawn = Sampler([str(face_set)], 48, **settings)
    weights = np.random.default_rng(0).standard_normal((3, 48 * 48 * 3)) / 48
    found = []
    for number in range(24):
        sample = drawn.at(number // 2, number % 2, 2)
        pictures = [sample.image, sample.shown]
        pictures += [] if sample.drawing is None else [sample.drawing]
        for picture in pictures:
            assert picture.shape == (48, 48, 3)
            assert picture.dtype == np.float32
        assert sample.landmarks.dtype == np.float32
        numbers = np.concatenate([weights @ p.ravel() for p in pictures])
        found.append([*numbers.round(4).tolist(), *sample.landmarks.ravel().round(3).tolist()])
    path = Path(__file__).with_name("sampled.json")
    kept = json.loads(path.read_text(encoding="utf-8"))
    np.testing.assert_allclose(found, kept[kind], atol=4e-3)


def test_plain_pictures_are_what_the_set_has(face_set):
    drawn = Sampler([str(face_set)], 32, Augmentation(), backgrounds=Backgrounds())
    dataset, i = drawn.items[5]
    sample = drawn.plain(5)
    blocks = dataset.image(i).reshape(32, 2, 32, 2, 3).mean((1, 3)) / 127.5 - 1
    np.testing.assert_allclose(sample.image, blocks, atol=0.01)
    assert sample.image.dtype == sample.landmarks.dtype == np.float32
    np.testing.assert_array_equal(sample.shown, sample.image)
    np.testing.assert_allclose(sample.landmarks, (dataset.points[i] + 0.5) / 2 - 0.5, atol=1e-4)
    assert sample.drawing is None


def test_even_light_changes_both_views_of_a_sample_alike(face_set):
    lit = Sampler([str(face_set)], 64, Augmentation(light=1.0), backgrounds=Backgrounds([]))
    sample = lit.at(2, 0, 1)
    even = sample.evened()
    np.testing.assert_array_equal(even.image, evened(sample.image, sample.landmarks))
    np.testing.assert_array_equal(even.shown, evened(sample.shown, sample.landmarks))
    np.testing.assert_array_equal(even.landmarks, sample.landmarks)
    assert not np.array_equal(even.image, even.shown)


def test_a_set_without_pictures_for_a_part_is_told_by_its_name(tmp_path):
    with pytest.raises(DataError, match=r"no pictures in no folder\.") as none:
        Sampler([], 64, STILL)
    assert none.value.remedy == "Name folders with pictures and a landmarks.csv."
    folders = [str(draw_faces(tmp_path / name, 1)) for name in "ab"]
    for folder in map(Path, folders):  # a name of the test part: in neither of the others
        (folder / "images" / "000.png").rename(folder / "images" / "000003.png")
        table = (folder / "landmarks.csv").read_text().replace("000.png", "000003.png")
        (folder / "landmarks.csv").write_text(table)
    for held_out, happened in (
        (True, "Of the 2 picture(s) in {} none is held out to measure with."),
        (False, "{} has 2 picture(s), held out to measure with: none is to train on."),
    ):
        with pytest.raises(DataError) as told:
            Sampler(folders, 64, STILL, held_out=held_out)
        assert told.value.happened == happened.format(", ".join(folders))
        assert told.value.remedy == "Add pictures: about one in ten is held out, by its name."
