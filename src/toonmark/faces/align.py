"""Alignment by landmarks, and the crop of a face: in training, measuring and use.

A transform is a (2, 3) matrix that maps picture pixels to crop pixels, pixel centres at whole
numbers. ``toonmark.training.batch_sampling`` cuts whole batches in torch, and is tested against
this.
"""

from __future__ import annotations

import numpy as np

from toonmark.errors import LandmarksError
from toonmark.landmarks import FACE_TEMPLATE, Array, template_points


def similarity(source: Array, target: Array) -> Array:
    """The rotation, scale and shift that bring ``source`` closest to ``target``.

    Least squares over all points (Umeyama 1991, without reflections).

    Args:
        source, target: (n, 2) points, n >= 2.

    Returns:
        (2, 3) float64 matrix.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = source - source_mean, target - target_mean
    spread = max(float((a**2).sum()), 1e-12)
    # In two dimensions a rotation with scale is multiplication by one complex number.
    cosine = float((a * b).sum()) / spread
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def face_transform(points: Array, size: int, template: Array = FACE_TEMPLATE) -> Array:
    """The transform from a picture to its upright face crop of ``size`` pixels: (2, 3)."""
    return similarity(points, template_points(size, template))


def invert(transform: Array) -> Array:
    """The transform that undoes ``transform``: (..., 2, 3).

    Raises:
        LandmarksError: nothing undoes it: the points that it comes from lie in one place, or are
            no finite numbers.
    """
    transform = np.asarray(transform, np.float64)
    try:
        linear = np.linalg.inv(transform[..., :2])
    except np.linalg.LinAlgError:
        linear = np.full_like(transform[..., :2], np.nan)
    back = np.concatenate([linear, -linear @ transform[..., 2:]], axis=-1)
    if not np.isfinite(back).all():
        raise LandmarksError(
            "The points of a face lie in one place, or are no finite numbers.",
            "Give five points that lie apart.",
        )
    return back


def compose(first: Array, then: Array) -> Array:
    """The transform that does ``first`` and ``then`` the other: (2, 3)."""
    linear = then[:, :2] @ first[:, :2]
    return np.column_stack([linear, then[:, :2] @ first[:, 2] + then[:, 2]])


def transform_points(points: Array, transform: Array) -> Array:
    """Moves points: (..., n, 2) under a (2, 3) transform."""
    points = np.asarray(points, np.float64)
    return points @ transform[:, :2].T + transform[:, 2]


def scale_of(transform: Array) -> float:
    """Crop pixels a picture pixel; below 1 the picture is made smaller."""
    return float(np.sqrt(abs(np.linalg.det(np.asarray(transform, np.float64)[:, :2]))))


def block_of(transform: Array) -> int:
    """Edge of the blocks of pixels that :func:`crop` averages; 1 where it averages none."""
    return max(1, int(1 / max(scale_of(transform), 1e-6) + 1e-6))


#: Pixels of a view that are interpolated at a time.
_BAND = 2**14
#: Pixels of a picture that are averaged at a time, at most: 192 MB in colour.
_AVERAGED = 2**24
#: Places beyond this are far outside any picture, and would not fit whole numbers.
_FURTHEST = 1e12


def crop(
    image: Array, transform: Array, size: int | tuple[int, int], fill: float | None = None
) -> Array:
    """Cuts ``transform``'s view out of a picture.

    Shrinking by s >= 2 first averages blocks of floor(s) pixels, so that nothing aliases; the
    rest is bilinear. Beyond the picture's edge its outermost pixels go on, unless there is a fill.

    Args:
        image: (H, W, C) or (H, W), any dtype and range.
        transform: (2, 3), picture pixels to crop pixels.
        size: edge of a square crop, or (height, width), in pixels.
        fill: the value, in the picture's range, of pixels whose centre lies beyond its edge.

    Returns:
        (height, width, C) or (height, width) float32, in the picture's own range. However large
        the view is in the picture, no more memory is taken than for the two together.

    Raises:
        LandmarksError: a transform of no size, or not of finite numbers.
    """
    height, width = (size, size) if isinstance(size, int) else size
    back = invert(transform)
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]])
    corners = transform_points(corners, back)
    block = block_of(transform)
    image_height, image_width = image.shape[:2]

    # Only the part that is looked at is averaged, in blocks counted from the picture's corner.
    spare = 2 * block
    corners = np.clip(corners, -_FURTHEST, _FURTHEST)
    low = (np.floor(corners.min(0) - spare) // block * block).astype(int)
    high = (np.ceil(corners.max(0) + spare) // block * block + block).astype(int)
    x0 = int(np.clip(low[0], 0, (image_width - 1) // block * block))
    y0 = int(np.clip(low[1], 0, (image_height - 1) // block * block))
    x1 = int(np.clip(high[0], x0 + block, max(image_width, x0 + 1)))
    y1 = int(np.clip(high[1], y0 + block, max(image_height, y0 + 1)))
    part = image[y0:y1, x0:x1]
    if block > 1:
        part = _block_mean(part, block)
    # A block's centre lies (block - 1) / 2 behind its first pixel.
    offset = np.array([x0, y0]) + (block - 1) / 2
    to_part = np.column_stack([back[:, :2], back[:, 2] - offset]) / block

    if part.dtype not in (np.uint8, np.float32):
        part = part.astype(np.float32)
    view = np.empty((height, width, *image.shape[2:]), np.float32)
    # A band of rows at a time stays in the processor's cache.
    band = max(1, _BAND // max(width, 1))
    for row in range(0, height, band):
        rows = range(row, min(row + band, height))
        view[row : row + band] = _bilinear(part, *view_grid(to_part, rows, width))
    # A view whose corners lie inside lies inside; by more than what rounding does to them.
    edge = np.array([image_width, image_height]) - 0.5 - 1e-6
    if fill is not None and not ((corners > 1e-6 - 0.5) & (corners < edge)).all():
        view[~inside(image.shape, transform, (height, width))] = fill
    return view


def warped(
    image: Array, transform: Array, size: int, method: int, beyond: float | None = None
) -> Array:
    """Moves a picture by one of OpenCV's filters, in the picture's own kind of numbers.

    For labels that must not be mixed, and lines that stay sharp: :func:`crop` is bilinear. OpenCV
    rounds positions to a 32nd of a pixel, and averages nothing where a view shrinks.

    Args:
        image: (H, W, C) or (H, W), uint8 or float32.
        transform: (2, 3), picture pixels to the view's pixels.
        size: edge of the view in pixels: (size, size, C) or (size, size) of the same kind.
        method: OpenCV's filter.
        beyond: the value beyond the picture's edge; None lets its outermost pixels go on.
    """
    import cv2

    return np.asarray(
        cv2.warpAffine(
            np.ascontiguousarray(image),
            transform,
            (size, size),
            flags=method,
            borderMode=cv2.BORDER_REPLICATE if beyond is None else cv2.BORDER_CONSTANT,
            borderValue=(beyond or 0,) * 4,
        )
    )


def inside(shape: tuple[int, ...], transform: Array, size: int | tuple[int, int]) -> Array:
    """The pixels of a crop inside a picture of ``shape`` (H, W, ...): (height, width) bool.

    Args:
        transform: (2, 3), picture pixels to crop pixels.
        size: edge of a square crop, or (height, width), in pixels.
    """
    height, width = (size, size) if isinstance(size, int) else size
    x, y = view_grid(invert(transform), range(height), width)
    across = (x >= -0.5) & (x <= shape[1] - 0.5)
    return np.asarray(across & (y >= -0.5) & (y <= shape[0] - 0.5))


def view_grid(back: Array, rows: range, width: int) -> tuple[Array, Array]:
    """Where each pixel of a view lies in the picture: x and y, each (rows, width) float64.

    Args:
        back: (2, 3), view pixels to picture pixels.
        rows: which of the view's.
    """
    xs, ys = np.arange(width)[None], np.arange(rows.start, rows.stop)[:, None]
    x = back[0, 0] * xs + (back[0, 1] * ys + back[0, 2])
    y = back[1, 0] * xs + (back[1, 1] * ys + back[1, 2])
    return x, y


def _block_mean(image: Array, block: int) -> Array:
    """Means of block x block pixels; the picture is first filled up with its edge pixels."""
    import cv2

    height, width = image.shape[:2]
    if min(height, width) < block or block * width > _AVERAGED:
        return _wide_mean(image, block)
    down, right = -height % block, -width % block
    if down or right:
        image = np.pad(image, [(0, down), (0, right)] + [(0, 0)] * (image.ndim - 2), mode="edge")
    rows, columns = image.shape[0] // block, image.shape[1] // block
    reduced = np.empty((rows, columns, *image.shape[2:]), np.float32)
    # A part at a time, that stays in the cache: as float32, a large face would take much memory.
    band = max(1, 2**16 // (block * image.shape[1]))
    for row in range(0, rows, band):
        part = np.ascontiguousarray(image[row * block : (row + band) * block], np.float32)
        size = (columns, part.shape[0] // block)
        means = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        reduced[row : row + band] = means.reshape(size[1], size[0], *image.shape[2:])
    return reduced


def _wide_mean(image: Array, block: int) -> Array:
    """:func:`_block_mean` for blocks that hardly fit the picture: it is never filled up to one."""
    for axis in (0, 1):
        side, last = image.shape[axis], image.take([-1], axis).astype(np.float64)
        rest, missing = side % block, -side % block
        parts = []
        if side >= block:
            whole = np.moveaxis(image, axis, 0)[: side - rest]
            means = whole.reshape(-1, block, *whole.shape[1:]).mean(1, dtype=np.float64)
            parts.append(np.moveaxis(means, 0, axis))
        if rest:
            tail = image.take(range(side - rest, side), axis)
            mean = tail.mean(axis, dtype=np.float64, keepdims=True)
            parts.append((mean * rest + last * missing) / block)
        image = np.concatenate(parts, axis)
    return image.astype(np.float32)


def _bilinear(image: Array, x: Array, y: Array) -> Array:
    """OpenCV's own bilinear remapping rounds positions to a 32nd of a pixel; this is exact.

    Its nearest neighbour, with whole positions, only gathers, several times as fast as an index.

    Args:
        x, y: as :func:`view_grid` gives them.
    """
    import cv2

    height, width = image.shape[:2]
    x, y = _clipped(x, width - 1), _clipped(y, height - 1)
    left, top = x.astype(np.int16), y.astype(np.int16)  # OpenCV's limit; none is negative
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx: Array = (x - left).astype(np.float32)
    fy: Array = (y - top).astype(np.float32)
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels > 1:
        # Spelt out for each channel: NumPy stretches a last axis of 1 over 3 slowly.
        fx = np.asarray(cv2.merge([fx] * channels))
        fy = np.asarray(cv2.merge([fy] * channels))
    shape = (*x.shape, *image.shape[2:])

    def picked(at_x: Array, at_y: Array) -> Array:
        places = cv2.merge([at_x, at_y])
        found = cv2.remap(image, places, np.empty(0, np.float32), cv2.INTER_NEAREST)
        return found.astype(np.float32, copy=False).reshape(fx.shape)

    upper = _between(picked(left, top), picked(right, top), fx)
    lower = _between(picked(left, bottom), picked(right, bottom), fx)
    return _between(upper, lower, fy).reshape(shape)


def _clipped(places: Array, last: int) -> Array:
    """One coordinate of :func:`view_grid`, from 0 to ``last``; its extremes are at its corners."""
    corners = places[:: max(1, len(places) - 1), :: max(1, places.shape[1] - 1)]
    if corners.min() >= 0 and corners.max() <= last:
        return places
    return np.clip(places, 0, last)


def _between(first: Array, second: Array, share: Array) -> Array:
    """``first`` moved towards ``second``, in its place, by ``share``; exactly ``first`` where they
    are equal."""
    second -= first
    second *= share
    second += first
    return second
