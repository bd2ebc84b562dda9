// A cartoon at another size, on white or cut out: src/toonmark/cutout.py, resized and figure.

import { cutOut } from './cutout.js';
import { enlarged, LEAST } from './enlarge.js';
import { resize } from './lanczos.js';

/** @param {import('./crop.js').Picture} cartoon opaque, on white @param {number} size
 * @param {boolean} transparent without the white around it
 * @param {import('./crop.js').Picture} outline what it is cut out along: see cutOut
 * @param {import('./crop.js').Picture} [whole] the cartoon at that size, on white, if it is there already */
export function resized(cartoon, size, transparent, outline = cartoon, whole = undefined) {
  if (size < LEAST * cartoon.width) return resize(transparent ? cutOut(cartoon, outline) : cartoon, size);
  const large = whole ?? enlarged(cartoon, size);
  if (!transparent) return large;
  return cutOut(large, outline === cartoon ? large : enlarged(outline, size));
}
