// From a picture to faces, and from a face to its cartoon: what cartoonizer.py does.

import { crop, fromTensor, toPicture, toTensor } from '../vision/crop.js';
import { findFaces, look, sizeOf } from '../vision/find.js';
import {
  apply,
  faceTransform,
  interEyeDistance,
  invert,
  isTurned,
  roll,
  turned,
  ways,
  yaw,
} from '../vision/geometry.js';
import { decode, input } from '../vision/yunet.js';
import { keepOnly } from './keeping.js';
import { fetchAhead, fetchFile, open, tensor } from './networks.js';

export class Pipeline {
  /** @param {import('./networks.js').Place} place */
  constructor(place) {
    this.place = place;
    this.opened = new Map();
    /** Files that could not be had, and can be done without. */
    this.missed = new Set();
  }

  async manifest() {
    this.known ??= fetchFile(this.place, 'models/manifest.json').then((answer) => answer.json());
    return this.known;
  }

  /** Sees to it that faces can be found without a network, and nothing old is kept. A style that was
   * drawn with is kept already; what nobody asked for is not fetched.
   * @param {string[]} others files that stay where they are kept */
  async keepFinders(others) {
    const { detector, regressor, styles } = await this.manifest();
    const finders = [detector, regressor].filter(Boolean);
    const files = styles.flatMap(({ file, live }) => [file, live?.file]);
    await keepOnly(this.place.base, [...finders, ...files, ...others]);
    await fetchAhead(this.place, finders);
  }

  /** A network by its file, opened once. */
  network(file) {
    if (!this.opened.has(file)) {
      const session = open(this.place, file);
      session.catch(() => this.opened.delete(file)); // a lost connection may come back
      this.opened.set(file, session);
    }
    return this.opened.get(file);
  }

  async style(name) {
    const { styles } = await this.manifest();
    const style = styles.find((one) => one.name === name) ?? styles[0];
    return style;
  }

