// The live mirror: the camera on one side, the drawing on the other. Always on this device.

import { byId, explained, forbidden, h, note, put, tell } from './dom.js';
import { Writer } from './film.js';
import { download, encoded, hand } from './saving.js';
import { w } from './words.js';

/** Seconds of a film, and those that are counted down before it. */
const FILM = 3;

const REFUSED = {
  NotAllowedError: 'The browser may not use the camera. Allow it in the address bar, then try again.',
  NotFoundError: 'There is no camera on this device.',
  NotReadableError: 'Another program is using the camera. Close it, then try again.',
};

export class Camera {
  /** @param {HTMLElement} section
   * @param {() => import('./device.js').Device} device a new one, which ends with the camera: what
   *  networks take for a film is given back only so */
  constructor(section, device, style, onPhoto) {
    Object.assign(this, { section, makeDevice: device, style, onPhoto, stream: null, device: null });
    /** Told when there is a new drawing. */
    this.onDrawing = () => {};
    section.tabIndex = -1; // takes the focus from the button that has opened it
  }

  async start() {
    if (this.stream) return;
    this.section.hidden = false;
    this.section.replaceChildren(h('p', { class: 'working' }, w('Waiting for the camera')));
    this.section.focus({ preventScroll: true });
    if (!navigator.mediaDevices?.getUserMedia) {
      this.say(w('The camera cannot be used here.'), forbidden() || w('This browser has none to offer.'));
      return;
    }
    try {
      const video = { facingMode: 'user', width: { ideal: 640 }, height: { ideal: 480 } };
      this.stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      this.say(w(REFUSED[error.name] ?? 'The camera cannot be used here.'));
      return;
    }
    this.device = this.makeDevice();
    this.build();
    this.video.srcObject = this.stream;
    try {
      await this.video.play();
      await this.device.started;
    } catch (error) {
      if (this.stream) this.fail(error);
      return;
    }
    tell(w('The camera is on.'));
    this.run();
  }

  build() {
    this.video = h('video', { playsinline: true, muted: true, 'aria-label': w('The camera') });
    this.video.muted = true;
    // Shows the very picture that was drawn, with its points; until there is one, the film.
    this.seen = h('canvas', { 'aria-hidden': 'true' });
    this.drawing = h('canvas', { width: '512', height: '512', role: 'img', 'aria-label': w('You, drawn') });
    /** Seconds that are left before a film begins. */
    this.left = h('span', { class: 'left', 'aria-hidden': 'true' });
    this.rate = h('output', {}, w('Getting ready'));
    this.note = h('p', { class: 'note', hidden: true });
    const button = (text, action, style = '') =>
      h('button', { type: 'button', class: style, onclick: ({ currentTarget }) => action(currentTarget) }, w(text));
    this.section.replaceChildren(
      h(
        'div',
        { class: 'camera' },
        h('div', { class: 'screen mirrored film' }, this.video, this.seen),
        h('div', { class: 'screen drawn mirrored' }, this.drawing, this.left),
      ),
      h(
        'div',
        { class: 'camera-bar' },
        button('Take this one', () => this.take(), 'primary'),
        button('Save the drawing', (pressed) => this.saveDrawing(pressed)),
        button('Film three seconds', (pressed) => this.saveFilm(pressed)),
        button('Stop', () => this.stop()),
        this.rate,
      ),
      this.note,
    );
    this.section.scrollIntoView({ block: 'nearest' });
  }

  say(text, reason = '') {
    const close = { type: 'button', onclick: () => this.leave() };
    const again = { type: 'button', onclick: () => this.start() };
    const held = this.section.contains(document.activeElement);
    this.section.replaceChildren(
      h(
        'div',
        { class: 'message' },
        h('strong', {}, text),
        h('p', { hidden: !reason }, reason),
        h('div', { class: 'actions' }, h('button', again, w('Try again')), h('button', close, w('Close'))),
      ),
    );
    if (held) this.section.focus({ preventScroll: true });
    tell(text, reason);
  }

  fail(error) {
    this.end();
    this.say(explained(error)[0]);
  }

  async run() {
    const { stream } = this;
    const times = [];
    let frames = 0;
    try {
      let next = this.frame();
      while (this.stream === stream) {
        const drawn = await next;
        if (this.stream !== stream) return;
        next = this.frame(); // is drawn while this one is painted
        next.catch(() => {}); // it is heard of when its turn comes
        this.show(drawn);
        drawn.bitmap.close();
        times.push(performance.now());
        if (times.length > 20) times.shift();
        const rate = ((times.length - 1) / (times[times.length - 1] - times[0])) * 1000 || 0;
        Object.assign(this.section.dataset, { frames: String(++frames), rate: rate.toFixed(1) });
        if (frames % 5 === 0) {
          put(this.rate, w('{rate} drawings a second', { rate: rate.toFixed(rate < 9.5 ? 1 : 0) }));
        }
      }
    } catch (error) {
      if (this.stream === stream) this.fail(error);
    }
  }

