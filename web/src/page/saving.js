// Cartoons out of the page: to a file, to the clipboard, to another app.

import { Problem } from './device.js';
import { explained, flash, forbidden, h, show, tell } from './dom.js';
import { w } from './words.js';
import { zip } from './zip.js';

/** Kinds of files, as they are chosen. Not all browsers write all of them. */
export const FORMATS = [
  { name: 'png', label: 'PNG', type: 'image/png' },
  { name: 'jpg', label: 'JPEG', type: 'image/jpeg', quality: 0.92 },
  { name: 'webp', label: 'WebP', type: 'image/webp', quality: 0.9 },
  { name: 'svg', label: 'SVG', type: 'image/svg+xml' },
];

/** The browser does not let the page do this. */
export class NotAllowed extends Problem {}

/** @typedef {import('../vision/crop.js').Picture} Picture */

/** Whether the browser writes a kind of picture: where it does not, it writes PNG. @param {string} type */
export function writes(type) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  return canvas.toDataURL(type).startsWith(`data:${type}`);
}

/** A picture as a file's content; in a kind that knows nothing transparent, on white.
 * @param {Picture} pixels @param {string} name of the kind, but svg @returns {Promise<Blob>} */
export async function encoded(pixels, name = 'png') {
  const { type, quality } = FORMATS.find((one) => one.name === name);
  const canvas = document.createElement('canvas');
  show(canvas, pixels);
  if (name === 'jpg') {
    const context = canvas.getContext('2d');
    Object.assign(context, { globalCompositeOperation: 'destination-over', fillStyle: '#fff' });
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
  if (!blob) throw new Problem('This picture is too large for the browser to write.', 'Make it smaller.');
  return blob;
}

/** Hands a cartoon over, and says on the button that was pressed what has come of it.
 * @param {HTMLElement} button @param {string} done what the button says then: Saved, Copied or Shared
 * @param {string} name of the file @param {() => unknown} action false if its owner has changed their mind
 * @param {(...parts: object[]) => void} say shows what went wrong @param {object} doing words for meanwhile */
export async function hand(button, done, name, action, say = () => {}, doing = w('Drawing')) {
  flash(button, doing);
  try {
    if ((await action()) === false) return flash(button);
    flash(button, w(done));
    return tell(w(`${done} {name}.`, { name }));
  } catch (error) {
    flash(button, w(error instanceof NotAllowed ? 'Not allowed' : 'Failed'));
    say(...explained(error));
    return tell(...explained(error));
  }
}

/** Several files as one. @param {{name: string, blob: Blob}[]} files @param {string} name */
export async function saveAll(files, name) {
  const read = files.map(async (one) => ({ name: one.name, data: new Uint8Array(await one.blob.arrayBuffer()) }));
  download(zip(await Promise.all(read)), name);
}

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {Promise<Blob>} png */
export async function copy(png) {
  try {
    // Handed over as a promise: some browsers ask for it within the click itself.
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
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
 * @param {Blob} blob @param {string} name */
export async function share(blob, name) {
  const file = new File([blob], name, { type: blob.type });
  try {
    await navigator.share({ files: [file] });
    return true;
  } catch (error) {
    if (error.name === 'AbortError') return false;
    throw new NotAllowed('The browser does not allow sharing here.', 'Save it instead.');
  }
}
