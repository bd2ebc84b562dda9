// The white around a cartoon made transparent: src/toonmark/blend.py, cut_out.

const WHITE = 24;
const EDGE = 2;

/** @param {import('./crop.js').Picture} picture a cartoon on white */
export function cutOut({ data, width: size }) {
  const count = size * size;
  const darkest = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    darkest[i] = Math.min(data[4 * i], data[4 * i + 1], data[4 * i + 2]);
  }
  const background = outside(darkest, size);
  const figure = background.map((value) => 1 - value);
  const disc = ellipse(2 * Math.max(1, Math.round((EDGE * size) / 128)) + 1);
  const square = box(3);
  const nearWhite = extreme(background, size, disc, Math.max, 0);
  const nearFigure = extreme(figure, size, square, Math.max, 0);
  const inked = extreme(darkest, size, disc, Math.min, 255);

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

/** OpenCV's MORPH_ELLIPSE: offsets of the pixels in it. */
function ellipse(reach) {
  const radius = (reach - 1) / 2;
  const offsets = [];
  for (let dy = -radius; dy <= radius; dy++) {
    const half = Math.round(radius * Math.sqrt((radius * radius - dy * dy) / (radius * radius)));
    for (let dx = -half; dx <= half; dx++) offsets.push([dx, dy]);
  }
  return offsets;
}

function box(reach) {
  const radius = (reach - 1) / 2;
  const offsets = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) offsets.push([dx, dy]);
  }
  return offsets;
}

/** Dilation or erosion; what lies beyond the edge does not count. */
function extreme(values, size, offsets, choose, start) {
  const result = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let value = start;
      for (const [dx, dy] of offsets) {
        const [sx, sy] = [x + dx, y + dy];
        if (sx >= 0 && sy >= 0 && sx < size && sy < size) {
          value = choose(value, values[sy * size + sx]);
        }
      }
      result[y * size + x] = value;
    }
  }
  return result;
}
