// One photo: its faces with their points, and a cartoon beside each.

import { FACE_TEMPLATE } from '../vision/geometry.js';
import { h, plural, tell } from './dom.js';
import { FaceCard } from './face.js';
import { addBox, addPoints } from './points.js';

let photos = 0;

export class PhotoCard {
  /** @param {File} file @param {() => any} engine who draws @param {() => string} style */
  constructor(file, engine, style, onClose) {
    Object.assign(this, { file, engine, style, onClose });
    this.id = ++photos;
    this.name = file.name || 'photo';
    this.cards = [];
    this.closed = false;
    this.url = URL.createObjectURL(file);
    this.count = h('small');
    this.body = h('div', { class: 'body' });
    const label = `Put away ${this.name}`;
    const close = { type: 'button', class: 'quiet', 'aria-label': label, onclick: () => this.close() };
    this.element = h(
      'article',
      { class: 'photo', tabindex: '-1', 'aria-label': this.name },
      h('header', {}, h('h2', {}, this.name, this.count), h('button', close, 'Put away')),
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
    const text = h('p', { class: 'working' }, 'Looking for faces');
    this.fill(h('div', { class: 'spread' }, waiting, text));
    tell(`Looking for faces in ${this.name}.`);
    try {
      this.found = await this.engine().open(this);
    } catch (error) {
      if (!this.closed) this.fail(error);
      return;
    }
    if (this.closed) return;
    if (this.found.faces.length) await this.show();
    else this.none();
  }

  async show() {
    const { faces } = this.found;
    const several = faces.length > 1;
    this.count.textContent = plural(faces.length, 'face', 'faces');
    this.cards = faces.map((face, i) => new FaceCard(this, face, i + 1, several));
    const cards = this.cards.map((card) => card.element);
    const list = h('div', { class: several ? 'faces' : 'faces alone' }, ...cards);
    this.fill(h('div', { class: 'spread' }, this.picture(several), list));
    tell(`${plural(faces.length, 'face', 'faces')} found in ${this.name}.`);
    this.state('drawing');
    await this.redraw();
    if (this.closed) return;
    this.state('drawn');
    tell(`${this.name} is drawn.`);
  }

  /** Draws all faces once more: the style or the place has changed. */
  async redraw() {
    for (const card of this.cards) {
      if (this.closed) return;
      await card.draw();
    }
  }

  picture(several) {
    const { width, height, faces } = this.found;
    const overlay = h('div', { class: 'overlay' });
    const image = h('img', { src: this.url, alt: `The photo ${this.name}` });
    const figure = h('figure', { class: 'picture' }, image, overlay);
    figure.style.aspectRatio = `${width} / ${height}`;
    figure.style.maxWidth = `calc(78vh * ${width / height})`;
    faces.forEach((face, i) => {
      if (face.box) addBox(overlay, face, i + 1, this.found, several);
      addPoints(overlay, face, i + 1, this.found, (held) => {
        if (held) this.cards[i].draw();
        else tell(`Face ${i + 1} is drawn again.`);
      });
    });
    const hint = 'A point is not where it belongs? Drag it, or move it with the arrow keys.';
    return h('div', {}, figure, h('p', { class: 'note' }, hint));
  }

  none() {
    this.state('none');
    const small = this.found.tooSmall > 0;
    const happened = small ? 'The face is too small to draw.' : 'No face was found.';
    const remedy = small
      ? 'Use a photo taken from nearer, or of a higher resolution.'
      : 'A photo that shows one from the front works best. If there is one, show where it is.';
    const place = { type: 'button', onclick: () => this.placePoints() };
    const image = h('img', { src: this.url, alt: `The photo ${this.name}` });
    this.fill(
      h(
        'div',
        { class: 'spread' },
        h('figure', { class: 'picture' }, image),
        message(happened, remedy, h('button', place, 'Place the points myself')),
      ),
    );
    tell(`${happened} ${remedy}`);
  }

  /** Points in the middle of the photo, to be dragged to where the face is. */
  placePoints() {
    const { width, height } = this.found;
    const size = 0.8 * Math.min(width, height);
    const [left, top] = [(width - size) / 2, (height - size) / 2];
    const points = FACE_TEMPLATE.map(([x, y]) => [left + x * size, top + y * size]);
    this.found.faces = [{ points, box: null, score: 1 }];
    this.show();
    this.body.querySelector('.point').focus({ preventScroll: true });
  }

  fail(error) {
    this.state('failed');
    const again = { type: 'button', onclick: () => this.open() };
    const remedy = error.remedy ?? 'Try another photo.';
    this.fill(message(error.message, remedy, h('button', again, 'Try again')));
    tell(`${error.message} ${remedy}`);
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

  close() {
    this.closed = true;
    for (const card of this.cards) card.again = false;
    URL.revokeObjectURL(this.url);
    this.engine().close(this);
    this.element.remove();
    this.onClose(this);
  }
}

function message(happened, remedy, ...actions) {
  return h('div', { class: 'message' }, h('strong', {}, happened), h('p', {}, remedy), ...actions);
}
