// The live mirror: the camera on one side, the drawing on the other. Always on this device.

import { byId, explained, flash, forbidden, h, put, tell } from './dom.js';
import { save, toPng } from './saving.js';
import { w } from './words.js';

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
    this.rate = h('output', {}, w('Getting ready'));
    const button = (text, action, style = '') =>
      h('button', { type: 'button', class: style, onclick: action }, w(text));
    this.section.replaceChildren(
      h(
        'div',
        { class: 'camera' },
        h('div', { class: 'screen mirrored film' }, this.video, this.seen),
        h('div', { class: 'screen drawn mirrored' }, this.drawing),
      ),
      h(
        'div',
        { class: 'camera-bar' },
        button('Take this one', () => this.take(), 'primary'),
        (this.saving = button('Save the drawing', () => this.saveDrawing())),
        button('Stop', () => this.stop()),
        this.rate,
      ),
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
    const times = [];
    let frames = 0;
    while (this.stream) {
      await new Promise((done) => requestAnimationFrame(done));
      if (!this.stream || this.video.readyState < 2 || document.hidden) continue;
      const time = performance.now() / 1000;
      try {
        const bitmap = await createImageBitmap(this.video);
        const picture = await createImageBitmap(bitmap);
        const args = { bitmap, style: this.style(), time };
        const drawn = await this.device.call('frame', args, [bitmap]);
        if (this.stream) this.show(drawn, picture);
        picture.close();
        if (!this.stream) return;
      } catch (error) {
        if (this.stream) this.fail(error);
        return;
      }
      times.push(performance.now());
      if (times.length > 20) times.shift();
      const rate = ((times.length - 1) / (times[times.length - 1] - times[0])) * 1000 || 0;
      Object.assign(this.section.dataset, { frames: String(++frames), rate: rate.toFixed(1) });
      if (frames % 5 === 0) {
        put(this.rate, w('{rate} drawings a second', { rate: rate.toFixed(rate < 9.5 ? 1 : 0) }));
      }
    }
  }

  show({ points, cartoon, width, height }, picture) {
    this.section.dataset.face = points ? 'yes' : 'no';
    const over = this.seen.getContext('2d');
    if (!points) {
      over.clearRect(0, 0, this.seen.width, this.seen.height);
      put(this.rate, w('Looking for a face'));
      return;
    }
    this.section.dataset.points = points.flat().map((value) => value.toFixed(2)).join(',');
    Object.assign(this.seen, { width, height });
    over.drawImage(picture, 0, 0);
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
  }

  /** The camera's picture as a photo, to be drawn with care. */
  async take() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context.drawImage(this.video, 0, 0);
    const png = await toPng(context.getImageData(0, 0, width, height));
    this.stop();
    this.onPhoto(new File([png], 'camera.png', { type: 'image/png' }));
  }

  /** The last drawing, with lines as sharp as those of a photo's. */
  async saveDrawing() {
    if (!this.last) return;
    const cartoon = { ...this.last, data: this.last.data.slice() };
    try {
      await save((await this.device.call('enlarge', { cartoon, size: 512 })).cartoon, 'camera-toon.png');
    } catch (error) {
      if (this.stream) this.fail(error);
      return;
    }
    flash(this.saving, w('Saved'));
    tell(w('Saved {name}.', { name: 'camera-toon.png' }));
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
