// All faces of a photo in one picture, side by side as in the photo.

/** A canvas of more pixels is empty in Safari on phones. */
const MOST_PIXELS = 16_000_000;

/** So many columns that it is about as wide as high, and wider rather than higher. @param {number} count */
export const columnsFor = (count) => Math.ceil(Math.sqrt(count));

/** Edge of each picture in pixels, so that the poster is not too large. @param {number} count @param {number} size */
export function cellFor(count, size) {
  const columns = columnsFor(count);
  const cells = columns * Math.ceil(count / columns);
  return Math.min(size, Math.floor(Math.sqrt(MOST_PIXELS / cells)));
}

/** Pictures of one size in rows; the last row, if it is shorter, in the middle.
 * @param {import('../vision/crop.js').Picture[]} pictures @param {number[] | null} colour behind them
 * @returns {import('../vision/crop.js').Picture} */
export function poster(pictures, colour) {
  const size = pictures[0].width;
  const columns = columnsFor(pictures.length);
  const rows = Math.ceil(pictures.length / columns);
  const width = columns * size;
  const data = new Uint8ClampedArray(4 * width * rows * size);
  if (colour) new Uint32Array(data.buffer).fill(new Uint32Array(Uint8Array.of(...colour, 255).buffer)[0]);
  pictures.forEach((picture, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, pictures.length - row * columns);
    const left = (i - row * columns) * size + Math.floor(((columns - inRow) * size) / 2);
    for (let y = 0; y < size; y++) {
      const line = picture.data.subarray(4 * y * size, 4 * (y + 1) * size);
      data.set(line, 4 * ((row * size + y) * width + left));
    }
  });
  return { data, width, height: rows * size };
}
