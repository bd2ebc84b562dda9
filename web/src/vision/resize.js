// A cartoon at another size, on white or cut out: src/toonmark/cutout.py, resized and figure.

import { cutOut } from './cutout.js';
import { enlarged, LEAST } from './enlarge.js';
import { resize } from './lanczos.js';

/** @param {import('./crop.js').Picture} cartoon opaque, on white @param {number} size
 * @param {boolean} transparent without the white around it */
export function resized(cartoon, size, transparent) {
  if (size < LEAST * cartoon.width) return resize(transparent ? cutOut(cartoon) : cartoon, size);
  const large = enlarged(cartoon, size);
  return transparent ? cutOut(large) : large;
}
