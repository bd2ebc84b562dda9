// A drawing made larger with sharp lines: src/toonmark/enlarge.py, and of OpenCV what it needs.

import { dilated, ellipse, eroded, even } from './morphology.js';

/** From this enlargement on; below, a plain filter does as well. */
export const LEAST = 1.5;

const SMOOTH = 0.28;
const REACH = 0.75;
const STEEP = 10;
const CONTRAST = 12;
const FADE = 40;

/** @param {import('./crop.js').Picture} picture opaque and square; LEAST times smaller or more */
export function enlarged({ data, width }, size) {
  const scale = size / width;
  const kernel = gaussian(SMOOTH * scale);
  const planes = [0, 1, 2].map((channel) => blurred(cubic(data, channel, width, size), size, kernel));
  const count = size * size;
  const light = new Uint8Array(count);
  const [red, green, blue] = planes;
  for (let i = 0; i < count; i++) {
    light[i] = (red[i] * 4899 + green[i] * 9617 + blue[i] * 1868 + 8192) >> 14;
  }
  const disc = ellipse(2 * even(REACH * scale) + 1);
  const low = eroded(light, size, disc);
  const high = dilated(light, size, disc);
  // Of shading nothing is sharpened; most of a cartoon need not be looked at any further.
  const weight = light;
  const side = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const contrast = high[i] - low[i];
    side[i] = STEPS[even((255 * (light[i] - low[i])) / Math.max(contrast, 1))];
    weight[i] = WEIGHTS[contrast];
  }
  const bytes = new Uint8ClampedArray(4 * count).fill(255);
  planes.forEach((plain, channel) => {
    const dark = eroded(plain, size, disc, weight);
    const bright = dilated(plain, size, disc, weight);
    for (let i = 0; i < count; i++) {
      let value = plain[i];
      if (weight[i]) {
        const sharp = dark[i] + PRODUCTS[(bright[i] - dark[i]) * 256 + side[i]];
        value = PRODUCTS[sharp * 256 + weight[i]] + PRODUCTS[value * 256 + 255 - weight[i]];
      }
      bytes[4 * i + channel] = value;
    }
  });
  return { data: bytes, width: size, height: size };
}

const STEPS = (() => {
  const step = (place) => 1 / (1 + Math.exp(-STEEP * (place / 255 - 0.5)));
  const [first, last] = [step(0), step(255)];
  return Uint8Array.from({ length: 256 }, (_, i) => even((255 * (step(i) - first)) / (last - first)));
})();

const WEIGHTS = Uint8Array.from({ length: 256 }, (_, contrast) =>
  even(255 * Math.min(Math.max((contrast - CONTRAST) / FADE, 0), 1)),
);

/** a · b / 255, rounded, at 256 · a + b. */
const PRODUCTS = Uint8Array.from({ length: 65536 }, (_, i) => even(((i >> 8) * (i & 255)) / 255));

/** One channel by OpenCV's INTER_CUBIC: four pixels each way, those at the edge repeated. */
export function cubic(data, channel, source, target) {
  const { places, taps } = cubicTaps(source, target);
  const wide = new Float32Array(source * target);
  for (let y = 0; y < source; y++) {
    for (let x = 0; x < target; x++) {
      let sum = 0;
      for (let k = 4 * x; k < 4 * x + 4; k++) {
        sum += taps[k] * data[4 * (y * source + places[k]) + channel];
      }
      wide[y * target + x] = sum;
    }
  }
  const result = new Uint8ClampedArray(target * target);
  for (let y = 0; y < target; y++) {
    const [a, b, c, d] = taps.subarray(4 * y, 4 * y + 4);
    const [ra, rb, rc, rd] = places.subarray(4 * y, 4 * y + 4).map((row) => row * target);
    for (let x = 0; x < target; x++) {
      result[y * target + x] =
        a * wide[ra + x] + b * wide[rb + x] + c * wide[rc + x] + d * wide[rd + x];
    }
  }
  return result;
}

function cubicTaps(source, target) {
  const A = -0.75;
  const places = new Int32Array(4 * target);
  const taps = new Float32Array(4 * target);
  for (let i = 0; i < target; i++) {
    const centre = ((i + 0.5) * source) / target - 0.5;
    const first = Math.floor(centre);
    const x = centre - first;
    const near = (t) => ((A + 2) * t - (A + 3)) * t * t + 1;
    const far = (t) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
    taps.set([far(x + 1), near(x), near(1 - x), far(2 - x)], 4 * i);
    for (let k = 0; k < 4; k++) {
      places[4 * i + k] = Math.min(Math.max(first - 1 + k, 0), source - 1);
    }
  }
  return { places, taps };
}

/** The middle of OpenCV's kernel for bytes, and what follows it on either side. */
export function gaussian(sigma) {
  const radius = (even(6 * sigma + 1) | 1) >> 1;
  const half = Array.from({ length: radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const total = 2 * half.reduce((sum, value) => sum + value, 0) - half[0];
  return half.map((value) => value / total);
}

/** GaussianBlur; beyond the edge the picture is mirrored without its last pixel. */
export function blurred(plane, size, kernel) {
  const radius = kernel.length - 1;
  const mirrored = (i) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
  const places = Int32Array.from({ length: size + 2 * radius }, (_, i) => mirrored(i - radius));
  const result = new Uint8ClampedArray(size * size);
  const line = new Float32Array(size + 2 * radius);
  for (let y = 0; y < size; y++) {
    const middle = y * size;
    for (let x = 0; x < size; x++) line[radius + x] = kernel[0] * plane[middle + x];
    for (let k = 1; k <= radius; k++) {
      const [above, below, share] = [places[radius + y - k] * size, places[radius + y + k] * size, kernel[k]];
      for (let x = 0; x < size; x++) line[radius + x] += share * (plane[above + x] + plane[below + x]);
    }
    for (let i = 0; i < radius; i++) {
      line[i] = line[radius + places[i]];
      line[radius + size + i] = line[radius + places[radius + size + i]];
    }
    for (let x = 0; x < size; x++) {
      let sum = kernel[0] * line[radius + x];
      for (let k = 1; k <= radius; k++) sum += kernel[k] * (line[radius + x - k] + line[radius + x + k]);
      result[middle + x] = sum;
    }
  }
  return result;
}
