// One face from frame to frame: found by the detector now and then, followed by the regressor.

import { PointFilter } from '../vision/euro.js';
import { interEyeDistance } from '../vision/geometry.js';

/** The detector looks again after this many frames, in case that another face is nearer. */
const LOOK_EVERY = 8;
/** Longer side of what it looks at. */
const SIDE = 320;
/** Points that leave the last ones by more than this, in eye distances, are no longer the face. */
const LOST = 0.5;

export class Tracker {
  /** @param {import('./pipeline.js').Pipeline} pipeline */
  constructor(pipeline) {
    this.pipeline = pipeline;
    this.filter = new PointFilter();
    this.reset();
  }

  reset() {
    this.points = null;
    this.age = 0;
    this.filter.reset();
  }

  /** What it goes on from, in another worker too; null: nothing. */
  get state() {
    return { points: this.points, age: this.age, filter: this.filter.state };
  }

  set state(state) {
    this.reset();
    if (!state) return;
    Object.assign(this, { points: state.points, age: state.age });
    this.filter.state = state.filter;
  }

  /** Where the face is now: smoothed points, or null. @param {number} time in seconds */
  async next(picture, time) {
    if (!this.points || this.age >= LOOK_EVERY) await this.look(picture);
    if (!this.points) {
      this.filter.reset();
      return null;
    }
    this.age += 1;
    const unit = interEyeDistance(this.points);
    const { regressor } = await this.pipeline.manifest();
    if (regressor) {
      const [found] = await this.pipeline.locate(picture, [this.points]);
      const moved = found.map(([x, y], i) =>
        Math.hypot(x - this.points[i][0], y - this.points[i][1]),
      );
      const size = interEyeDistance(found) / unit;
      const sound = Math.max(...moved) < LOST * unit && size > 0.7 && size < 1.4;
      if (sound) this.points = found;
      else this.age = LOOK_EVERY; // the next frame is looked at afresh
    }
    return this.filter.next(this.points, unit, time);
  }

  async look(picture) {
    this.age = 0;
    const face = await this.pipeline.glance(picture, SIDE);
    if (!face) {
      this.points = null;
      return;
    }
    const followed = this.points && this.near(face.points);
    // The regressor's points are better than the detector's; those of another face are not.
    if (!followed) this.points = face.points;
  }

  near(points) {
    const unit = interEyeDistance(points);
    return points.every(([x, y], i) => {
      const [lastX, lastY] = this.points[i];
      return Math.hypot(x - lastX, y - lastY) < LOST * unit;
    });
  }
}
