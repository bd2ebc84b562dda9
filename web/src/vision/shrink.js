// OpenCV's INTER_AREA for making pictures smaller: what the detector looks at.

/** Which source pixels make up each target pixel, and how much each counts. */
function table(source, target) {
  const scale = source / target;
  return Array.from({ length: target }, (_, i) => {
    const [start, end] = [i * scale, (i + 1) * scale];
    const cell = Math.min(scale, source - start);
    let last = Math.min(Math.floor(end), source - 1);
    const first = Math.min(Math.ceil(start), last);
    const entries = [];
    if (first - start > 1e-3) entries.push([first - 1, (first - start) / cell]);
    for (let j = first; j < last; j++) entries.push([j, 1 / cell]);
    if (end - last > 1e-3) entries.push([last, Math.min(Math.min(end - last, 1), cell) / cell]);
    return entries;
  });
}

/** A smaller picture: each pixel the mean of the area that it covers.
 * @param {import('./crop.js').Picture} picture */
export function shrink(picture, width, height) {
  if (width === picture.width && height === picture.height) return picture;
  const [columns, rows] = [table(picture.width, width), table(picture.height, height)];
  const bytes = new Uint8ClampedArray(4 * width * height).fill(255);
  const sums = new Float32Array(3 * width);
  rows.forEach((parts, y) => {
    sums.fill(0);
    for (const [row, weight] of parts) addRow(picture, row, weight, columns, sums);
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        bytes[4 * (y * width + x) + channel] = sums[3 * x + channel];
      }
    }
  });
  return { data: bytes, width, height };
}

function addRow({ data, width }, row, weight, columns, sums) {
  const base = 4 * row * width;
  for (let x = 0; x < columns.length; x++) {
    const parts = columns[x];
    let [red, green, blue] = [0, 0, 0];
    for (let k = 0; k < parts.length; k++) {
      const at = base + 4 * parts[k][0];
      const share = parts[k][1];
      red += data[at] * share;
      green += data[at + 1] * share;
      blue += data[at + 2] * share;
    }
    sums[3 * x] += weight * red;
    sums[3 * x + 1] += weight * green;
    sums[3 * x + 2] += weight * blue;
  }
}

/** A part of a picture. */
export function cut({ data, width, height }, x0, y0, x1, y1) {
  [x0, y0, x1, y1] = [Math.max(x0, 0), Math.max(y0, 0), Math.min(x1, width), Math.min(y1, height)];
  const [columns, rows] = [Math.max(x1 - x0, 0), Math.max(y1 - y0, 0)];
  const bytes = new Uint8ClampedArray(4 * columns * rows);
  for (let row = 0; row < rows; row++) {
    const from = 4 * ((y0 + row) * width + x0);
    bytes.set(data.subarray(from, from + 4 * columns), 4 * row * columns);
  }
  return { data: bytes, width: columns, height: rows };
}

/** Quarter turns anticlockwise, as np.rot90. */
export function turn(picture, quarters) {
  if (quarters === 0) return picture;
  const { data, width, height } = picture;
  const [columns, rows] = quarters === 2 ? [width, height] : [height, width];
  const source = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const target = new Uint32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [sx, sy] =
        quarters === 1 ? [width - 1 - y, x]
        : quarters === 2 ? [width - 1 - x, height - 1 - y]
        : [y, height - 1 - x];
      target[y * columns + x] = source[sy * width + sx];
    }
  }
  return { data: new Uint8ClampedArray(target.buffer), width: columns, height: rows };
}
