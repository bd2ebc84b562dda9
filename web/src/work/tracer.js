// vtracer, which makes shapes of areas: fetched when somebody first asks for an SVG.

import { initSync, to_svg } from 'vtracer-wasm';

import { fetchFile } from './networks.js';

const RADIANS = Math.PI / 180;

let ready = null;

/** Opens it. @param {import('./networks.js').Place} place
 * @returns {Promise<import('../vision/shapes.js').Trace>} */
export async function tracer(place) {
  ready ??= fetchFile(place, TRACER)
    .then((answer) => answer.arrayBuffer())
    .then((module) => initSync({ module }));
  ready.catch(() => (ready = null)); // a lost connection may come back
  await ready;
  return trace;
}

/** @type {import('../vision/shapes.js').Trace} */
function trace({ data, width, height }, options) {
  return to_svg(new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, {
    binary: options.colormode === 'binary',
    mode: options.mode,
    hierarchical: options.hierarchical,
    cornerThreshold: options.corner_threshold * RADIANS,
    lengthThreshold: options.length_threshold,
    maxIterations: options.max_iterations,
    spliceThreshold: options.splice_threshold * RADIANS,
    filterSpeckle: options.filter_speckle ** 2, // an area
    colorPrecision: 8 - options.color_precision, // bits that are lost
    layerDifference: options.layer_difference,
    pathPrecision: options.path_precision,
  });
}
