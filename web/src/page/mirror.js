// What the camera's screen shows: its picture with the drawing where the face is, or the drawing alone.

import { invert } from '../vision/geometry.js';
import { SIZE } from './film.js';

/** Part of the drawing's edge over which it fades into the picture: as FEATHER in blend.js. */
const FEATHER = 0.06;

/** @param {number} width @param {number} height */
const sheet = (width, height) => Object.assign(document.createElement('canvas'), { width, height });

export class Mirror {
  /** @param {HTMLCanvasElement} canvas is made as large as the picture */
  constructor(canvas) {
    Object.assign(this, { canvas, cartoon: sheet(1, 1), fade: null, reel: sheet(SIZE, SIZE) });
  }

  /** @param {import('./lanes.js').Drawn} drawn @param {boolean} alone the drawing without the picture */
  show({ bitmap, cartoon, transform }, alone) {
    if (cartoon) {
      const { data, width, height } = cartoon;
      resize(this.cartoon, width, height);
      this.cartoon.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
    }
    if (cartoon && alone) this.alone();
    else this.within(bitmap, cartoon ? transform : null);
  }

  alone() {
    resize(this.canvas, SIZE, SIZE);
    const context = this.canvas.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, SIZE, SIZE);
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.cartoon, 0, 0, SIZE, SIZE);
  }

  within(bitmap, transform) {
    resize(this.canvas, bitmap.width, bitmap.height);
    const context = this.canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    if (!transform) return;
    const mask = this.cartoon.getContext('2d');
    mask.globalCompositeOperation = 'destination-in';
    mask.drawImage(this.faded(this.cartoon.width), 0, 0);
    mask.globalCompositeOperation = 'source-over';
    // Pixels are squares here, and points there: centres lie half a pixel further.
    const [[a, b, x], [c, d, y]] = invert(transform);
    context.setTransform(a, c, b, d, x + (1 - a - b) / 2, y + (1 - c - d) / 2);
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.cartoon, 0, 0);
    context.resetTransform();
  }

  /** Nothing at the edges, all within. @param {number} size */
  faded(size) {
    if (this.fade?.width === size) return this.fade;
    this.fade = sheet(size, size);
    const context = this.fade.getContext('2d');
    for (const [toX, toY] of [[size, 0], [0, size]]) {
      const ramp = context.createLinearGradient(0, 0, toX, toY);
      for (let step = 0; step <= 8; step++) {
        const part = step / 8;
        const colour = `rgb(0 0 0 / ${part * part * (3 - 2 * part)})`;
        ramp.addColorStop(part * FEATHER, colour);
        ramp.addColorStop(1 - part * FEATHER, colour);
      }
      context.fillStyle = ramp;
      context.fillRect(0, 0, size, size);
      context.globalCompositeOperation = 'destination-in';
    }
    return this.fade;
  }

  /** What is seen, as a film shows it: its middle, square. */
  square() {
    const { width, height } = this.canvas;
    const edge = Math.min(width, height);
    const context = this.reel.getContext('2d');
    context.drawImage(this.canvas, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, SIZE, SIZE);
    return this.reel;
  }
}

/** A canvas that is made anew is cleared, which takes time. */
function resize(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}
