// Cartoons put back into their photo: src/toonmark/blend.py, in_photo.

import { apply, invert, scaleOf } from './geometry.js';
import { resized } from './resize.js';

/** Edge in pixels up to which a cartoon is enlarged with sharp lines; more is smooth. */
const LARGEST_LAYER = 1024;
/** Part of the crop's edge over which a cartoon fades into its photo. */
const FEATHER = 0.06;

/** @typedef {import('./crop.js').Picture} Picture */
/** @typedef {{shown: Picture, outline: Picture, transform: import('./geometry.js').Transform}} Drawn a
 *  cartoon, what it is cut out along, and how the photo's pixels map to its own */

/** The photo with cartoons where their faces were, the nearest (largest) face on top. The white around
 * a cartoon leaves the photo as it is. @param {Picture} photo @param {Drawn[]} cartoons @returns {Picture} */
export function inPhoto(photo, cartoons) {
  const result = { ...photo, data: new Uint8ClampedArray(photo.data) };
  const edge = ({ shown, transform }) => shown.width / scaleOf(transform);
  for (const one of [...cartoons].sort((a, b) => edge(a) - edge(b))) putBack(result, one);
  return result;
}

/** @param {Picture} photo is changed @param {Drawn} cartoon */
function putBack(photo, { shown, outline, transform }) {
  // Brought to the photo's scale first: a turn and a shift remain.
  const size = Math.min(Math.max(Math.round(shown.width / scaleOf(transform)), 1), LARGEST_LAYER);
  const layer = weighed(resized(shown, size, true, outline).data, size);
  const forth = scaled(transform, size / shown.width);
  const [[a, b, tx], [c, d, ty]] = forth;
  const corners = [[0, 0], [size, 0], [0, size], [size, size]].map(([x, y]) => apply([x - 0.5, y - 0.5], invert(forth)));
  const range = (axis, length) => {
    const places = corners.map((corner) => corner[axis]);
    return [Math.max(0, Math.floor(Math.min(...places))), Math.min(length, Math.ceil(Math.max(...places)) + 1)];
  };
  const [[left, right], [top, bottom]] = [range(0, photo.width), range(1, photo.height)];
  const seen = new Float32Array(4);
  for (let row = top; row < bottom; row++) {
    for (let column = left, at = 4 * (row * photo.width + left); column < right; column++, at += 4) {
      look(layer, size, a * column + b * row + tx, c * column + d * row + ty, seen);
      if (seen[3] === 0) continue;
      for (let k = 0; k < 3; k++) photo.data[at + k] = (1 - seen[3]) * photo.data[at + k] + seen[k];
    }
  }
}

/** Colours weighed by what they cover, and that, 0 to 1; towards the edges nothing.
 * @param {Uint8ClampedArray} data RGBA of a square @returns {Float32Array} */
function weighed(data, size) {
  const ramp = Float32Array.from({ length: size }, (_, i) => {
    const step = (i + 0.5) / size;
    const part = Math.min(Math.min(step, 1 - step) / FEATHER, 1);
    return part * part * (3 - 2 * part);
  });
  const layer = new Float32Array(data.length);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at += 4) {
      const share = (ramp[y] * ramp[x] * data[at + 3]) / 255;
      for (let k = 0; k < 3; k++) layer[at + k] = data[at + k] * share;
      layer[at + 3] = share;
    }
  }
  return layer;
}

/** A layer's four values between its pixels; beyond it there is nothing. */
function look(layer, size, x, y, result) {
  result.fill(0);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (let v = Math.max(top, 0); v <= Math.min(top + 1, size - 1); v++) {
    for (let u = Math.max(left, 0); u <= Math.min(left + 1, size - 1); u++) {
      const weight = (1 - Math.abs(x - u)) * (1 - Math.abs(y - v));
      for (let k = 0, at = 4 * (v * size + u); k < 4; k++) result[k] += weight * layer[at + k];
    }
  }
}

/** A transform to a crop, for the same crop so many times larger.
 * @param {import('./geometry.js').Transform} transform @returns {import('./geometry.js').Transform} */
function scaled(transform, factor) {
  const row = ([x, y, shift]) => [x * factor, y * factor, shift * factor + (factor - 1) / 2];
  return [row(transform[0]), row(transform[1])];
}
