// What is behind a cut-out figure: nothing, a colour, its photo out of focus, or the white edge of a sticker.

import { blurred, cubic, gaussian } from './enlarge.js';
import { shrink } from './shrink.js';

/** Width of a sticker's white edge, and what is left free around it, as shares of its size. */
const [EDGE, MARGIN] = [0.025, 0.04];
/** A photo is put out of focus at this edge in pixels, by a Gaussian of so many; so it looks the same at all sizes. */
const [SOFT, SIGMA] = [48, 1.6];

/** What can be chosen; all but the first are made of the figure that is cut out. */
export const LOOKS = [
  { name: 'white', title: 'White' },
  { name: 'transparent', title: 'Transparent' },
  { name: 'sticker', title: 'Sticker' },
  { name: 'yellow', title: 'Yellow', colour: [255, 214, 102] },
  { name: 'blue', title: 'Blue', colour: [150, 200, 240] },
  { name: 'green', title: 'Green', colour: [160, 214, 170] },
  { name: 'pink', title: 'Pink', colour: [248, 178, 186] },
  { name: 'blurred', title: 'Blurred photo' },
];

/** Edge of the figure in a picture of this size: a sticker leaves room for its own edge.
 * @param {string} look @param {number} size */
export function figureSize(look, size) {
  return look === 'sticker' ? size - 2 * Math.round((EDGE + MARGIN) * size) : size;
}

/** The finished picture. @param {import('./crop.js').Picture} figure cut out, of `figureSize`; for
 * white the whole cartoon @param {string} look @param {number} size
 * @param {import('./crop.js').Picture} photo the same view of it, of any size */
export function dressed(figure, look, size, photo) {
  if (look === 'white') return figure;
  const colour = colourOf(look);
  if (colour) return over(figure, (_, channel) => colour[channel]);
  if (look === 'blurred') {
    const planes = softened(photo, size);
    return over(figure, (pixel, channel) => planes[channel][pixel]);
  }
  return look === 'sticker' ? sticker(inMiddle(figure, size)) : figure;
}

/** What is behind the figure: a colour, or null for nothing. @param {string} look */
export const colourOf = (look) =>
  look === 'white' ? [255, 255, 255] : (LOOKS.find((one) => one.name === look)?.colour ?? null);

/** Whether what is behind the figure can be said in shapes. @param {string} look */
export const hasShapes = (look) => look !== 'blurred';

/** The finished drawing as shapes. @param {string} svg the figure's, without what is around it; for white
 * the whole cartoon's @param {string} look @returns {string} */
export function dressedShapes(svg, look) {
  const [, head, edge, shapes] = /^[^]*?(<svg[^>]*viewBox="0 0 ([\d.]+)[^>]*>)([^]*)<\/svg>/.exec(svg);
  const colour = look === 'white' ? null : colourOf(look);
  if (colour) return `${head}\n<rect width="${edge}" height="${edge}" fill="rgb(${colour})"/>${shapes}</svg>\n`;
  if (look !== 'sticker') return svg;
  const [total, round] = [edge / (1 - 2 * (EDGE + MARGIN)), (value) => value.toFixed(1)];
  const wide = [-(total - edge) / 2, -(total - edge) / 2, total, total].map(round).join(' ');
  const white = `fill="#fff" stroke="#fff" stroke-width="${round(2 * EDGE * total)}" stroke-linejoin="round"`;
  // The edge is the figure's own shapes once more, all white and as much wider; their colours are below.
  const edges = shapes.replace(/ fill="[^"]*"/g, '');
  return `${head.replace(/viewBox="[^"]*"/, `viewBox="${wide}"`)}\n<g ${white}>${edges}</g>${shapes}</svg>\n`;
}

/** A picture in the middle of a larger transparent one. @param {import('./crop.js').Picture} picture */
export function inMiddle(picture, size) {
  if (picture.width === size) return picture;
  const data = new Uint8ClampedArray(4 * size * size);
  const [left, row] = [Math.floor((size - picture.width) / 2), 4 * picture.width];
  for (let y = 0; y < picture.height; y++) {
    data.set(picture.data.subarray(y * row, (y + 1) * row), 4 * ((y + left) * size + left));
  }
  return { data, width: size, height: size };
}

/** @param {import('./crop.js').Picture} figure
 * @param {(pixel: number, channel: number) => number} behind what is there */
function over({ data, width, height }, behind) {
  const result = new Uint8ClampedArray(data.length).fill(255);
  for (let i = 0, pixel = 0; i < data.length; i += 4, pixel++) {
    const share = data[i + 3] / 255;
    for (let k = 0; k < 3; k++) {
      const colour = behind(pixel, k);
      result[i + k] = colour + (data[i + k] - colour) * share;
    }
  }
  return { data: result, width, height };
}

/** A square photo out of focus, at another size. @returns {Uint8ClampedArray[]} red, green and blue */
function softened(photo, size) {
  const { data } = shrink(photo, SOFT, SOFT);
  const kernel = gaussian(SIGMA);
  return [0, 1, 2].map((channel) => {
    const plane = blurred(data.filter((_, i) => i % 4 === channel), SOFT, kernel);
    plane.forEach((value, i) => (data[4 * i + channel] = value));
    return cubic(data, channel, SOFT, size);
  });
}

/** With a white edge that follows its outline. */
function sticker({ data, width: size }) {
  const reach = EDGE * size;
  const squares = distances(data, size);
  const result = new Uint8ClampedArray(data.length);
  for (let i = 0, at = 0; at < squares.length; i += 4, at++) {
    const share = data[i + 3] / 255;
    const white = Math.min(Math.max(reach + 0.5 - Math.sqrt(squares[at]), 0), 1) * (1 - share);
    const alpha = share + white;
    if (alpha === 0) continue;
    for (let k = 0; k < 3; k++) result[i + k] = (data[i + k] * share + 255 * white) / alpha;
    result[i + 3] = 255 * alpha;
  }
  return { data: result, width: size, height: size };
}

/** Squared distance of each pixel to the figure, in linear time (Felzenszwalb and Huttenlocher,
 * "Distance Transforms of Sampled Functions", 2012): along rows, then along columns. */
function distances(data, size) {
  const far = 4 * size * size;
  const field = new Float64Array(size * size);
  for (let i = 0; i < field.length; i++) field[i] = data[4 * i + 3] >= 128 ? 0 : far;
  const line = { values: new Float64Array(size), places: new Int32Array(size), from: new Float64Array(size + 1) };
  for (let y = 0; y < size; y++) along(field, y * size, 1, size, line);
  for (let x = 0; x < size; x++) along(field, x, size, size, line);
  return field;
}

/** One line of it: the lower envelope of the parabolas that stand on its pixels. */
function along(field, start, step, size, { values, places, from }) {
  for (let i = 0; i < size; i++) values[i] = field[start + i * step];
  let last = 0;
  places[0] = 0;
  from[0] = -Infinity;
  for (let i = 1; i < size; i++) {
    let meet = 0;
    for (; ; last--) {
      const other = places[last];
      meet = (values[i] + i * i - values[other] - other * other) / (2 * (i - other));
      if (meet > from[last]) break;
    }
    last += 1;
    places[last] = i;
    from[last] = meet;
  }
  from[last + 1] = Infinity;
  for (let i = 0, k = 0; i < size; i++) {
    while (from[k + 1] < i) k += 1;
    const way = i - places[k];
    field[start + i * step] = way * way + values[places[k]];
  }
}
