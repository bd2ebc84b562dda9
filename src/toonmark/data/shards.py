"""WebDataset shards: a set in tar files, read without unpacking.

Each picture is two members, ``000123.png`` and ``000123.json`` (its name and points), as the
``webdataset`` package and others read them. Beside the shards lies ``landmarks.csv`` with three
more columns: the shard, and where in it the picture's bytes begin and how many they are. With it a
picture is read by one seek; without it (shards made elsewhere) the headers are walked through once.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np

from toonmark.data.dataset import COLUMNS, LANDMARKS, Dataset, write_description
from toonmark.data.dataset_shards import scan_shards
from toonmark.errors import DataError
from toonmark.files import written_whole


def write_shards(
    dataset: Dataset,
    out: str | Path,
    *,
    per_shard: int = 1000,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Writes a set as shards of ``per_shard`` pictures, their bytes unchanged.

    Each shard is written whole or not at all, and the table last: an interrupted run leaves
    nothing that looks like a set.

    Raises:
        DataError: ``out`` is not empty.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        if not force:
            raise DataError(f"{out} is not empty.", "Choose another folder, or use --force.")
        for old in (*out.glob("[0-9][0-9][0-9][0-9][0-9].tar"), out / LANDMARKS):
            old.unlink(missing_ok=True)
    rows: list[list[str]] = []
    for shard, start in enumerate(range(0, len(dataset), per_shard)):
        name = f"{shard:05d}.tar"
        with written_whole(out / name) as temporary:
            with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
                for index in range(start, min(start + per_shard, len(dataset))):
                    _add(tar, dataset, index)
                    if progress is not None:
                        progress(index + 1, len(dataset))
            members = list(scan_shards([temporary]))
        for (_, member, _), index in zip(members, range(start, start + len(members)), strict=True):
            values = [f"{value:.2f}" for value in dataset.points[index].ravel()]
            place = [name, str(member.offset), str(member.size)]
            rows.append([dataset.names[index], *values, *place])
    if dataset.description:
        write_description(out, dataset.description)
    with written_whole(out / LANDMARKS) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, "shard", "offset", "size"])
        writer.writerows(rows)
    return Dataset.open(out)


def _add(tar: tarfile.TarFile, dataset: Dataset, index: int) -> None:
    name = dataset.names[index]
    points = np.round(dataset.points[index].astype(float), 2).tolist()
    about = json.dumps({"file": name, "points": points}, ensure_ascii=False).encode()
    suffix = PurePosixPath(name).suffix.lower() or ".png"
    # A number and not the name: in this format a name ends at its first dot.
    for ending, data in ((suffix, dataset.data(index)), (".json", about)):
        info = tarfile.TarInfo(f"{index:08d}{ending}")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
