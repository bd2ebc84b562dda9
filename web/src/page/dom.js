// Small tools for building the page.

/** Builds an element: `h('button', {type: 'button', onclick}, 'Save')`.
 * @param {string} tag @param {Record<string, any>} attributes @param {...(Node | string)} children */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Tells screen readers. @param {string} text */
export function tell(text) {
  byId('told').textContent = text;
}

/** Shows RGBA pixels on a canvas. @param {HTMLCanvasElement} canvas */
export function show(canvas, { data, width, height }) {
  Object.assign(canvas, { width, height });
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
}

/** @param {number} count @param {string} one @param {string} many */
export const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export const isStill = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Shows on a button for a while what has come of pressing it; without a text, what it says always.
 * @param {HTMLElement} button @param {string} text */
export function flash(button, text = '') {
  button.dataset.says ??= button.textContent;
  clearTimeout(Number(button.dataset.timer));
  button.textContent = text || button.dataset.says;
  button.dataset.timer = String(setTimeout(() => (button.textContent = button.dataset.says), 2500));
}

/** Why browsers forbid camera, clipboard, threads and keeping on this page; empty if they do not. */
export function forbidden() {
  if (isSecureContext) return '';
  return `Browsers allow it only over https, or on localhost; this page came over ${location.origin}.`;
}
