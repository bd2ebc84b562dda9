// Photo and cartoon in one frame, with an edge between them that can be moved.

import { h, isStill, show } from './dom.js';
import { attribute, w } from './words.js';

export class Compare {
  /** @param {object} label words for screen readers @param {number} at percent of the photo shown */
  constructor(label, at = 0) {
    this.before = h('canvas', { class: 'before', 'aria-hidden': 'true' });
    this.after = h('canvas', { role: 'img', 'aria-label': label });
    this.slider = h('input', {
      type: 'range',
      min: '0',
      max: '100',
      value: String(at),
      'aria-label': w('{label}: how much of the photo is shown', { label }),
      oninput: () => this.move(Number(this.slider.value)),
    });
    const edge = h('div', { class: 'edge', 'aria-hidden': 'true' });
    this.element = h('div', { class: 'compare busy' }, this.after, this.before, edge, this.slider);
    this.move(at);
  }

  move(at) {
    this.slider.value = String(at);
    attribute(this.slider, 'aria-valuetext', w('{percent} percent photo', { percent: Math.round(at) }));
    this.element.style.setProperty('--at', `${at}%`);
    this.element.classList.toggle('open', at > 0);
  }

  /** Glides there; at once for those who want no motion. */
  glide(to, seconds = 1.1) {
    const from = Number(this.slider.value);
    if (isStill()) return this.move(to);
    const start = performance.now();
    const step = (now) => {
      const part = Math.min((now - start) / 1000 / seconds, 1);
      this.move(from + (to - from) * (1 - (1 - part) ** 3));
      if (part < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    return undefined;
  }

  /** Half photo, half cartoon; or the cartoon alone again. */
  toggle() {
    this.glide(Number(this.slider.value) > 0 ? 0 : 50, 0.5);
  }

  busy(is) {
    this.element.classList.toggle('busy', is);
  }

  /** @param {{cartoon: ImageData, crop: ImageData}} drawn */
  show({ cartoon, crop }, transparent = false) {
    show(this.after, cartoon);
    show(this.before, crop);
    this.element.classList.toggle('see-through', transparent);
  }
}
