// A drawing's lines, the lightness of its skin and hair, and its strength: toonmark/tuning.py.

import { cutOut } from './cutout.js';
import { stretched } from './linear.js';
import { dilated, ellipse, eroded, even } from './morphology.js';

/** @typedef {{lines: number, skin: number, hair: number, strength: number}} Tuning */

/** What changes nothing. @type {Tuning} */
export const AS_DRAWN = { lines: 1, skin: 0, hair: 0, strength: 1 };
/** From where to where. @type {Record<keyof Tuning, [number, number]>} */
export const RANGES = { lines: [0.5, 2], skin: [-1, 1], hair: [-1, 1], strength: [0, 1] };

/** @param {Tuning} tuning */
export const isAsDrawn = (tuning) => Object.entries(AS_DRAWN).every(([name, value]) => tuning[name] === value);

/** What is darker than its surroundings and narrower than the first share of the edge is a line;
 * at most it becomes wider by the second. */
const [LINE, MORE] = [1 / 40, 1 / 96];

/** @param {import('./crop.js').Picture} drawing a square on white @param {Tuning} tuning
 * @param {import('./crop.js').Picture} photo what was drawn @param {Float32Array | null} parts how much of
 * each pixel is skin, 0 to 1, and then how much hair, for a smaller square; null: nobody knows
 * @returns {import('./crop.js').Picture} */
export function tuned(drawing, tuning, photo, parts) {
  let result = drawing;
  if (parts) {
    const plane = parts.length / 2;
    result = lighter(result, tuning.skin, parts.subarray(0, plane));
    result = lighter(result, tuning.hair, parts.subarray(plane));
  }
  return mixed(withLines(result, tuning.lines), tuning.strength, photo);
}

/** Black and white stay; between them, values are raised to a power. */
function lighter(drawing, change, part) {
  if (change === 0) return drawing;
  const { data, width, height } = drawing;
  const curve = Float64Array.from({ length: 256 }, (_, i) => 255 * (i / 255) ** (2 ** -change));
  const shares = stretched(Float32Array.from(part, (share) => Math.round(255 * share) / 255), width);
  const result = new Uint8ClampedArray(data);
  shares.forEach((share, i) => {
    for (let k = 4 * i; k < 4 * i + 3; k++) result[k] = data[k] + (curve[data[k]] - data[k]) * share;
  });
  return { data: result, width, height };
}

const odd = (reach) => 2 * Math.max(1, Math.floor(reach / 2)) + 1;

function withLines(drawing, lines) {
  if (lines === 1) return drawing;
  const { data, width: size, height } = drawing;
  const [line, more] = [LINE, MORE].map((share) => ellipse(odd(share * size)));
  const result = new Uint8ClampedArray(data);
  const share = Math.abs(lines - 1);
  for (let k = 0; k < 3; k++) {
    const plane = Uint8Array.from({ length: size * size }, (_, i) => data[4 * i + k]);
    const under = eroded(dilated(plane, size, line), size, line);
    const depth = under.map((value, i) => value - plane[i]);
    if (lines > 1) {
      const wide = dilated(depth, size, more);
      const [closed, darkest] = [eroded(wide, size, more), eroded(plane, size, more)];
      plane.forEach((value, i) => (result[4 * i + k] = Math.max(even(value - (wide[i] - closed[i]) * share), darkest[i])));
    } else {
      const fine = eroded(depth, size, more);
      const [opened, lightest] = [dilated(fine, size, more), dilated(plane, size, more)];
      plane.forEach((value, i) => (result[4 * i + k] = Math.min(even(value + (opened[i] - fine[i]) * share), lightest[i])));
    }
  }
  return { data: result, width: size, height };
}

/** Some of the photo in place of the figure; the white around it stays. */
function mixed(drawing, strength, photo) {
  if (strength === 1) return drawing;
  const { data, width, height } = drawing;
  const figure = cutOut(drawing).data;
  const result = new Uint8ClampedArray(data);
  for (let at = 0; at < data.length; at += 4) {
    const share = ((1 - strength) * figure[at + 3]) / 255;
    for (let k = at; k < at + 3; k++) result[k] = data[k] + (photo.data[k] - data[k]) * share;
  }
  return { data: result, width, height };
}
