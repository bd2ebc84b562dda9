// One photo: its faces with their points, and a cartoon beside each.

import { FACE_TEMPLATE } from '../vision/geometry.js';
import { colourOf, hasShapes, LOOKS } from '../vision/sticker.js';
import { AS_DRAWN } from '../vision/tuning.js';
import { explained, h, put, tell } from './dom.js';
import { FaceCard, SHOWN } from './face.js';
import { addBox, addPoints } from './points.js';
import { cellFor, poster } from './poster.js';
import { download, encoded, FORMATS, hand, saveAll, writes } from './saving.js';
import { Tune } from './tune.js';
import { w } from './words.js';

/** Edges in pixels in which cartoons can be had. */
const SIZES = [512, 1024, 2048];

let photos = 0;

export class PhotoCard {
  /** @param {File} file @param {() => any} engine who draws @param {() => string} style
   * @param {import('./history.js').History} history @param {() => boolean} parted whether the style says where
   * skin and hair are @param {(card: PhotoCard) => void} onChange told when there is something to keep */
  constructor(file, engine, style, history, parted, onClose, onChange) {
    Object.assign(this, { file, engine, style, history, parted, onClose, onChange });
    this.key = Date.now() + photos / 1000; // newer ones have larger keys
    this.id = ++photos;
    this.name = file.name || 'photo';
    this.cards = [];
    this.closed = false;
    this.look = LOOKS[0].name;
    this.size = SHOWN;
    this.format = FORMATS[0].name;
    this.tuning = AS_DRAWN;
    this.url = URL.createObjectURL(file);
    this.count = h('small');
    this.body = h('div', { class: 'body' });
    const close = { type: 'button', class: 'quiet', 'aria-label': w('Close {name}', { name: this.name }), onclick: () => this.close() };
    this.element = h(
      'article',
      { class: 'photo', tabindex: '-1', 'aria-label': this.name },
      h('header', {}, h('h2', { title: this.name }, h('span', { dir: 'auto' }, this.name), this.count), h('button', close, w('Close'))),
      this.body,
    );
  }

  /** Finds the faces and draws them. */
  async open() {
    if (this.closed) return;
    this.state('working');
    this.cards = [];
    this.count.textContent = '';
    const image = h('img', { src: this.url, alt: '', onerror: () => image.parentNode.remove() });
    const waiting = h('figure', { class: 'picture waiting' }, image);
    const text = h('p', { class: 'working' }, w('Looking for faces'));
    const empty = h('div', { class: 'compare busy' });
    this.fill(h('div', { class: 'spread single' }, h('div', { class: 'faces alone' }, empty), h('div', { class: 'aside' }, waiting, text)));
    tell(w('Looking for faces in {name}.', { name: this.name }));
    try {
      this.found = await this.engine().open(this);
    } catch (error) {
      if (!this.closed) this.fail(error);
      return;
    }
    this.known = undefined;
    if (this.closed) return;
    if (this.found.faces.length) await this.show();
    else this.none();
  }

  async show() {
    const { faces } = this.found;
    const several = faces.length > 1;
    put(this.count, w('{count} faces', { count: faces.length }));
    this.cards = faces.map((face, i) => new FaceCard(this, face, i + 1, several));
    const cards = this.cards.map((card) => card.element);
    const list = h('div', { class: several ? 'faces' : 'faces alone' }, ...cards);
    this.fill(h('div', { class: several ? 'spread' : 'spread single' }, list, this.aside(several)));
    tell(w('Faces found in {name}: {count}.', { name: this.name, count: faces.length }));
    this.state('drawing');
    await this.redraw();
    if (this.closed) return;
    this.state('drawn');
    this.changed();
    tell(w('{name} is drawn.', { name: this.name }));
  }

  /** What the faces are drawn with. */
  drawing() {
    const { tuning } = this;
    return { style: this.style(), tuning: this.parted() ? tuning : { ...tuning, skin: 0, hair: 0 } };
  }

  /** Draws all faces once more: the style or the place has changed. */
  async redraw() {
    this.tune?.show();
    this.offerShapes();
    for (const card of this.cards) {
      if (this.closed) return;
      await card.draw();
    }
  }

