// The page's words in the language of its reader. In the sources they are in English, which is the
// key to the others; `words/` has a file for each language.

import english from '../words/en.json';

/** Those that there are, each by its own name. */
export const LANGUAGES = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  zh: '中文',
  ja: '日本語',
  ar: 'العربية',
};
const FROM_RIGHT = ['ar'];

let words = english;
let language = 'en';
let learnt = false;

/** A text in the language that is chosen when it is asked for. */
class Words {
  /** @param {string} key in English @param {Record<string, unknown>} values that replace {name} */
  constructor(key, values) {
    Object.assign(this, { key, values });
  }

  toString() {
    const found = Object.hasOwn(words, this.key) ? words[this.key] : this.key;
    const form = typeof found === 'string' ? found : this.form(found);
    return form.replace(/\{(\w+)\}/g, (all, name) => String(this.values[name] ?? all));
  }

  /** Of one or of several, by the language's own rules. */
  form(forms) {
    const rule = new Intl.PluralRules(language).select(Number(this.values.count));
    return forms[rule] ?? forms.other;
  }
}

/** @param {string} key @param {Record<string, unknown>} values */
export const w = (key, values = {}) => new Words(key, values);

/** Text nodes and attributes, and what they say. @type {WeakMap<Node, Map<string, Words>>} */
const said = new WeakMap();

/** Says something in a text (name: '') or an attribute, also when the language has changed.
 * @param {Node} node @param {string} name @param {Words} what */
function say(node, name, what) {
  if (!said.has(node)) said.set(node, new Map());
  said.get(node).set(name, what);
  if (name) /** @type {Element} */ (node).setAttribute(name, String(what));
  else node.nodeValue = String(what);
}

/** @param {string | Words} what */
export function text(what) {
  const node = document.createTextNode(String(what));
  if (what instanceof Words) say(node, '', what);
  return node;
}

/** @param {Element} element @param {string} name @param {string | Words} what */
export function attribute(element, name, what) {
  if (what instanceof Words) say(element, name, what);
  else element.setAttribute(name, String(what));
}

const ATTRIBUTES = ['aria-label', 'title', 'alt'];

/** All nodes below one, and itself. @param {Node} root */
function* nodes(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) yield node;
}

/** What the page says in English from its first byte on. @param {Node} root */
function learn(root) {
  for (const node of nodes(root)) {
    if (node instanceof Element) {
      for (const name of ATTRIBUTES) {
        const key = node.getAttribute(name);
        if (key && Object.hasOwn(english, key)) say(node, name, w(key));
      }
    } else {
      const key = node.nodeValue.trim().replace(/\s+/g, ' ');
      if (Object.hasOwn(english, key)) say(node, '', w(key));
    }
  }
}

/** Says everything once more. @param {Node} root */
export function retell(root) {
  for (const node of nodes(root)) {
    for (const [name, what] of said.get(node) ?? []) say(node, name, what);
  }
}

/** The reader's choice, or the first of the browser's languages that there is. */
export function preferred() {
  const wanted = [stored(), ...(navigator.languages ?? [])].map((one) => one.slice(0, 2).toLowerCase());
  return wanted.find((one) => one in LANGUAGES) ?? 'en';
}

function stored() {
  try {
    return localStorage.getItem('language') ?? '';
  } catch {
    return ''; // a browser that keeps nothing
  }
}

/** Speaks another language from now on. Where its words cannot be had, it stays as it is.
 * @param {string} name @param {boolean} chosen by the reader, to be remembered */
export async function speak(name, chosen = false) {
  if (!learnt) learn(document.body);
  learnt = true;
  try {
    words = name === 'en' ? english : await (await fetch(WORDS[name])).json();
  } catch {
    return;
  }
  language = name;
  document.documentElement.lang = name;
  document.documentElement.dir = FROM_RIGHT.includes(name) ? 'rtl' : 'ltr';
  retell(document.body);
  try {
    if (chosen) localStorage.setItem('language', name);
  } catch {
    // It is asked for again on the next visit.
  }
}
