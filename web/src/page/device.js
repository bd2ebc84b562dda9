// The engine that draws on this device: a worker, called like functions.

/** What went wrong, and what to do about it. */
export class Problem extends Error {
  /** @param {string} happened @param {string} remedy keys of words, or in English @param {string} kind
   * @param {object} values of the words */
  constructor(happened, remedy, kind = '', values = {}) {
    super(happened);
    Object.assign(this, { remedy, kind, values });
  }
}

/** A worker from a blob has the page's policy; from an address, its host's, which may be none. */
function worker() {
  const source = `import ${JSON.stringify(new URL(WORKER, document.baseURI).href)};`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return new Worker(url, { type: 'module' });
}

export class Device {
  /** @param {string} token @param {number} lanes so many of them draw at once, and share the cores */
  constructor(token, lanes = 1) {
    this.traces = true;
    this.worker = worker();
    this.waiting = new Map();
    this.number = 0;
    this.broken = null;
    this.worker.onmessage = ({ data: { number, result, failure } }) => {
      const { resolve, reject } = this.waiting.get(number);
      this.waiting.delete(number);
      if (failure) reject(new Problem(failure.message, failure.remedy, failure.kind, failure.values));
      else resolve(result);
    };
    this.worker.onerror = () => this.end('The drawing part of the page does not run.');
    this.started = this.call('start', { base: document.baseURI, token, lanes });
    this.started.catch(() => {}); // whoever needs it hears of it
  }

  /** Stops the worker and gives back its memory; what waits for an answer is told why. */
  end(happened = 'The drawing was stopped.') {
    this.broken = new Problem(happened, 'Load the page again.');
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(this.broken);
    this.waiting.clear();
  }

  /** @param {string} call @param {object} args @param {Transferable[]} handed */
  call(call, args = {}, handed = []) {
    if (this.broken) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      const number = ++this.number;
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ call, number, args }, handed);
    });
  }

  /** @param {{id: number, file: Blob, known?: {points: number[][]}[]}} photo known: its faces, which are
   *  found otherwise */
  async open({ id, file, known }) {
    return this.call('open', { id, file, known });
  }

  async draw({ id }, points, options) {
    return this.call('draw', { id, points, ...options });
  }

  /** The drawing as shapes. @returns {Promise<string>} SVG */
  async trace({ id }, points, options) {
    return (await this.call('trace', { id, points, ...options })).shapes;
  }

  /** The whole photo with its faces drawn. @param {number[][][]} all their points
   * @returns {Promise<import('../vision/crop.js').Picture>} */
  async inPhoto({ id }, all, options) {
    return (await this.call('inPhoto', { id, all, ...options })).cartoon;
  }

  /** Does not fail: a worker that has stopped keeps nothing. */
  async close({ id }) {
    await this.call('close', { id }).catch(() => {});
  }
}
