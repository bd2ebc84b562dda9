// Small tools for building the page.

import { attribute, retell, text, w } from './words.js';

/** Builds an element: `h('button', {type: 'button', onclick}, 'Save')`.
 * @param {string} tag @param {Record<string, any>} attributes @param {...(Node | string | object)} children nodes, names, or words */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else attribute(element, name, value);
  }
  element.append(...children.map((child) => (child instanceof Node ? child : text(child))));
  return element;
}

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Tells screen readers. @param {...(string | object)} parts words */
export function tell(...parts) {
  byId('told').textContent = parts.join(' ').trim();
}

/** Puts words in the place of what an element says. @param {HTMLElement} element @param {string | object} what */
export const put = (element, what) => element.replaceChildren(text(what));

/** Says something in a note, which is hidden while it says nothing.
 * @param {HTMLElement} element @param {...(string | object)} parts words; none, or an empty one: nothing */
export function note(element, ...parts) {
  element.hidden = !parts.join('');
  element.replaceChildren(...parts.flatMap((part) => [text(part), ' ']));
}

/** Shows RGBA pixels on a canvas. @param {HTMLCanvasElement} canvas */
export function show(canvas, { data, width, height }) {
  Object.assign(canvas, { width, height });
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
}

export const isStill = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** What a button says always, while it says something else for a moment. @type {WeakMap<Node, Node[]>} */
const always = new WeakMap();

/** Shows on a button for a while what has come of pressing it; without words, what it says always.
 * @param {HTMLElement} button @param {object | null} what words */
export function flash(button, what = null) {
  if (!always.has(button)) always.set(button, [...button.childNodes]);
  const back = () => {
    button.replaceChildren(...always.get(button));
    retell(button);
  };
  clearTimeout(Number(button.dataset.timer));
  if (!what) return back();
  put(button, what);
  button.dataset.timer = String(setTimeout(back, 2500));
  return undefined;
}

/** What went wrong and what to do, in the reader's language. @param {{message: string, remedy?: string, values?: object}} error */
export const explained = ({ message, remedy, values = {} }) => [w(message, values), remedy ? w(remedy, values) : ''];

/** Why browsers forbid camera, clipboard, threads and keeping on this page; empty if they do not. */
export function forbidden() {
  if (isSecureContext) return '';
  const key = 'Browsers allow it only over https, or on localhost; this page came over {origin}. With toonmark serve --https it comes over https.';
  return w(key, { origin: location.origin });
}
