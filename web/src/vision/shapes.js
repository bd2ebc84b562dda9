// A drawing as shapes: src/toonmark/svg.py, with its settings, which are in the page's manifest.

import { SQUARE } from './cutout.js';
import { cubic } from './enlarge.js';
import { stretched } from './linear.js';
import { median } from './median.js';
import { dilated, eroded, even as rounded } from './morphology.js';
import { resized } from './resize.js';

/** How far an edge's pixel looks for an even place. */
const BESIDE = 3;

/** @typedef {import('./crop.js').Picture} Picture */
/** @typedef {(picture: Picture, options: object) => string} Trace vtracer: options by its own names */

/** @param {Picture} cartoon opaque, on white @param {number} size that the document says it has
 * @param {boolean} transparent without the white around the figure @param {any} settings of svg.py
 * @param {Trace} trace @returns {string} SVG */
export function traced(cartoon, size, transparent, settings, trace) {
  const edge = Math.max(settings.tracedAt, cartoon.width);
  const plain = resized(cartoon, edge, false);
  const pixels = transparent ? resized(cartoon, edge, true, cartoon, plain) : plain;
  const head = (box) => `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${box} ${box}">`;
  if (isInk(plain, settings)) {
    return `${head(settings.finer * edge)}\n${engraved(plain, transparent ? pixels : null, settings, trace)}</svg>\n`;
  }
  let text = '';
  for (const [apart, reach, speckle] of settings.steps) {
    text = trace(flat(pixels, apart, reach, settings), { ...settings.areas, filter_speckle: speckle });
    if (text.length <= settings.largestFile) break;
  }
  return text.replace(/<svg[^>]*>/, head(edge));
}

/** Whether a drawing is lines of one dark colour on white. @param {Picture} picture */
export function isInk(picture, settings) {
  const { data } = picture;
  const even = evenPlaces(picture, settings);
  let grey = 0;
  for (let i = 0, at = 0; i < even.length; i++, at += 4) {
    const [light, dark] = [Math.max(data[at], data[at + 1], data[at + 2]), Math.min(data[at], data[at + 1], data[at + 2])];
    if (light - dark > settings.neutral) return false;
    if (even[i] && light > 60 && light < 235) grey += 1;
  }
  return grey < settings.flat * even.length;
}

