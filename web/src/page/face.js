// One face's cartoon, and what can be done with it.

import { dressed, dressedShapes, figureSize, inMiddle } from '../vision/sticker.js';
import { Compare } from './compare.js';
import { explained, h, note, tell } from './dom.js';
import { canShare, copy, download, encoded, hand, share } from './saving.js';
import { w } from './words.js';

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
    const sharing = button('Share', ({ currentTarget }) => this.share(currentTarget));
    sharing.hidden = !canShare();
    const tools = h(
      'div',
      { class: 'tools', role: 'group', 'aria-label': title },
      button('Save', ({ currentTarget }) => this.save(currentTarget), 'primary'),
      sharing,
      button('Copy', ({ currentTarget }) => this.copy(currentTarget)),
      button('Compare', () => this.compare.toggle()),
    );
    this.element = h('div', { class: 'face', 'data-face': String(number) });
    if (numbered) this.element.append(h('h3', {}, title));
    this.element.append(this.compare.element, tools, this.note);
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
        this.drawn = await this.made(SHOWN);
        this.compare.show(this.drawn, ['transparent', 'sticker'].includes(this.photo.look));
      } while (this.again);
      const { turned } = this.drawn;
      const key = 'This face is turned {degrees}° to the side. Faces from the front are drawn better.';
      note(this.note, turned ? w(key, { degrees: turned }) : '');
      this.element.dataset.state = 'drawn';
      this.element.dataset.count = String(Number(this.element.dataset.count ?? 0) + 1);
    } catch (error) {
      this.element.dataset.state = 'failed';
      note(this.note, ...explained(error));
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
    return { ...drawn, cartoon: dressed(drawn.cartoon, look, size, drawn.crop), crop: inMiddle(drawn.crop, size) };
  }

  /** What it is drawn with. @param {number} size */
  options(size) {
    return { ...this.photo.drawing(), size, transparent: this.photo.look !== 'white' };
  }

  /** What its file is called. @param {string} format */
  name(format) {
    const number = this.photo.cards.length > 1 ? `-${this.number}` : '';
    return `${this.photo.stem}-toon${number}.${format}`;
  }

  /** In the size that was chosen, or another. */
  async finished(size = this.photo.size) {
    return (size === SHOWN ? this.drawn : await this.made(size)).cartoon;
  }

  /** Its file. @param {string} format @returns {Promise<Blob>} */
  async file(format) {
    if (format !== 'svg') return encoded(await this.finished(), format);
    const { look, size } = this.photo;
    const shapes = await this.photo.engine().trace(this.photo, this.face.points, this.options(size));
    return new Blob([dressedShapes(shapes, look)], { type: 'image/svg+xml' });
  }

  /** @param {HTMLElement} button */
  save(button) {
    const name = this.name(this.photo.format);
    return this.hand(button, 'Saved', name, async () => download(await this.file(this.photo.format), name));
  }

  /** @param {HTMLElement} button */
  share(button) {
    const format = this.photo.pictureFormat();
    return this.hand(button, 'Shared', this.name(format), async () => share(await this.file(format), this.name(format)));
  }

  /** Clipboards take PNG. @param {HTMLElement} button */
  copy(button) {
    return this.hand(button, 'Copied', this.name('png'), () => copy(this.file('png')));
  }

  /** @param {HTMLElement} button @param {string} done @param {string} name @param {() => unknown} action */
  hand(button, done, name, action) {
    return this.drawn && hand(button, done, name, action, (...parts) => note(this.note, ...parts));
  }
}
