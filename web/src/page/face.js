// One face's cartoon, and what can be done with it.

import { dressed, dressedShapes, figureSize, inMiddle } from '../vision/sticker.js';
import { Compare } from './compare.js';
import { explained, flash, h, tell } from './dom.js';
import { canShare, copy, download, keep, NotAllowed, save, share } from './saving.js';
import { text, w } from './words.js';

/** Edge of a cartoon in pixels as it is shown. */
export const SHOWN = 512;

export class FaceCard {
  /** @param {import('./photo.js').PhotoCard} photo @param {{points: number[][]}} face */
  constructor(photo, face, number, numbered) {
    Object.assign(this, { photo, face, number, drawing: false, again: false });
    this.compare = new Compare(w('Cartoon of face {number}', { number }));
    this.note = h('p', { class: 'note', hidden: true });
    const title = w('Face {number}', { number });
    const button = (text, onclick, style = '') => h('button', { type: 'button', class: style, onclick }, w(text));
    this.saving = button('Save', () => this.hand(save, 'Saved', this.saving), 'primary');
    this.copying = button('Copy', () => this.hand(copy, 'Copied', this.copying));
    this.sharing = button('Share', () => this.hand(share, 'Shared', this.sharing));
    this.sharing.hidden = !canShare();
    this.tracing = button('Save as SVG', () => this.trace());
    this.tracing.hidden = !photo.engine().traces;
    this.tools = h(
      'div',
      { class: 'tools', role: 'group', 'aria-label': title },
      this.saving,
      this.sharing,
      this.copying,
      this.tracing,
      button('Compare', () => this.compare.toggle()),
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
        this.tracing.hidden = !this.photo.engine().traces || this.photo.tuning.strength < 1; // a photo has no shapes
        this.drawn = await this.made(SHOWN);
        this.compare.show(this.drawn, ['transparent', 'sticker'].includes(this.photo.look));
      } while (this.again);
      const { turned } = this.drawn;
      const key = 'This face is turned {degrees}° to the side. Faces from the front are drawn better.';
      this.say(turned ? w(key, { degrees: turned }) : '');
      this.element.dataset.state = 'drawn';
      this.element.dataset.count = String(Number(this.element.dataset.count ?? 0) + 1);
    } catch (error) {
      this.element.dataset.state = 'failed';
      this.say(...explained(error));
      tell(this.note.textContent);
    } finally {
      this.drawing = false;
      this.compare.busy(false);
    }
  }

  /** The cartoon as it was chosen to be, and the photo that lies under it. */
  async made(size) {
    const { look } = this.photo;
    const drawn = await this.photo.engine().draw(this.photo, this.face.points, this.options(figureSize(look, size)));
    return { ...drawn, cartoon: dressed(drawn.cartoon, look, size), crop: inMiddle(drawn.crop, size) };
  }

  /** What it is drawn with. @param {number} size */
  options(size) {
    const { look, tuning } = this.photo;
    const known = this.photo.parted() ? tuning : { ...tuning, skin: 0, hair: 0 };
    return { style: this.photo.style(), size, transparent: look !== 'white', tuning: known };
  }

  /** @param {...(string | object)} parts words; none, or an empty one: nothing */
  say(...parts) {
    this.note.hidden = !parts.join('');
    this.note.replaceChildren(...parts.flatMap((part) => [text(part), ' ']));
  }

  get name() {
    const stem = this.photo.name.replace(/\.[^.]*$/, '') || 'photo';
    return this.photo.cards.length > 1 ? `${stem}-toon-${this.number}.png` : `${stem}-toon.png`;
  }

  /** Saves it as shapes. */
  trace() {
    const { look, size } = this.photo;
    const options = this.options(size);
    const action = async (name) => {
      const shapes = await this.photo.engine().trace(this.photo, this.face.points, options);
      return download(new Blob([dressedShapes(shapes, look)], { type: 'image/svg+xml' }), name);
    };
    return keep(this.tracing, this.name.replace(/png$/, 'svg'), action, (...parts) => this.say(...parts));
  }

  /** In the size that was chosen, or another. */
  async finished(size = this.photo.size) {
    return (size === SHOWN ? this.drawn : await this.made(size)).cartoon;
  }

  /** Saves, copies or shares it, and says so on the button. */
  async hand(action, done, button) {
    if (!this.drawn) return;
    if (this.photo.size !== SHOWN) flash(button, w('Drawing'));
    try {
      if (!(await action(this.finished(), this.name))) return flash(button);
      flash(button, w(done));
      tell(w(`${done} {name}.`, { name: this.name }));
    } catch (error) {
      flash(button, w(error instanceof NotAllowed ? 'Not allowed' : 'Failed'));
      this.say(...explained(error));
      tell(this.note.textContent);
    }
  }
}
