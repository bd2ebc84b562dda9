// Pictures of the camera, drawn by two workers in turn: while one draws, the other follows the face.

/** @typedef {{bitmap: ImageBitmap, points: number[][] | null, cartoon?: import('../vision/crop.js').Picture,
 *   transform?: import('../vision/geometry.js').Transform, spent: Record<string, number>}} Drawn
 * a picture and the drawing of it; without points there was no face. The bitmap is the receiver's to close */

/** Workers that draw at once: a core has one, as one drawing on two cores takes more than half the time. */
export const LANES = navigator.hardwareConcurrency > 1 ? 2 : 1;

export class Lanes {
  /** @param {import('./device.js').Device[]} devices that nothing else asks for frames
   * @param {{grab: () => Promise<ImageBitmap | null>, style: () => string, show: (drawn: Drawn) => void}} camera
   *  grab: the next picture; null ends it. show: gets them in their order; one that comes too late is left out */
  constructor(devices, camera) {
    Object.assign(this, { devices, camera, number: 0, shown: 0 });
    /** What is known of the face. @type {object | null} */
    this.state = null;
    /** The last picture to be followed: the next waits for it, as its face is looked for around that. */
    this.last = Promise.resolve();
  }

  /** Until no picture is left, or something has failed. */
  async run() {
    await Promise.all(this.devices.map((device) => this.lane(device)));
  }

  async lane(device) {
    for (;;) {
      const followed = this.last.then(() => this.follow(device));
      this.last = followed;
      const one = await followed;
      if (!one) return;
      const drawn = one.points ? await device.call('paint', { style: this.camera.style() }) : { spent: {} };
      if (one.number > this.shown) {
        this.shown = one.number;
        this.camera.show({ ...one, ...drawn, spent: { ...one.spent, ...drawn.spent } });
      } else one.bitmap.close();
    }
  }

  async follow(device) {
    const bitmap = await this.camera.grab();
    if (!bitmap) return null;
    const args = { bitmap, time: performance.now() / 1000, state: this.state };
    const found = await device.call('follow', args, [bitmap]);
    this.state = found.state;
    return { ...found, number: ++this.number };
  }
}
