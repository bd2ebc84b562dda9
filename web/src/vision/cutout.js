// The white around a cartoon made transparent: src/toonmark/cutout.py, cut_out.

import { dilated, ellipse, eroded, even } from './morphology.js';

const WHITE = 24;
const EDGE = 2;
/** Three by three pixels. */
export const SQUARE = [1, 1, 1];

/** @param {import('./crop.js').Picture} picture a cartoon on white
 * @param {import('./crop.js').Picture} outline the same without the photo that is mixed into it
 * @param {number} edge how far from the white the edge's own colour is looked for, in pixels */
export function cutOut(
  { data, width: size },
  outline = { data, width: size, height: size },
  edge = Math.max(1, even((EDGE * size) / 128)),
) {
  const count = size * size;
  const darkest = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    darkest[i] = Math.min(outline.data[4 * i], outline.data[4 * i + 1], outline.data[4 * i + 2]);
  }
  const background = outside(darkest, size);
  const figure = new Uint8Array(count);
  for (let i = 0; i < count; i++) figure[i] = 1 - background[i];
  const disc = ellipse(2 * edge + 1);
  const nearWhite = dilated(background, size, disc);
  const nearFigure = dilated(figure, size, SQUARE);
  const inked = eroded(darkest, size, disc);

  const bytes = new Uint8ClampedArray(4 * count);
  for (let i = 0; i < count; i++) {
    let alpha = 1 - background[i];
    if (nearWhite[i] && nearFigure[i]) {
      alpha = Math.min(Math.max((255 - darkest[i]) / Math.max(255 - inked[i], 1), 0), 1);
    }
    bytes[4 * i + 3] = alpha * 255;
    if (alpha === 1) {
      for (let k = 4 * i; k < 4 * i + 3; k++) bytes[k] = data[k];
      continue;
    }
    const level = bytes[4 * i + 3];
    const share = Math.max(level, 1) / 255;
    for (let channel = 0; channel < 3; channel++) {
      const colour = 255 - (255 - data[4 * i + channel]) / share;
      bytes[4 * i + channel] = level > 0 ? colour : 255;
    }
  }
  return { data: bytes, width: size, height: size };
}

/** The white that is connected to the top, left or right edge. */
function outside(darkest, size) {
  const found = new Uint8Array(size * size);
  const stack = new Int32Array(size * size); // each pixel is put there once at most
  let height = 0;
  const visit = (i) => {
    if (found[i] || darkest[i] < 255 - WHITE) return;
    found[i] = 1;
    stack[height++] = i;
  };
  for (let i = 0; i < size; i++) {
    visit(i);
    visit(i * size);
    visit(i * size + size - 1);
  }
  while (height) {
    const i = stack[--height];
    const x = i % size;
    if (x > 0) visit(i - 1);
    if (x < size - 1) visit(i + 1);
    if (i >= size) visit(i - size);
    if (i < size * (size - 1)) visit(i + size);
  }
  return found;
}
