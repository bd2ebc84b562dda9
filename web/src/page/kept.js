// What was made stays in this browser until it is cleared: photos with their points and how they are
// drawn, in IndexedDB. A browser that keeps nothing, as in private windows, is no error.

import { cacheNames } from '../work/keeping.js';

/** So many photos are kept, the newest. */
const MOST = 4; // each is opened again at the next visit, and takes its pixels' room

/** @typedef {{key: number, file: File, style: string, faces: object[], look: string, size: number,
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
      const request = indexedDB.open(cacheNames(document.baseURI).home.trim(), 1);
      request.onupgradeneeded = () => request.result.createObjectStore('photos', { keyPath: 'key' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => reject(request.error);
    });
  }

  /** @param {(store: IDBObjectStore) => IDBRequest} action @returns {Promise<any>} its result; null if none is kept */
  act(action) {
    const done = this.queue.then(
      (database) =>
        database &&
        new Promise((resolve) => {
          const transaction = database.transaction('photos', 'readwrite');
          const request = action(transaction.objectStore('photos'));
          transaction.oncomplete = () => resolve(request.result);
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
    const entries = (await this.act((store) => store.getAll())) ?? [];
    this.keys = new Set(entries.map(({ key }) => key));
    this.onChange(this.keys.size > 0);
    return entries;
  }

  /** @param {Entry} entry */
  async put(entry) {
    this.keys.add(entry.key);
    const old = [...this.keys].sort((a, b) => a - b).slice(0, -MOST);
    if ((await this.act((store) => store.put(entry))) === null) {
      this.keys.delete(entry.key);
      return;
    }
    for (const key of old) await this.remove(key);
    this.onChange(true);
  }

  /** @param {number} key */
  async remove(key) {
    this.keys.delete(key);
    await this.act((store) => store.delete(key));
    this.onChange(this.keys.size > 0);
  }

  /** @returns {Promise<boolean>} whether nothing is left */
  async clear() {
    if ((await this.act((store) => store.clear())) === null) return false;
    this.keys.clear();
    this.onChange(false);
    return true;
  }
}
