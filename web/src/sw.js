// The service worker: the page without a network, and isolated on hosts that send no headers.

import { cacheNames, NAME } from './work/keeping.js';

const { shell, models, shared } = cacheNames(self.location.href);
const SHELL = shell + VERSION;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith(shell) && name !== SHELL);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  const scope = new URL(self.registration.scope).pathname;
  const path = url.pathname.slice(scope.length);
  if (request.mode === 'navigate' && request.method === 'POST' && path === 'share') event.respondWith(received(request));
  // What is sent to the API passes by untouched.
  if (request.method !== 'GET') return;
  if (path.startsWith('assets/')) event.respondWith(kept(event, SHELL));
  else if (/^models\/.+\.onnx$/.test(path)) event.respondWith(kept(event, models));
  else if (path === 'models/manifest.json') event.respondWith(fresh(event, models));
  else if (['', 'index.html', 'icon.svg', 'app.webmanifest', 'licences.txt'].includes(path)) {
    event.respondWith(fresh(event, SHELL));
  }
});

/** Photos that another app shares with the installed page: they are kept for it, and sent nowhere. */
async function received(request) {
  try {
    const cache = await caches.open(shared);
    const files = (await request.formData()).getAll('photos').filter((one) => one instanceof File);
    for (const [number, file] of files.entries()) {
      const headers = { 'Content-Type': file.type, [NAME]: encodeURIComponent(file.name) };
      await cache.put(`shared/${number}`, new Response(file, { headers }));
    }
  } catch {
    // No room, or a form that is none: the page opens without them.
  }
  return Response.redirect(`${self.registration.scope}?do=shared`, 303);
}

/** Files whose names hold their hashes never change. The worker keeps some beside the networks. */
async function kept(event, name) {
  const cache = await caches.open(name);
  const { url } = event.request;
  const known = (await cache.match(url)) ?? (await caches.match(url, { cacheName: models }));
  return isolated(known ?? (await fetched(event, cache)));
}

/** The newest there is; without a network, the last. */
async function fresh(event, name) {
  const cache = await caches.open(name);
  // However the page is called, it is the one that is kept; and of each other file there is one.
  const { origin, pathname } = new URL(event.request.url);
  const key = event.request.mode === 'navigate' ? self.registration.scope : origin + pathname;
  try {
    return isolated(await fetched(event, cache, key));
  } catch (error) {
    const last = await cache.match(key);
    if (!last) throw error;
    return isolated(last);
  }
}

/** What there is no room to keep is an answer all the same. @param {string} key under which it is kept */
async function fetched(event, cache, key = event.request.url) {
  const response = await fetch(event.request);
  if (response.ok) event.waitUntil(cache.put(key, response.clone()).catch(() => {}));
  return response;
}

/** What lets WebAssembly use threads, and what keeps photos here, in workers too. */
function isolated(response) {
  const headers = new Headers(response.headers);
  headers.append('Content-Security-Policy', POLICY);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