  /** The photo, small, and behind "Adjust" larger with its points; what the cartoons should be. */
  aside(several) {
    const { width, height, faces } = this.found;
    const overlay = h('div', { class: 'overlay' });
    const points = h('div', { class: 'overlay points', hidden: true });
    const image = h('img', { src: this.url, alt: w('The photo {name}', { name: this.name }) });
    const figure = h('figure', { class: 'picture' }, image, overlay, points);
    figure.style.aspectRatio = `${width} / ${height}`;
    figure.style.maxWidth = `calc(78vh * ${width / height})`;
    const found = this.points();
    this.settled = found;
    this.places = faces.map((face, i) => {
      if (face.box && several) addBox(overlay, face, i + 1, this.found);
      return addPoints(points, face, i + 1, this.found, (held) => {
        if (held) this.cards[i].draw();
        else if (this.moved(w('A point was moved.'))) tell(w('Face {number} is drawn again.', { number: i + 1 }));
      });
    });
    const back = () => {
      this.put(found);
      this.moved(w('The points were put back.'));
      tell(w('The points are where they were found.'));
    };
    const hint = 'A point is not where it belongs? Drag it, or move it with the arrow keys.';
    const more = h(
      'div',
      { class: 'adjusting', hidden: true },
      h('p', { class: 'note' }, w(hint)),
      h('button', { type: 'button', onclick: back }, w('Put the points back')),
    );
    this.adjust = h('button', { type: 'button', 'aria-expanded': 'false' }, w('Adjust'));
    this.adjust.addEventListener('click', () => {
      const open = points.hidden;
      points.hidden = more.hidden = !open;
      this.adjust.setAttribute('aria-expanded', String(open));
      this.element.classList.toggle('adjusted', open);
    });
    this.background = this.choice('Background', LOOKS.map(({ name, title }) => [name, w(title)]), this.look, (value) => {
      const before = this.look;
      this.dress(value);
      const [undo, redo] = [() => this.dress(before), () => this.dress(value)];
      this.history.did({ name: w('The background was changed.'), undo, redo });
    });
    const size = this.choice('Size', SIZES.map((one) => [String(one), w('{size} pixels', { size: one })]), String(this.size), (value) => {
      this.size = Number(value);
      this.changed();
    });
    const formats = FORMATS.filter(({ name, type }) => name === 'svg' || writes(type));
    this.kind = this.choice('Format', formats.map(({ name, label }) => [name, label]), this.format, (value) => {
      this.format = value;
      this.changed();
    });
    const options = h('div', { class: 'options' }, size, this.kind, ...this.allAtOnce(several), this.adjust);
    this.tune = new Tune(this, this.background);
    return h('div', { class: 'aside' }, figure, options, more, this.tune.element);
  }

  /** Draws it on another background. @param {string} look */
  dress(look) {
    this.look = look;
    this.background.querySelector('select').value = look;
    this.changed();
    return this.redraw();
  }

  /** Shapes can be had where who draws can make them, and of drawings alone: a photo has none. */
  offerShapes() {
    const select = this.kind?.querySelector('select');
    const shapes = select?.querySelector('[value=svg]');
    if (!shapes) return;
    shapes.disabled = !this.engine().traces || this.tuning.strength < 1 || !hasShapes(this.look);
    if (shapes.disabled) select.value = this.format = this.pictureFormat();
  }

  /** The format that was chosen; of shapes, that of a picture. */
  pictureFormat() {
    return this.format === 'svg' ? FORMATS[0].name : this.format;
  }

  /** What files are called that are made of it. */
  get stem() {
    return this.name.replace(/\.[^.]*$/, '') || 'photo';
  }

  /** Buttons that save all cartoons at once: as files in one, in one picture, and in their photo.
   * @param {boolean} several whether there is more than one */
  allAtOnce(several) {
    const button = (text, name, action) => {
      const press = () => hand(element, 'Saved', name(), () => action(name()));
      const element = h('button', { type: 'button', onclick: press }, w(text));
      return element;
    };
    const picture = (end) => () => `${this.stem}-${end}.${this.pictureFormat()}`;
    const keep = async (pixels, name) => download(await encoded(pixels, this.pictureFormat()), name);
    const inPhoto = button('Whole photo', picture('in-photo'), async (name) => {
      const faces = this.found.faces.map(({ points }) => points);
      await keep(await this.engine().inPhoto(this, faces, this.drawing()), name);
    });
    if (!several) return [inPhoto];
    const all = button('Save all', () => `${this.stem}-toons.zip`, async (name) => {
      const files = [];
      for (const card of this.cards) files.push({ name: card.name(this.format), blob: await card.file(this.format) });
      await saveAll(files, name);
    });
    const together = button('Poster', picture('poster'), async (name) => {
      const made = [];
      for (const card of this.cards) made.push(await card.finished(cellFor(this.cards.length, this.size)));
      await keep(poster(made, colourOf(this.look)), name);
    });
    return [all, together, inPhoto];
  }

