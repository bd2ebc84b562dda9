// The page: photos come in by every way there is; what is chosen holds for all of them.

import { Camera } from './camera.js';
import { Compare } from './compare.js';
import { Device } from './device.js';
import { byId, h, tell } from './dom.js';
import { PhotoCard } from './photo.js';
import { Server } from './server.js';

const token = takeToken();
const device = new Device(token);
const server = new Server(token);
const cards = new Set();
const chosen = { place: 'device', style: '' };

const engine = () => (chosen.place === 'server' ? server : device);
const style = () => chosen.style;
const camera = new Camera(byId('camera'), device, style, (file) => add([file]));
new MutationObserver(arrange).observe(byId('camera'), { attributeFilter: ['hidden'] });

/** A token comes behind the address, where no server sees it, and stays with this tab. */
function takeToken() {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (match) {
    sessionStorage.setItem('token', match[1]);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem('token') ?? '';
}

/** @param {Iterable<File>} files */
async function add(files) {
  const fresh = [...files].map((file) => new PhotoCard(file, engine, style, remove));
  for (const card of fresh.reverse()) {
    cards.add(card);
    byId('photos').prepend(card.element);
  }
  arrange();
  fresh[fresh.length - 1]?.element.focus({ preventScroll: false });
  for (const card of fresh.reverse()) await card.open();
}

function remove(card) {
  cards.delete(card);
  device.close(card); // it may have been opened here before the place was changed
  arrange();
  byId('main').focus();
  tell(`${card.name} was put away.`);
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
  where.textContent = here
    ? 'Drawn on this device. No photo leaves it.'
    : `Photos are sent to ${location.host}, drawn there, and not kept.`;
  byId('promise').textContent = here
    ? 'It is drawn here in your browser, so your photo never leaves this device.'
    : 'It is drawn on this server, which keeps nothing.';
}

function offerStyles(styles) {
  chosen.style = styles[0].name;
  const terms = [...new Set(styles.map((one) => one.terms).filter(Boolean))];
  byId('terms').textContent = terms.join(' ');
  if (styles.length < 2) return;
  const radios = styles.map((one, i) => {
    const attributes = { type: 'radio', name: 'style', value: one.name, checked: i === 0 };
    return h('label', {}, h('input', attributes), h('span', {}, one.title));
  });
  const legend = h('legend', { class: 'unseen' }, 'Style');
  const change = async ({ target }) => {
    chosen.style = target.value;
    for (const card of cards) await card.redraw();
    tell('Drawn in the other style.');
  };
  byId('styles').append(h('fieldset', { class: 'switch', onchange: change }, legend, ...radios));
}

/** Shows what comes out, made here and now: a photo that NASA took. */
async function showExample() {
  const figure = byId('example');
  const compare = new Compare('Eileen Collins, half photo, half cartoon', 100);
  const caption = h('figcaption', {}, 'Eileen Collins. Photo: NASA');
  figure.append(compare.element, caption);
  const response = await fetch(document.body.dataset.example);
  const photo = { id: 0, file: await response.blob() };
  const { faces } = await device.open(photo);
  if (!faces.length) return;
  const options = { style: style(), size: 512, transparent: false };
  compare.show(await device.draw(photo, faces[0].points, options));
  compare.busy(false);
  compare.glide(50);
  caption.textContent = 'Eileen Collins. Photo: NASA. Cartoon: your browser, just now';
  figure.dataset.state = 'drawn';
  await device.close(photo);
}

function listen() {
  const actions = {
    pick: () => byId('pick').click(),
    shoot: () => byId('shoot').click(),
    camera: () => camera.start(),
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
    for (const card of cards) await card.open();
  });
}

async function start() {
  showPlace();
  listen();
  try {
    const { manifest, threads } = await device.started;
    byId('place').hidden = byId('docs').hidden = !manifest.server;
    offerStyles(manifest.styles);
    document.body.dataset.threads = String(threads);
    document.body.dataset.state = 'ready';
    await showExample();
  } catch (error) {
    const remedy = error.remedy ?? 'Load the page again.';
    const text = h('div', { class: 'message' }, h('strong', {}, error.message), h('p', {}, remedy));
    byId('example').replaceChildren(text);
    tell(`${error.message} ${remedy}`);
  }
  // Not while the first photo waits: what works without a network can come last.
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register('sw.js').catch(() => {});
  if (!navigator.connection?.saveData) device.call('keep').catch(() => {});
}

start();
