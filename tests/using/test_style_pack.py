import json
import sys
import types

import numpy as np
import pytest

from toonmark import Cartoonizer
from toonmark.errors import (
    CorruptStyleError,
    RuntimeBrokenError,
    StyleError,
    UnknownStyleError,
    WrongStyleError,
)
from toonmark.faces.align import inside, transform_points
from toonmark.landmarks import FACE_TEMPLATE, PORTRAIT_TEMPLATE, template_points
from toonmark.styles import DEFAULT_STYLE, StyleMetadata, StylePack, list_styles
from toonmark.styles import pack as pack_module

RANDOM = np.random.default_rng(0)


def test_a_sound_pack(pack):
    style = StylePack.open(pack, threads=1)
    assert style.metadata.name == "negative"
    assert style.metadata.size == 128
    np.testing.assert_allclose(style.metadata.template, FACE_TEMPLATE)
    style.check()


def test_a_pack_of_the_portrait_frame_sees_white_beyond_the_photo(tmp_path, write_pack, astronaut):
    template = PORTRAIT_TEMPLATE.tolist()
    fields = {"template": template, "outside": "white", "format_version": 2}
    cartoonizer = Cartoonizer(write_pack(tmp_path / "portrait.onnx", **fields))
    part = astronaut[40:260, 110:360]  # nothing above the hair, and less than the shoulders
    (cartoon,) = cartoonizer(part)
    eyes = transform_points(cartoon.points[:2], cartoon.transform)
    assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(0.2 * 128, abs=2)
    covered = inside(part.shape, cartoon.transform, 128)
    assert 0.5 < covered.mean() < 0.95
    assert (cartoon.crop[~covered] == 255).all()
    assert cartoon.crop[covered].mean() < 200


@pytest.mark.parametrize("fields", [{"outside": "white"}, {"outside": "grey"}])
def test_a_pack_says_by_its_format_what_lies_beyond_the_photo(tmp_path, write_pack, fields):
    sound = StyleMetadata(name="negative", title="Negative", size=128).model_dump(mode="json")
    stored = {"toonmark": json.dumps(sound | fields)}
    with pytest.raises(WrongStyleError, match="metadata"):
        StylePack.open(write_pack(tmp_path / "wrong.onnx", stored=stored))


def test_draws_any_number_and_a_batch_is_its_parts(pack):
    style = StylePack.open(pack)
    faces = RANDOM.uniform(-0.9, 0.9, (19, 3, 128, 128)).astype(np.float32)
    points = template_points(128) + RANDOM.normal(0, 3, (19, 5, 2))
    drawn = style.draw(faces, points)
    assert drawn.dtype == np.float32
    expected = -faces - 1e-4 * points[:, 2].mean(-1)[:, None, None, None]
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
    for i in (0, 7, 8, 18):
        one = style.draw(faces[i : i + 1], points[i : i + 1])
        np.testing.assert_allclose(one[0], drawn[i], atol=1e-6)
    assert style.draw(faces[:0], points[:0]).shape == (0, 3, 128, 128)


def test_what_is_drawn_stays_in_range(pack):
    drawn = StylePack.open(pack).draw(np.full((1, 3, 128, 128), 7.0), np.zeros((1, 5, 2)))
    assert drawn.min() == drawn.max() == -1


def test_metadata_survive(tmp_path, write_pack):
    path = write_pack(
        tmp_path / "a.onnx",
        size=64,
        training={"data": ["faces"], "iterations": 12},
        scores={"kid": 0.1},
        sigma_at_128=3.0,
    )
    metadata = StylePack.open(path).metadata
    assert metadata.size == 64
    assert metadata.training["iterations"] == 12
    assert metadata.sigma_at_128 == 3.0
    again = StyleMetadata.model_validate_json(metadata.model_dump_json())
    assert again == metadata


def test_fields_of_a_later_version_are_let_be(tmp_path, write_pack):
    assert StylePack.open(write_pack(tmp_path / "a.onnx", shoe_size=43)).metadata.size == 128


def fails(kind, path, words="."):
    with pytest.raises(kind, match=words) as caught:
        StylePack.open(path)
    assert caught.type is kind
    assert isinstance(caught.value, StyleError)
    assert "\n" not in str(caught.value)


def test_unknown(tmp_path):
    fails(UnknownStyleError, "no-such-style")
    fails(UnknownStyleError, tmp_path / "none.onnx")
    fails(UnknownStyleError, tmp_path)


def test_a_near_name_is_offered(tmp_path, monkeypatch, pack):
    (tmp_path / "watercolour.onnx").write_bytes(pack.read_bytes())
    monkeypatch.setattr(pack_module, "FOLDER", tmp_path)
    fails(UnknownStyleError, "watercolor", "Did you mean watercolour")
    assert [style.name for style in list_styles()] == ["negative"]
    assert StylePack.open("watercolour").path == tmp_path / "watercolour.onnx"