  /** The camera's next picture, and what is drawn of it. */
  async frame() {
    const { video, device, stream } = this;
    const idle = () => video.readyState < 2 || document.hidden || video.currentTime === this.at;
    while (this.stream === stream && idle()) await new Promise((done) => requestAnimationFrame(done));
    this.at = video.currentTime;
    const bitmap = await createImageBitmap(video);
    const args = { bitmap, style: this.style(), time: performance.now() / 1000 };
    return device.call('frame', args, [bitmap]);
  }

  show({ points, cartoon, bitmap }) {
    this.section.dataset.face = points ? 'yes' : 'no';
    const over = this.seen.getContext('2d');
    if (!points) {
      over.clearRect(0, 0, this.seen.width, this.seen.height);
      put(this.rate, w('Looking for a face'));
      return;
    }
    this.section.dataset.points = points.flat().map((value) => value.toFixed(2)).join(',');
    Object.assign(this.seen, { width: bitmap.width, height: bitmap.height });
    over.drawImage(bitmap, 0, 0);
    over.fillStyle = '#ff6a45';
    over.strokeStyle = '#fff';
    over.lineWidth = 1.5;
    for (const [x, y] of points) {
      over.beginPath();
      over.arc(x + 0.5, y + 0.5, 4.5, 0, 7);
      over.fill();
      over.stroke();
    }
    this.last = cartoon;
    this.small ??= document.createElement('canvas');
    Object.assign(this.small, { width: cartoon.width, height: cartoon.height });
    const pixels = new ImageData(cartoon.data, cartoon.width, cartoon.height);
    this.small.getContext('2d').putImageData(pixels, 0, 0);
    const context = this.drawing.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.small, 0, 0, 512, 512);
    this.onDrawing();
  }

  /** The camera's picture as a photo, to be drawn with care. */
  async take() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context.drawImage(this.video, 0, 0);
    const png = await encoded(context.getImageData(0, 0, width, height));
    this.stop();
    this.onPhoto(new File([png], 'camera.png', { type: 'image/png' }));
  }

  /** The last drawing, with lines as sharp as those of a photo's. @param {HTMLElement} button */
  saveDrawing(button) {
    if (!this.last) return;
    const name = 'camera-toon.png';
    this.hand(button, name, async () => {
      const cartoon = { ...this.last, data: this.last.data.slice() };
      download(await encoded((await this.device.call('enlarge', { cartoon, size: 512 })).cartoon), name);
    });
  }

  /** The next seconds as a film, after a countdown. @param {HTMLButtonElement} button */
  async saveFilm(button) {
    if (!this.last || button.disabled) return;
    button.disabled = true;
    const name = 'camera-toon.webm';
    await this.hand(button, name, async () => {
      const film = await this.filmed();
      if (film) download(film, name);
      return Boolean(film);
    }, w('Filming'));
    button.disabled = false;
  }

  /** Saves what an action makes. @param {HTMLElement} button @param {string} name @param {() => unknown} action
   * @param {object} [doing] words for meanwhile */
  hand(button, name, action, doing) {
    return hand(button, 'Saved', name, action, (...parts) => note(this.note, ...parts), doing);
  }

  /** @returns {Promise<Blob | null>} null: the camera has been stopped meanwhile */
  async filmed() {
    const writer = await Writer.open();
    const second = () => new Promise((done) => setTimeout(done, 1000));
    try {
      for (let left = FILM; left > 0 && this.stream; left--) {
        this.left.textContent = String(left);
        tell(this.left.textContent);
        await second();
      }
      this.left.textContent = '';
      if (!this.stream) return null;
      this.left.classList.add('filming');
      const start = performance.now();
      let failure = null;
      this.onDrawing = () => {
        try {
          writer.add(this.drawing, (performance.now() - start) / 1000);
        } catch (error) {
          failure = error;
        }
      };
      this.onDrawing(); // it begins with what is seen
      tell(w('Filming'));
      for (let passed = 0; passed < FILM && this.stream; passed++) await second();
      if (failure) throw failure;
      return this.stream && (await writer.end(FILM));
    } finally {
      this.onDrawing = () => {};
      this.left.classList.remove('filming');
      writer.close();
    }
  }

  stop() {
    this.end();
    this.leave();
    tell(w('The camera is off.'));
  }

  end() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.device?.end();
    this.stream = this.device = this.last = this.small = null;
  }

  leave() {
    this.section.hidden = true;
    this.section.replaceChildren();
    byId('main').focus();
  }
}
