"""A batch draws what a single photo's command draws, from anywhere, and outlives what happens."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark import Cartoonizer
from toonmark.errors import BatchError, RuntimeBrokenError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
fsspec = pytest.importorskip("fsspec")

from toonmark.batch import addresses, photo_reading, units  # noqa: E402
from toonmark.batch.engine import Ledger  # noqa: E402
from toonmark.batch.settings import Counts, Settings  # noqa: E402
from toonmark.batch.unit_plan import open_plan  # noqa: E402
from toonmark.batch.units import Drawer  # noqa: E402

COUNT = 5


@pytest.fixture(scope="module")
def album(astronaut, tmp_path_factory):
    """Five photos, one of them damaged, in a folder within a folder."""
    folder = tmp_path_factory.mktemp("album")
    (folder / "below").mkdir()
    for i in range(COUNT):
        pixels = np.roll(astronaut, 8 * i, axis=1)
        place = folder / "below" if i == 4 else folder
        Image.fromarray(pixels).save(place / f"{i}.jpg", quality=95)
    (folder / "2.jpg").write_bytes(b"no picture")
    (folder / "notes.csv").write_text("file,said\n0.jpg,hello\n")
    (folder / ".hidden.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


def settings(**chosen):
    return Settings(style="negative", digest="0", **chosen)


def draw(cartoonizer, given, output, book=None, column=None, **chosen):
    """A batch without an engine; returns its counts."""
    total, chosen = Counts(), settings(**chosen)
    draw_unit = Drawer(cartoonizer, chosen, output, book or Ledger())
    for unit in open_plan(given, output, chosen, column).units():
        total.add(draw_unit(unit))
    return total


def rows(output, folder="faces"):
    files, path = fsspec.core.url_to_fs(f"{output}/{folder}")
    found = sorted(files.find(path)) if files.exists(path) else []
    tables = [pq.read_table(io.BytesIO(files.cat_file(name))) for name in found]
    return [row for table in tables for row in table.to_pylist()]


def test_rows_are_what_a_single_photos_command_draws(cartoonizer, pack, album, tmp_path):
    from typer.testing import CliRunner

    from toonmark.cli import app

    counts = draw(cartoonizer, str(album), str(tmp_path / "out"), part=2)
    assert (counts.photos, counts.faces, counts.failures) == (COUNT, 4, {"NotAnImageError": 1})
    (failure,) = rows(tmp_path / "out", "failures")
    assert failure["source"] == str(album / "2.jpg")
    assert failure["kind"] == "NotAnImageError"
    assert failure["happened"]
    assert failure["remedy"]

    photos = [str(album / f"{i}.jpg") for i in (0, 1, 3)] + [str(album / "below/4.jpg")]
    command = ["cartoonize", *photos, "-s", str(pack), "-o", str(tmp_path / "one")]
    report = tmp_path / "report.json"
    assert CliRunner().invoke(app, [*command, "--json", str(report)]).exit_code == 0
    told = {one["photo"]: one["faces"][0] for one in json.loads(report.read_text())["photos"]}
    drawn = rows(tmp_path / "out")
    assert [row["source"] for row in drawn] == photos
    for row in drawn:
        face = told[row["source"]]
        assert row["drawing"] == Path(face["file"]).read_bytes()
        np.testing.assert_allclose(row["box"], face["box"], atol=0.01)
        points = np.array(list(face["landmarks"].values())).ravel()
        np.testing.assert_allclose(row["points"], points, atol=0.01)
        assert row["yaw"] == pytest.approx(face["yaw"], abs=0.06)
        assert (row["style"], row["terms"]) == ("negative", "")
        assert (row["face"], row["warning"], row["flaw"]) == (None, "", "")


@pytest.mark.parametrize(
    "kind", ["folder", "pattern", "shards", "bytes", "structs", "paths", "csv", "remote"]
)
def test_every_kind_of_input_gives_the_same_drawings(cartoonizer, album, tmp_path, kind):
    files = [album / f"{i}.jpg" for i in range(4)] + [album / "below/4.jpg"]
    data = [file.read_bytes() for file in files]
    given, output, column = tmp_path / "in", str(tmp_path / "out"), None
    if kind == "folder":
        given = album
    elif kind == "pattern":
        given = album / "**" / "*.jpg"
    elif kind == "shards":
        for number, some in enumerate((files[:3], files[3:])):
            with tarfile.open(tmp_path / f"s{number:02d}.tar", "w") as shard:
                for file in some:
                    shard.add(file, file.name)
                    told = tarfile.TarInfo(file.stem + ".json")
                    shard.addfile(told, io.BytesIO())
        given = tmp_path / "s{00..01}.tar"
    elif kind == "bytes":
        given = tmp_path / "t.parquet"
        table = pa.table({"said": ["x"] * COUNT, "image": data})
        pq.write_table(table, given, row_group_size=3)
    elif kind == "structs":
        given = tmp_path / "t.parquet"
        cells = [{"bytes": one, "path": file.name} for one, file in zip(data, files, strict=True)]
        pq.write_table(pa.table({"photo": cells, "mine": cells}), given)
        column = "mine"
    elif kind in ("paths", "csv"):
        given = tmp_path / f"t.{'parquet' if kind == 'paths' else 'csv'}"
        names = [os.path.relpath(file, tmp_path) for file in files]
        if kind == "paths":
            pq.write_table(pa.table({"path": names}), given)
        else:
            with open(given, "w", newline="") as file:
                csv.writer(file).writerows([["where", "said"], *([n, "x"] for n in names)])
            column = "where"
    else:
        memory = fsspec.filesystem("memory")
        for file, one in zip(files, data, strict=True):
            memory.pipe_file(f"/album/{file.name}", one)
        given, output = "memory://album", f"memory://{tmp_path.name}"
    counts = draw(cartoonizer, str(given), output, column=column, part=2)
    assert (counts.photos, counts.faces, counts.failed) == (COUNT, 4, 1)
    expected = [cartoonizer(one)[0].encoded(".png", 512) for one in data if one != data[2]]
    assert [row["drawing"] for row in rows(output)] == expected
    assert len({row["source"] for row in rows(output)}) == 4


@pytest.mark.parametrize("where", ["folder", "shard", "memory"])
def test_a_file_that_is_too_large_is_listed_and_not_read(
    cartoonizer, album, tmp_path, monkeypatch, where
):
    data = (album / "0.jpg").read_bytes()
    monkeypatch.setattr(photo_reading, "LARGEST", len(data))
    folder, given = tmp_path / "two", str(tmp_path / "two")
    folder.mkdir()
    for name, content in (("small.jpg", data), ("large.jpg", data + b"x")):
        (folder / name).write_bytes(content)
        if where == "memory":
            fsspec.filesystem("memory").pipe_file(f"/two/{name}", content)
            given = "memory://two"
    if where == "shard":
        given = str(tmp_path / "a.tar")
        with tarfile.open(given, "w") as shard:
            shard.add(folder, "")
    counts = draw(cartoonizer, given, str(tmp_path / "out"))
    assert (counts.photos, counts.faces, counts.failed) == (2, 1, 1)
    (row,) = rows(tmp_path / "out", "failures")
    assert row["source"].endswith("large.jpg")
    assert "has more than" in row["happened"]


def test_every_face_and_format(cartoonizer, two_faces, tmp_path):
    Image.fromarray(two_faces).save(tmp_path / "a.png")
    given, out = str(tmp_path / "a.png"), tmp_path / "out"
    draw(cartoonizer, given, str(out), faces="all", format="webp", size=64, container="shards")
    small, large = rows(out)
    assert (small["face"], large["face"]) == (1, 2)
    assert small["drawing"] is None
    with tarfile.open(out / small["shard"]) as shard:
        assert shard.getnames() == [small["key"], large["key"]]
        data = [shard.extractfile(row["key"]).read() for row in (small, large)]
    expected = [one.encoded(".webp", 64) for one in cartoonizer(two_faces, "all")]
    assert data == expected


def test_what_is_there_is_not_drawn_again(cartoonizer, album, tmp_path, monkeypatch):
    given, output = str(album), str(tmp_path)
    drawn = []
    each = Cartoonizer.each
    monkeypatch.setattr(Cartoonizer, "each", lambda c, p, f: drawn.append(len(p)) or each(c, p, f))
    first = draw(cartoonizer, given, output, part=2)
    assert sum(drawn) == COUNT
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.parquet")}
    drawn.clear()
    lost = tmp_path / "faces/000001-0000.parquet"
    lost.unlink()
    (album / "00.jpg").write_bytes((album / "0.jpg").read_bytes())  # listed no more
    try:
        assert draw(cartoonizer, given, output, part=2) == first
    finally:
        (album / "00.jpg").unlink()
    assert sum(drawn) == 2
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.parquet")} == before


def test_a_shard_goes_on_at_its_last_whole_part(cartoonizer, album, tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "a.tar", "w") as shard:
        for i in (0, 1, 3):
            shard.add(album / f"{i}.jpg", f"{i}.jpg")
    given, output = str(tmp_path / "a.tar"), str(tmp_path / "out")
    draw(cartoonizer, given, output, part=1)
    expected = rows(output)
    (tmp_path / "out/faces/000000-0001.parquet").unlink()
    (tmp_path / "out/faces/000000-0002.parquet").unlink()
    drawn = []
    each = Cartoonizer.each
    monkeypatch.setattr(Cartoonizer, "each", lambda c, p, f: drawn.append(len(p)) or each(c, p, f))
    assert draw(cartoonizer, given, output, part=1).photos == 3
    assert drawn == [1, 1]
    assert rows(output) == expected
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: len(whole) * 3 // 4])
    counts = draw(cartoonizer, given, str(tmp_path / "cut"), part=1)
    assert counts.faces >= 1
    assert counts.failures == {"BatchError": 1}


class Died(BaseException):
    """A worker is gone."""


def test_a_photo_that_crashes_workers_is_tried_alone_and_then_listed(
    cartoonizer, album, tmp_path, monkeypatch
):
    deadly = (album / "1.jpg").read_bytes()
    tried = []

    def attempt(part, photos):
        tried.append(len(photos))
        if deadly in photos:
            raise Died
        return part._cartoonizer.each(photos, "largest")

    monkeypatch.setattr(units._Part, "_attempt", attempt)
    book = Ledger()
    for _ in range(2):
        with pytest.raises(Died):
            draw(cartoonizer, str(album), str(tmp_path), book)
    assert not (tmp_path / "faces").exists()
    counts = draw(cartoonizer, str(album), str(tmp_path), book)
    assert tried == [5, 1, 1, 1, 1, 1, 1]
    assert (counts.photos, counts.faces) == (COUNT, 3)
    assert counts.failures == {"NotAnImageError": 1, "WorkerCrash": 1}
    listed = {row["kind"]: row["source"] for row in rows(tmp_path, "failures")}
    assert listed["WorkerCrash"] == str(album / "1.jpg")


def test_what_nobody_foresaw_fails_one_photo(cartoonizer, album, tmp_path, monkeypatch):
    odd = (album / "1.jpg").read_bytes()

    def attempt(part, photos):
        if odd in photos:
            raise KeyError("odd")
        return part._cartoonizer.each(photos, "largest")

    monkeypatch.setattr(units._Part, "_attempt", attempt)
    counts = draw(cartoonizer, str(album), str(tmp_path))
    assert counts.faces == 3
    assert counts.failures == {"NotAnImageError": 1, "KeyError": 1}


def test_a_photo_that_is_gone_is_listed(cartoonizer, tmp_path):
    (tmp_path / "a.csv").write_text("path\ngone.jpg\n")
    draw(cartoonizer, str(tmp_path / "a.csv"), str(tmp_path / "out"))
    (row,) = rows(tmp_path / "out", "failures")
    assert row["kind"] == "UnreadableFileError"
    assert "gone.jpg cannot be read (No such file" in row["happened"]


def test_a_batch_goes_on_with_the_same_settings_only(album, tmp_path):
    open_plan(str(album), str(tmp_path), settings(), None)
    open_plan(str(album), str(tmp_path), settings(), None)
    with pytest.raises(BatchError, match="another size"):
        open_plan(str(album), str(tmp_path), settings(size=256), None)
    with pytest.raises(BatchError, match="another input"):
        open_plan(str(album / "0.jpg"), str(tmp_path), settings(), None)


@pytest.mark.parametrize(
    ("photos", "parts"), [(3, [3]), (40, [16, 16, 8]), (3000, [46] * 65 + [10]), (20000, None)]
)
def test_few_photos_are_cut_into_parts_for_many_workers(tmp_path, photos, parts):
    table, out = tmp_path / "list.csv", str(tmp_path / "out")
    table.write_text("path\n" + "".join(f"{i:05d}.jpg\n" for i in range(photos)))
    plan = open_plan(str(table), out, settings(), None, fitted=True)
    listing = pq.ParquetFile(plan.files[0][0])
    sizes = [listing.metadata.row_group(i).num_rows for i in range(plan.files[0][1])]
    assert sizes == (parts or [256] * 78 + [32])
    names = [Path(os.fsdecode(path)).name for path in listing.read()["path"].to_pylist()]
    assert names == [f"{i:05d}.jpg" for i in range(photos)]
    assert plan.settings.part == max(16, sizes[0])

    # It goes on with the parts that it has, and not with others.
    assert open_plan(str(table), out, settings(), None, fitted=True) == plan
    assert open_plan(str(table), out, plan.settings, None) == plan
    with pytest.raises(BatchError, match="another part"):
        open_plan(str(table), out, settings(part=7), None)


def test_how_far_it_is_is_told_where_nobody_watches_too(monkeypatch, capsys):
    from toonmark.cli.batch import _Telling

    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    tell = _Telling()
    for done in range(4):
        tell(Counts(photos=done, faces=done), done, 9)
        clock[0] += 40
    assert capsys.readouterr().err.splitlines() == [
        "0 of 9 parts, 0 photos, 0 faces", "2 of 9 parts, 2 photos, 2 faces",
    ]  # fmt: skip


def test_wrong_inputs_are_named(tmp_path):
    with pytest.raises(BatchError, match=r"no photos in .*nowhere"):
        open_plan(str(tmp_path / "nowhere"), str(tmp_path / "out"), settings(), None)
    with pytest.raises(BatchError, match="cannot be opened"):
        open_plan("odd://bucket", str(tmp_path / "out"), settings(), None)
    pq.write_table(pa.table({"a": ["x"], "b": ["y"]}), tmp_path / "t.parquet")
    with pytest.raises(BatchError, match=r"--column: a, b"):
        open_plan(str(tmp_path / "t.parquet"), str(tmp_path / "out"), settings(), None)
    (tmp_path / "t.parquet").write_bytes(b"junk")
    with pytest.raises(BatchError, match="cannot be read"):
        open_plan(str(tmp_path / "t.parquet"), str(tmp_path / "out"), settings(), None)


def test_files_elsewhere_are_moved_into_place(monkeypatch):
    memory = fsspec.filesystem("memory")
    seen = []
    moved = type(memory).mv
    monkeypatch.setattr(
        type(memory), "mv", lambda f, a, b, **k: seen.append((a, b)) or moved(f, a, b, **k)
    )
    addresses.write_whole("memory://place/a.bin", b"old")
    addresses.write_whole("memory://place/a.bin", b"new")
    assert addresses.read_bytes("memory://place/a.bin") == b"new"
    assert [b for _, b in seen] == ["/place/a.bin"] * 2
    assert memory.ls("/place", detail=False) == ["/place/a.bin"]


def test_a_runtime_that_is_not_there_is_named(pack):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine draws on a GPU")
    with pytest.raises(RuntimeBrokenError, match="onnxruntime-gpu"):
        Cartoonizer(pack, runtime="cuda")


@pytest.mark.parametrize("failing", [2, 3])
def test_an_engine_that_starts_too_slowly_is_tried_again_and_then_told(monkeypatch, failing):
    ray = pytest.importorskip("ray")
    from toonmark.batch.engine import _cluster

    tried = []

    def slow(address, **_):
        tried.append(address)
        if len(tried) <= failing:
            raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", slow)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2.0})
    if failing == 2:
        with _cluster(None, 2) as cores:
            assert cores == 2
    else:
        with pytest.raises(BatchError, match=r"did not start .*timed out during startup\)\."):
            _cluster(None, 2).__enter__()
    assert tried == ["local"] * 3


def test_a_cluster_that_is_not_there_is_told(monkeypatch):
    ray = pytest.importorskip("ray")
    from toonmark.batch.engine import _cluster

    def nobody(*_, **__):
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(ray, "init", nobody)
    with pytest.raises(BatchError, match=r"no Ray cluster \(nobody answers\)"):
        _cluster("ray://x:1", None).__enter__()


# With the engine -----------------------------------------------------------------------------

#: What goes wrong in a worker: a photo that always ends it, and one that does so once.
FAULTS = """
import os, signal, sys
if any("default_worker" in word for word in sys.orig_argv):
    from toonmark.cartoonizer import Cartoonizer
    each = Cartoonizer.each
    def faulty(cartoonizer, photos, faces):
        for photo in photos:
            if photo.endswith(b"DEADLY"):
                os.kill(os.getpid(), signal.SIGKILL)
            if photo.endswith(b"ONCE") and not os.path.exists(os.environ["ONCE"]):
                open(os.environ["ONCE"], "w").close()
                os.kill(os.getpid(), signal.SIGKILL)
        return each(cartoonizer, photos, faces)
    Cartoonizer.each = faulty