  /** @type {import('../vision/find.js').Detector} */
  detect = async (picture, border, score) => {
    const { values, width, height } = input(picture, border);
    const session = await this.network((await this.manifest()).detector);
    const results = await session.run({ input: tensor(values, [1, 3, height, width]) });
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, value.data]),
    );
    return decode(outputs, width, height, score);
  };

  /** All faces that are large enough, from left to right, and how many were too small. */
  async find(picture) {
    const { smallestFace } = await this.manifest();
    const found = await findFaces(picture, this.detect);
    const refined = await this.refine(picture, found);
    const large = refined.filter((face) => sizeOf(face) >= smallestFace);
    large.sort((a, b) => a.box[0] - b.box[0]);
    return { faces: large, tooSmall: refined.length - large.length };
  }

  /** The largest face in a small view, quickly: for the camera. */
  async glance(picture, side) {
    const found = await look(picture, this.detect, side);
    return found.sort((a, b) => sizeOf(b) - sizeOf(a))[0] ?? null;
  }

  /** Moves coarse points to where they belong; as faces/refine.py. */
  async refine(picture, faces) {
    const { regressor, refine } = await this.manifest();
    if (!regressor || !faces.length) return faces;
    const coarse = faces.map((face) => face.points);
    const found = await this.settle(picture, coarse, coarse, refine);
    const lost = [...coarse.keys()].filter((n) => !found[n].settled);
    if (lost.length) {
      const theirs = lost.map((n) => coarse[n]);
      for (const turn of refine.turns) {
        const start = theirs.map((points) => turned(points, turn));
        const others = await this.settle(picture, start, theirs, refine);
        lost.forEach((n, k) => {
          const better = !found[n].settled || others[k].moved < found[n].moved;
          if (others[k].settled && better) found[n] = others[k];
        });
      }
    }
    return faces.map((face, n) => {
      if (!found[n].settled) return face;
      const between = Math.abs(roll(found[n].points) - roll(coarse[n])) % 360;
      const share = Math.min(between, 360 - between) > refine.tilt ? 1 : refine.trust;
      const mix = (a, b) => share * a + (1 - share) * b;
      const points = coarse[n].map(([x, y], i) => [
        mix(found[n].points[i][0], x),
        mix(found[n].points[i][1], y),
      ]);
      return { ...face, points };
    });
  }

  /** Looks again until the points stay: where, whether they did, and how far they came. */
  async settle(picture, start, coarse, { looks, settled, furthest }) {
    const all = [...start];
    const still = all.map(() => false);
    for (let look = 0; look < looks; look++) {
      const open = [...still.keys()].filter((n) => !still[n]);
      if (!open.length) break;
      const seen = await this.locate(picture, open.map((n) => all[n]));
      open.forEach((n, k) => {
        const step = Math.max(...ways(seen[k], all[n]));
        all[n] = seen[k];
        still[n] = step <= settled * interEyeDistance(coarse[n]);
      });
    }
    return all.map((points, n) => {
      const way = ways(points, coarse[n]).reduce((sum, one) => sum + one) / points.length;
      const moved = way / interEyeDistance(coarse[n]);
      return { points, moved, settled: still[n] && moved <= furthest };
    });
  }

  /** One round of the regressor on faces whose points are roughly known. */
  async locate(picture, all) {
    const { regressor, regressorSize: size } = await this.manifest();
    const transforms = all.map((points) => faceTransform(points, size));
    const crops = transforms.map((transform) => crop(picture, transform, size));
    const session = await this.network(regressor);
    const face = tensor(toTensor(crops, size), [crops.length, 3, size, size]);
    const { landmarks } = await session.run({ face }, ['landmarks']);
    return transforms.map((transform, n) => {
      const back = invert(transform);
      return [0, 1, 2, 3, 4].map((i) => {
        const at = 10 * n + 2 * i;
        return apply([landmarks.data[at], landmarks.data[at + 1]], back);
      });
    });
  }

  /** The graph of a style that draws soonest; where there is no network to fetch it from, the usual one. */
  async quick(style) {
    if (!style.live || this.missed.has(style.live.file)) return style;
    try {
      await this.network(style.live.file);
      return style.live;
    } catch {
      this.missed.add(style.live.file);
      return style;
    }
  }

  /** Draws one face. @param {import('../vision/geometry.js').Point[]} points
   * @param {boolean} live sooner and smaller, for pictures that are seen for a moment */
  async draw(picture, points, name, live = false) {
    const style = await this.style(name);
    const { file, size } = live ? await this.quick(style) : style;
    const begun = performance.now();
    const pixels = viewed(picture, points, style, size);
    const transform = faceTransform(points, size, style.template);
    const places = points.map((point) => apply(point, transform)).flat();
    const session = await this.network(file);
    const face = tensor(toTensor([pixels], size), [1, 3, size, size]);
    const cropped = performance.now();
    const { cartoon, parts } = await session.run({ face, landmarks: tensor(Float32Array.from(places), [1, 5, 2]) });
    return {
      /** Milliseconds. */
      spent: { crop: cropped - begun, network: performance.now() - cropped },
      cartoon: fromTensor(cartoon.data, size),
      /** How much of each pixel is skin, and how much hair; null where the style does not say it. */
      parts: (style.parts && parts?.data) ?? null,
      /** From the photo's pixels to the cartoon's. */
      transform,
      turned: isTurned(points) ? Math.round(Math.abs(yaw(points))) : 0,
      /** The same view of the photo as the style drew, as sharp as the photo is. @param {number} edge */
      view: (edge) => toPicture(edge === size ? pixels : viewed(picture, points, style, edge), edge),
    };
  }
}

/** What a style sees of a photo. @returns {Float32Array} (size, size, 3), 0 to 255 */
function viewed(picture, points, { template, outside }, size) {
  return crop(picture, faceTransform(points, size, template), size, outside === 'white' ? 255 : null);
}
