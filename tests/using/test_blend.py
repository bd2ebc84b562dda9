import cv2
import numpy as np
import pytest

from toonmark import Cartoonizer, blend, cutout
from toonmark.faces import align
from toonmark.pictures import on_white
from toonmark.surroundings import IN_DRAWING, surroundings


def figure(size=128):
    """A skin-coloured disc with a black outline, white eyes, and a white shirt at the bottom."""
    large = np.full((size * 8, size * 8, 3), 255, np.uint8)
    s = size * 8
    cv2.rectangle(large, (s // 4, s * 3 // 4), (s * 3 // 4, s + 99), (250, 250, 250), -1)
    cv2.rectangle(large, (s // 4, s * 3 // 4), (s * 3 // 4, s + 99), (0, 0, 0), s // 40)
    cv2.circle(large, (s // 2, s // 2), s // 3, (200, 150, 120), -1)
    cv2.circle(large, (s // 2, s // 2), s // 3, (0, 0, 0), s // 40)
    cv2.circle(large, (s // 2, s * 2 // 5), s // 20, (255, 255, 255), -1)
    return cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def cartoon(pack, astronaut):
    return Cartoonizer(pack)(astronaut)[0]


def with_image(cartoon, image):
    from dataclasses import replace

    return replace(cartoon, image=image)


def test_cut_out_keeps_what_the_white_does_not_reach():
    cut = cutout.cut_out(figure())
    alpha = cut[..., 3]
    assert alpha[0, 0] == alpha[0, 64] == alpha[64, 0] == alpha[100, 127] == 0
    assert alpha[64, 64] == 255  # skin
    assert alpha[51, 64] == 255  # the white of the eye
    assert alpha[124, 64] == 255  # the shirt, which only touches the bottom edge
    assert alpha[115, 45] == 255  # and its corner under the outline


def test_cut_out_on_white_is_the_cartoon_again():
    image = figure()
    np.testing.assert_allclose(on_white(cutout.cut_out(image)), image, atol=2)


def test_cut_out_has_a_soft_edge_without_a_halo():
    cut = cutout.cut_out(figure()).astype(float)
    alpha = cut[..., 3:] / 255
    soft = (alpha > 0.1) & (alpha < 0.9)
    assert soft.sum() > 50
    # The outline is black: half transparent pixels of it are black too, not grey.
    assert np.percentile(cut[..., :3][np.broadcast_to(soft, cut[..., :3].shape)], 90) < 60


def test_a_cartoon_without_white_is_all_figure():
    assert (cutout.cut_out(np.full((64, 64, 3), 90, np.uint8))[..., 3] == 255).all()
    assert (cutout.cut_out(np.full((64, 64, 3), 255, np.uint8))[..., 3] == 0).all()


def test_resized_keeps_flat_colours_and_places():
    flat = np.full((128, 128, 3), (12, 200, 90), np.uint8)
    np.testing.assert_array_equal(cutout.resized(flat, 500), np.full((500, 500, 3), (12, 200, 90)))
    image = figure()
    np.testing.assert_array_equal(cutout.resized(image, 128), image)
    again = cutout.resized(cutout.resized(image, 512), 128)
    assert np.abs(again.astype(int) - image).mean() < 1


def test_transparent_colours_do_not_bleed_when_resized():
    image = np.zeros((32, 32, 4), np.uint8)
    image[..., :3] = (0, 255, 0)  # what cannot be seen is green
    image[8:24, 8:24] = (255, 0, 0, 255)
    larger = cutout.resized(image, 128)
    assert larger[..., 1][larger[..., 3] > 20].max() < 20


def test_in_photo_leaves_far_pixels_untouched(cartoon, astronaut):
    drawn = with_image(cartoon, figure())
    before = astronaut.copy()
    result = blend.in_photo(astronaut, [drawn])
    np.testing.assert_array_equal(astronaut, before)
    corners = align.transform_points(
        np.array([[0, 0], [127, 0], [0, 127], [127, 127]]), align.invert(cartoon.transform)
    )
    ys, xs = np.mgrid[0:512, 0:512]
    low, high = corners.min(0) - 3, corners.max(0) + 3
    far = (xs < low[0]) | (xs > high[0]) | (ys < low[1]) | (ys > high[1])
    assert 0.5 < far.mean() < 0.99
    np.testing.assert_array_equal(result[far], astronaut[far])
    # Where the cartoon is white, the photo stays; where it is skin, the cartoon is.
    x, y = np.rint(
        align.transform_points(np.array([[8.0, 30.0]]), align.invert(cartoon.transform))[0]
    )
    np.testing.assert_array_equal(result[int(y), int(x)], astronaut[int(y), int(x)])
    x, y = np.rint(
        align.transform_points(np.array([[64.0, 80.0]]), align.invert(cartoon.transform))[0]
    )
    np.testing.assert_allclose(result[int(y), int(x)], [200, 150, 120], atol=3)


def test_in_photo_puts_everything_where_it_was(cartoon, astronaut):
    """The face's own crop, put back, is the photo again: scale, turn and shift all fit."""
    points = cartoon.points
    for angle in (0, 35):
        turn = cv2.getRotationMatrix2D((222, 120), angle, 1.6)
        photo = cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)
        moved = align.transform_points(points, turn)
        transform = align.face_transform(moved, 128)
        crop = np.rint(align.crop(photo, transform, 128)).astype(np.uint8)
        from dataclasses import replace

        # A little darker, so that no white is cut out.
        own = replace(cartoon, image=np.minimum(crop, 225), transform=transform, points=moved)
        result = blend.in_photo(photo, [own])
        softened = cv2.GaussianBlur(np.minimum(photo, 225), (0, 0), 1.2).astype(int)
        x, y = np.rint(moved.mean(0)).astype(int)
        near = np.s_[y - 30 : y + 30, x - 30 : x + 30]
        inside = np.abs(cv2.GaussianBlur(result, (0, 0), 0.8).astype(int) - softened)[near].mean()
        shifted = np.abs(np.roll(result, 3, axis=1).astype(int) - softened)[near].mean()
        assert inside < 3
        assert shifted > 2 * inside


def test_a_face_larger_than_the_layer_lands_where_it_belongs(cartoon, monkeypatch):
    """Only the fineness is limited, not the place or the size."""
    from dataclasses import replace

    image = np.full((128, 128, 3), 255, np.uint8)
    image[40:100, 30:70] = (200, 60, 30)
    transform = np.array([[0.125, 0, 2], [0, 0.125, -3]], np.float64)  # 1024 pixels of photo
    photo = np.full((1100, 1100, 3), 90, np.uint8)
    one = replace(cartoon, image=image, transform=transform)
    whole = blend.in_photo(photo, [one]).astype(int)
    monkeypatch.setattr(blend, "LARGEST_LAYER", 300)
    sizes, figure = [], cutout.figure
    monkeypatch.setattr(
        blend, "figure", lambda i, size, *more: sizes.append(size) or figure(i, size, *more)
    )
    coarse = blend.in_photo(photo, [one]).astype(int)
    assert sizes == [300], "and 1024 else"
    assert (np.abs(whole - 90).max(2) > 20).mean() > 0.1
    assert np.abs(whole - coarse).mean() < 1


def test_a_face_is_put_back_in_bands(cartoon, monkeypatch):
    """What is mixed at a time is bounded; where bands meet, nothing shows."""
    import dataclasses

    photo = np.random.default_rng(0).integers(0, 255, (900, 1100, 3)).astype(np.uint8)
    transform = np.array([[0.13, 0.05, 3.3], [-0.05, 0.13, 21.7]])
    one = dataclasses.replace(cartoon, transform=transform)
    monkeypatch.setattr(blend, "_BAND", 10**9)
    whole = blend.in_photo(photo, [one])
    monkeypatch.setattr(blend, "_BAND", 20_000)
    banded = blend.in_photo(photo, [one])
    assert (whole != photo).any()
    assert np.abs(whole.astype(int) - banded).max() <= 1


def test_in_photo_at_the_edge_of_the_photo(pack, astronaut):
    cut = np.ascontiguousarray(astronaut[90:, 190:])
    cartoons = Cartoonizer(pack)(cut)
    assert blend.in_photo(cut, cartoons).shape == cut.shape


def test_several_faces_in_one_photo(pack, two_faces):
    cartoons = Cartoonizer(pack)(two_faces, faces="all")
    result = blend.in_photo(two_faces, cartoons)
    for cartoon in cartoons:
        x, y = np.rint(cartoon.points[2]).astype(int)
        assert np.abs(result[y, x].astype(int) - two_faces[y, x]).max() > 20


def test_a_transform_to_a_larger_crop(cartoon):
    small = align.transform_points(cartoon.points, cartoon.transform)
    large = align.transform_points(cartoon.points, blend.scaled(cartoon.transform, 3))
    np.testing.assert_allclose(large, (small + 0.5) * 3 - 0.5)


def test_side_by_side(cartoon, astronaut):
    pair = blend.side_by_side(astronaut, cartoon, 128)
    assert pair.shape == (128, 256, 3)
    np.testing.assert_allclose(pair[:, :128], cartoon.crop, atol=1)
    np.testing.assert_array_equal(pair[:, 128:], cartoon.image)
    large = blend.side_by_side(astronaut, cartoon, 300)
    assert large.shape == (300, 600, 3)
    assert np.abs(cutout.resized(large[:, :300], 128).astype(int) - cartoon.crop).mean() < 4


def slow_cut_out(image):
    """The definition, pixel by pixel of the whole picture."""
    size = image.shape[0]
    darkest = image.min(axis=2)
    background = surroundings(image, IN_DRAWING)
    reach = 2 * max(1, round(cutout.EDGE * size / 128)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    near_white = cv2.dilate(background.astype(np.uint8), disc) > 0
    near_figure = cv2.dilate((~background).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    depth = (255.0 - darkest) / np.maximum(255.0 - cv2.erode(darkest, disc), 1.0)
    alpha = np.where(near_white & near_figure, np.clip(depth, 0, 1), ~background)
    alpha = np.rint(alpha * 255)
    share = np.maximum(alpha, 1)[..., None] / 255
    colour = np.rint(255 - (255 - image.astype(np.float32)) / share)
    colour = np.where(alpha[..., None] > 0, np.clip(colour, 0, 255), 255)
    return np.dstack([colour, alpha]).astype(np.uint8)


def slow_put_back(photo, image, transform):
    """The same over the whole photo."""
    size = max(1, round(image.shape[0] / align.scale_of(transform)))
    large = cutout.resized(image, size)
    cut = slow_cut_out(large) if size >= 1.5 * image.shape[0] else \
        cutout.resized(slow_cut_out(image), size)  # fmt: skip
    layer = cut.astype(np.float32)
    layer[..., 3] *= blend._fade(size)
    layer[..., :3] *= layer[..., 3:] / 255
    forth = blend.scaled(transform, size / image.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(layer, forth, photo.shape[1::-1], flags=flags)
    mixed = photo * (1 - warped[..., 3:] / 255) + warped[..., :3]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_only_where_the_face_is_and_the_very_same_pixels(cartoon, seed, monkeypatch):
    from dataclasses import replace

    random = np.random.default_rng(seed)
    size = int(random.choice([16, 64, 128]))
    image = np.full((size, size, 3), 255, np.uint8)
    for _ in range(8):
        middle, radii = random.integers(0, size, 2), random.integers(1, size // 3 + 1, 2)
        colour = tuple(int(one) for one in random.integers(0, 256, 3))
        cv2.ellipse(image, tuple(map(int, middle)), tuple(map(int, radii)),
                    float(random.uniform(0, 360)), 0, 360, colour, -1, cv2.LINE_AA)  # fmt: skip
    if seed == 0:
        image = random.integers(0, 256, image.shape).astype(np.uint8)
    if seed == 1:
        image[:] = 255
    monkeypatch.setattr(cutout, "_TILE", 50 if seed % 2 else 512)
    np.testing.assert_array_equal(cutout.cut_out(image), slow_cut_out(image))
    turn, scale = random.uniform(-3, 3), size / random.uniform(10, 400)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    transform = np.column_stack([linear, random.uniform(-size / 2, size / 2, 2)])
    photo = random.integers(0, 256, (240, 320, 3)).astype(np.uint8)
    result = blend.in_photo(photo, [replace(cartoon, image=image, transform=transform)])
    slow = slow_put_back(photo, image, transform)
    # Positions are rounded to a 1024th of a pixel, counted from another corner.
    gap = np.abs(result.astype(int) - slow)
    assert gap.max() <= 12
    assert (gap > 1).mean() < 0.01
