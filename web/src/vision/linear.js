// OpenCV's INTER_LINEAR for making a plane larger.

/** @param {ArrayLike<number>} plane of a square @param {number} size its new edge
 * @returns {Float64Array} (size, size) */
export function stretched(plane, size) {
  const edge = Math.sqrt(plane.length);
  const places = Array.from({ length: size }, (_, i) => {
    const place = Math.max(0, ((i + 0.5) * edge) / size - 0.5);
    const first = Math.min(Math.floor(place), edge - 1);
    return [first, Math.min(first + 1, edge - 1), place - first];
  });
  const result = new Float64Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    const [top, bottom, down] = places[y];
    for (let x = 0; x < size; x++, i++) {
      const [left, right, across] = places[x];
      const upper = plane[top * edge + left] * (1 - across) + plane[top * edge + right] * across;
      const lower = plane[bottom * edge + left] * (1 - across) + plane[bottom * edge + right] * across;
      result[i] = upper * (1 - down) + lower * down;
    }
  }
  return result;
}
