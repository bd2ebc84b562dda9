// The engine that draws on the server: the same answers as device.js gives, through the API. A photo
// is sent once; the server keeps it in memory for some minutes, and this has a handle for it.

import { AS_DRAWN } from '../vision/tuning.js';
import { Problem } from './device.js';

/** What is not as it was drawn, as options. @param {import('../vision/tuning.js').Tuning} tuning */
const told = (tuning) =>
  Object.fromEntries(Object.entries(tuning).filter(([name, value]) => value !== AS_DRAWN[name]).map(([name, value]) => [name, String(value)]));

const JSON_TYPE = 'application/json';

export class Server {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
    /** Whether it can draw shapes; see the manifest. */
    this.traces = false;
    /** Handles of photos by their cards' numbers. @type {Map<number, Promise<string>>} */
    this.handles = new Map();
    addEventListener('pagehide', () => [...this.handles.keys()].forEach((id) => this.close({ id })));
  }

  async open(photo) {
    const { file } = photo;
    try {
      return await this.ask(photo, { face: 'all', size: '16' });
    } catch (error) {
      if (error.kind !== 'no-face') throw error;
      const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
      const { width, height } = bitmap;
      bitmap.close();
      return { width, height, faces: [], tooSmall: 0 };
    }
  }

  async draw(photo, points, { style, size, transparent, tuning = AS_DRAWN }) {
    const options = { style, size: String(size), points: points.flat().join(','), ...told(tuning) };
    const both = await this.ask(photo, { ...options, output: 'side-by-side' });
    const pixels = await decode(both.faces[0].cartoon);
    const crop = pixels.getImageData(0, 0, size, size);
    let cartoon = pixels.getImageData(size, 0, size, size);
    if (transparent) {
      const alone = await this.ask(photo, { ...options, transparent: 'true' });
      cartoon = (await decode(alone.faces[0].cartoon)).getImageData(0, 0, size, size);
    }
    const turned = both.faces[0].warning ? Math.round(Math.abs(both.faces[0].yaw)) : 0;
    return { cartoon, crop, turned };
  }

  /** The whole photo with its faces drawn. @param {number[][][]} all their points
   * @returns {Promise<import('../vision/crop.js').Picture>} */
  async inPhoto(photo, all, { style, tuning = AS_DRAWN }) {
    const options = { style, points: all.flat(2).join(','), output: 'in-photo', ...told(tuning) };
    const pixels = await decode((await this.ask(photo, options)).image);
    return pixels.getImageData(0, 0, pixels.canvas.width, pixels.canvas.height);
  }

  /** The drawing as shapes. @returns {Promise<string>} SVG */
  async trace(photo, points, { style, size, transparent, tuning = AS_DRAWN }) {
    const options = { style, size: String(size), points: points.flat().join(','), ...told(tuning), transparent: String(transparent) };
    return this.ask(photo, options, 'image/svg+xml');
  }

  /** Has the server forget the photo; also as the page is left. Does not fail: it would soon anyway. */
  async close({ id }) {
    const sent = this.handles.get(id);
    this.handles.delete(id);
    const handle = await sent?.catch(() => '');
    if (handle) await this.send(`photos/${handle}`, 'DELETE').catch(() => {});
  }

  /** A request that draws; the photo is sent if the server has none of it, or keeps none.
   * @param {{id: number, file: Blob}} photo @param {Record<string, string>} options @param {string} accept */
  async ask(photo, options, accept = JSON_TYPE) {
    for (let attempt = 0; attempt < 2; attempt++) {
      const handle = await this.handle(photo);
      if (!handle) break;
      try {
        return await this.drawn({ ...options, photo: handle }, undefined, accept);
      } catch (error) {
        if (error.kind !== 'photo-gone') throw error;
        this.handles.delete(photo.id);
      }
    }
    return this.drawn(options, photo.file, accept);
  }

  /** @returns {Promise<string>} what stands for a photo at the server, which is sent the first time;
   *  empty where no photo can be kept */
  handle({ id, file }) {
    if (!this.handles.has(id)) {
      const sent = this.send('photos', 'POST', file).then(({ photo }) => photo);
      const handle = sent.catch((error) => {
        if (error.kind === 'not-kept') return ''; // nor will it be the next time
        this.handles.delete(id);
        if (error.kind === 'queue-full') return '';
        throw error;
      });
      this.handles.set(id, handle);
    }
    return this.handles.get(id);
  }

  /** @param {Record<string, string>} options @param {Blob | undefined} file @param {string} accept */
  async drawn(options, file, accept) {
    const answer = await this.send(`cartoonize?${new URLSearchParams(options)}`, 'POST', file, accept);
    return accept === JSON_TYPE ? { tooSmall: 0, ...answer } : answer;
  }

  /** @param {string} path @param {string} method @param {Blob | undefined} body @param {string} accept
   * @returns {Promise<any>} a text, unless JSON is accepted */
  async send(path, method, body = undefined, accept = JSON_TYPE) {
    const headers = { Accept: accept };
    if (body) headers['Content-Type'] = 'application/octet-stream';
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const keepalive = method === 'DELETE'; // it is sent although the page is left
    let response;
    try {
      response = await fetch(new URL(path, document.baseURI), { method, body, headers, keepalive });
    } catch {
      throw new Problem('The server cannot be reached.', 'Draw on this device instead.');
    }
    if (response.ok && accept !== JSON_TYPE) return response.text();
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const kind = (answer.type ?? '').split(':').pop();
    throw new Problem(answer.detail ?? 'The server failed.', answer.remedy ?? 'Try again.', kind);
  }
}

/** @param {string} url of a PNG */
async function decode(url) {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context;
}
