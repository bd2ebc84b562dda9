// The One Euro filter (Casiez, Roussel and Vogel, 2012): steady when still, quick when moving.

const alpha = (cutoff, seconds) => 1 / (1 + 1 / (2 * Math.PI * cutoff * seconds));

/** Smooths points over time. Speeds are measured in distances between the eyes a second, so that
 * a near face is treated as a far one. */
export class PointFilter {
  /** @param {{cutoff?: number, beta?: number, speedCutoff?: number, jump?: number}} options
   *  jump: points that move further than this in one step belong to another face. */
  constructor({ cutoff = 1.2, beta = 1.5, speedCutoff = 1, jump = 0.6 } = {}) {
    this.options = { cutoff, beta, speedCutoff, jump };
    this.reset();
  }

  reset() {
    this.points = null;
    this.speeds = null;
    this.time = 0;
  }

  /** What it goes on from, in another worker too. */
  get state() {
    const { points, speeds, time } = this;
    return { points, speeds, time };
  }

  set state(state) {
    Object.assign(this, state);
  }

  /** @param {number[][]} points @param {number} unit distance between the eyes in pixels
   * @param {number} time in seconds @returns {number[][]} */
  next(points, unit, time) {
    const { cutoff, beta, speedCutoff, jump } = this.options;
    const moved = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) / unit;
    const last = this.points;
    if (!last || points.some((point, i) => moved(point, last[i]) > jump)) {
      this.points = points.map((point) => [...point]);
      this.speeds = points.map(() => [0, 0]);
      this.time = time;
      return this.points;
    }
    const seconds = Math.max(time - this.time, 1e-3);
    this.time = time;
    this.points = points.map((point, i) =>
      point.map((value, axis) => {
        const speed = (value - last[i][axis]) / unit / seconds;
        const slow = alpha(speedCutoff, seconds);
        this.speeds[i][axis] += slow * (speed - this.speeds[i][axis]);
        const quick = alpha(cutoff + beta * Math.abs(this.speeds[i][axis]), seconds);
        return last[i][axis] + quick * (value - last[i][axis]);
      }),
    );
    return this.points;
  }
}
