// YuNet (Wu, Peng and Yu, 2023): a picture to the network's input, and its outputs to faces, as
// OpenCV's FaceDetectorYN does it.

const STRIDES = [8, 16, 32];
/** Shorter side up to which a picture is filled up with grey. */
const FILLED_SIDE = 128;
/** What frames and fills it. */
const GREY = 127;

/** @typedef {{box: number[], points: import('./geometry.js').Point[], score: number}} Face
 *  box: x, y, width, height. */

/** The size of what is shown to the network: framed, and filled up where a side is short.
 * @param {import('./crop.js').Picture} picture @returns {[number, number]} */
export function shown({ width, height }, border) {
  const filled = (side) => Math.max(side + 2 * border, FILLED_SIDE);
  return [filled(width), filled(height)];
}

/** BGR planes, 0 to 255, filled up with zeros to multiples of 32; with a grey frame around.
 * @param {import('./crop.js').Picture} picture */
export function input(picture, border = 0) {
  const [across, down] = shown(picture, border);
  const up = (length) => Math.ceil(length / 32) * 32;
  const [width, height] = [up(across), up(down)];
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  const framed = border > 0 || across > picture.width || down > picture.height;
  for (let y = 0; framed && y < down; y++) {
    for (let k = 0; k < 3; k++) values.fill(GREY, k * plane + y * width, k * plane + y * width + across);
  }
  for (let y = 0, at = 0; y < picture.height; y++) {
    let out = (y + border) * width + border;
    for (let x = 0; x < picture.width; x++, at += 4, out++) {
      values[out] = picture.data[at + 2];
      values[plane + out] = picture.data[at + 1];
      values[2 * plane + out] = picture.data[at];
    }
  }
  return { values, width, height };
}

/** The faces in the network's outputs, in the pixels of its input, the best first.
 * @param {Record<string, Float32Array>} outputs @returns {Face[]} */
export function decode(outputs, width, height, threshold, overlap = 0.3) {
  /** @type {Face[]} */
  const faces = [];
  for (const stride of STRIDES) {
    const [columns, rows] = [width / stride, height / stride];
    const [cls, obj] = [outputs[`cls_${stride}`], outputs[`obj_${stride}`]];
    const [boxes, points] = [outputs[`bbox_${stride}`], outputs[`kps_${stride}`]];
    for (let i = 0; i < rows * columns; i++) {
      const score = Math.sqrt(clamp(cls[i]) * clamp(obj[i]));
      if (!(score >= threshold)) continue; // nor what is no number
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const [w, h] = [Math.exp(boxes[4 * i + 2]) * stride, Math.exp(boxes[4 * i + 3]) * stride];
      const x = (column + boxes[4 * i]) * stride - w / 2;
      const y = (row + boxes[4 * i + 1]) * stride - h / 2;
      const place = (n) => [
        (points[10 * i + 2 * n] + column) * stride,
        (points[10 * i + 2 * n + 1] + row) * stride,
      ];
      const face = { box: [x, y, w, h], points: [0, 1, 2, 3, 4].map(place), score };
      if (sound(face, 10 * Math.max(width, height))) faces.push(face);
    }
  }
  return suppress(faces, overlap, Math.trunc);
}

/** Of some pictures that hold nothing, the network makes numbers that are none.
 * @param {Face} face */
function sound({ box, points }, limit) {
  return [...box, ...points.flat()].every((value) => Math.abs(value) < limit);
}

/** Whether a find can be a face of a picture of this size: src/toonmark/faces/yunet.py. Nothing that
 * the network says is trusted: no box of no size, or larger than the picture, or with its middle
 * outside, no points far from their box or all in one place.
 * @param {Face} face */
export function plausible({ box: [x, y, w, h], points, score }, width, height) {
  const longest = 1.5 * Math.max(width, height);
  const sane = (side) => side >= 4 && side <= longest;
  const between = (value, low, high) => value >= low && value <= high;
  const [eye, other] = points;
  return (
    sane(w) &&
    sane(h) &&
    between(x + w / 2, 0, width) &&
    between(y + h / 2, 0, height) &&
    points.every(
      ([u, v]) => between(u, x - w / 2, x + 1.5 * w) && between(v, y - h / 2, y + 1.5 * h),
    ) &&
    Math.hypot(eye[0] - other[0], eye[1] - other[1]) >= 0.02 * Math.max(w, h) &&
    score >= 0
  );
}

function clamp(value) {
  return Math.min(Math.max(value, 0), 1);
}

/** Of faces that cover each other, the one with the best score.
 * @param {Face[]} faces @param {(x: number) => number} rounded OpenCV compares whole pixels */
export function suppress(faces, overlap, rounded = (x) => x) {
  /** @type {Face[]} */
  const kept = [];
  for (const face of [...faces].sort((a, b) => b.score - a.score)) {
    const box = face.box.map(rounded);
    if (kept.every((other) => shared(box, other.box.map(rounded)) <= overlap)) kept.push(face);
  }
  return kept;
}

/** Area in both boxes over the area in either. @param {number[]} a @param {number[]} b */
export function shared([ax, ay, aw, ah], [bx, by, bw, bh]) {
  const across = Math.max(0, Math.min(ax + aw, bx + bw) - Math.max(ax, bx));
  const down = Math.max(0, Math.min(ay + ah, by + bh) - Math.max(ay, by));
  return (across * down) / Math.max(aw * ah + bw * bh - across * down, 1e-9);
}