def test_corrupt(tmp_path, pack):
    data = pack.read_bytes()
    for name, content in {
        "empty": b"",
        "text": b"Dear diary" * 20,
        "half": data[: len(data) // 2],
        "picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    }.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(StyleError) as caught:
            StylePack.open(path)
        # What is left of half a file may still be a model, but one that has lost its metadata.
        assert caught.type in (
            (CorruptStyleError, WrongStyleError) if name == "half" else (CorruptStyleError,)
        )


def test_a_model_that_is_no_style(tmp_path, write_pack):
    fails(WrongStyleError, write_pack(tmp_path / "a.onnx", stored={}), "not a Toonmark style pack")
    fails(WrongStyleError, write_pack(tmp_path / "b.onnx", stored={"toonmark": "{"}), "metadata")
    fails(WrongStyleError, write_pack(tmp_path / "c.onnx", stored={"toonmark": "[]"}), "metadata")


def test_a_newer_format(tmp_path, write_pack):
    path = write_pack(tmp_path / "a.onnx", format_version=3, size_of_something="new")
    fails(WrongStyleError, path, "newer Toonmark.*upgrade")


@pytest.mark.parametrize(
    "fields", [{"size": "large"}, {"size": 4}, {"name": "A Name"}, {"template": [[0, 0]]}]
)
def test_wrong_metadata(tmp_path, write_pack, fields):
    whole = {**StyleMetadata(name="a", title="A", size=128).model_dump(mode="json"), **fields}
    path = write_pack(tmp_path / "a.onnx", stored={"toonmark": json.dumps(whole)})
    fails(WrongStyleError, path, next(iter(fields)))


def test_wrong_inputs(tmp_path, write_pack):
    path = write_pack(tmp_path / "a.onnx", inputs=("photo", "landmarks"))
    fails(WrongStyleError, path, "no input called 'face'")
    stored = StyleMetadata(name="a", title="A", size=64).model_dump_json()
    path = write_pack(tmp_path / "b.onnx", size=128, stored={"toonmark": stored})
    fails(WrongStyleError, path, "shape")


def test_the_styles_that_ship_are_sound():
    shipped = list_styles()
    for metadata in shipped:
        style = StylePack.open(metadata.name)
        style.check()
        assert style.path.with_suffix(".md").is_file(), "every style has its card"
        assert metadata.licence or metadata.terms
    assert not shipped or DEFAULT_STYLE in [metadata.name for metadata in shipped]


def test_a_broken_runtime_is_no_damaged_pack(pack, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "onnxruntime.capi", None)
    with pytest.raises(RuntimeBrokenError, match=r"ONNX Runtime.*force-reinstall"):
        StylePack.open(pack)


def test_what_is_not_the_pack_s_fault_is_not_called_so(pack, monkeypatch):
    def broken(*_args):
        raise MemoryError

    monkeypatch.setattr(pack_module, "open_session", broken)
    with pytest.raises(MemoryError):
        StylePack.open(pack)
    monkeypatch.undo()
    style = StylePack.open(pack)
    monkeypatch.setattr(style, "draw", broken)
    with pytest.raises(MemoryError):
        style.check()


def test_a_runtime_without_its_parts_is_named(pack, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", types.ModuleType("onnxruntime"))
    with pytest.raises(RuntimeBrokenError, match="has no attribute"):
        StylePack.open(pack)


def test_mutated_packs_are_refused_or_drawn(tmp_path, pack, capfd):
    sound, random = pack.read_bytes(), np.random.default_rng(0)
    refused = 0
    for number in range(150):
        data = bytearray(sound)
        for _ in range(int(random.integers(1, 6))):
            data[int(random.integers(len(data)))] = int(random.integers(256))
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(data)
        try:
            StylePack.open(path, threads=1).check()
        except StyleError:
            refused += 1
    assert refused > 50
    assert capfd.readouterr().out == ""


def test_openvino_draws_the_same_within_the_bounds(astronaut):
    pytest.importorskip("openvino")
    from toonmark import Cartoonizer
    from toonmark.styles.pack import FAR_OFF, FAR_SHARE, FOLDER, MEAN_BOUND

    if not (FOLDER / "toon.onnx").is_file():
        pytest.skip("the style does not ship")
    (ours,) = Cartoonizer("toon", 1)(astronaut)
    (other,) = Cartoonizer("toon", 1, "openvino")(astronaut)
    np.testing.assert_array_equal(other.points, ours.points)
    off = np.abs(other.image.astype(float) - ours.image).max(-1)
    assert off.mean() <= MEAN_BOUND
    assert (off > FAR_OFF).mean() <= FAR_SHARE
    assert StylePack.open("toon", 1, "openvino").metadata == StylePack.open("toon").metadata


def test_a_runtime_that_draws_otherwise_is_refused(pack, monkeypatch):
    openvino = pytest.importorskip("openvino")
    from toonmark import inference
    from toonmark.errors import OtherDrawingError

    StylePack.open(pack, 1, "openvino")
    run = inference._OpenVino.run
    for wrong in (lambda drawn: drawn + 0.02, lambda drawn: np.where(drawn > 0.3, -1, drawn)):
        monkeypatch.setattr(
            inference._OpenVino, "run", lambda s, n, f, wrong=wrong: [wrong(run(s, n, f)[0])]
        )
        with pytest.raises(OtherDrawingError, match="of 255 off"):
            StylePack.open(pack, 1, "openvino")
    assert openvino.__version__


def test_openvino_is_asked_for(pack, monkeypatch):
    import sys

    from toonmark.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"toonmark\[openvino\]"):
        StylePack.open(pack, 1, "openvino")
