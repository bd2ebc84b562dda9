// The crop of src/toonmark/faces/align.py: block means, then bilinear, edges going on.

import { apply, invert, scaleOf } from './geometry.js';

/** @typedef {{data: Uint8ClampedArray | Uint8Array, width: number, height: number}} Picture RGBA */

/** Cuts a square view out of a picture.
 * @param {Picture} picture
 * @param {import('./geometry.js').Transform} transform picture pixels to crop pixels
 * @param {number} size edge of the crop
 * @param {number | null} fill what pixels beyond the picture become; null repeats its last ones
 * @returns {Float32Array} (size, size, 3), 0 to 255 */
export function crop(picture, transform, size, fill = null) {
  const back = invert(transform);
  const block = Math.max(1, Math.floor(1 / Math.max(scaleOf(transform), 1e-6) + 1e-6));
  const { x0, y0, x1, y1 } = seen(picture, back, size, block);
  const part = blockMeans(picture, x0, y0, x1, y1, block);
  // A block's centre lies (block - 1) / 2 behind its first pixel.
  const shift = (block - 1) / 2;
  const [[a, b, tx], [c, d, ty]] = back;
  const [right, bottom] = [picture.width - 0.5, picture.height - 0.5];
  const result = new Float32Array(size * size * 3);
  for (let row = 0, out = 0; row < size; row++) {
    for (let column = 0; column < size; column++, out += 3) {
      const [x, y] = [a * column + b * row + tx, c * column + d * row + ty];
      const within = x >= -0.5 && x <= right && y >= -0.5 && y <= bottom;
      if (within || fill === null) bilinear(part, (x - x0 - shift) / block, (y - y0 - shift) / block, result, out);
      else result[out] = result[out + 1] = result[out + 2] = fill;
    }
  }
  return result;
}

/** The part of the picture that is looked at, in whole blocks counted from its corner. */
function seen(picture, back, size, block) {
  const end = size - 1;
  const corners = [[0, 0], [end, 0], [0, end], [end, end]].map((corner) => apply(corner, back));
  const spare = 2 * block;
  const range = (axis, length) => {
    const values = corners.map((corner) => corner[axis]);
    const low = Math.floor(Math.floor(Math.min(...values) - spare) / block) * block;
    const high = Math.floor(Math.ceil(Math.max(...values) + spare) / block) * block + block;
    const start = Math.min(Math.max(low, 0), Math.floor((length - 1) / block) * block);
    return [start, Math.min(Math.max(high, start + block), Math.max(length, start + 1))];
  };
  const [x0, x1] = range(0, picture.width);
  const [y0, y1] = range(1, picture.height);
  return { x0, y0, x1, y1 };
}

/** Means of block × block pixels, as floats; beyond the edge its last pixels go on. */
function blockMeans({ data, width, height }, x0, y0, x1, y1, block) {
  const [endX, endY] = [Math.min(x1, width), Math.min(y1, height)];
  const [columns, rows] = [Math.ceil((endX - x0) / block), Math.ceil((endY - y0) / block)];
  const values = new Float32Array(columns * rows * 3);
  const area = block * block;
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const [red, green, blue] = [0, 1, 2].map(() => new Float64Array(columns));
  const whole = Math.floor((endX - x0) / block); // of the last block there may be a part
  for (let row = 0, out = 0; row < rows; row++) {
    for (const sum of [red, green, blue]) sum.fill(0);
    for (let j = 0; j < block; j++) {
      const line = width * Math.min(y0 + row * block + j, endY - 1);
      for (let column = 0, at = line + x0; column < columns; column++, at += block) {
        const end = column < whole ? at + block : line + endX;
        const missing = at + block - end;
        const last = missing ? pixels[end - 1] : 0;
        // Red and, 16 bits higher, blue are summed at once; blocks of more than 257 pixels are not met.
        let [ends, middle] = [missing * (last & 0xff00ff), missing * ((last >>> 8) & 255)];
        for (let i = at; i < end; i++) {
          const pixel = pixels[i];
          ends += pixel & 0xff00ff;
          middle += (pixel >>> 8) & 255;
        }
        red[column] += ends & 0xffff;
        green[column] += middle;
        blue[column] += ends >>> 16;
      }
    }
    for (let column = 0; column < columns; column++, out += 3) {
      values[out] = red[column] / area;
      values[out + 1] = green[column] / area;
      values[out + 2] = blue[column] / area;
    }
  }
  return { values, columns, rows };
}

function bilinear({ values, columns, rows }, x, y, result, out) {
  x = Math.min(Math.max(x, 0), columns - 1);
  y = Math.min(Math.max(y, 0), rows - 1);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const right = left + 1 < columns ? 3 : 0; // how far the neighbours are, or the edge again
  const below = top + 1 < rows ? 3 * columns : 0;
  for (let channel = 0; channel < 3; channel++) {
    const at = 3 * (top * columns + left) + channel;
    const upper = values[at] * (1 - fx) + values[at + right] * fx;
    const lower = values[at + below] * (1 - fx) + values[at + below + right] * fx;
    result[out + channel] = upper * (1 - fy) + lower * fy;
  }
}

/** Crops as networks take them: channels first, -1 to 1.
 * @param {Float32Array[]} crops @param {number} size */
export function toTensor(crops, size) {
  const plane = size * size;
  const tensor = new Float32Array(crops.length * 3 * plane);
  crops.forEach((pixels, n) => {
    for (let i = 0; i < plane; i++) {
      for (let channel = 0; channel < 3; channel++) {
        tensor[(3 * n + channel) * plane + i] = pixels[3 * i + channel] / 127.5 - 1;
      }
    }
  });
  return tensor;
}

/** What a style drew, as RGBA bytes. @param {Float32Array} drawn (3, size, size), -1 to 1 */
export function fromTensor(drawn, size) {
  const plane = size * size;
  const bytes = new Uint8ClampedArray(4 * plane).fill(255);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      // A clamped array rounds halves to even, as NumPy's rint does.
      bytes[4 * i + channel] = (drawn[channel * plane + i] + 1) * 127.5;
    }
  }
  return { data: bytes, width: size, height: size };
}

/** A crop as RGBA bytes. @param {Float32Array} pixels (size, size, 3), 0 to 255 */
export function toPicture(pixels, size) {
  const bytes = new Uint8ClampedArray(4 * size * size).fill(255);
  for (let i = 0; i < size * size; i++) {
    for (let channel = 0; channel < 3; channel++) bytes[4 * i + channel] = pixels[3 * i + channel];
  }
  return { data: bytes, width: size, height: size };
}
