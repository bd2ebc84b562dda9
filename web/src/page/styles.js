// The styles to choose from: by name, and once a face is there, by what it looks like in them.

import { h, show } from './dom.js';
import { w } from './words.js';

/** Edge of a style's picture in pixels. */
export const THUMBNAIL = 144;
/** So many styles are shown in pictures; each needs its network. */
const MOST = 12;
/** So many pixels of a neighbour are seen beside the chosen style. */
const EDGE = 16;

export class StyleChoice {
  /** @param {HTMLElement} place @param {{name: string, title: string}[]} styles the default first
   * @param {(name: string, before: string) => void} onChange */
  constructor(place, styles, onChange) {
    Object.assign(this, { styles, chosen: styles[0].name, run: 0 });
    if (styles.length < 2) return;
    this.labels = new Map(styles.map((one) => [one.name, this.label(one)]));
    const legend = h('legend', { class: 'unseen' }, w('Style'));
    const change = ({ target }) => {
      const before = this.chosen;
      this.chosen = target.value;
      this.keepInView();
      onChange(this.chosen, before);
    };
    const set = h('fieldset', { class: 'switch styles', onchange: change }, legend, ...this.labels.values());
    place.append(set);
  }

  /** Moves the styles sideways, and not the page, until the chosen one is whole. */
  keepInView() {
    const label = this.labels.get(this.chosen);
    const [inner, outer] = [label, label.parentElement].map((e) => e.getBoundingClientRect());
    const left = Math.max(0, inner.right - outer.right + EDGE) + Math.min(0, inner.left - outer.left - EDGE);
    label.parentElement.scrollBy({ left });
  }

  label({ name, title }) {
    const input = h('input', { type: 'radio', name: 'style', value: name, checked: name === this.chosen });
    return h('label', {}, input, h('span', {}, w(title)));
  }

  /** Chooses without telling. @param {string} name */
  choose(name) {
    this.chosen = name;
    this.labels.get(name).querySelector('input').checked = true;
    this.keepInView();
  }

  /** Shows a face in every style, one after the other, the chosen one first; a newer face takes over.
   * @param {(style: string, size: number) => Promise<ImageData | null>} draw null: the face is gone */
  async picture(draw) {
    const run = ++this.run;
    if (!this.labels) return;
    const chosen = this.styles.filter(({ name }) => name === this.chosen);
    for (const { name } of [...new Set([...chosen, ...this.styles])].slice(0, MOST)) {
      if (run !== this.run) return;
      const pixels = await draw(name, THUMBNAIL).catch(() => null);
      if (!pixels || run !== this.run) return;
      const label = this.labels.get(name);
      const canvas = label.querySelector('canvas') ?? h('canvas', { 'aria-hidden': 'true' });
      show(canvas, pixels);
      label.querySelector('span').prepend(canvas);
      this.keepInView();
    }
  }
}
