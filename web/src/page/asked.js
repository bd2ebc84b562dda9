// What the page is opened for, where it is installed: by a shortcut, or with photos of another app, which
// the service worker has taken (web/src/sw.js) without a network.

import { cacheNames, NAME } from '../work/keeping.js';

/** What is behind ?do= in the address, which is gone from there afterwards. */
export function asked() {
  const wish = new URLSearchParams(location.search).get('do') ?? '';
  if (wish) history.replaceState(null, '', location.pathname);
  return wish;
}

/** The photos that were shared with the page, each once. @returns {Promise<File[]>} */
export async function shared() {
  const { shared: name } = cacheNames(document.baseURI);
  try {
    const cache = await caches.open(name);
    const files = (await cache.matchAll()).map(async (one) => {
      const blob = await one.blob();
      return new File([blob], decodeURIComponent(one.headers.get(NAME)), { type: blob.type });
    });
    return await Promise.all(files);
  } catch {
    return []; // a browser that keeps nothing
  } finally {
    await globalThis.caches?.delete(name).catch(() => {});
  }
}
