// The live mirror: the camera's picture, and the face in it drawn. Always on this device.

import { byId, explained, forbidden, h, note, put, tell } from './dom.js';
import { SIZE, Writer } from './film.js';
import { Lanes, LANES } from './lanes.js';
import { Mirror } from './mirror.js';
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
   * @param {(lanes: number) => import('./device.js').Device} device a new one of so many, which ends with the
   *  camera: what networks take for a film is given back only so */
  constructor(section, device, style, onPhoto) {
    Object.assign(this, { section, makeDevice: device, style, onPhoto, stream: null, devices: [], alone: false });
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
    this.devices = Array.from({ length: LANES }, () => this.makeDevice(LANES));
    this.build();
    this.video.srcObject = this.stream;
    try {
      await this.video.play();
      await Promise.all(this.devices.map((device) => device.started));
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
    const canvas = /** @type {HTMLCanvasElement} */ (h('canvas', { role: 'img', 'aria-label': w('You, drawn') }));
    this.mirror = new Mirror(canvas);
    /** Seconds that are left before a film begins. */
    this.left = h('span', { class: 'left', 'aria-hidden': 'true' });
    this.rate = h('output', {}, w('Getting ready'));
    this.note = h('p', { class: 'note', hidden: true });
    const button = (text, action, more = {}) =>
      h('button', { type: 'button', onclick: ({ currentTarget }) => action(currentTarget), ...more }, w(text));
    this.screen = h('div', { class: 'camera' },
      h('div', { class: 'screen' }, this.video, canvas),
      this.left,
      h('div', { class: 'camera-top' }, this.rate, button('Stop', () => this.stop())),
      h(
        'div',
        { class: 'camera-bar' },
        this.note,
        button('Take this one', () => this.take(), { class: 'primary' }),
        button('Save the drawing', (pressed) => this.saveDrawing(pressed)),
        button('Film three seconds', (pressed) => this.saveFilm(pressed)),
        button('Drawing alone', (pressed) => this.setAlone(pressed), { 'aria-pressed': String(this.alone) }),
      ),
    );
    this.screen.classList.toggle('alone', this.alone);
    this.section.replaceChildren(this.screen);
    document.body.classList.add('mirror');
  }

  /** Shows the drawing without the camera's picture, or in it. @param {HTMLElement} button */
  setAlone(button) {
    this.alone = !this.alone;
    button.setAttribute('aria-pressed', String(this.alone));
    this.screen.classList.toggle('alone', this.alone);
  }

  say(text, reason = '') {
    const close = { type: 'button', onclick: () => this.leave() };
    const again = { type: 'button', onclick: () => this.start() };
    const held = this.section.contains(document.activeElement);
    document.body.classList.remove('mirror');
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
    Object.assign(this, { times: [], frames: 0, spent: {} });
    const camera = { grab: () => this.grab(stream), style: this.style, show: (drawn) => this.show(stream, drawn) };
    try {
      await new Lanes(this.devices, camera).run();
    } catch (error) {
      if (this.stream === stream) this.fail(error);
    }
  }

  /** The camera's next picture; null once it is off. */
  async grab(stream) {
    const { video } = this;
    const idle = () => video.readyState < 2 || document.hidden || video.currentTime === this.at;
    while (this.stream === stream && idle()) await new Promise((done) => requestAnimationFrame(done));
    if (this.stream !== stream) return null;
    this.at = video.currentTime;
    return createImageBitmap(video);
  }

  /** @param {MediaStream} stream that it comes from @param {import('./lanes.js').Drawn} drawn */
  show(stream, drawn) {
    if (this.stream !== stream) return drawn.bitmap.close();
    const begun = performance.now();
    this.last?.bitmap.close();
    this.last = drawn;
    this.mirror.show(drawn, this.alone);
    this.screen.classList.add('shown');
    const { points } = drawn;
    this.section.dataset.face = points ? 'yes' : 'no';
    if (!points) return put(this.rate, w('Looking for a face'));
    this.section.dataset.points = points.flat().map((value) => value.toFixed(2)).join(',');
    this.onDrawing();
    return this.count({ ...drawn.spent, showing: performance.now() - begun });
  }

  /** Says how many there are in a second, and for benchmarks what took the time. */
  count(spent) {
    const { times } = this;
    times.push(performance.now());
    if (times.length > 20) times.shift();
    const rate = ((times.length - 1) / (times[times.length - 1] - times[0])) * 1000 || 0;
    this.frames += 1;
    for (const [stage, ms] of Object.entries(spent)) this.spent[stage] = (this.spent[stage] ?? 0) + ms;
    Object.assign(this.section.dataset, { frames: String(this.frames), rate: rate.toFixed(1) });
    if (this.frames % 5) return;
    this.section.dataset.spent = JSON.stringify(this.spent);
    put(this.rate, w('{rate} drawings a second', { rate: rate.toFixed(rate < 9.5 ? 1 : 0) }));
  }

  /** The picture that is shown as a photo, to be drawn with care. */
  async take() {
    const source = this.last?.bitmap ?? this.video;
    const [width, height] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context.drawImage(source, 0, 0);
    const png = await encoded(context.getImageData(0, 0, width, height));
    this.stop();
    this.onPhoto(new File([png], 'camera.png', { type: 'image/png' }));
  }

  /** What is shown, drawn again as large and with lines as sharp as a photo's. @param {HTMLElement} button */
  saveDrawing(button) {
    if (!this.last?.points) return;
    const { bitmap, points } = this.last;
    this.last = null; // is handed over
    const name = 'camera-toon.png';
    this.hand(button, name, async () => {
      const args = { bitmap, points, style: this.style(), alone: this.alone, size: SIZE };
      download(await encoded((await this.devices[0].call('develop', args, [bitmap])).cartoon), name);
    });
  }

  /** The next seconds as a film, after a countdown. @param {HTMLButtonElement} button */
  async saveFilm(button) {
    if (!this.section.dataset.points || button.disabled) return;
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
          writer.add(this.mirror.square(), (performance.now() - start) / 1000);
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
    for (const device of this.devices) device.end();
    this.last?.bitmap.close();
    this.stream = this.last = null;
    this.devices = [];
    for (const what of ['points', 'frames', 'spent']) delete this.section.dataset[what];
  }

  leave() {
    document.body.classList.remove('mirror');
    this.section.hidden = true;
    this.section.replaceChildren();
    byId('main').focus();
  }
}
