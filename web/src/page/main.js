// The page: photos come in by every way there is; what is chosen holds for all of them.

import { asked, shared } from './asked.js';
import { Camera } from './camera.js';
import { Compare } from './compare.js';
import { Device } from './device.js';
import { byId, explained, forbidden, h, put, tell } from './dom.js';
import { History } from './history.js';
import { Kept } from './kept.js';
import { PhotoCard } from './photo.js';
import { Server } from './server.js';
import { StyleChoice } from './styles.js';
import { token, tokenForm } from './token.js';
import { isVideo, VideoCard } from './video.js';
import { LANGUAGES, preferred, retell, speak, w } from './words.js';

/** The points of the example's face, as toonmark.faces finds them. */
const EXAMPLE = JSON.parse(document.body.dataset.points);

const secret = token();
const device = new Device(secret);
const server = new Server(secret);
const cards = new Set();
const chosen = { place: 'device', style: '', parted: false };
const steps = new History(byId('history'));
const kept = new Kept((any) => (byId('kept').hidden = !any));
let choice = null;
/** Draws in another style from now on. @type {(name: string) => Promise<void>} */
let choose = async () => {};
/** Whether the browser refuses to keep the page, as nobody vouches for where it comes from. */
let untrusted = false;

const engine = () => (chosen.place === 'server' ? server : device);
const style = () => chosen.style;
const camera = new Camera(byId('camera'), (lanes) => new Device(secret, lanes), style, (file) => add([file]));
new MutationObserver(arrange).observe(byId('camera'), { attributeFilter: ['hidden'] });

/** @param {File} file */
const photoCard = (file) =>
  new PhotoCard(file, engine, style, steps, () => chosen.parted, remove, (card) => kept.put(card.entry()));

/** @param {Iterable<File>} files */
async function add(files) {
  const fresh = [...files].map((file) =>
    isVideo(file) ? new VideoCard(file, () => new Device(secret), style, remove) : photoCard(file),
  );
  for (const card of fresh.reverse()) lay(card);
  fresh[fresh.length - 1]?.element.focus({ preventScroll: false });
  for (const card of fresh.reverse()) await card.open();
  picture(fresh);
}

/** Shows what was made on an earlier visit. */
async function bringBack() {
  const entries = await kept.all();
  const style = entries[entries.length - 1]?.style;
  if (choice.labels?.has(style)) choose(style);
  const old = entries.map((entry) => {
    const card = photoCard(entry.file);
    card.restore(entry);
    return card;
  });
  for (const card of old) lay(card);
  opened(old.reverse()); // which the example need not wait for
}

async function opened(old) {
  for (const card of old) await card.open();
  picture(old);
}

/** Forgets everything that was made. */
async function clear() {
  for (const card of [...cards]) card.close(true);
  steps.forget();
  const cleared = await kept.clear();
  tell(cleared ? w('Everything was cleared.') : w('The browser cleared nothing. Clear the data of this site in its settings.'));
}

function lay(card) {
  cards.add(card);
  retell(card.element); // the language may have changed since it was closed
  byId('photos').prepend(card.element);
  arrange();
}

/** Shows the first face that was found in every style. Not on a server, which would get the photo as
 * often; nor where bytes are dear, as each style's network would be fetched. @param {PhotoCard[]} fresh */
function picture(fresh) {
  const card = fresh.find((one) => !one.closed && one.cards.length);
  if (!card || navigator.connection?.saveData) return;
  choice?.picture(async (style, size) => {
    if (card.closed || chosen.place !== 'device') return null;
    const points = card.found.faces[0].points;
    return (await device.draw(card, points, { style, size, transparent: false })).cartoon;
  });
}

/** @param {boolean} undone whether the history has closed it */
function remove(card, undone) {
  cards.delete(card);
  if (card.key) kept.remove(card.key);
  for (const one of [device, server]) one.close(card); // the place may have been changed
  arrange();
  byId('main').focus();
  const name = w('{name} was closed.', { name: card.name });
  tell(name);
  if (undone) return;
  const undo = () => {
    lay(card);
    return card.reopen();
  };
  steps.did({ name, undo, redo: () => card.close(true) });
}

function arrange() {
  const busy = !byId('camera').hidden;
  byId('hero').hidden = cards.size > 0 || busy;
  byId('more').hidden = cards.size === 0 || busy;
}

function showPlace() {
  const here = chosen.place === 'device';
  const where = byId('where');
  where.classList.toggle('server', !here);
  const sent = w('Photos are sent to {host}, drawn there, and forgotten within minutes.', { host: location.host });
  const told = [here ? w('Drawn on this device. No photo leaves it.') : sent];
  if (here && !isSecureContext) {
    told.push(w('No camera, no copying, slower and not without a network:'), forbidden());
  }
  if (here && untrusted) {
    told.push(w('Without a network this page will not open: the browser does not trust its certificate.'));
  }
  where.replaceChildren(...told.map((one) => h('span', {}, one, ' ')));
  const promise = here
    ? 'It is drawn here in your browser, so your photo never leaves this device.'
    : 'It is drawn on this server, which forgets it within minutes.';
  put(byId('promise'), w(promise));
}

