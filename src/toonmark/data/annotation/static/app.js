// The page: which picture, which point, what the keys and buttons do.
import { POINTS, copy } from "./points.js";
import { Saving } from "./saving.js";
import { Stage } from "./stage.js";
import { drawLens } from "./lens.js";

const at = (id) => document.getElementById(id);
const FINISHED = ["done", "no face"];
const image = at("picture");
let pictures = [];
let index = 0;
let chosen = 0;
const history = [];
let lastNudge = null;

const saving = new Saving((text, bad = false) => {
  at("saved").textContent = text;
  at("saved").classList.toggle("bad", bad);
}, refused);
const refusals = new Map();
const current = () => pictures[index];
const address = (picture) => `api/picture?name=${encodeURIComponent(picture.name)}`;

const stage = new Stage({
  frame: at("frame"), image, lines: at("lines"), handles: at("handles"),
  chose: choose,
  changed(kind) {
    if (kind === "held") at("lens").classList.add("held");
    if (kind === "start") remember();
    if (kind === "end" || kind === "released") at("lens").classList.remove("held");
    if (kind === "end") touched();
    lens();
  },
});

const buttons = POINTS.map((point, i) => {
  const button = document.createElement("button");
  button.textContent = i + 1;
  button.title = point.label;
  button.setAttribute("aria-label", point.label);
  button.style.setProperty("--c", point.colour);
  button.addEventListener("click", () => take(i));
  at("points").append(button);
  return button;
});

function choose(i) {
  chosen = i;
  lastNudge = null;
  stage.chosen = i;
  stage.draw();
  buttons.forEach((button, j) => button.setAttribute("aria-pressed", i === j));
  at("hint").textContent = `${POINTS[i].label[0].toUpperCase()}${POINTS[i].label.slice(1)}: ${POINTS[i].hint}`;
  lens();
}

// The point takes the focus too, and Tab goes on from there.
function take(i) {
  stage.handles[i].focus({ preventScroll: true });
  choose(i);
}

function lens() {
  const picture = current();
  if (!picture) return;
  drawLens(at("lens"), image, picture.points[chosen], POINTS[chosen].colour, stage.mirrored);
  const x = stage.toScreen(picture.points[chosen])[0];
  at("lens").classList.toggle("right", x < (stage.width * stage.scale) / 2);
}

function remember() {
  const { points, state } = current();
  history.push({ index, points: copy(points), state });
  at("undo").disabled = false;
}

function keep(picture, wait) {
  dismiss(picture.name);
  saving.add(picture, wait);
}

// The server will not have it: the page shows again what is on disk, and says so until somebody
// looks at that picture or changes it.
function refused({ name, points, state }, text) {
  const i = pictures.findIndex((p) => p.name === name);
  Object.assign(pictures[i], { points: copy(points), state });
  if (i === index) {
    stage.show(current().points, chosen);
    lens();
  }
  describe();
  dismiss(name);
  const button = document.createElement("button");
  button.textContent = text;
  button.addEventListener("click", () => { dismiss(name); go(i); });
  refusals.set(name, button);
  at("refused").append(button);
}

function dismiss(name) {
  refusals.get(name)?.remove();
  refusals.delete(name);
}

// Points that were moved are kept at once, but count only when somebody says that they are right.
function touched() {
  const picture = current();
  if (picture.state === "proposed" || picture.state === "no face") picture.state = "started";
  keep(picture);
  describe();
}

function say(state) {
  remember();
  current().state = state;
  keep(current(), 0);
  lastNudge = null;
  const next = pictures.findIndex((p, i) => i > index && !FINISHED.includes(p.state));
  go(next >= 0 ? next : Math.min(index + 1, pictures.length - 1));
}

function undo() {
  const last = history.pop();
  at("undo").disabled = history.length === 0;
  if (!last) return;
  Object.assign(pictures[last.index], { points: last.points, state: last.state });
  keep(pictures[last.index], 0);
  lastNudge = null;
  go(last.index);
}