"""


@pytest.mark.slow
def test_two_workers_with_faults_and_a_killed_batch(pack, album, tmp_path):
    pytest.importorskip("ray.data")
    photos = tmp_path / "in"
    photos.mkdir()
    sound = (album / "0.jpg").read_bytes()
    for i in range(24):
        (photos / f"{i:02d}.jpg").write_bytes(sound)
    (photos / "05.jpg").write_bytes(b"no picture")
    with open(photos / "10.jpg", "ab") as file:
        file.write(b"DEADLY")
    with open(photos / "15.jpg", "ab") as file:
        file.write(b"ONCE")
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(FAULTS))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "ONCE": str(tmp_path / "once")}
    out = tmp_path / "out"
    command = [sys.executable, "-m", "toonmark", "batch", str(photos), str(out)]
    command += ["-s", str(pack), "--workers", "2", "--part", "3"]

    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as first:
        end = time.monotonic() + 300
        while not list(out.glob("faces/[!.]*")) and time.monotonic() < end and first.poll() is None:
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
    written = {file: file.stat().st_mtime_ns for file in out.glob("faces/[!.]*.parquet")}
    assert 0 < len(written) < 8
    assert not (out / "manifest.json").exists()

    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert {file: file.stat().st_mtime_ns for file in written} == written
    names = sorted(Path(row["source"]).name for row in rows(out))
    assert names == [f"{i:02d}.jpg" for i in range(24) if i not in (5, 10)]
    assert len({row["drawing"] for row in rows(out)}) == 1
    failures = {Path(row["source"]).name: row["kind"] for row in rows(out, "failures")}
    assert failures == {"05.jpg": "NotAnImageError", "10.jpg": "WorkerCrash"}
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["photos"], manifest["faces"]) == (24, 22)
    assert manifest["failures"] == {"NotAnImageError": 1, "WorkerCrash": 1}
    assert (tmp_path / "once").exists()
    assert "24 photos: 22 faces drawn" in done.stdout
    told = [line for line in done.stderr.splitlines() if not line.startswith("[")]  # Ray's
    assert told
    assert all(" of 8 parts, " in line for line in told), done.stderr
    assert not list(out.rglob("*.tmp*"))
