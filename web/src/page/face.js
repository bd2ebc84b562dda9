// One face's cartoon, and what can be done with it.

import { Compare } from './compare.js';
import { h, tell } from './dom.js';
import { copy, save } from './saving.js';

/** Edge of a cartoon in pixels, as it is shown and saved. */
const SIZE = 512;

export class FaceCard {
  /** @param {import('./photo.js').PhotoCard} photo @param {{points: number[][]}} face */
  constructor(photo, face, number, numbered) {
    Object.assign(this, { photo, face, number, drawing: false, again: false });
    this.compare = new Compare(`Cartoon of face ${number}`);
    this.transparent = h('input', { type: 'checkbox', onchange: () => this.draw() });
    this.note = h('p', { class: 'note', hidden: true });
    const title = `Face ${number}`;
    this.copied = h('button', { type: 'button', onclick: () => this.copy() }, 'Copy');
    this.tools = h(
      'div',
      { class: 'tools', role: 'group', 'aria-label': title },
      h('button', { type: 'button', class: 'primary', onclick: () => this.save() }, 'Save'),
      this.copied,
      h('button', { type: 'button', onclick: () => this.compare.toggle() }, 'Compare'),
      h('label', { class: 'tick' }, this.transparent, 'Transparent'),
    );
    this.element = h('div', { class: 'face', 'data-face': String(number) });
    if (numbered) this.element.append(h('h3', {}, title));
    this.element.append(this.compare.element, this.tools, this.note);
  }

  /** Draws, or has it drawn once more when what is under way has come. */
  async draw() {
    if (this.drawing) {
      this.again = true;
      return;
    }
    this.drawing = true;
    this.element.dataset.state = 'drawing';
    if (!this.drawn) this.compare.busy(true);
    try {
      do {
        this.again = false;
        const transparent = this.transparent.checked;
        const options = { style: this.photo.style(), size: SIZE, transparent };
        this.drawn = await this.photo.engine().draw(this.photo, this.face.points, options);
        this.compare.show(this.drawn, transparent);
      } while (this.again);
      this.say(this.drawn.turned);
      this.element.dataset.state = 'drawn';
      this.element.dataset.count = String(Number(this.element.dataset.count ?? 0) + 1);
    } catch (error) {
      this.element.dataset.state = 'failed';
      this.note.hidden = false;
      this.note.textContent = `${error.message} ${error.remedy ?? ''}`;
      tell(this.note.textContent);
    } finally {
      this.drawing = false;
      this.compare.busy(false);
    }
  }

  say(turned) {
    this.note.hidden = !turned;
    this.note.textContent = turned
      ? `This face is turned ${turned}° to the side. Faces from the front are drawn better.`
      : '';
  }

  get name() {
    const stem = this.photo.name.replace(/\.[^.]*$/, '') || 'photo';
    return this.photo.cards.length > 1 ? `${stem}-toon-${this.number}.png` : `${stem}-toon.png`;
  }

  async save() {
    if (!this.drawn) return;
    await save(this.drawn.cartoon, this.name);
    tell(`Saved ${this.name}.`);
  }

  async copy() {
    if (!this.drawn) return;
    try {
      await copy(this.drawn.cartoon);
      this.copied.textContent = 'Copied';
      tell('Copied.');
    } catch {
      this.copied.textContent = 'Not allowed';
      tell('The browser does not allow copying here. Save it instead.');
    }
    setTimeout(() => (this.copied.textContent = 'Copy'), 1600);
  }
}