function nudge(dx, dy, event) {
  // A run of steps with one point is one thing to undo.
  if (lastNudge !== chosen) remember();
  lastNudge = chosen;
  const step = (stage.width / 256) * (event.shiftKey ? 8 : 1) * (event.altKey ? 0.25 : 1);
  const [x, y] = current().points[chosen];
  stage.move(chosen, [x + dx * step * (stage.mirrored ? -1 : 1), y + dy * step]);
  touched();
}

function go(to) {
  if (to < 0 || to >= pictures.length) return;
  index = to;
  at("broken").hidden = true;
  image.onload = image.onerror = () => {
    at("broken").hidden = image.naturalWidth > 0;
    stage.show(current().points, chosen);
    lens();
  };
  image.src = address(current());
  take(0);
  describe();
  for (const next of pictures.slice(to + 1, to + 3)) new Image().src = address(next);
  globalThis.history.replaceState(null, "", `#${encodeURIComponent(current().name)}`);
}

function describe() {
  const picture = current();
  const done = pictures.filter((p) => FINISHED.includes(p.state)).length;
  at("count").textContent = `${done} of ${pictures.length}`;
  at("bar").style.width = `${(100 * done) / pictures.length}%`;
  at("bar").parentElement.setAttribute("aria-valuemax", pictures.length);
  at("bar").parentElement.setAttribute("aria-valuenow", done);
  at("name").textContent = picture.name;
  const percent = Math.round(picture.confidence * 100);
  const proposed = percent ? `Proposed, <b>${percent} %</b> sure` : "<b>Guessed</b>: place all five";
  at("doubt").innerHTML = {
    proposed, started: "Moved by you; say when it is right",
    done: "<b>Right</b>, as you said", "no face": "<b>No face</b>, as you said",
  }[picture.state];
  at("frame").classList.toggle("absent", picture.state === "no face");
  at("noface").hidden = picture.state !== "no face";
  at("back").disabled = index === 0;
  at("skip").disabled = index === pictures.length - 1;
}

function mirror() {
  stage.mirrored = !stage.mirrored;
  at("frame").classList.toggle("mirrored", stage.mirrored);
  at("mirror").setAttribute("aria-pressed", stage.mirrored);
  stage.draw();
  lens();
}

function help() {
  at("keys").hidden = !at("keys").hidden;
  at("help").setAttribute("aria-expanded", !at("keys").hidden);
}

const ACTIONS = {
  accept: () => say("done"), none: () => say("no face"), back: () => go(index - 1),
  skip: () => go(index + 1), undo, mirror, help,
};
const KEYS = {
  Enter: "accept", " ": "accept", x: "none", b: "back", Backspace: "back", PageUp: "back",
  s: "skip", PageDown: "skip", z: "undo", m: "mirror", "?": "help",
};
const ONCE = ["accept", "none"]; // not again while a key is held down
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

for (const [id, action] of Object.entries(ACTIONS)) {
  at(id).addEventListener("click", (event) => {
    action();
    if (event.detail) at(id).blur(); // not when a key has pressed it
  });
}
document.addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!pictures.length || (event.metaKey || event.ctrlKey) && key !== "z") return;
  // A focused button has its own Enter and Space; a point's are to go on.
  if ((key === "Enter" || key === " ") && event.target.closest("button:not(.handle)")) return;
  if (key in ARROWS) nudge(...ARROWS[key], event);
  else if (/^[1-5]$/.test(key)) take(Number(key) - 1);
  else if (!(key in KEYS)) return;
  else if (!event.repeat || !ONCE.includes(KEYS[key])) ACTIONS[KEYS[key]]();
  event.preventDefault();
});

async function start() {
  const answer = await fetch("api/set");
  const set = await answer.json();
  if (!answer.ok) throw new Error(set.error);
  pictures = set.pictures;
  pictures.forEach((picture) => saving.know(picture));
  at("title").textContent = document.title = set.title;
  at("undo").disabled = true;
  const named = pictures.findIndex((p) => p.name === decodeURIComponent(location.hash.slice(1)));
  go(named >= 0 ? named : 0);
}

start().catch((error) => { at("title").textContent = `Cannot be loaded: ${error.message}`; });
