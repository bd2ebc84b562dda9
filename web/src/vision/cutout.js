// The white around a cartoon made transparent: src/toonmark/cutout.py, cut_out.

import { dilated, ellipse, eroded, even } from './morphology.js';

const WHITE = 24;
const EDGE = 2;
/** Three by three pixels. */
export const SQUARE = [1, 1, 1];

/** @param {import('./crop.js').Picture} picture a cartoon on white
 * @param {import('./crop.js').Picture} outline the same without the photo that is mixed into it */
export function cutOut({ data, width: size }, outline = { data, width: size, height: size }) {
  const count = size * size;
  const darkest = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    darkest[i] = Math.min(outline.data[4 * i], outline.data[4 * i + 1], outline.data[4 * i + 2]);
  }
  const background = outside(darkest, size);
  const figure = background.map((value) => 1 - value);
  const disc = ellipse(2 * Math.max(1, even((EDGE * size) / 128)) + 1);
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
  const stack = [];
  const visit = (x, y) => {
    const i = y * size + x;
    if (x < 0 || y < 0 || x >= size || y >= size || found[i] || darkest[i] < 255 - WHITE) return;
    found[i] = 1;
    stack.push(i);
  };
  for (let i = 0; i < size; i++) {
    visit(i, 0);
    visit(0, i);
    visit(size - 1, i);
  }
  while (stack.length) {
    const i = stack.pop();
    const [x, y] = [i % size, Math.floor(i / size)];
    visit(x - 1, y);
    visit(x + 1, y);
    visit(x, y - 1);
    visit(x, y + 1);
  }
  return found;
}
