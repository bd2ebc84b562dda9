// The engine that draws on the server: the same answers as device.js gives, through the API.

import { Problem } from './device.js';

export class Server {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
  }

  async open({ file }) {
    try {
      return await this.ask(file, { face: 'all', size: '16' });
    } catch (error) {
      if (error.kind !== 'no-face') throw error;
      const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
      const { width, height } = bitmap;
      bitmap.close();
      return { width, height, faces: [], tooSmall: 0 };
    }
  }

  async draw({ file }, points, { style, size, transparent }) {
    const options = { style, size: String(size), points: points.flat().join(',') };
    const both = await this.ask(file, { ...options, output: 'side-by-side' });
    const pixels = await decode(both.faces[0].cartoon);
    const crop = pixels.getImageData(0, 0, size, size);
    let cartoon = pixels.getImageData(size, 0, size, size);
    if (transparent) {
      const alone = await this.ask(file, { ...options, transparent: 'true' });
      cartoon = (await decode(alone.faces[0].cartoon)).getImageData(0, 0, size, size);
    }
    const turned = both.faces[0].warning ? Math.round(Math.abs(both.faces[0].yaw)) : 0;
    return { cartoon, crop, turned };
  }

  async close() {}

  /** @param {Blob} file @param {Record<string, string>} options */
  async ask(file, options) {
    const headers = { Accept: 'application/json', 'Content-Type': 'application/octet-stream' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const url = new URL(`cartoonize?${new URLSearchParams(options)}`, document.baseURI);
    let response;
    try {
      response = await fetch(url, { method: 'POST', body: file, headers });
    } catch {
      throw new Problem('The server cannot be reached.', 'Draw on this device instead.');
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return { tooSmall: 0, ...answer };
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
