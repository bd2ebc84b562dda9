// Cartoons out of the page: to a file, to the clipboard.

import { h, show } from './dom.js';

/** @param {ImageData} pixels @returns {Promise<Blob>} */
export function toPng(pixels) {
  const canvas = document.createElement('canvas');
  show(canvas, pixels);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/** @param {ImageData} pixels @param {string} name */
export async function save(pixels, name) {
  const url = URL.createObjectURL(await toPng(pixels));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {ImageData} pixels */
export async function copy(pixels) {
  // Handed over as a promise: some browsers ask for it within the click itself.
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': toPng(pixels) })]);
}
