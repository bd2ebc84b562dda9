// OpenCV's INTER_AREA for making pictures smaller: what the detector looks at.

/** Which source pixels make up each target pixel, and how much each counts: some of the one before
 * `first`, if `before` is not 0; all from `first` on, `inner` each; some of `last`, if `after` is not 0. */
function table(source, target) {
  const scale = source / target;
  const [first, last] = [new Int32Array(target), new Int32Array(target)];
  const [before, inner, after] = [new Float64Array(target), new Float64Array(target), new Float64Array(target)];
  for (let i = 0; i < target; i++) {
    const [start, end] = [i * scale, (i + 1) * scale];
    const cell = Math.min(scale, source - start);
    last[i] = Math.min(Math.floor(end), source - 1);
    first[i] = Math.min(Math.ceil(start), last[i]);
    inner[i] = 1 / cell;
    if (first[i] - start > 1e-3) before[i] = (first[i] - start) / cell;
    if (end - last[i] > 1e-3) after[i] = Math.min(Math.min(end - last[i], 1), cell) / cell;
  }
  return { first, last, before, inner, after };
}

/** A smaller picture: each pixel the mean of the area that it covers.
 * @param {import('./crop.js').Picture} picture */
export function shrink(picture, width, height) {
  if (width === picture.width && height === picture.height) return picture;
  const [columns, rows] = [table(picture.width, width), table(picture.height, height)];
  const bytes = new Uint8ClampedArray(4 * width * height).fill(255);
  const sums = new Sums(picture);
  for (let y = 0; y < height; y++) {
    const last = rows.last[y];
    sums.addAll(rows.first[y], last, rows.inner[y]);
    // What of that row is not this line's is the next one's, from its `before`.
    if (rows.after[y] || rows.before[y + 1]) sums.add(last, rows.after[y], rows.before[y + 1] ?? 0);
    across(sums.line, columns, bytes, 4 * y * width);
    sums.goOn();
  }
  return { data: bytes, width, height };
}

/** So many bytes' sum fits into 16 bits. */
const TOGETHER = 257;

/** Weighted sums of rows: three numbers a column. */
class Sums {
  /** @param {import('./crop.js').Picture} picture */
  constructor({ data, width, height }) {
    this.pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
    this.width = width;
    this.line = new Float64Array(3 * width);
    this.next = new Float64Array(3 * width);
    this.ends = new Uint32Array(width); // of red and, 16 bits higher, blue
    this.middles = new Uint32Array(width); // of green
  }

  /** A row that is of this line and of the next. */
  add(row, weight, nextWeight) {
    const { pixels, width, line, next } = this;
    for (let x = 0, at = row * width, out = 0; x < width; x++, at++, out += 3) {
      const pixel = pixels[at];
      const [red, green, blue] = [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255];
      line[out] += weight * red;
      line[out + 1] += weight * green;
      line[out + 2] += weight * blue;
      next[out] = nextWeight * red;
      next[out + 1] = nextWeight * green;
      next[out + 2] = nextWeight * blue;
    }
  }

  /** The next line. */
  goOn() {
    [this.line, this.next] = [this.next, this.line.fill(0)];
  }

  /** Rows from `first` to before `last`, all of one weight: summed as whole numbers, two colours at once. */
  addAll(first, last, weight) {
    const { pixels, width, line, ends, middles } = this;
    for (let top = first; top < last; top += TOGETHER) {
      ends.fill(0);
      middles.fill(0);
      for (let row = top; row < Math.min(top + TOGETHER, last); row++) {
        for (let x = 0, at = row * width; x < width; x++, at++) {
          const pixel = pixels[at];
          ends[x] += pixel & 0xff00ff;
          middles[x] += (pixel >>> 8) & 255;
        }
      }
      for (let x = 0, out = 0; x < width; x++, out += 3) {
        line[out] += weight * (ends[x] & 0xffff);
        line[out + 1] += weight * middles[x];
        line[out + 2] += weight * (ends[x] >>> 16);
      }
    }
  }
}

/** A line of sums, made as narrow as the target. */
function across(line, { first, last, before, inner, after }, bytes, out) {
  for (let x = 0; x < first.length; x++, out += 4) {
    let [red, green, blue] = [0, 0, 0];
    for (let at = 3 * first[x]; at < 3 * last[x]; at += 3) {
      red += line[at];
      green += line[at + 1];
      blue += line[at + 2];
    }
    const [left, all, right] = [before[x], inner[x], after[x]];
    const [low, high] = [left ? 3 * first[x] - 3 : 0, 3 * last[x]];
    bytes[out] = all * red + left * line[low] + right * line[high];
    bytes[out + 1] = all * green + left * line[low + 1] + right * line[high + 1];
    bytes[out + 2] = all * blue + left * line[low + 2] + right * line[high + 2];
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
