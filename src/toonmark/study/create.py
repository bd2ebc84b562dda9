"""Makes a study out of folders of drawings."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from toonmark.pictures import pictures_in, read, write
from toonmark.study.errors import (
    DifferentSizesError,
    MissingOutputsError,
    NotEnoughPhotosError,
    SameMethodError,
    StudyError,
    StudyExistsError,
)
from toonmark.study.study import ANSWERS, FILE, QUESTIONS, Group, Study, picture_path, save

#: What `toonmark cartoonize` puts behind a photo's name.
TOON = "-toon"
#: The paper's number of groups.
GROUPS = 48


def parse_methods(texts: Sequence[str]) -> dict[str, Path]:
    """``NAME=FOLDER`` texts as a dictionary, in their order.

    Raises:
        StudyError: a text without ``=``, or fewer than two methods.
        SameMethodError: a name given twice.
    """
    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, folder) in zip(texts, pairs, strict=True):
        if not (name.strip() and equals and folder):
            raise StudyError(f"{text!r} names no method.", "Write it as NAME=FOLDER.")
    names = [name.strip() for name, _, _ in pairs]
    twice = [name for name, count in Counter(n.casefold() for n in names).items() if count > 1]
    if twice:
        raise SameMethodError(
            f"Two of the methods are called {twice[0]}.", "Give each a name of its own."
        )
    if len(names) < 2:
        raise StudyError("A study compares methods, and needs two or more.", "Name another one.")
    return {name: Path(folder) for name, (_, _, folder) in zip(names, pairs, strict=True)}


def create(
    methods: Mapping[str, Path],
    photos: Path,
    out: Path,
    groups: int = GROUPS,
    seed: int = 0,
    common: bool = False,
    size: int | None = None,
) -> Study:
    """Chooses groups by seed and writes the study.

    Args:
        methods: name to folder of drawings, named as the photos are (``-toon`` may follow).
        photos: the folder of photos.
        out: the study's folder.
        groups: how many photos are shown.
        seed: which ones, and how each rater's order is drawn.
        common: use the photos that all methods drew; otherwise a missing drawing is an error.
        size: scale all pictures to this edge; otherwise drawings of different sizes are an error.

    Raises:
        StudyError: one of :mod:`toonmark.study.errors`.
        ImageError: a picture cannot be read.
    """
    for file in (FILE, ANSWERS):
        if (out / file).exists():
            raise StudyExistsError(
                f"{out} holds a study already ({file}).",
                "Choose another folder; its answers would not fit new groups.",
            )
    originals = _pictures(photos)
    drawn = {name: _drawings(folder) for name, folder in methods.items()}
    stems = _shared(originals, drawn, common)
    if len(stems) < groups:
        raise NotEnoughPhotosError(
            f"{groups} groups were asked for, and {len(stems)} photos have all drawings.",
            f"Ask for fewer with --groups {len(stems)}, or draw more photos.",
        )
    random = np.random.default_rng(seed)
    chosen = sorted(random.choice(stems, groups, replace=False).tolist())
    _check_sizes({n: [files[s] for s in chosen] for n, files in drawn.items()}, size)
    made = []
    for stem in chosen:
        # Tokens come from the system and not from the seed: whoever knows it learns nothing.
        tokens = {name: secrets.token_hex(8) for name in methods}
        photo = secrets.token_hex(8)
        _copy(originals[stem], picture_path(out, photo), None)
        for name, token in tokens.items():
            _copy(drawn[name][stem], picture_path(out, token), size)
        # In the file too, a group's drawings stand in no method's order.
        shuffled = dict(sorted((t, n) for n, t in tokens.items()))
        made.append(Group(photo=photo, drawings=shuffled, name=originals[stem].name))
    study = Study(seed=seed, methods=list(methods), questions=QUESTIONS, groups=made)
    save(study, out)
    return study


def _pictures(folder: Path) -> dict[str, Path]:
    """Pictures of a folder by their name without suffix."""
    found: dict[str, Path] = {}
    for path in pictures_in(folder, below=False):
        if path.stem in found:
            raise StudyError(
                f"{folder} holds both {found[path.stem].name} and {path.name}.",
                "Pictures are matched by their names without suffix: keep one of the two.",
            )
        found[path.stem] = path
    if not found:
        raise StudyError(
            f"{folder} holds no pictures.", "Name a folder with JPEG, PNG or other pictures in it."
        )
    return found


def _drawings(folder: Path) -> dict[str, Path]:
    found = _pictures(folder)
    plain = {stem.removesuffix(TOON): path for stem, path in found.items()}
    return plain if len(plain) == len(found) else found


def _shared(
    photos: Mapping[str, Path], drawn: Mapping[str, Mapping[str, Path]], common: bool
) -> list[str]:
    """Names of the photos that every method drew."""
    any_drew = sorted(set(photos) & {stem for files in drawn.values() for stem in files})
    if not any_drew:
        raise MissingOutputsError(
            "No drawing is named after one of the photos.",
            "me.jpg is drawn as me.png, or as me-toon.png.",
        )
    lacking = {name: [s for s in any_drew if s not in files] for name, files in drawn.items()}
    lacking = {name: stems for name, stems in lacking.items() if stems}
    if lacking and not common:
        told = "; ".join(
            f"{name} lacks {len(stems)} of {len(any_drew)} ({', '.join(stems[:3])}"
            f"{', …' if len(stems) > 3 else ''})"
            for name, stems in lacking.items()
        )
        raise MissingOutputsError(
            f"The methods did not all draw the same photos: {told}.",
            "Draw these too, or use only what all have drawn with --common.",
        )
    return [stem for stem in any_drew if all(stem in files for files in drawn.values())]


def _check_sizes(drawn: Mapping[str, Sequence[Path]], size: int | None) -> None:
    if size is not None:
        return
    first: dict[tuple[int, int], tuple[str, Path]] = {}
    for name, files in drawn.items():
        for path in files:
            height, width = read(path).pixels.shape[:2]
            first.setdefault((width, height), (name, path))
    if len(first) > 1:
        told = ", ".join(f"{w}×{h} ({n}: {p.name})" for (w, h), (n, p) in first.items())
        raise DifferentSizesError(
            f"The drawings are not all of one size: {told}.",
            "Scale all to one with --size, such as --size 256.",
        )


def _copy(source: Path, target: Path, size: int | None) -> None:
    """Pixels only: metadata may name the method. The photo is made no larger than 512 pixels."""
    picture = Image.fromarray(read(source).pixels)
    if size is not None:
        picture = ImageOps.pad(picture, (size, size), Image.Resampling.LANCZOS, color="white")
    elif max(picture.size) > 512:
        picture.thumbnail((512, 512), Image.Resampling.LANCZOS)
    write(target, np.asarray(picture.convert("RGB")))
