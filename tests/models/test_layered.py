"""A drawing in layers: flat, in the photo's colours, and sharp at twice the scores' size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from toonmark.models.engraving import engraved
from toonmark.models.layer import Layer
from toonmark.models.layer_scores import SHADES, bounded, outlined, relief, smooth_shades, toned
from toonmark.models.layered import FIXED, LayeredGenerator, LayerScores, compose

COUNT = len(Layer)


class Given(nn.Module):
    """Scores that are what the test says."""

    def __init__(self, layers: torch.Tensor) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, photo: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        one_hot = torch.nn.functional.one_hot(self.layers, COUNT).permute(0, 3, 1, 2)
        return 20.0 * one_hot.to(photo.dtype)


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


def test_an_edge_is_sharp_at_the_drawings_own_size(halves):
    layers, photo, points = halves
    row = LayeredGenerator(Given(layers))(photo, points)[0, 2, 50]
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
    given.forward = lambda *seen: plain(*seen) + skin.view(1, COUNT, 1, 1)
    comic = LayeredGenerator(given)(photo, points)[0, :, 50]
    flat = LayeredGenerator(given, "flat")(photo, points)[0, :, 50]
    assert (comic[:, 31] < -0.6).all(), "ink"
    assert torch.allclose(flat[:, 31], flat[:, 10], atol=0.02), "skin"


def test_shades_lie_in_large_areas_and_nothing_else_changes():
    torch.manual_seed(0)
    scores = torch.randn(1, COUNT, 40, 40)
    smooth = smooth_shades(scores)
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
    shares = torch.softmax(smooth_shades(scores) * 8, 1)
    dark = shares[0, Layer.TOP_DARK, 6]
    assert ((dark > 0.1) & (dark < 0.9)).sum() <= 2, "a border of at most two pixels"
    assert (shares[0, Layer.SKIN, 21:] > 0.99).all()
    assert (shares[0, Layer.SKIN, :19] < 0.01).all()


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
    after = toned(scores, lit)
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
    drawn = LayeredGenerator(LayerScores(16, 1)).painted(layers, lit)[0].mean(0)
    assert drawn[224, 140] < drawn[350, 260] < drawn[224, 340]


def test_a_torn_figure_gets_an_even_edge_and_a_closed_outline():
    torch.manual_seed(0)
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    inside = 40 - torch.hypot(x - 64, y - 64)
    scores = torch.full((1, COUNT, 128, 128), -9.0)
    scores[:, Layer.BACKGROUND] = 0
    scores[:, Layer.SKIN] = (inside / 4).clamp(-3, 3) + 2 * torch.randn(128, 128)
    none = torch.zeros(1, COUNT, 1, 1)
    best = outlined(scores, none).argmax(1)[0]
    figure = best != Layer.BACKGROUND
    assert ((scores.argmax(1)[0] != Layer.BACKGROUND) != (inside > 0)).float().mean() > 0.05
    assert (figure != (inside > 0)).float().mean() < 0.03
    neighbours = torch.nn.functional.max_pool2d((~figure).float()[None, None], 3, 1, 1)[0, 0] > 0
    assert (best[figure & neighbours] == Layer.OUTLINE).all(), "nothing else touches the ground"
    assert (best[inside > 8] == Layer.SKIN).all()
    flat = none.clone()
    flat[:, Layer.OUTLINE] = -1e4
    plain = outlined(scores, flat).argmax(1)[0]
    assert torch.equal(plain != Layer.BACKGROUND, figure)
    assert (plain[figure] == Layer.SKIN).all(), "no white seam in the outline's place"


def test_a_figure_that_the_picture_cuts_off_has_no_outline_there():
    scores = torch.full((1, COUNT, 128, 128), -9.0)
    scores[:, Layer.SKIN], scores[:, Layer.BACKGROUND] = 3, 0
    scores[:, Layer.SKIN, :40] = -3
    best = outlined(scores, torch.zeros(1, COUNT, 1, 1)).argmax(1)[0]
    assert (best[60:] == Layer.SKIN).all()
    assert (best[41] == Layer.OUTLINE).all()


def test_what_lies_within_the_figure_is_not_touched():
    torch.manual_seed(0)
    scores = torch.randn(1, COUNT, 128, 128)
    scores[:, Layer.BACKGROUND] = -9
    after = outlined(scores, torch.zeros(1, COUNT, 1, 1))
    assert torch.equal(after[:, 1:], scores[:, 1:])


def test_ink_is_lines_that_are_wider_where_it_is_darker():
    greys = torch.linspace(-1, 1, 9).view(9, 1, 1, 1).expand(9, 3, 8, 640)
    light = engraved(greys, FIXED[Layer.INK]).mean((1, 2, 3))
    assert (light.diff() >= 0).all()
    assert light[6] > light[3] + 0.3
    assert (engraved(greys, FIXED[Layer.INK])[8] == 1).all(), "paper is white"
    dark = engraved(greys, FIXED[Layer.INK])[0, :, 4, 80]
    assert np.abs((dark.numpy() + 1) * 127.5 - FIXED[Layer.INK]).max() < 0.5
    row = engraved(greys, FIXED[Layer.INK])[4, 0, 0] > 0
    assert int((row[1:] != row[:-1]).sum()) in (159, 160), "eighty lines, each with two edges"


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


def test_composing_bounded_scores_is_a_softmax():
    torch.manual_seed(0)
    scores, colours = 5 * torch.randn(2, COUNT, 6, 6), torch.rand(2, COUNT, 3)
    wanted = torch.einsum("nlhw,nlc->nchw", scores.softmax(1), colours)
    assert torch.allclose(compose(bounded(scores), colours), wanted, atol=1e-5)
    assert bounded(1e4 * scores).min() == -40.0
    assert bounded(scores).max() == 0.0


def test_the_network_gives_a_score_for_each_layer_and_learns_everywhere():
    torch.manual_seed(0)
    network = LayerScores(16, 1)
    scores = network(torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 5, 32, 32))
    assert scores.shape == (2, COUNT, 64, 64)
    scores.square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
