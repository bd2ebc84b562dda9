// The token that a server may ask for: from behind the page's address, where no server sees it, or typed
// in. It stays in this browser for all tabs of the page, until a server refuses it.

import { h } from './dom.js';
import { w } from './words.js';

/** Two pages of one host have each their own. */
const KEY = `toonmark ${new URL('./', document.baseURI).pathname} token`;

/** The token; empty if there is none. */
export function token() {
  const [, coded] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (!coded) return stored();
  history.replaceState(null, '', location.pathname + location.search);
  const given = decoded(coded);
  store(given);
  return given;
}

/** A form to type it in, after a server has refused what it was given. @returns {HTMLElement} */
export function tokenForm() {
  store('');
  const field = h('input', { type: 'password', name: 'token', required: true, autocomplete: 'current-password' });
  const open = (event) => {
    event.preventDefault();
    // As if it had come by the address: there it is taken from also where nothing can be stored.
    location.hash = `token=${encodeURIComponent(field.value.trim())}`;
    location.reload();
  };
  return h('form', { class: 'token', onsubmit: open }, h('label', { class: 'choice' }, w('Token'), field), h('button', { class: 'primary' }, w('Open')));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // it is no code, but what was meant
  }
}

function stored() {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return ''; // a browser that stores nothing
  }
}

function store(given) {
  try {
    if (given) localStorage.setItem(KEY, given);
    else localStorage.removeItem(KEY);
  } catch {
    // It is asked for again on the next visit.
  }
}
