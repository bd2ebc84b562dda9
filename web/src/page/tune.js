// The panel in which a photo's drawings are tuned: by sliders, each with an undo.

import { AS_DRAWN, RANGES } from '../vision/tuning.js';
import { h } from './dom.js';
import { attribute, w } from './words.js';

/** What each slider says. @type {Record<keyof import('../vision/tuning.js').Tuning, string>} */
const TITLES = { lines: 'Line width', strength: 'Strength', skin: 'Skin lightness', hair: 'Hair lightness' };

export class Tune {
  /** @param {import('./photo.js').PhotoCard} photo whose `tuning` it changes @param {HTMLElement} background */
  constructor(photo, background) {
    this.photo = photo;
    photo.settledTuning = photo.tuning;
    this.sliders = Object.fromEntries(Object.keys(TITLES).map((name) => [name, this.slider(name)]));
    const labels = Object.entries(TITLES).map(([name, title]) => h('label', { class: 'choice' }, w(title), this.sliders[name]));
    const reset = () => {
      this.to(AS_DRAWN);
      this.settle();
    };
    this.reset = h('button', { type: 'button', onclick: reset }, w('As it was drawn'));
    this.element = h('fieldset', { class: 'tune' }, h('legend', {}, w('Tune')), background, ...labels, this.reset);
    this.show();
  }

  slider(name) {
    const [least, most] = RANGES[name].map((value) => String(100 * value));
    const slider = h('input', { type: 'range', name, min: least, max: most, step: '5' });
    slider.addEventListener('input', () => this.to({ ...this.photo.tuning, [name]: Number(slider.value) / 100 }));
    slider.addEventListener('change', () => this.settle());
    return slider;
  }

  /** @param {import('../vision/tuning.js').Tuning} tuning */
  to(tuning) {
    this.photo.tuning = tuning;
    return this.photo.redraw(); // which shows it here, too
  }

  /** What was changed is one step, to be taken back. */
  settle() {
    const [before, after] = [this.photo.settledTuning, this.photo.tuning];
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    this.photo.settledTuning = after;
    const go = (tuning) => {
      this.photo.settledTuning = this.photo.tuning = tuning;
      this.photo.changed();
      return this.photo.redraw();
    };
    this.photo.history.did({ name: w('The drawing was tuned.'), undo: () => go(before), redo: () => go(after) });
    this.photo.changed();
  }

  /** Where the sliders are; those of skin and hair only where the style says where these are. */
  show() {
    for (const [name, slider] of Object.entries(this.sliders)) {
      slider.value = String(Math.round(100 * this.photo.tuning[name]));
      attribute(slider, 'aria-valuetext', w('{percent} percent', { percent: slider.value }));
      if (name === 'skin' || name === 'hair') slider.parentElement?.toggleAttribute('hidden', !this.photo.parted());
    }
  }
}
