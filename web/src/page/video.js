// One video: drawn frame by frame on this device, with how far it is, and a film in the end.

import { explained, flash, h, put, tell } from './dom.js';
import { film, open } from './film.js';
import { download } from './saving.js';
import { w } from './words.js';

const ENDS = /\.(mp4|m4v|mov|webm|mkv|avi|3gp|ogv)$/i;

/** Whether a file is a video by what is said of it. @param {File} file */
export const isVideo = ({ type, name }) => (type ? type.startsWith('video/') : ENDS.test(name));

export class VideoCard {
  /** @param {File} file @param {() => import('./device.js').Device} makeDevice a new one, which ends with
   *  the film @param {() => string} style */
  constructor(file, makeDevice, style, onClose) {
    Object.assign(this, { file, makeDevice, style, onClose });
    this.id = -1; // the photos' worker knows nothing of it
    this.name = file.name || 'video';
    this.cards = []; // it has no faces to choose styles by
    this.closed = false;
    this.run = 0;
    this.body = h('div', { class: 'body' });
    const label = w('Close {name}', { name: this.name });
    const close = { type: 'button', class: 'quiet', 'aria-label': label, onclick: () => this.close() };
    this.element = h(
      'article',
      { class: 'photo video', tabindex: '-1', 'aria-label': this.name },
      h('header', {}, h('h2', { title: this.name }, h('span', { dir: 'auto' }, this.name)), h('button', close, w('Close'))),
      this.body,
    );
  }

  /** Draws it from the beginning; what is under way ends. */
  async open() {
    if (this.closed) return;
    const run = ++this.run;
    this.end();
    this.stopped = false;
    const device = (this.device = this.makeDevice());
    const source = URL.createObjectURL(this.file);
    this.state('working');
    const video = h('video', { playsinline: true, 'aria-label': w('The video {name}', { name: this.name }) });
    const bar = h('progress', { max: '100', value: '0', 'aria-label': w('Drawing') });
    const far = h('span', {}, w('Looking for a face in {name}.', { name: this.name }));
    const stop = h('button', { type: 'button', onclick: () => (this.stopped = true) }, w('Stop here'));
    this.fill(h('figure', { class: 'picture' }, video), h('p', { class: 'film' }, bar, far, stop));
    try {
      const seconds = await open(video, source);
      const drawn = await film(video, seconds, device, this.style(), (share) => {
        const percent = Math.round(100 * share);
        bar.value = percent;
        put(far, w('{percent} percent drawn', { percent }));
        return run === this.run && !this.stopped;
      });
      if (run === this.run) this.show(drawn);
    } catch (error) {
      if (run === this.run) this.fail(error);
    } finally {
      device.end();
      video.removeAttribute('src');
      URL.revokeObjectURL(source);
    }
  }

  /** The style has changed. */
  async redraw() {
    this.open();
  }

  show(drawn) {
    if (!drawn) {
      this.fail({ message: 'No face was found in this video.', remedy: 'Try another photo.' });
      return;
    }
    this.url = URL.createObjectURL(drawn);
    const label = w('The video {name}, drawn', { name: this.name });
    const attributes = { src: this.url, controls: true, loop: true, playsinline: true, 'aria-label': label };
    const name = `${this.name.replace(/\.[^.]*$/, '') || 'video'}-toon.webm`;
    const saving = h('button', { type: 'button', class: 'primary' }, w('Save'));
    saving.addEventListener('click', () => {
      download(drawn, name);
      flash(saving, w('Saved'));
      tell(w('Saved {name}.', { name }));
    });
    const note = h('p', { class: 'note' }, w('The sound is left out.'));
    this.fill(h('figure', { class: 'picture' }, h('video', attributes)), h('div', { class: 'tools' }, saving), note);
    this.state('drawn');
    tell(w('{name} is drawn.', { name: this.name }));
  }

  fail(error) {
    const [happened, remedy] = explained(error);
    const again = h('button', { type: 'button', onclick: () => this.open() }, w('Try again'));
    const text = [h('strong', {}, happened), h('p', {}, remedy)];
    this.fill(h('div', { class: 'message' }, ...text, again));
    this.state('failed');
    tell(happened, remedy);
  }

  /** New content; if the focus was within the old one, the video takes it. */
  fill(...content) {
    const held = this.body.contains(document.activeElement);
    this.body.replaceChildren(...content);
    if (held) this.element.focus({ preventScroll: true });
  }

  state(name) {
    this.element.dataset.state = name;
  }

  end() {
    this.device?.end();
    if (this.url) URL.revokeObjectURL(this.url);
    this.device = this.url = null;
  }

  /** @param {boolean} undone whether the history has closed it */
  close(undone = false) {
    this.closed = true;
    this.run += 1;
    this.end();
    this.element.remove();
    this.onClose(this, undone);
  }

  reopen() {
    this.closed = false;
    return this.open();
  }
}
