// Files and camera pictures to pixels.

import { explain } from './kinds.js';

/** Photos of more pixels are refused, as the server does. */
export const MAX_PIXELS = 50_000_000;

/** An error that the page shows: what happened, and what to do. */
export class Refusal extends Error {
  /** @param {string} happened @param {string} remedy keys of words @param {object} values that they name
   * @param {string} kind for the page, where it does more than showing it */
  constructor(happened, remedy, values = {}, kind = '') {
    super(happened);
    Object.assign(this, { remedy, values, kind });
  }
}

/** Decodes a picture: upright, sRGB, on white. @param {Blob} file */
export async function decode(file) {
  if (file.size === 0) {
    throw new Refusal('This file is empty: it has no bytes.', 'Copy or download it again.');
  }
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    const { happened, remedy, values } = explain(new Uint8Array(await file.slice(0, 512).arrayBuffer()));
    throw new Refusal(happened, remedy, values);
  }
  return pixelsOf(bitmap);
}

let canvas = null;

/** A bitmap's pixels. @param {ImageBitmap} bitmap @param {boolean} kept or else it is closed */
export function pixelsOf(bitmap, kept = false) {
  const { width, height } = bitmap;
  if (width * height > MAX_PIXELS) {
    bitmap.close();
    const millions = Math.round((width * height) / 1e6);
    throw new Refusal('This photo has {millions} megapixels; 50 is the limit.', 'Make it smaller.', { millions });
  }
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  if (!kept) bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  if (width * height > 4_000_000) canvas.width = canvas.height = 1; // gives the memory back
  return { data, width, height };
}
