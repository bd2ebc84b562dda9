"""A drawing in layers: flat, in the photo's colours, and sharp at twice the scores' size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from toonmark.cutout import cut_out
from toonmark.models.composing import ALONE, compose
from toonmark.models.drawing_layers import Layer
from toonmark.models.engraving import engraved
from toonmark.models.layer_scores import (
    SHADES,
    bounded,
    finished,
    outlined,
    relief,
    smooth_shades,
    toned,
    without_patches,
)
from toonmark.models.layered import FIXED, LOOKS, LayeredGenerator, LayerScores, _doubled
from toonmark.models.layered_parts import DrawingInParts

COUNT = len(Layer)


def joined(planes: list[torch.Tensor]) -> torch.Tensor:
    """Planes as scores: (N, layers, H, W)."""
    return torch.stack(planes, 1)


class Given(nn.Module):
    """Scores that are what the test says."""

    def __init__(self, layers: torch.Tensor) -> None:
        super().__init__()
        self.layers = layers

    def forward(
        self, photo: torch.Tensor, maps: torch.Tensor, strength: float = 1.0
    ) -> torch.Tensor:
        one_hot = torch.nn.functional.one_hot(self.layers, COUNT).permute(0, 3, 1, 2)
        return 20.0 * strength * one_hot.to(photo.dtype)


@pytest.fixture
def halves():
    """Left skin, right hair, above both background; a photo in three plain colours."""
    layers = torch.full((1, 32, 32), int(Layer.BACKGROUND))
    layers[:, 8:, :16], layers[:, 8:, 16:] = int(Layer.SKIN), int(Layer.TOP_LIGHT)
    photo = torch.zeros(1, 3, 64, 64)
    photo[:, :, 16:, :32] = torch.tensor([0.5, 0.1, -0.1]).view(1, 3, 1, 1)
    photo[:, :, 16:, 32:] = torch.tensor([-0.6, -0.6, 0.4]).view(1, 3, 1, 1)
    return layers, photo, torch.zeros(1, 5, 2)


def test_a_layer_has_the_photos_colour_and_is_flat(halves):
    layers, photo, points = halves
    drawn = LayeredGenerator(Given(layers))(photo, points)
    assert drawn.shape == photo.shape
    assert torch.allclose(drawn[..., :12, :], torch.ones(()), atol=1e-3), "background is white"
    skin, hair = drawn[0, :, 40, 10], drawn[0, :, 40, 54]
    assert (drawn[0, :, 24:60, 4:26].std((1, 2)) < 1e-4).all()
    for got, real in ((skin, (0.5, 0.1, -0.1)), (hair, (-0.6, -0.6, 0.4))):
        assert np.abs(got.numpy() - real).max() < 0.15, "a little stronger and lighter"
        assert np.argsort(got.numpy()).tolist() == np.argsort(real).tolist()


def test_a_drawing_says_where_skin_and_hair_are(halves):
    layers, photo, points = halves
    drawing = LayeredGenerator(Given(layers)).eval()
    drawn, parts = DrawingInParts.of(drawing)(photo, points)
    assert torch.equal(drawn, drawing(photo, points))
    assert parts.shape == (1, 2, 32, 32)
    skin, hair = parts[0]
    assert skin[12:28, 2:12].min() > 0.99
    assert hair[12:28, 20:30].min() > 0.99
    assert max(hair[12:28, 2:12].max(), skin[12:28, 20:30].max(), parts[..., :6, :].max()) < 0.01


def test_an_edge_is_sharp_at_the_drawings_own_size(halves):
    layers, photo, points = halves
    row = LayeredGenerator(Given(layers), "flat")(photo, points)[0, 2, 50]
    between = (row > row.min() + 0.05) & (row < row.max() - 0.05)
    assert between.sum() <= 2, "of 64"


def test_white_beyond_the_photo_does_not_bleach_colours(halves):
    layers, photo, points = halves
    whole = LayeredGenerator(Given(layers))(photo, points)
    cut = photo.clone()
    cut[..., 44:, :] = 1.0
    assert torch.allclose(LayeredGenerator(Given(layers))(cut, points), whole, atol=0.02)


def test_fixed_layers_have_their_own_colours_and_shade_is_darker_skin(halves):
    layers, photo, points = halves
    for layer, colour in FIXED.items():
        own = layers.clone()
        own[:, 20:, 16:] = int(layer)
        drawn = LayeredGenerator(Given(own))(photo, points)[0, :, 55, 50]
        assert np.abs((drawn.numpy() + 1) * 127.5 - colour).max() < 1
    layers[:, 20:, 16:] = int(Layer.SHADE)
    drawn = (LayeredGenerator(Given(layers))(photo, points)[0] + 1) / 2
    ratio = drawn[:, 55, 50] / drawn[:, 55, 10]
    assert torch.allclose(ratio, torch.tensor([0.84, 0.78, 0.78]), atol=0.01)


def test_a_flat_drawing_has_what_is_nearest_in_place_of_contours(halves):
    layers, photo, points = halves
    layers[:, 8:, 15:17] = int(Layer.OUTLINE)
    given = Given(layers)
    plain = given.forward
    skin = 8.0 * torch.nn.functional.one_hot(torch.tensor(int(Layer.SKIN)), COUNT)
    given.forward = lambda *seen: plain(*seen) + seen[-1] * skin.view(1, COUNT, 1, 1)
    comic = LayeredGenerator(given)(photo, points)[0, :, 50]
    flat = LayeredGenerator(given, "flat")(photo, points)[0, :, 50]
    assert (comic[:, 31] < -0.6).all(), "ink"
    assert torch.allclose(flat[:, 31], flat[:, 10], atol=0.02), "skin"


def test_shades_lie_in_large_areas_and_nothing_else_changes():
    torch.manual_seed(0)
    scores = torch.randn(1, COUNT, 40, 40)
    smooth = joined(smooth_shades(scores.unbind(1)))
    told = {layer for shades, _ in SHADES for layer in shades}
    for layer in Layer:
        same = torch.equal(smooth[:, layer], scores[:, layer])
        assert same == (layer not in told), layer.name
    for shades, _ in SHADES:
        part = list(shades)
        before, after = (one[0, part].argmax(0) for one in (scores, smooth))
        assert _borders(after) < 0.4 * _borders(before)


def test_a_smoothed_shades_border_is_narrow_and_moves_no_other():
    """Dark hair left, light hair right, skin below: half as sure of hair as of skin."""
    scores = torch.full((1, COUNT, 40, 40), -9.0)
    scores[:, Layer.TOP_DARK, :20, :20] = scores[:, Layer.TOP_LIGHT, :20, 20:] = 1.0
    scores[:, Layer.TOP_LIGHT, :20, :20] = scores[:, Layer.TOP_DARK, :20, 20:] = 0.4
    scores[:, Layer.SKIN, 20:] = 1.0
    shares = torch.softmax(joined(smooth_shades(scores.unbind(1))) * 8, 1)
    dark = shares[0, Layer.TOP_DARK, 6]
    assert ((dark > 0.1) & (dark < 0.9)).sum() <= 2, "a border of at most two pixels"
    assert (shares[0, Layer.SKIN, 21:] > 0.99).all()
    assert (shares[0, Layer.SKIN, :19] < 0.01).all()


@pytest.fixture
def head():
    """Scores of a head: dark hair above, skin below, background around."""
    scores = torch.full((1, COUNT, 128, 128), -9.0)
    scores[:, Layer.BACKGROUND] = 0.0
    scores[:, Layer.SKIN, 40:110, 30:98] = 3.0
    scores[:, Layer.TOP_DARK, 10:40, 30:98] = 3.0
    scores[:, Layer.TOP_LIGHT, 10:40, 30:98] = 2.6
    return scores


def test_light_on_a_forehead_is_no_hair(head):
    head[:, Layer.TOP_LIGHT, 44:52, 60:72] = 5.0  # an island
    head[:, Layer.TOP_LIGHT, 40:50, 40:52] = 5.0  # it touches the hair
    head[:, Layer.TOP_LIGHT, 76:96, 50:78] = 6.0  # below: a scarf's end
    best = joined(without_patches(head.unbind(1))).argmax(1)[0]
    assert (best[44:52, 60:72] == Layer.SKIN).all()
    assert (best[42:49, 42:50] == Layer.SKIN).all()
    assert (best[82:90, 58:70] == Layer.TOP_LIGHT).all()
    assert (best[12:28, 32:96] == Layer.TOP_DARK).all()


def test_light_in_hair_stays_and_so_does_hair_that_reaches_the_edge(head):
    head[:, Layer.TOP_LIGHT, 20:32, 50:70] = 5.0  # within dark hair
    head[:, Layer.TOP_LIGHT, 40:60, 30:42] = 5.0  # at the temple
    before = joined(smooth_shades(head.unbind(1)))
    after = joined(without_patches(head.unbind(1)))
    assert (after.argmax(1)[0, 22:30, 52:68] == Layer.TOP_LIGHT).all()
    assert torch.equal(after, before)


def test_hair_that_the_picture_cuts_off_stays(head):
    head[:, Layer.SKIN, 40:, :], head[:, Layer.TOP_DARK, :40, :] = 3.0, 3.0
    assert torch.equal(
        joined(without_patches(head.unbind(1))), joined(smooth_shades(head.unbind(1)))
    )


def _borders(labels: torch.Tensor) -> int:
    return int((labels[:, 1:] != labels[:, :-1]).sum())


@pytest.fixture
def lit():
    """Skin of 256 pixels under a lamp at its left, with a dark place, a light one and a mole."""
    photo = torch.full((1, 3, 256, 256), 0.2) + torch.linspace(0.3, -0.3, 256)
    photo[..., 100:124, 60:84] -= 0.25
    photo[..., 100:124, 160:184] += 0.25
    photo[..., 150:152, 100:102] -= 0.5
    return photo


def test_a_tone_is_told_by_what_is_around_and_not_by_the_lamp(lit):
    height = relief(lit, torch.ones(1, 1, 256, 256))[0, 0]
    assert (height[106:118, 66:78] < -1).all()
    assert (height[106:118, 166:178] > 1).all()
    assert (height[170:, 8:-8].abs() < 1).all()
    assert height[151, 101].abs() < 1, "a mole is no shade"


def test_hair_and_the_photos_white_edge_cast_no_tone_on_skin(lit):
    lit[..., :60, :] = -0.9
    lit[..., 220:, :] = 1.0
    skin = torch.ones(1, 1, 256, 256)
    skin[..., :60, :] = 0
    height = relief(lit, skin)[0, 0]
    assert (height[60:80, 8:-8].abs() < 1).all()
    assert (height[200:218, 8:-8].abs() < 1).all()


def test_skin_is_parted_into_tones_and_nothing_else_changes(lit):
    scores = torch.full((1, COUNT, 256, 256), -3.0)
    scores[:, Layer.SKIN] = 2.0
    scores[:, Layer.BROW, 104:120, 60:72] = 4.0
    scores[:, Layer.SHADE, 200:220] = 3.0  # the chin's, on the neck
    scores[:, Layer.SHADE, 20:40] = 3.0  # on the forehead, where there is no chin
    after = joined(toned(scores.unbind(1), lit))
    best = after.argmax(1)[0]
    assert best[112, 78] == Layer.SHADE
    assert best[112, 172] == Layer.LIGHT
    assert best[112, 66] == Layer.BROW
    assert best[170, 128] == Layer.SKIN
    assert best[210, 128] == Layer.SHADE
    assert best[30, 128] == Layer.SKIN
    tones = [Layer.SKIN, Layer.SHADE, Layer.LIGHT]
    highest = scores[:, [Layer.SKIN, Layer.SHADE]].amax(1)
    assert torch.allclose(after[:, tones].amax(1), highest, atol=1e-5)
    for layer in Layer:
        assert torch.equal(after[:, layer], scores[:, layer]) == (layer not in tones), layer.name


def test_the_teachers_drawing_has_tones_too(lit):
    layers = torch.full((1, 512, 512), int(Layer.SKIN))
    drawn = LayeredGenerator(LayerScores(16)).painted(layers, lit)[0].mean(0)
    assert drawn[224, 140] < drawn[350, 260] < drawn[224, 340]


def test_a_torn_figure_gets_an_even_edge_and_a_closed_outline():
    torch.manual_seed(0)
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    inside = 40 - torch.hypot(x - 64, y - 64)
    scores = torch.full((1, COUNT, 128, 128), -9.0)
    scores[:, Layer.BACKGROUND] = 0
    scores[:, Layer.SKIN] = (inside / 4).clamp(-3, 3) + 2 * torch.randn(128, 128)
    best = joined(outlined(scores.unbind(1))).argmax(1)[0]
    figure = best != Layer.BACKGROUND
    assert ((scores.argmax(1)[0] != Layer.BACKGROUND) != (inside > 0)).float().mean() > 0.05
    assert (figure != (inside > 0)).float().mean() < 0.03
    neighbours = torch.nn.functional.max_pool2d((~figure).float()[None, None], 3, 1, 1)[0, 0] > 0
    assert (best[figure & neighbours] == Layer.OUTLINE).all(), "nothing else touches the ground"
    assert (best[inside > 8] == Layer.SKIN).all()
    plain = joined(outlined(scores.unbind(1), LOOKS["flat"])).argmax(1)[0]
    assert torch.equal(plain != Layer.BACKGROUND, figure)
    assert (plain[figure] == Layer.SKIN).all(), "no white seam in the outline's place"


def test_a_figure_that_the_picture_cuts_off_has_no_outline_there():
    scores = torch.full((1, COUNT, 128, 128), -9.0)
    scores[:, Layer.SKIN], scores[:, Layer.BACKGROUND] = 3, 0
    scores[:, Layer.SKIN, :40] = -3
    best = joined(outlined(scores.unbind(1))).argmax(1)[0]
    assert (best[60:] == Layer.SKIN).all()
    assert (best[41] == Layer.OUTLINE).all()


def test_what_lies_within_the_figure_is_not_touched():
    torch.manual_seed(0)
    scores = torch.randn(1, COUNT, 128, 128)
    scores[:, Layer.BACKGROUND] = -9
    after = joined(outlined(scores.unbind(1)))
    others = [layer for layer in Layer if layer not in (Layer.BACKGROUND, Layer.OUTLINE)]
    assert torch.equal(after[:, others], scores[:, others])


def test_skin_ends_in_an_even_line_at_hair_and_clothes_which_have_none_between_them():
    torch.manual_seed(0)
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    scores = torch.full((1, COUNT, 128, 128), -9.0)
    noise = 1.5 * torch.randn(128, 128)
    scores[:, Layer.SKIN] = ((24 - torch.hypot(x - 64, y - 64)) / 4).clamp(-3, 3) + noise
    scores[:, Layer.EYE_WHITE, 60:64, 54:60] = 8
    scores[:, Layer.TOP_DARK, :64], scores[:, Layer.BODY_LIGHT, 64:] = 0, 0
    best = joined(outlined(scores.unbind(1))).argmax(1)[0]
    away = torch.hypot(x - 64, y - 64)
    line = best == Layer.OUTLINE
    angle = torch.atan2(y - 64, x - 64)[line & (away > 20) & (away < 28)]
    turns = torch.cat([angle.sort().values, angle.min()[None] + 2 * np.pi]).diff()
    assert turns.max() < 0.1, "closed"
    assert not (line & ((away < 18) | (away > 30))).any(), "none around eyes, nor beyond"
    plain = joined(outlined(scores.unbind(1), LOOKS["flat"])).argmax(1)[0]
    assert not (plain == Layer.OUTLINE).any()


def test_ink_is_lines_that_are_wider_where_it_is_darker():
    greys = torch.linspace(-1, 1, 9).view(9, 1, 1, 1).expand(9, 3, 24, 640)
    drawn = engraved(greys, FIXED[Layer.INK])[..., 8:16, 8:-8]  # within the line along the edge
    light = drawn.mean((1, 2, 3))
    assert (light.diff() >= 0).all()
    assert light[6] > light[3] + 0.3
    assert (drawn[8] == 1).all(), "paper is white"
    assert np.abs((drawn[0, :, 4, 80].numpy() + 1) * 127.5 - FIXED[Layer.INK]).max() < 0.5
    row = drawn[4, 0, 0] > 0
    assert int((row[1:] != row[:-1]).sum()) in (155, 156), "78 lines, each with two edges"


def test_where_the_picture_cuts_the_figure_ink_keeps_its_paper():
    image = torch.ones(1, 3, 512, 512)
    image[..., 194:, 94:] = -0.8  # an outline on the two free sides
    image[..., 200:, 100:] = 0.6  # a light figure that the right and lower edges cut
    drawn = engraved(image, FIXED[Layer.INK])
    pixels = ((drawn[0].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
    assert (pixels[:190] == 255).all(), "no line where nothing is drawn"
    for edge in (pixels[200:, -1], pixels[-1, 100:]):
        assert (edge == FIXED[Layer.INK]).all()
    alpha = cut_out(pixels)[..., 3]
    assert (alpha[210:500, 110:500] == 255).all()
    assert (alpha[:180] == 0).all()


def test_the_look_ink_has_no_hue_and_keeps_skins_tones_apart(lit):
    layers = torch.full((1, 128, 128), int(Layer.SKIN))
    photo = torch.nn.functional.interpolate(lit, scale_factor=1.0)
    drawn = LayeredGenerator(Given(layers), "ink")(photo, torch.zeros(1, 5, 2))[0]
    ink = torch.tensor(FIXED[Layer.INK]) / 127.5 - 1
    share = (drawn - 1) / (ink.view(3, 1, 1) - 1)
    assert torch.allclose(share[0], share[1], atol=1e-5)
    assert torch.allclose(share[0], share[2], atol=1e-5)
    dark, plain, light = (
        share[0, y : y + 16, x : x + 16].mean() for y, x in ((104, 64), (170, 120), (104, 164))
    )
    assert dark > plain + 0.1
    assert plain > light + 0.1


def test_a_clean_drawing_has_nothing_that_is_not_joined_to_the_face(halves):
    layers, photo, _ = halves
    layers[:, 2:4, 28:31] = int(Layer.TOP_LIGHT)  # a speck above
    points = torch.tensor([[[24.0, 30], [40, 30], [32, 36], [26, 44], [38, 44]]])
    drawing = LayeredGenerator(Given(layers))
    speck = drawing(photo, points)
    drawing.clean = True
    drawn = drawing(photo, points)
    assert (speck[0, :, 5, 59] < 0.9).any()
    assert (drawn[0, :, 5, 59] == 1).all()
    assert torch.allclose(drawn[..., 20:, :], speck[..., 20:, :], atol=1e-4)


def enlarged(scores: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """What :func:`compose` is for: scores enlarged, their softmax, its mixture of the colours."""
    large = torch.nn.functional.interpolate(scores, scale_factor=2, mode="bilinear")
    return torch.einsum("nlhw,nlc->nchw", large.softmax(1), colours)


@pytest.mark.parametrize("strength", [0.3, 3.0, 30.0])
def test_composing_is_a_softmax_of_enlarged_scores(strength):
    """Of soft scores, of which nearly all places are between layers, and of hard ones."""
    torch.manual_seed(0)
    scores = strength * torch.nn.functional.interpolate(
        torch.randn(3, COUNT, 5, 7), scale_factor=4, mode="bicubic"
    )
    colours = torch.rand(3, COUNT, 3) * 2 - 1
    highest = bounded(scores.unbind(1))
    drawn = compose(highest, colours)
    assert drawn.shape == (3, 3, 40, 56)
    difference = (drawn - enlarged(highest, colours)).abs()
    assert difference.max() < 2 * ALONE
    assert difference.mean() < ALONE / 10


def test_two_layers_that_are_each_alone_have_an_edge_between_them():
    scores = torch.full((1, COUNT, 4, 4), -40.0)
    scores[:, Layer.SKIN, :, :2] = scores[:, Layer.LIPS, :, 2:] = 0
    colours = torch.rand(1, COUNT, 3)
    assert torch.allclose(compose(scores, colours), enlarged(scores, colours), atol=1e-6)


def test_one_layer_everywhere_is_one_colour():
    scores = torch.full((2, COUNT, 4, 4), -40.0)
    scores[:, Layer.BACKGROUND] = 0
    colours = torch.rand(2, COUNT, 3)
    wanted = colours[:, Layer.BACKGROUND, :, None, None].expand(2, 3, 8, 8)
    assert torch.allclose(compose(scores, colours), wanted, atol=1e-6)


def test_bounded_scores_have_the_same_softmax():
    torch.manual_seed(0)
    scores = 5 * torch.randn(2, COUNT, 6, 6)
    hard = bounded((1e4 * scores).unbind(1))
    assert hard.min() == -40.0
    assert hard.max() == 0.0
    assert torch.allclose(bounded(scores.unbind(1)).softmax(1), scores.softmax(1), atol=1e-6)


def test_finished_scores_are_as_many_times_as_strong(head):
    photo = torch.rand(1, 3, 128, 128) * 2 - 1
    weak, strong = finished(head, photo), finished(2 * head, photo, strength=2.0)
    assert torch.allclose(strong, (2 * weak).clamp(min=-40), atol=1e-4)
    assert (weak[:, Layer.OUTLINE] == 0).any()


def test_the_network_gives_a_score_for_each_layer_and_learns_everywhere():
    torch.manual_seed(0)
    network = LayerScores(16)
    scores = network(torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 5, 32, 32))
    assert scores.shape == (2, COUNT, 64, 64)
    scores.square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_scores_are_those_of_pixels_moved_into_channels_and_as_strong_as_is_said():
    """The first step in its plain form."""
    torch.manual_seed(0)
    network = LayerScores(16)
    photo, maps = torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 5, 32, 32)
    moved = torch.cat([torch.nn.functional.pixel_unshuffle(photo, 2), maps], 1)
    assert torch.allclose(network._stem(photo, maps), network.stem(moved), atol=1e-5)
    assert torch.allclose(network(photo, maps, 12.0), 12 * network(photo, maps), atol=1e-4)


def test_channels_become_pixels_as_a_shuffle_makes_them():
    """Also where the four pixels have biases of their own, as they have once they are learnt."""
    torch.manual_seed(0)
    network = LayerScores(16)
    torch.nn.init.normal_(network.up[0].bias)
    seen = torch.randn(2, 32, 6, 7)
    assert torch.allclose(_doubled(network.up[0], seen), network.up(seen), atol=1e-5)
