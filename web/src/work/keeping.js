// What the page keeps in the browser, so that one visit is enough to work without a network. The
// service worker gives it out again, from the second visit on.

/** The names of a page's caches; two pages of one host do not share theirs.
 * @param {string} base address of the page or of a file beside it */
export function cacheNames(base) {
  const home = `toonmark ${new URL('./', base).pathname} `;
  return { home, shell: `${home}shell `, models: `${home}models`, shared: `${home}shared` };
}

/** The header in which a shared photo's name is kept. */
export const NAME = 'X-Name';

/** Keeps a copy of what was fetched. Where there is no room, or nothing may be kept, it is left.
 * @param {string} base @param {Response} response */
export async function keep(base, response) {
  try {
    const cache = await self.caches?.open(cacheNames(base).models);
    await cache?.put(response.url, response);
  } catch {
    // No room, or a browser that keeps nothing: the network has it.
  }
}

/** Forgets the networks, and what else is fetched when it is asked for, that a newer page no longer names.
 * @param {string} base @param {string[]} files */
export async function keepOnly(base, files) {
  try {
    const cache = await self.caches?.open(cacheNames(base).models);
    for (const { url } of (await cache?.keys()) ?? []) {
      const file = url.slice(url.lastIndexOf('/') + 1);
      if (file !== 'manifest.json' && !files.includes(file)) await cache.delete(url);
    }
  } catch {
    // As above.
  }
}

/** Whether a file is kept. @param {string} base @param {string} url */
export async function isKept(base, url) {
  try {
    return Boolean(await (await self.caches.open(cacheNames(base).models)).match(url));
  } catch {
    return false;
  }
}
