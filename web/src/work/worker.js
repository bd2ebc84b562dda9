// The worker: photos come in, faces and cartoons go out. The page stays quick, and nothing of a
// photo leaves the browser from here: this file fetches networks, and sends nothing.

import { inPhoto } from '../vision/blend.js';
import { cutOut } from '../vision/cutout.js';
import { resized } from '../vision/resize.js';
import { traced } from '../vision/shapes.js';
import { AS_DRAWN, isAsDrawn, tuned } from '../vision/tuning.js';
import { share, threads } from './networks.js';
import { decode, pixelsOf } from './photos.js';
import { Pipeline } from './pipeline.js';
import { tracer } from './tracer.js';
import { Tracker } from './tracker.js';

let pipeline = null;
let tracker = null;
/** The camera's last picture, and where the face is in it. */
let seen = null;
/** The last drawings, as they were drawn, the oldest first. @type {Map<string, {id: number, drawn: any}>} */
const last = new Map();
/** So many are kept: faces of a party, or steps of one's own. */
const MOST = 8;
const photos = new Map();

const calls = {
  /** Says where the page's files are. */
  async start({ base, token, lanes = 1 }) {
    share(lanes);
    pipeline = new Pipeline({ base, token });
    tracker = new Tracker(pipeline);
    return { manifest: await pipeline.manifest(), threads: threads() };
  },

  /** Decodes a photo, keeps it, and finds its faces, unless they are known. */
  async open({ id, file, known }) {
    const picture = await decode(file);
    photos.set(id, picture);
    const { faces, tooSmall } = known ? { faces: known, tooSmall: 0 } : await pipeline.find(picture);
    return { width: picture.width, height: picture.height, faces, tooSmall };
  },

  async close({ id }) {
    photos.delete(id);
    for (const [which, one] of last) if (one.id === id) last.delete(which);
  },

  /** Draws a face, for the screen and for saving. */
  async draw({ size, transparent, ...how }) {
    const { shown, outline, turned, view } = await drawing(how);
    return { cartoon: resized(shown, size, transparent, outline), crop: view(size), turned };
  },

  /** Draws a face as shapes. */
  async trace({ size, transparent, ...how }) {
    const [{ shown }, trace] = [await drawing(how), await tracer(pipeline.place)];
    const { tracing } = await pipeline.manifest();
    return { shapes: traced(shown, size, transparent, tracing, trace) };
  },

  /** Draws faces, and puts them back into their photo. */
  async inPhoto({ id, all, ...how }) {
    const drawn = [];
    for (const points of all) drawn.push(await drawing({ id, points, ...how }));
    return { cartoon: inPhoto(photos.get(id), drawn) };
  },

  /** One picture of a video, which comes back beside its drawing. */
  async frame({ bitmap, style, time }) {
    const picture = pixelsOf(bitmap, true);
    const points = await tracker.next(picture, time);
    if (!points) return { bitmap, points: null };
    const { cartoon } = await pipeline.draw(picture, points, style);
    return { bitmap, points, cartoon };
  },

  /** Looks for the face in a picture of the camera, which comes back and is kept to be painted. Another
   * worker may have looked at the last one: what it found out is the state. */
  async follow({ bitmap, time, state }) {
    const begun = performance.now();
    tracker.state = state;
    const picture = pixelsOf(bitmap, true);
    const points = await tracker.next(picture, time);
    seen = { picture, points };
    return { bitmap, points, state: tracker.state, spent: { points: performance.now() - begun } };
  },

  /** Draws the face of that picture for a moment's look, without the white around it. */
  async paint({ style }) {
    const { cartoon, transform, spent } = await pipeline.draw(seen.picture, seen.points, style, true);
    const begun = performance.now();
    const cut = cutOut(cartoon, cartoon, 1);
    return { cartoon: cut, transform, spent: { ...spent, 'cutting out': performance.now() - begun } };
  },

  /** Draws a picture of the camera with care, to be kept: the cartoon alone, or where the face is. */
  async develop({ bitmap, points, style, alone, size }) {
    const picture = pixelsOf(bitmap);
    const { cartoon, transform } = await pipeline.draw(picture, points, style);
    if (alone) return { cartoon: resized(cartoon, size, false) };
    return { cartoon: inPhoto(picture, [{ shown: cartoon, outline: cartoon, transform }]) };
  },

  /** Makes ready for the first photo, and for days without a network, beside all else. */
  async keep() {
    pipeline.keepFinders([TRACER.replace(/.*\//, '')]);
  },
};

/** What is tuned is drawn once, and then only tuned. */
async function drawing({ id, points, style, tuning = AS_DRAWN }) {
  const picture = photos.get(id);
  if (!picture) throw new Error('This photo has been closed.');
  const which = JSON.stringify([id, points, style]);
  const drawn = last.get(which)?.drawn ?? (await pipeline.draw(picture, points, style));
  last.delete(which); // the newest stand last
  last.set(which, { id, drawn });
  if (last.size > MOST) last.delete(last.keys().next().value);
  const { cartoon, parts, ...rest } = drawn;
  const copy = { ...cartoon, data: cartoon.data.slice() }; // what is answered is handed over
  if (isAsDrawn(tuning)) return { shown: copy, outline: copy, ...rest };
  const photo = rest.view(cartoon.width);
  const outline = tuned(copy, { ...tuning, strength: 1 }, photo, parts);
  return { shown: tuned(outline, { ...AS_DRAWN, strength: tuning.strength }, photo, parts), outline, ...rest };
}

// One after the other: the networks share the cores, and answers come in order.
let queue = Promise.resolve();
self.onmessage = ({ data: { call, number, args } }) => {
  queue = queue.then(async () => {
    try {
      const result = await calls[call](args);
      self.postMessage({ number, result }, transfers(result));
    } catch (error) {
      const { message, remedy = 'Try again.', values = {}, kind = '' } = error;
      const failure = { message, remedy, values, kind };
      self.postMessage({ number, failure });
    }
  });
};

/** Pixels are handed over, not copied. */
function transfers(result) {
  const pixels = [result?.cartoon, result?.crop].filter(Boolean).map((picture) => picture.data.buffer);
  return result?.bitmap ? [...pixels, result.bitmap] : pixels;
}
