// What was made stays in this browser until it is cleared: photos with their points and how they are
// drawn, in IndexedDB. A browser that keeps nothing, as in private windows, is no error.

import { cacheNames } from '../work/keeping.js';

/** So many photos are kept, the newest. */
const MOST = 4; // each is opened again at the next visit, and takes its pixels' room

/** Photos, and how each is drawn. */
const STORES = ['files', 'settings'];

/** @typedef {{key: number, file: File, style: string, faces: object[], look: string, size: number, format: string,
 *  tuning: import('../vision/tuning.js').Tuning}} Entry */

export class Kept {
  /** @param {(is: boolean) => void} onChange told whether there is anything */
  constructor(onChange) {
    this.onChange = onChange;
    this.keys = new Set();
    // One after the other: a photo that is closed at once is not kept after that.
    this.queue = this.open().catch(() => null);
  }

  open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(cacheNames(document.baseURI).home.trim(), 2);
      request.onupgradeneeded = () => {
        const database = request.result;
        for (const name of database.objectStoreNames) database.deleteObjectStore(name);
        // A photo is written once; how it is drawn, at every step.
        for (const name of STORES) database.createObjectStore(name, { keyPath: 'key' });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => reject(request.error);
    });
  }

  /** @param {(files: IDBObjectStore, settings: IDBObjectStore) => IDBRequest[]} action
   * @returns {Promise<any[] | null>} their results; null if none is kept */
  act(action) {
    const done = this.queue.then(
      (database) =>
        database &&
        new Promise((resolve) => {
          const transaction = database.transaction(STORES, 'readwrite');
          const [files, settings] = STORES.map((name) => transaction.objectStore(name));
          const requests = action(files, settings);
          transaction.oncomplete = () => resolve(requests.map(({ result }) => result));
          transaction.onerror = transaction.onabort = () => resolve(null); // the disk is full, or so
        }),
    ).catch(() => null); // the browser has closed the connection
    this.queue = Promise.all([this.queue, done]).then(([database, result]) => {
      if (result !== null) return database;
      database?.close();
      return this.open().catch(() => null);
    });
    return done;
  }

  /** @returns {Promise<Entry[]>} the oldest first */
  async all() {
    const [files, settings] = (await this.act((...stores) => stores.map((store) => store.getAll()))) ?? [[], []];
    const known = new Map(files.map(({ key, file }) => [key, file]));
    const entries = settings.map((one) => ({ ...one, file: known.get(one.key) })).filter(({ file }) => file);
    this.keys = new Set(entries.map(({ key }) => key));
    this.onChange(this.keys.size > 0);
    return entries;
  }

  /** @param {Entry} entry */
  async put({ file, ...how }) {
    const { key } = how;
    const isNew = !this.keys.has(key);
    this.keys.add(key);
    const old = [...this.keys].sort((a, b) => a - b).slice(0, -MOST);
    const done = await this.act((files, settings) => [settings.put(how), ...(isNew ? [files.put({ key, file })] : [])]);
    if (done === null) {
      this.keys.delete(key);
      return;
    }
    for (const one of old) await this.remove(one);
    this.onChange(true);
  }

  /** @param {number} key */
  async remove(key) {
    this.keys.delete(key);
    await this.act((...stores) => stores.map((store) => store.delete(key)));
    this.onChange(this.keys.size > 0);
  }

  /** @returns {Promise<boolean>} whether nothing is left */
  async clear() {
    if ((await this.act((...stores) => stores.map((store) => store.clear()))) === null) return false;
    this.keys.clear();
    this.onChange(false);
    return true;
  }
}
