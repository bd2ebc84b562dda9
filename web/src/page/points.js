// The five points of a face, over its photo: to be seen, dragged, and moved with arrow keys.

import { h } from './dom.js';
import { w } from './words.js';

const NAMES = ['left eye', 'right eye', 'nose', 'left corner of the mouth', 'right corner of the mouth'];
/** Part of the photo's height that a number above a face needs, where it is shown smallest. */
const HIGH = 0.25;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {HTMLElement} overlay covers the photo exactly
 * @param {{points: number[][]}} face its points are moved in place
 * @param {{width: number, height: number}} photo
 * @param {(held: boolean) => void} onMove
 * @returns {() => void} to be called when the points were moved from elsewhere */
export function addPoints(overlay, face, number, photo, onMove) {
  const handles = face.points.map((_, i) => {
    const label = w('Face {number}, {point}: arrow keys move it', { number, point: w(NAMES[i]) });
    return h('button', { type: 'button', class: 'point', 'aria-label': label, 'data-point': String(i) });
  });
  const place = () =>
    handles.forEach((handle, i) => {
      const [x, y] = face.points[i];
      handle.style.left = `${((x + 0.5) / photo.width) * 100}%`;
      handle.style.top = `${((y + 0.5) / photo.height) * 100}%`;
    });
  const move = (i, x, y, held) => {
    const within = (value, length) => Math.min(Math.max(value, 0), length - 1);
    face.points[i] = [within(x, photo.width), within(y, photo.height)];
    place();
    onMove(held);
  };
  handles.forEach((handle, i) => {
    handle.addEventListener('keydown', (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const size = (event.shiftKey ? 0.1 : 0.01) * reach(face.points);
      const [x, y] = face.points[i];
      move(i, x + step[0] * size, y + step[1] * size, true);
    });
    handle.addEventListener('keyup', (event) => STEPS[event.key] && onMove(false));
    handle.addEventListener('pointerdown', (event) => {
      handle.setPointerCapture(event.pointerId);
      handle.classList.add('held');
    });
    handle.addEventListener('pointermove', (event) => {
      if (!handle.classList.contains('held')) return;
      const { left, top, width, height } = overlay.getBoundingClientRect();
      const x = ((event.clientX - left) / width) * photo.width - 0.5;
      const y = ((event.clientY - top) / height) * photo.height - 0.5;
      move(i, x, y, true);
    });
    const release = () => {
      if (!handle.classList.contains('held')) return;
      handle.classList.remove('held');
      onMove(false);
    };
    handle.addEventListener('pointerup', release);
    handle.addEventListener('pointercancel', release);
  });
  place();
  overlay.append(...handles);
  // On small faces the points are small too, lest they hide what they show.
  const resize = () => {
    const shown = (reach(face.points) / photo.width) * overlay.clientWidth;
    for (const handle of handles) handle.classList.toggle('fine', shown < 56);
  };
  new ResizeObserver(resize).observe(overlay);
  return place;
}

/** How large a face is: the longest way between two of its points. */
function reach(points) {
  const ways = points.flatMap(([x, y]) => points.map(([u, v]) => Math.hypot(x - u, y - v)));
  return Math.max(...ways, 1);
}

/** The frame around a face, with its number. */
export function addBox(overlay, face, number, photo) {
  const [x, y, width, height] = face.box;
  const box = h('div', { class: y < HIGH * photo.height ? 'box high' : 'box', 'aria-hidden': 'true' });
  const percent = (value, length) => `${(value / length) * 100}%`;
  Object.assign(box.style, {
    left: percent(x + 0.5, photo.width),
    top: percent(y + 0.5, photo.height),
    width: percent(width, photo.width),
    height: percent(height, photo.height),
  });
  box.append(h('span', {}, String(number)));
  overlay.append(box);
}