function offerStyles(styles) {
  const use = async (name) => {
    chosen.style = name;
    chosen.parted = Boolean(styles.find((one) => one.name === name).parts);
    byId('terms').textContent = styles.find((one) => one.name === name).terms ?? '';
    for (const card of cards) {
      await card.redraw();
      card.changed?.();
    }
    if (cards.size) tell(w('Drawn in the other style.'));
  };
  choose = (name) => {
    choice.choose(name);
    return use(name);
  };
  choice = new StyleChoice(byId('styles'), styles, (name, before) => {
    use(name);
    steps.did({ name: w('The style was changed.'), undo: () => choose(before), redo: () => choose(name) });
  });
  use(choice.chosen);
}

/** Shows what comes out, made here and now: a photo that NASA took. */
async function showExample() {
  const figure = byId('example');
  const compare = new Compare(w('Eileen Collins, half photo, half cartoon'), 100);
  const caption = h('figcaption', {}, w('Eileen Collins. Photo: NASA'));
  figure.append(compare.element, caption);
  const response = await fetch(document.body.dataset.example);
  // Where her points are is known, so that what finds faces need not be there yet.
  const photo = { id: 0, file: await response.blob(), known: [{ points: EXAMPLE }] };
  const { faces } = await device.open(photo);
  const options = { style: style(), size: 512, transparent: false };
  compare.show(await device.draw(photo, faces[0].points, options));
  compare.busy(false);
  compare.glide(50);
  put(caption, w('Eileen Collins. Photo: NASA. Cartoon: your browser, just now'));
  figure.dataset.state = 'drawn';
  await device.close(photo);
}

function listen() {
  const actions = {
    pick: () => byId('pick').click(),
    shoot: () => byId('shoot').click(),
    camera: () => camera.start(),
    clear,
  };
  document.addEventListener('click', ({ target }) => actions[target.closest('[data-do]')?.dataset.do]?.());
  for (const id of ['pick', 'shoot']) {
    const input = /** @type {HTMLInputElement} */ (byId(id));
    input.addEventListener('change', () => {
      add(input.files);
      input.value = '';
    });
  }
  addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData.files.length) add(clipboardData.files);
  });
  let depth = 0;
  const veil = (change) => (byId('veil').hidden = (depth = Math.max(0, depth + change)) === 0);
  addEventListener('dragenter', ({ dataTransfer }) => dataTransfer.types.includes('Files') && veil(1));
  addEventListener('dragleave', ({ dataTransfer }) => dataTransfer.types.includes('Files') && veil(-1));
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    veil(-depth);
    if (event.dataTransfer.files.length) add(event.dataTransfer.files);
  });
  byId('place').addEventListener('change', async ({ target }) => {
    chosen.place = target.value;
    showPlace();
    for (const card of cards) {
      server.close(card); // lest it lies there unused
      await card.open();
    }
  });
}

/** The languages to choose from; the browser's own at first. */
async function offerLanguages() {
  const language = preferred();
  const options = Object.entries(LANGUAGES).map(([value, title]) =>
    h('option', { value, lang: value, selected: value === language }, title),
  );
  const onchange = ({ target }) => speak(target.value, true);
  byId('languages').append(h('label', { class: 'choice' }, w('Language'), h('select', { onchange }, ...options)));
  await speak(language);
}

async function start() {
  const wish = asked();
  showPlace();
  listen();
  const spoken = offerLanguages();
  try {
    const { manifest, threads } = await device.started;
    byId('place').hidden = byId('docs').hidden = !manifest.server;
    server.traces = manifest.svg;
    offerStyles(manifest.styles);
    await spoken;
    document.body.dataset.threads = String(threads);
    document.body.dataset.state = 'ready';
    await bringBack();
    if (wish === 'camera') camera.start();
    if (wish === 'shared') await add(await shared());
    await showExample();
  } catch (error) {
    const { message, remedy = 'Load the page again.', values, kind } = error;
    const words = explained({ message, remedy, values });
    const form = kind === 'token' ? [tokenForm()] : [];
    byId('example').replaceChildren(
      h('div', { class: 'message' }, h('strong', {}, words[0]), h('p', {}, words[1]), ...form),
    );
    tell(...words);
  }
  // Not while the first photo waits: what works without a network can come last.
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register('sw.js').catch((error) => {
    if (error.name !== 'SecurityError') return;
    untrusted = true;
    showPlace();
  });
  if (!navigator.connection?.saveData) device.call('keep').catch(() => {});
}

start();
