// The service worker: the page without a network, and isolated on hosts that send no headers.

const CACHE = 'toonmark-{{VERSION}}';
const FILES = {{FILES}};

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const names = await caches.keys();
      const old = names.filter((name) => name.startsWith('toonmark-') && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // What is sent to the API passes by untouched.
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  const scope = new URL(self.registration.scope).pathname;
  const path = url.pathname.slice(scope.length);
  if (/^(assets\/|models\/.+\.onnx$)/.test(path)) event.respondWith(kept(event));
  else if (['', 'index.html', 'icon.svg', 'app.webmanifest', 'models/manifest.json'].includes(path)) {
    event.respondWith(fresh(event));
  }
});

/** Files whose names hold their hashes never change. */
async function kept(event) {
  const cache = await caches.open(CACHE);
  return isolated((await cache.match(event.request.url)) ?? (await fetched(event, cache)));
}

/** The newest there is; without a network, the last. */
async function fresh(event) {
  const cache = await caches.open(CACHE);
  try {
    return isolated(await fetched(event, cache));
  } catch (error) {
    const last = await cache.match(event.request.url);
    if (!last) throw error;
    return isolated(last);
  }
}

/** What there is no room to keep is an answer all the same. */
async function fetched(event, cache) {
  const response = await fetch(event.request);
  if (response.ok) event.waitUntil(cache.put(event.request.url, response.clone()).catch(() => {}));
  return response;
}

/** These two headers are what lets WebAssembly use threads. */
function isolated(response) {
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
