// A video's frames in, a film of drawings out: by the browser's own decoder and encoder.

import { webm } from '../vision/webm.js';
import { Problem } from './device.js';

/** Videos of more seconds are refused: each frame is a drawing. */
export const LONGEST = 20;
/** Drawings for a second of film. */
const RATE = 12;
/** Edge of the film in pixels. */
export const SIZE = 512;
/** Longer side of the frames in which faces are looked for. */
const SIDE = 960;
/** A key picture after so many. */
const KEY_EVERY = 2 * RATE;

const CODECS = [
  ['vp8', 'V_VP8'],
  ['vp09.00.30.08', 'V_VP9'],
];

/** @param {HTMLVideoElement} video @param {string} event */
function happens(video, event) {
  return new Promise((resolve, reject) => {
    video.addEventListener(event, resolve, { once: true });
    const unread = 'This is a video, which your browser cannot read here.';
    const remedy = 'Choose a photo. In a terminal, toonmark cartoonize draws videos, too.';
    video.addEventListener('error', () => reject(new Problem(unread, remedy)), { once: true });
  });
}

/** Opens a video; gives its length in seconds. @param {HTMLVideoElement} video @param {string} url */
export async function open(video, url) {
  video.muted = true;
  video.preload = 'auto';
  const ready = happens(video, 'loadeddata');
  video.src = url;
  await ready;
  if (!Number.isFinite(video.duration)) {
    const known = happens(video, 'durationchange'); // some say it at their end only
    video.currentTime = 1e7;
    await known;
  }
  const seconds = video.duration;
  if (seconds > LONGEST) {
    const happened = 'This video has {seconds} seconds; {most} is the limit here.';
    const remedy = 'Cut it shorter. In a terminal, toonmark cartoonize draws videos of any length.';
    throw new Problem(happened, remedy, '', { seconds: Math.ceil(seconds), most: LONGEST });
  }
  return seconds;
}

async function configuration() {
  for (const [codec, name] of CODECS) {
    const config = { codec, width: SIZE, height: SIZE, bitrate: 2_500_000, framerate: RATE };
    const support = await globalThis.VideoEncoder?.isConfigSupported(config).catch(() => null);
    if (support?.supported) return { config, name };
  }
  const remedy = 'Chrome, Edge and Firefox can. In a terminal, toonmark cartoonize draws videos, too.';
  throw new Problem('This browser cannot write videos.', remedy);
}

/** A film that is written picture by picture. */
export class Writer {
  /** @returns {Promise<Writer>} */
  static async open() {
    return new Writer(await configuration());
  }

  constructor({ config, name }) {
    Object.assign(this, { name, chunks: [], count: 0, failure: null });
    const output = (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      this.chunks.push({ data, time: Math.round(chunk.timestamp / 1000), key: chunk.type === 'key' });
    };
    this.encoder = new VideoEncoder({ output, error: (error) => (this.failure ??= error) });
    this.encoder.configure(config);
  }

  /** @param {CanvasImageSource} canvas of the film's size @param {number} time in seconds from its beginning */
  add(canvas, time) {
    if (this.failure) throw new Problem(this.failure.message, 'Try again.');
    const frame = new VideoFrame(canvas, { timestamp: Math.round(1e6 * time) });
    this.encoder.encode(frame, { keyFrame: this.count % KEY_EVERY === 0 });
    frame.close();
    this.count += 1;
  }

  /** @param {number} seconds that it lasts @returns {Promise<Blob | null>} null: nothing was added */
  async end(seconds) {
    if (!this.count) return null;
    await this.encoder.flush().catch((error) => (this.failure ??= error));
    if (this.failure) throw new Problem(this.failure.message, 'Try again.');
    const about = { codec: this.name, width: SIZE, height: SIZE, duration: 1000 * seconds };
    return new Blob([webm(about, this.chunks)], { type: 'video/webm' });
  }

  close() {
    if (this.encoder.state !== 'closed') this.encoder.close();
  }
}

/** Draws a video. @param {HTMLVideoElement} video opened @param {number} seconds
 * @param {import('./device.js').Device} device whose tracker follows the face @param {string} style
 * @param {(share: number) => boolean} onFrame gets how much is drawn, 0 to 1; false ends the film there
 * @returns {Promise<Blob | null>} null: there was no face */
export async function film(video, seconds, device, style, onFrame) {
  const writer = await Writer.open();
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const count = Math.max(1, Math.floor(seconds * RATE));
  try {
    for (let i = 0; i < count; i++) {
      const face = await draw(video, i / RATE, device, style);
      if (face) show(canvas, face);
      // Until the first face there is nothing to show; when it is lost, the last drawing stays.
      if (face || writer.count) writer.add(canvas, writer.count / RATE);
      if (!onFrame((i + 1) / count)) break;
    }
    return await writer.end(writer.count / RATE);
  } finally {
    writer.close();
  }
}

/** The drawing of one moment, or null. */
async function draw(video, time, device, style) {
  if (video.currentTime !== time || video.seeking) {
    const there = happens(video, 'seeked');
    video.currentTime = time;
    await there;
  }
  const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
  const [resizeWidth, resizeHeight] = [video.videoWidth, video.videoHeight].map((one) => Math.round(one * scale));
  const bitmap = await createImageBitmap(video, { resizeWidth, resizeHeight, resizeQuality: 'medium' });
  const drawn = await device.call('frame', { bitmap, style, time }, [bitmap]);
  drawn.bitmap.close();
  return drawn.cartoon ?? null;
}

function show(canvas, { data, width, height }) {
  const small = new OffscreenCanvas(width, height);
  small.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, 0, 0, SIZE, SIZE);
}