  /** There is something else to keep than before. */
  changed() {
    if (!this.closed && this.cards.length) this.onChange(this);
  }

  /** What is needed to make it again. @returns {import('./kept.js').Entry} */
  entry() {
    const { key, file, look, size, format, tuning } = this;
    return { key, file, style: this.style(), look, size, format, tuning, faces: this.found.faces.map((face) => ({ ...face })) };
  }

  /** Makes it what it was. @param {import('./kept.js').Entry} entry */
  restore({ key, look, size, format = this.format, tuning, faces }) {
    Object.assign(this, { key, look, size, format, tuning, known: faces });
  }

  /** Where the points of all faces are: a copy. */
  points() {
    return this.found.faces.map((face) => face.points.map((point) => [...point]));
  }

  /** Moves them there. @param {number[][][]} all */
  put(all) {
    if (this.closed || all.length !== this.found?.faces.length) return;
    this.found.faces.forEach((face, i) => (face.points = all[i].map((point) => [...point])));
    for (const place of this.places) place();
    this.redraw();
  }

  /** Notes that points were moved; false if they are where they were. @param {object} name of the step */
  moved(name) {
    const [before, after] = [this.settled, this.points()];
    if (String(before) === String(after)) return false;
    this.settled = after;
    this.changed();
    const to = (all) => {
      this.put(all);
      this.settled = this.points();
      this.changed();
    };
    this.history.did({ name, undo: () => to(before), redo: () => to(after) });
    return true;
  }

  /** One of several, in the browser's own list. @param {[string, object][]} values each with its title */
  choice(title, values, chosen, onChange) {
    const options = values.map(([value, text]) => h('option', { value, selected: value === chosen }, text));
    const change = ({ target }) => onChange(target.value);
    return h('label', { class: 'choice' }, w(title), h('select', { onchange: change }, ...options));
  }

  none() {
    this.state('none');
    const small = this.found.tooSmall > 0;
    const happened = small ? 'The face is too small to draw.' : 'No face was found.';
    const remedy = small
      ? 'Use a photo taken from nearer, or of a higher resolution.'
      : 'A photo that shows one from the front works best. If there is one, show where it is.';
    const place = { type: 'button', onclick: () => this.placePoints() };
    const image = h('img', { src: this.url, alt: w('The photo {name}', { name: this.name }) });
    this.fill(
      h(
        'div',
        { class: 'spread' },
        h('figure', { class: 'picture' }, image),
        message([w(happened), w(remedy)], h('button', place, w('Place the points myself'))),
      ),
    );
    tell(w(happened), w(remedy));
  }

  /** Points in the middle of the photo, to be dragged to where the face is. */
  placePoints() {
    const { width, height } = this.found;
    const size = 0.8 * Math.min(width, height);
    const [left, top] = [(width - size) / 2, (height - size) / 2];
    const points = FACE_TEMPLATE.map(([x, y]) => [left + x * size, top + y * size]);
    this.found.faces = [{ points, box: null, score: 1 }];
    this.show();
    this.adjust.click();
    this.body.querySelector('.point').focus({ preventScroll: true });
  }

  fail(error) {
    this.state('failed');
    const again = { type: 'button', onclick: () => this.open() };
    const { message: happened, remedy = 'Try another photo.', values } = error;
    const words = explained({ message: happened, remedy, values });
    this.fill(message(words, h('button', again, w('Try again'))));
    tell(...words);
  }

  /** New content; if the focus was within the old one, the photo takes it. */
  fill(content) {
    const held = this.body.contains(document.activeElement);
    this.body.replaceChildren(content);
    if (held) this.element.focus({ preventScroll: true });
  }

  state(name) {
    this.element.dataset.state = name;
  }

  /** @param {boolean} undone whether the history has closed it */
  close(undone = false) {
    this.closed = true;
    this.known = this.found?.faces.length ? this.found.faces : undefined;
    for (const card of this.cards) card.again = false;
    URL.revokeObjectURL(this.url);
    this.engine().close(this);
    this.element.remove();
    this.onClose(this, undone);
  }

  /** As it was before it was closed, with its points. */
  reopen() {
    this.closed = false;
    this.url = URL.createObjectURL(this.file);
    return this.open();
  }
}

function message([happened, remedy], ...actions) {
  return h('div', { class: 'message' }, h('strong', {}, happened), h('p', {}, remedy), ...actions);
}
