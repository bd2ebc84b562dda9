// Which views of a picture the detector is shown: src/toonmark/faces/detect.py, step by step.

import { cut, shrink, turn } from './shrink.js';
import { plausible, shared, shown, suppress } from './yunet.js';

const [SIDE, LARGE_SIDE] = [640, 1920];
const [SCORE, CAREFUL_SCORE] = [0.6, 0.8];
const [UPRIGHT_SCORE, UPRIGHT_MARGIN, TURNED_OVER_SCORE] = [0.9, 0.03, 0.92];
const GOOD_SIZE = [48, 320];
const LEAST_SIDE = 20;
const OVERLAP = 0.3;

/** @typedef {import('./crop.js').Picture} Picture */
/** @typedef {import('./yunet.js').Face} Face */
/** @typedef {(picture: Picture, border: number, score: number) => Promise<Face[]>} Detector */

/** Longer side of a face's box. @param {Face} face */
export const sizeOf = (face) => Math.max(face.box[2], face.box[3]);

/** The faces in a picture, largest first. @param {Picture} picture @param {Detector} detect
 * @returns {Promise<Face[]>} */
export async function findFaces(picture, detect) {
  const longer = Math.max(picture.width, picture.height);
  if (Math.min(picture.width, picture.height) < LEAST_SIDE) return [];
  const small = reduced(picture, SIDE); // looked at twice or more
  let faces = await look(picture, detect, SIDE, { small });
  if (!faces.length) {
    faces = await look(picture, detect, SIDE / 2, { frame: 0.4, score: CAREFUL_SCORE });
  }
  if (longer > 1.5 * SIDE) {
    const others = await look(picture, detect, LARGE_SIDE, { score: CAREFUL_SCORE });
    faces = suppress([...faces, ...others.filter((face) => isNew(face, faces, longer))], OVERLAP);
  }
  let turned = 0;
  let best = faces.length ? Math.max(...faces.map((face) => face.score)) : CAREFUL_SCORE;
  // Upside down always, for those that lost their EXIF data; on its side where there is doubt.
  for (const quarters of best < UPRIGHT_SCORE ? [1, 2, 3] : [2]) {
    const others = await look(picture, detect, SIDE, { quarters, small });
    const score = Math.max(0, ...others.map((face) => face.score));
    const over = quarters === 2 && faces.length && score >= TURNED_OVER_SCORE;
    const margin = over ? 0 : UPRIGHT_MARGIN;
    if (score > best + margin) [faces, turned, best] = [others, quarters, score];
  }
  const reduction = Math.max(1, longer / SIDE);
  const result = [];
  for (const face of faces) {
    const size = sizeOf(face) / reduction;
    const good = GOOD_SIZE[0] <= size && size <= GOOD_SIZE[1];
    result.push(good ? face : await secondLook(picture, detect, face, turned));
  }
  return result.sort((a, b) => sizeOf(b) - sizeOf(a));
}

/** Whether a closer look may add it: of what the first look should have seen, only what it saw. */
function isNew(face, faces, longer) {
  const seen = (GOOD_SIZE[0] * longer) / SIDE;
  return !faces.length || sizeOf(face) < seen || faces.some((other) => shared(face.box, other.box) > OVERLAP);
}

/** The same face as it is found in its surroundings alone. */
async function secondLook(picture, detect, face, quarters) {
  const [x, y, width, height] = face.box;
  const [middleX, middleY, reach] = [x + width / 2, y + height / 2, 1.25 * sizeOf(face)];
  const [left, top] = [Math.max(Math.floor(middleX - reach), 0), Math.max(Math.floor(middleY - reach), 0)];
  const part = cut(picture, left, top, Math.ceil(middleX + reach), Math.ceil(middleY + reach));
  if (part.width === 0 || part.height === 0) return face;
  const frame = sizeOf(face) > 0.6 * Math.max(part.width, part.height) ? 0.25 : 0;
  for (const found of await look(part, detect, SIDE / 2, { frame, quarters })) {
    const [fx, fy, fw, fh] = found.box;
    const box = [fx + left, fy + top, fw, fh];
    if (shared(box, face.box) > OVERLAP) {
      const points = found.points.map(([px, py]) => [px + left, py + top]);
      return { box, points, score: found.score };
    }
  }
  return face;
}

/** What the detector is shown of a picture. @param {Picture} picture @param {number} side the longer one */
function reduced(picture, side) {
  const { width, height } = picture;
  const scale = Math.min(1, side / Math.max(width, height));
  return shrink(picture, Math.max(1, round(width * scale)), Math.max(1, round(height * scale)));
}

/** One pass of the detector, its finds in the picture's pixels.
 * @param {Picture} picture @param {Detector} detect @param {{score?: number, frame?: number, quarters?: number,
 * small?: Picture}} how small: the picture as it is shown, if there is one already @returns {Promise<Face[]>} */
export async function look(picture, detect, side, how = {}) {
  const { score = SCORE, frame = 0, quarters = 0, small: upright = reduced(picture, side) } = how;
  const { width, height } = picture;
  const size = [upright.width, upright.height];
  const small = turn(upright, quarters);
  const border = round(frame * Math.max(small.width, small.height));
  const [across, down] = shown(small, border);
  const found = (await detect(small, border, score)).filter((face) => plausible(face, across, down));
  const [rx, ry] = [width / size[0], height / size[1]];
  const back = ([x, y]) => {
    const [tx, ty] = turnBack(x - border, y - border, size, quarters);
    return [(tx + 0.5) * rx - 0.5, (ty + 0.5) * ry - 0.5];
  };
  return found.map((face) => {
    const [x, y, w, h] = face.box;
    const corners = [back([x, y]), back([x + w, y + h])];
    const low = [0, 1].map((axis) => Math.min(corners[0][axis], corners[1][axis]));
    const high = [0, 1].map((axis) => Math.max(corners[0][axis], corners[1][axis]));
    const box = [low[0], low[1], high[0] - low[0], high[1] - low[1]];
    return { box, points: face.points.map(back), score: Math.min(face.score, 1) };
  });
}

function turnBack(x, y, [width, height], quarters) {
  if (quarters === 1) return [width - 1 - y, x];
  if (quarters === 2) return [width - 1 - x, height - 1 - y];
  if (quarters === 3) return [y, height - 1 - x];
  return [x, y];
}

/** Halves to even, as Python rounds. */
function round(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
