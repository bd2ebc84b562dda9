// Opens the networks with ONNX Runtime's WebAssembly build.

import * as ort from 'onnxruntime-web';

import { isKept, keep } from './keeping.js';
import { Refusal } from './photos.js';

/** @typedef {{base: string, token: string}} Place where the page's files are */

ort.env.wasm.wasmPaths = {
  mjs: new URL(ORT_MODULE, import.meta.url).href,
  wasm: new URL(ORT_WASM, import.meta.url).href,
};
// Threads need a page that its server isolates (COOP and COEP).
ort.env.wasm.numThreads = self.crossOriginIsolated
  ? Math.min(navigator.hardwareConcurrency || 1, 4)
  : 1;
ort.env.logLevel = 'error';

/** How many threads draw. */
export const threads = () => ort.env.wasm.numThreads;

/** Takes its part of the threads, before any network is opened. @param {number} lanes workers that draw at once */
export function share(lanes) {
  ort.env.wasm.numThreads = Math.max(1, Math.floor(ort.env.wasm.numThreads / lanes));
}

/** Fetches a file of the page's own. @param {Place} place @param {string} name */
export async function fetchFile(place, name) {
  const headers = place.token ? { Authorization: `Bearer ${place.token}` } : undefined;
  const response = await fetch(new URL(name, place.base), { headers }).catch(() => {
    throw new Refusal('What draws this could not be loaded: there is no network.', 'Try again when there is one.');
  });
  if (response.status === 401) {
    const remedy = 'Type it here, or open the whole address that toonmark serve has printed.';
    if (!place.token) throw new Refusal('This server draws for those who have its token.', remedy, {}, 'token');
    throw new Refusal('The server does not take this token.', remedy, {}, 'token');
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail || `${name} could not be loaded (${response.status}).`);
  }
  keep(place.base, response.clone());
  return response;
}

/** Fetches networks that are not in use yet, to have them without a network.
 * @param {Place} place @param {string[]} files */
export async function fetchAhead(place, files) {
  for (const file of files) {
    const name = `models/${file}`;
    if (await isKept(place.base, new URL(name, place.base).href)) continue;
    await fetchFile(place, name).catch(() => {}); // it is asked for again when it is needed
  }
}

/** Opens a network. @param {Place} place @param {string} file */
export async function open(place, file) {
  const content = await (await fetchFile(place, `models/${file}`)).arrayBuffer();
  return ort.InferenceSession.create(content, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads(),
    logSeverityLevel: 3,
    // Weights stored in few bits are unpacked once, now, rather than at every run.
    // Idle threads sleep: a phone's battery and other programs thank for it.
    extra: { session: { disable_quant_qdq: '1', intra_op: { allow_spinning: '0' } } },
  });
}

/** @param {Float32Array} values @param {number[]} shape */
export const tensor = (values, shape) => new ort.Tensor('float32', values, shape);
