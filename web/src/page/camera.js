// The live mirror: the camera on one side, the drawing on the other. Always on this device.

import { byId, h, tell } from './dom.js';
import { toPng, save } from './saving.js';

const REFUSED = {
  NotAllowedError: 'The browser may not use the camera. Allow it in the address bar, then try again.',
  NotFoundError: 'There is no camera on this device.',
  NotReadableError: 'Another program is using the camera. Close it, then try again.',
};

export class Camera {
  /** @param {HTMLElement} section @param {import('./device.js').Device} device */
  constructor(section, device, style, onPhoto) {
    Object.assign(this, { section, device, style, onPhoto, stream: null });
    section.tabIndex = -1; // takes the focus from the button that has opened it
  }

  async start() {
    if (this.stream) return;
    this.section.hidden = false;
    this.section.replaceChildren(h('p', { class: 'working' }, 'Waiting for the camera'));
    this.section.focus({ preventScroll: true });
    try {
      const video = { facingMode: 'user', width: { ideal: 640 }, height: { ideal: 480 } };
      this.stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      this.say(REFUSED[error.name] ?? 'The camera cannot be used here.');
      return;
    }
    this.build();
    this.video.srcObject = this.stream;
    try {
      await this.video.play();
      await this.device.call('forget');
    } catch (error) {
      if (this.stream) this.fail(error);
      return;
    }
    tell('The camera is on.');
    this.run();
  }

  build() {
    this.video = h('video', { playsinline: true, muted: true, 'aria-label': 'The camera' });
    this.video.muted = true;
    this.points = h('canvas', { 'aria-hidden': 'true' });
    this.drawing = h('canvas', { width: '512', height: '512', role: 'img', 'aria-label': 'You, drawn' });
    this.rate = h('output', {}, 'Getting ready');
    const button = (text, action, style = '') =>
      h('button', { type: 'button', class: style, onclick: action }, text);
    this.section.replaceChildren(
      h(
        'div',
        { class: 'camera' },
        h('div', { class: 'screen mirrored' }, this.video, this.points),
        h('div', { class: 'screen drawn mirrored' }, this.drawing),
      ),
      h(
        'div',
        { class: 'camera-bar' },
        button('Take this one', () => this.take(), 'primary'),
        button('Save the drawing', () => this.saveDrawing()),
        button('Stop', () => this.stop()),
        this.rate,
      ),
    );
    this.section.scrollIntoView({ block: 'nearest' });
  }

  say(text) {
    const close = { type: 'button', onclick: () => this.leave() };
    const again = { type: 'button', onclick: () => this.start() };
    const held = this.section.contains(document.activeElement);
    this.section.replaceChildren(
      h(
        'div',
        { class: 'message' },
        h('strong', {}, text),
        h('div', { class: 'actions' }, h('button', again, 'Try again'), h('button', close, 'Close')),
      ),
    );
    if (held) this.section.focus({ preventScroll: true });
    tell(text);
  }

  fail(error) {
    this.end();
    this.say(error.message);
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
        const args = { bitmap, style: this.style(), time };
        const drawn = await this.device.call('frame', args, [bitmap]);
        if (!this.stream) return;
        this.show(drawn);
      } catch (error) {
        if (this.stream) this.fail(error);
        return;
      }
      times.push(performance.now());
      if (times.length > 20) times.shift();
      const rate = ((times.length - 1) / (times[times.length - 1] - times[0])) * 1000 || 0;
      Object.assign(this.section.dataset, { frames: String(++frames), rate: rate.toFixed(1) });
      if (frames % 5 === 0) this.rate.value = `${rate.toFixed(rate < 9.5 ? 1 : 0)} drawings a second`;
    }
  }

  show({ points, cartoon, width, height }) {
    this.section.dataset.face = points ? 'yes' : 'no';
    const over = this.points.getContext('2d');
    if (!points) {
      over.clearRect(0, 0, this.points.width, this.points.height);
      this.rate.value = 'Looking for a face';
      return;
    }
    this.section.dataset.points = points.flat().map((value) => value.toFixed(2)).join(',');
    Object.assign(this.points, { width, height });
    over.fillStyle = '#ff6a45';
    over.strokeStyle = '#fff';
    over.lineWidth = 1.5;
    for (const [x, y] of points) {
      over.beginPath();
      over.arc(x + 0.5, y + 0.5, 4.5, 0, 7);
      over.fill();
      over.stroke();
    }
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

  async saveDrawing() {
    await save(this.drawing.getContext('2d').getImageData(0, 0, 512, 512), 'camera-toon.png');
    tell('Saved camera-toon.png.');
  }

  stop() {
    this.end();
    this.leave();
    tell('The camera is off.');
  }

  end() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  leave() {
    this.section.hidden = true;
    byId('main').focus();
  }
}
