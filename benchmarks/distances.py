"""What do FID and KID notice? Real cartoons, changed one thing at a time, against other real ones.

    python benchmarks/distances.py data/bitmoji data/faces --size 64

The reference are held-out cartoons, as in the ablation's table; other real cartoons are changed:
their five points moved (eyes, nose and mouth with them), some of a photo's fine detail laid over
them, blurred, mixed with photos, or fewer different ones. Beside each distance stands how far off
MTCNN finds the points, so that a row of an ablation can be looked up by its landmark error: what
its misplaced eyes alone cost. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.data.split import HeldOut
from toonmark.evaluation.estimates import distance, point_error
from toonmark.evaluation.networks import EvaluationNetworks, Options
from toonmark.evaluation.selection import batches, select
from toonmark.landmarks import Array, inter_eye_distance

#: A moved point takes along what lies within this much of the inter-eye distance.
REACH = 0.35


def moved(picture: Array, points: Array, offsets: Array) -> Array:
    """A smooth warp that brings each of (5, 2) ``points`` to itself plus ``offsets``, in pixels."""
    ends = points + offsets
    reach = REACH * inter_eye_distance(points[None])[0]

    def weights(places: Array) -> Array:
        squares = ((places[:, None] - ends[None]) ** 2).sum(-1)
        return np.asarray(np.exp(-squares / (2 * reach**2)))

    factors = np.linalg.solve(weights(ends), -offsets)
    height, width = picture.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float64)
    source = grid + (weights(grid.reshape(-1, 2)) @ factors).reshape(grid.shape)
    x, y = np.moveaxis(source.astype(np.float32), -1, 0)
    return cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def blurred(pictures: Array, sigma: float) -> Array:
    """(N, H, W, 3) under a Gaussian of ``sigma`` pixels; any dtype."""
    return np.stack([cv2.GaussianBlur(picture, (0, 0), sigma) for picture in pictures])


def detailed(pictures: Array, photos: Array, share: float) -> Array:
    """Cartoons with a share of a photo's fine detail (finer than two pixels) laid over them."""
    fine = photos.astype(np.float32)
    fine -= blurred(fine, 2)
    return np.clip(np.rint(pictures + share * fine), 0, 255).astype(np.uint8)


def mixed(pictures: Array, photos: Array, share: float) -> Array:
    """The first ``share`` of the cartoons replaced by photos."""
    count = round(share * len(pictures))
    return np.concatenate([photos[:count], pictures[count:]])


def repeated(pictures: Array, share: float) -> Array:
    """As many pictures, of which only a ``share`` differ."""
    return pictures[np.arange(len(pictures)) % max(1, round(share * len(pictures)))]


def changes(
    cartoons: Array, points: Array, photos: Array, seed: int
) -> Iterator[tuple[str, Array, Array]]:
    """Name, pictures, and where the points of each were before the change, (N, 5, 2)."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=points.shape)
    # A point's mean distance from where it was is then the named share of the inter-eye distance.
    directions *= inter_eye_distance(points)[:, None, None] / np.sqrt(np.pi / 2)
    yield "nothing", cartoons, points
    for share in (0.05, 0.1, 0.2, 0.3):
        pictures = [moved(*one) for one in zip(cartoons, points, share * directions, strict=True)]
        yield f"points moved by {share:.0%} of the eye distance", np.stack(pictures), points
    for share in (0.25, 0.5, 1):
        yield f"{share:.0%} of a photo's fine detail", detailed(cartoons, photos, share), points
    unknown = np.full_like(points, np.nan)
    for share in (0.1, 0.25, 0.5):
        yield f"{share:.0%} of them photos", mixed(cartoons, photos, share), unknown
    for share in (0.25, 0.1):
        same = repeated(cartoons, share), repeated(points, share)
        yield f"only {share:.0%} of them different", *same
    for sigma in (0.5, 1.0):
        yield f"blurred, σ {sigma} pixels", blurred(cartoons, sigma), points
    yield "photos", photos, unknown


def load(
    pictures: Dataset,
    n: int,
    size: int,
    seed: int,
    held: HeldOut | None,
    without: Sequence[str] = (),
) -> tuple[Array, Array, Sequence[str]]:
    """Pictures, their points and their names, in an order drawn by seed."""
    chosen = select(pictures, n, seed, held, without).with_points()
    parts = list(batches(chosen, size))
    order = np.random.default_rng(seed).permutation(len(chosen))
    images = np.concatenate([images for images, _ in parts])[order]
    points = np.stack([p for _, points in parts for p in points if p is not None])
    return images, points[order], chosen.names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cartoons", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument(
        "--points", type=int, default=200, help="pictures to find points in; 0: none"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--sheet", type=Path, help="write the first pictures of each row here")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tools = EvaluationNetworks.open(Options(cache=options.cache))
    every = Dataset.open(options.cartoons)
    held, _, names = load(every, options.n, options.size, options.seed, HeldOut())
    others, points, _ = load(every, options.n, options.size, options.seed, None, names)
    photos, _, _ = load(Dataset.open(options.photos), len(others), options.size, 0, HeldOut())
    count = min(len(others), len(photos))
    others, points, photos = others[:count], points[:count], photos[:count]
    real = tools.features(held)
    print(f"{count} changed cartoons against {len(held)} real ones of {every.folder.name} at")
    print(f"{options.size} px, seed {options.seed}. Features: {tools.extractor.identity}.")
    if options.points:
        print(f"Points: {tools.finder.identity}, in the first {options.points}.")
    print()
    print("| change | KID×1000 | FID | landmark error | not found |")
    print("| --- | ---: | ---: | ---: | ---: |", flush=True)
    rows = []
    for name, pictures, known in changes(others, points, photos, options.seed):
        apart = distance(tools.features(pictures), real)
        told = "– | –"
        if options.points and not np.isnan(known).any():
            some = slice(options.points)
            error = point_error(tools.points(pictures[some]), known[some])
            told = f"{error.median or np.nan:.1%} | {error.not_found:.1%}"
        kid = f"{apart.kid.value:.1f} ({apart.kid.low:.1f} to {apart.kid.high:.1f})"
        print(f"| {name} | {kid} | {apart.fid:.1f} | {told} |", flush=True)
        rows.append(np.concatenate(list(pictures[:12]), 1))
    if options.sheet:
        cv2.imwrite(str(options.sheet), np.concatenate(rows)[:, :, ::-1])


if __name__ == "__main__":
    main()
