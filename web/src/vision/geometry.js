// Points and transforms: the mathematics of src/toonmark/faces/align.py and pose.py.
// A point is [x, y] in pixels, pixel centres at whole numbers. A transform is
// [[a, b, tx], [c, d, ty]] and maps picture pixels to crop pixels.

/** @typedef {[number, number]} Point */
/** @typedef {[[number, number, number], [number, number, number]]} Transform */

export const [LEFT_EYE, RIGHT_EYE, NOSE, MOUTH_LEFT, MOUTH_RIGHT] = [0, 1, 2, 3, 4];

/** Where the points of an upright face lie, as fractions of the crop. */
export const FACE_TEMPLATE = [[48, 61], [80, 61], [64, 80], [50, 93], [77, 93]].map(
  ([x, y]) => /** @type {Point} */ ([(x + 0.5) / 128, (y + 0.5) / 128]),
);

const NOSE_DEPTH = 0.58;
const TURNED = 35;

/** @param {Point[]} points @returns {Point} */
export function mean(points) {
  let [x, y] = [0, 0];
  for (const point of points) [x, y] = [x + point[0], y + point[1]];
  return [x / points.length, y / points.length];
}

/** The rotation, scale and shift that bring `source` closest to `target`; least squares.
 * @param {Point[]} source @param {Point[]} target @returns {Transform} */
export function similarity(source, target) {
  const [from, to] = [mean(source), mean(target)];
  let [spread, cosine, sine] = [0, 0, 0];
  source.forEach(([x, y], i) => {
    const [ax, ay, bx, by] = [x - from[0], y - from[1], target[i][0] - to[0], target[i][1] - to[1]];
    spread += ax * ax + ay * ay;
    cosine += ax * bx + ay * by;
    sine += ax * by - ay * bx;
  });
  spread = Math.max(spread, 1e-12);
  const [c, s] = [cosine / spread, sine / spread];
  return [
    [c, -s, to[0] - c * from[0] + s * from[1]],
    [s, c, to[1] - s * from[0] - c * from[1]],
  ];
}

/** @param {Point[]} points @param {number} size @param {Point[]} template */
export function faceTransform(points, size, template = FACE_TEMPLATE) {
  return similarity(points, template.map(([x, y]) => [x * size - 0.5, y * size - 0.5]));
}

/** @param {Transform} transform @returns {Transform} */
export function invert([[a, b, tx], [c, d, ty]]) {
  const det = a * d - b * c;
  const [ia, ib, ic, id] = [d / det, -b / det, -c / det, a / det];
  return [[ia, ib, -ia * tx - ib * ty], [ic, id, -ic * tx - id * ty]];
}

/** @param {Point} point @param {Transform} transform @returns {Point} */
export function apply([x, y], [[a, b, tx], [c, d, ty]]) {
  return [a * x + b * y + tx, c * x + d * y + ty];
}

/** Crop pixels a picture pixel. @param {Transform} transform */
export function scaleOf([[a, b], [c, d]]) {
  return Math.sqrt(Math.abs(a * d - b * c));
}

/** @param {Point[]} points */
export function interEyeDistance(points) {
  const [left, right] = [points[LEFT_EYE], points[RIGHT_EYE]];
  return Math.hypot(right[0] - left[0], right[1] - left[1]);
}

/** Points turned clockwise about their mean. @param {Point[]} points @param {number} degrees */
export function turned(points, degrees) {
  const [mx, my] = mean(points);
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return points.map(([x, y]) => [
    c * (x - mx) - s * (y - my) + mx,
    s * (x - mx) + c * (y - my) + my,
  ]);
}

/** How far each point is from its other. @param {Point[]} ones @param {Point[]} others */
export function ways(ones, others) {
  return ones.map(([x, y], i) => Math.hypot(others[i][0] - x, others[i][1] - y));
}

/** Degrees by which a face leans clockwise. @param {Point[]} points */
export function roll(points) {
  const [le, re, , ml, mr] = points;
  const [x, y] = [re[0] - le[0] + mr[0] - ml[0], re[1] - le[1] + mr[1] - ml[1]];
  return (Math.atan2(y, x) * 180) / Math.PI;
}

/** Degrees by which a face looks to the image's right. @param {Point[]} points */
export function yaw(points) {
  const angle = (roll(points) * Math.PI) / 180;
  const across = points.map(([x, y]) => x * Math.cos(angle) + y * Math.sin(angle));
  const eyes = Math.max(across[RIGHT_EYE] - across[LEFT_EYE], 1e-6);
  const [le, re, , ml, mr] = across;
  const middle = (le + re + ml + mr) / 4;
  return (Math.atan((across[NOSE] - middle) / eyes / NOSE_DEPTH) * 180) / Math.PI;
}

/** Whether a face is turned too far to be drawn well. @param {Point[]} points */
export function isTurned(points) {
  return Math.abs(yaw(points)) > TURNED;
}