/** Paths of lines and of the paper under them. @param {Picture} plain @param {Picture | null} cut */
function engraved({ data, width }, cut, settings, trace) {
  const edge = settings.finer * width;
  const planes = [0, 1, 2].map((channel) => cubic(data, channel, width, edge));
  const figure = cut && stretched(cut.data.filter((_, i) => i % 4 === 3), edge);
  const ink = [255, 255, 255];
  for (let at = 0; at < data.length; at += 4) for (let k = 0; k < 3; k++) ink[k] = Math.min(ink[k], data[at + k]);
  const limit = ((ink[0] + ink[1] + ink[2]) / 3 + 255) / 2;
  const paths = (holds, colour) => {
    const mask = new Uint32Array(edge * edge);
    for (let i = 0; i < mask.length; i++) mask[i] = holds(i) ? 0xff000000 : 0xffffffff;
    const text = trace({ data: new Uint8ClampedArray(mask.buffer), width: edge, height: edge }, settings.lines);
    return (text.match(/<path[^>]*\/>/g) ?? []).map((path) => `${path}\n`).join('').replaceAll('#000000', colour);
  };
  const within = (i) => !figure || rounded(figure[i]) > 127;
  const isDark = (i) => within(i) && (planes[0][i] + planes[1][i] + planes[2][i]) / 3 < limit;
  const colour = `#${ink.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
  const paper = figure ? paths(within, '#ffffff') : `<rect width="${edge}" height="${edge}" fill="#ffffff"/>\n`;
  return paper + paths(isDark, colour);
}

/** Where a pixel is like its neighbours. @param {Picture} picture @returns {Uint8Array} 0 and 1 */
function evenPlaces({ data, width: size }, settings) {
  const even = new Uint8Array(size * size).fill(1);
  for (let k = 0; k < 3; k++) {
    const plane = Uint8Array.from(even, (_, i) => data[4 * i + k]);
    const [low, high] = [eroded(plane, size, SQUARE), dilated(plane, size, SQUARE)];
    for (let i = 0; i < even.length; i++) if (high[i] - low[i] > settings.even) even[i] = 0;
  }
  return even;
}

/** A picture in its few colours, without specks, each pixel there or not. @param {Picture} picture
 * @param {number} apart how far colours are, at least @param {number} reach of the median filter
 * @returns {Picture} */
export function flat(picture, apart, reach, settings) {
  const { data, width: size } = picture;
  let even = evenPlaces(picture, settings);
  if (!even.some(Boolean)) even = even.fill(1);
  const first = toldApart(data, even, apart, settings);
  const away = (i, [r, g, b]) => (data[4 * i] - r) ** 2 + (data[4 * i + 1] - g) ** 2 + (data[4 * i + 2] - b) ** 2;
  const nearest = Uint8Array.from(even, (_, i) => least(first, (colour) => away(i, colour)));
  const chosen = Uint8Array.from(nearest, (own, i) => (even[i] ? own : beside(i, size, even, nearest, (n) => away(i, first[n])) ?? own));
  const colours = means(data, even, nearest, first);
  const calm = reach > 1 ? calmed(chosen, size, reach, colours, settings) : chosen;
  const result = new Uint8ClampedArray(data.length);
  calm.forEach((number, i) => {
    if (data[4 * i + 3] > 127) result.set([...colours[number], 255], 4 * i);
  });
  return { data: result, width: size, height: size };
}

/** The first of those for which it is least. @param {any[]} all @param {(one: any) => number} measure */
function least(all, measure) {
  let [best, lowest] = [0, Infinity];
  for (let n = 0; n < all.length; n++) {
    const found = measure(all[n]);
    if (found < lowest) [best, lowest] = [n, found];
  }
  return best;
}

/** The colour of an even place near by that is most like the pixel's own; undefined if there is none.
 * @param {(number: number) => number} away */
function beside(i, size, even, nearest, away) {
  const [x, y] = [i % size, Math.floor(i / size)];
  const near = new Set();
  for (let v = Math.max(0, y - BESIDE); v <= Math.min(size - 1, y + BESIDE); v++) {
    for (let u = Math.max(0, x - BESIDE); u <= Math.min(size - 1, x + BESIDE); u++) {
      if (even[v * size + u]) near.add(nearest[v * size + u]);
    }
  }
  const numbers = [...near].sort((a, b) => a - b);
  return numbers[least(numbers, away)];
}

/** The colours as whole numbers, each the mean of its even places. */
function means(data, even, nearest, first) {
  const sums = first.map(() => [0, 0, 0, 0]);
  for (let i = 0; i < even.length; i++) {
    if (!even[i]) continue;
    const sum = sums[nearest[i]];
    for (let k = 0; k < 3; k++) sum[k] += data[4 * i + k];
    sum[3] += 1;
  }
  return sums.map(([r, g, b, count], n) =>
    (count ? [r / count, g / count, b / count] : first[n]).map((value) => rounded(Math.fround(value))),
  );
}

/** Colours' numbers after a median filter, but for what differs much from what is around it. */
function calmed(chosen, size, reach, colours, settings) {
  const [red, green, blue] = [0, 1, 2].map((k) => median(Uint8Array.from(chosen, (n) => colours[n][k]), size, reach));
  const found = new Map();
  const lab = colours.map(toLab);
  const near = lab.map((one) => lab.map((other) => Math.hypot(...one.map((value, k) => value - other[k])) < settings.speck));
  return chosen.map((number, i) => {
    const key = (red[i] << 16) | (green[i] << 8) | blue[i];
    if (!found.has(key)) {
      found.set(key, least(colours, ([r, g, b]) => (red[i] - r) ** 2 + (green[i] - g) ** 2 + (blue[i] - b) ** 2));
    }
    const calm = found.get(key);
    return near[number][calm] ? calm : number;
  });
}

/** The commonest colours of even places that are so far apart. @returns {number[][]} */
function toldApart(data, even, apart, settings) {
  const counts = new Map();
  for (let i = 0, at = 0; i < even.length; i++, at += 4) {
    if (!even[i]) continue;
    const key = ((data[at] >> 2) << 12) | ((data[at + 1] >> 2) << 6) | (data[at + 2] >> 2);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const kinds = [...counts].sort(([a, m], [b, n]) => n - m || a - b).slice(0, settings.lookedAt);
  const [colours, labs] = [[], []];
  for (const [key] of kinds) {
    const colour = [key >> 12, (key >> 6) & 63, key & 63].map((value) => 4 * value + 2);
    const lab = toLab(colour);
    if (!labs.every((other) => Math.hypot(...lab.map((value, k) => value - other[k])) >= apart)) continue;
    colours.push(colour);
    labs.push(lab);
    if (colours.length === settings.kept) break;
  }
  return colours;
}

/** CIE L*a*b* of an sRGB colour, as OpenCV has it. @param {number[]} colour @returns {number[]} */
function toLab(colour) {
  const [r, g, b] = colour.map((value) => (value <= 0.04045 * 255 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const root = (value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = root((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.950456);
  const y = root(0.212671 * r + 0.71516 * g + 0.072169 * b);
  const z = root((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
