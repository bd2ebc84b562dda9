// Cartoons out of the page: to a file, to the clipboard, to another app.

import { Problem } from './device.js';
import { explained, flash, forbidden, h, show, tell } from './dom.js';
import { w } from './words.js';
import { zip } from './zip.js';

/** The browser does not let the page do this. */
export class NotAllowed extends Problem {}

/** @param {ImageData | Promise<ImageData>} pixels @returns {Promise<Blob>} */
export async function toPng(pixels) {
  const canvas = document.createElement('canvas');
  show(canvas, await pixels);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/** @param {ImageData | Promise<ImageData>} pixels @param {string} name */
export async function save(pixels, name) {
  return download(await toPng(pixels), name);
}

/** Several pictures as one file. @param {{name: string, pixels: ImageData}[]} pictures @param {string} name */
export async function saveAll(pictures, name) {
  const files = [];
  for (const one of pictures) {
    files.push({ name: one.name, data: new Uint8Array(await (await toPng(one.pixels)).arrayBuffer()) });
  }
  return download(zip(files), name);
}

/** Saves what takes a while to make, and says on its button what has come of it.
 * @param {HTMLElement} button @param {string} name of the file @param {(name: string) => Promise<unknown>} action
 * @param {(...parts: object[]) => void} say shows what went wrong */
export async function keep(button, name, action, say = () => {}) {
  flash(button, w('Drawing'));
  try {
    await action(name);
    flash(button, w('Saved'));
    tell(w('Saved {name}.', { name }));
  } catch (error) {
    flash(button, w('Failed'));
    say(...explained(error));
    tell(...explained(error));
  }
}

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}

/** @param {ImageData | Promise<ImageData>} pixels */
export async function copy(pixels) {
  try {
    // Handed over as a promise: some browsers ask for it within the click itself.
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': toPng(pixels) })]);
    return true;
  } catch {
    const reason = forbidden();
    const happened = 'The browser does not allow copying here.';
    throw new NotAllowed(reason ? `${w(happened)} ${reason}` : happened, 'Save it instead.');
  }
}

/** Whether pictures can be handed to another app, as on phones. */
export function canShare() {
  const file = new File([new Uint8Array(1)], 'toon.png', { type: 'image/png' });
  return Boolean(navigator.canShare?.({ files: [file] }));
}

/** Hands a picture to an app that its owner chooses; false if none was chosen.
 * @param {ImageData | Promise<ImageData>} pixels @param {string} name */
export async function share(pixels, name) {
  const file = new File([await toPng(pixels)], name, { type: 'image/png' });
  try {
    await navigator.share({ files: [file] });
    return true;
  } catch (error) {
    if (error.name === 'AbortError') return false;
    throw new NotAllowed('The browser does not allow sharing here.', 'Save it instead.');
  }
}
