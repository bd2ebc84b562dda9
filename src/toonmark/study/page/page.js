"use strict";
// One rater's way through a study. Every answer is stored by the server before the next question.

const KEY = "toonmark-study";
const UNKNOWN = [404, 422]; // no rater has this code, or could have it
const ORDINALS = ["1st", "2nd", "3rd"];
const $ = (id) => document.getElementById(id);

let view = null; // what the server knows: groups in this rater's order, and their answers
let at = 0; // the question that is shown, counted through all groups
let picks = []; // tokens, the best first
let sending = false;

class Refused extends Error {
  constructor(status, told) {
    super(told.happened ?? "The server did not understand.");
    Object.assign(this, { status, remedy: told.remedy ?? "Reload the page." });
  }
}

async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(path, options);
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}

// Where the rater is -----------------------------------------------------------------------

const steps = () => view.groups.length * view.questions.length;
const groupAt = (i) => view.groups[Math.floor(i / view.questions.length)];
const questionAt = (i) => view.questions[i % view.questions.length];
const answerAt = (i) => groupAt(i).answers[questionAt(i).name];

function firstOpen() {
  for (let i = 0; i < steps(); i++) if (!answerAt(i)) return i;
  return steps();
}

function only(name) {
  for (const id of ["start", "task", "end"]) $(id).hidden = id !== name;
  $("progress").hidden = name === "start";
}

function show(index) {
  at = index;
  trouble("");
  const done = [...Array(steps()).keys()].filter(answerAt).length;
  $("bar").value = done / steps();
  $("count").textContent = `${done} of ${steps()} answered`;
  if (at >= steps()) {
    only("end");
    return arrive($("end").querySelector("h1"));
  }
  only("task");
  const group = groupAt(at), question = questionAt(at);
  picks = [...(answerAt(at)?.picks ?? [])];
  const of = view.questions.indexOf(question) + 1;
  $("step").textContent =
    `Photo ${view.groups.indexOf(group) + 1} of ${view.groups.length}, ` +
    `question ${of} of ${view.questions.length}`;
  $("question").textContent = question.text;
  $("photo").src = `/pictures/${group.photo}.png`;
  $("drawings").replaceChildren(...group.drawings.map(card));
  $("back").disabled = at === 0;
  update();
  say([$("step").textContent, $("says").textContent].filter(Boolean).join(". "));
  arrive($("question"));
  const following = view.groups[view.groups.indexOf(group) + 1];
  for (const token of following ? [following.photo, ...following.drawings] : [])
    new Image().src = `/pictures/${token}.png`;
}

// What was pressed may be gone; and who does not see the page is to hear where it goes on.
function arrive(heading) {
  heading.tabIndex = -1;
  heading.focus();
}

function picture(token) {
  const image = new Image();
  Object.assign(image, { src: `/pictures/${token}.png`, alt: "", draggable: false });
  return image;
}

function element(kind, name, text = "") {
  return Object.assign(document.createElement(kind), { className: name, textContent: text });
}

const letter = (token) => String.fromCharCode(65 + groupAt(at).drawings.indexOf(token));

function card(token) {
  const button = element("button", "drawing");
  button.dataset.token = token;
  button.append(picture(token), element("span", "letter", letter(token)), element("span", "place"));
  button.onclick = () => toggle(token);
  draggable(button, token);
  return button;
}

// Picking ----------------------------------------------------------------------------------

function toggle(token) {
  if (sending) return;
  if (picks.includes(token)) picks = picks.filter((other) => other !== token);
  else if (picks.length < view.picks) picks.push(token);
  else return say(`You have picked ${view.picks}. Take one back first.`);
  update();
}

function move(token, place) {
  if (sending) return;
  const others = picks.filter((other) => other !== token);
  others.splice(Math.min(place, others.length), 0, token);
  picks = others.slice(0, view.picks);
  update();
}

function update() {
  for (const button of $("drawings").children) {
    const place = picks.indexOf(button.dataset.token);
    button.setAttribute("aria-pressed", place >= 0);
    button.querySelector(".place").textContent = place >= 0 ? place + 1 : "";
    const rank = place >= 0 ? `, ${ORDINALS[place]}` : "";
    button.setAttribute("aria-label", `Drawing ${letter(button.dataset.token)}${rank}`);
  }
  const focused = document.activeElement?.closest("#slots button")?.dataset.token;
  $("slots").replaceChildren(...[...Array(view.picks).keys()].map(slot));
  if (focused) $("slots").querySelector(`[data-token="${focused}"]`)?.focus();
  $("next").disabled = sending || picks.length < view.picks;
  say(picks.map((token, i) => `${ORDINALS[i]}: ${letter(token)}`).join(", "));
}

function slot(place) {
  const item = element("li", "", picks[place] ? "" : ORDINALS[place]);
  item.dataset.place = place;
  const token = picks[place];
  if (!token) return item;
  const button = element("button", "");
  button.dataset.token = token;
  button.append(picture(token));
  button.setAttribute("aria-label", `${ORDINALS[place]}: ${letter(token)}. Arrows move, Delete removes.`);
  button.onclick = () => toggle(token);
  button.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) move(token, Math.max(0, place + step));
    else if (event.key === "Delete") toggle(token);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  draggable(button, token);
  item.append(button, element("span", "place", place + 1));
  return item;
}

// Pointer events serve mouse, pen and finger. A finger on a large drawing scrolls the page: it
// picks by tapping, and drags what is already in a slot.
function draggable(button, token) {
  button.onpointerdown = (down) => {
    if (down.button !== 0) return;
    if (down.pointerType === "touch" && button.classList.contains("drawing")) return;
    let ghost = null;
    const over = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("#slots li");
    const moved = (event) => {
      if (!ghost && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < 8) return;
      if (!ghost) {
        ghost = picture(token);
        ghost.className = "ghost";
        document.body.append(ghost);
      }
      ghost.style.left = `${event.clientX}px`;
      ghost.style.top = `${event.clientY}px`;
      for (const item of $("slots").children) item.classList.toggle("over", item === over(event));
    };
    const done = (event) => {
      for (const [name, action] of listening) window.removeEventListener(name, action);
      if (!ghost) return;
      ghost.remove();
      // The click that follows a drag must not undo it.
      window.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
      const target = event.type === "pointerup" ? over(event) : null;
      if (target) move(token, Number(target.dataset.place));
      else if (event.type === "pointerup" && button.closest("#slots")) toggle(token);
      else update();
    };
    const listening = [["pointermove", moved], ["pointerup", done], ["pointercancel", done]];
    for (const [name, action] of listening) window.addEventListener(name, action);
  };
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

// Sending ----------------------------------------------------------------------------------

async function next() {
  if (sending || picks.length < view.picks) return;
  const group = groupAt(at), name = questionAt(at).name, before = answerAt(at);
  if (before && before.picks.join() === picks.join()) return show(at + 1);
  const revision = (before?.revision ?? 0) + 1;
  const answer = { rater: view.rater, group: group.number, question: name, picks, revision };
  sending = true;
  $("next").disabled = true;
  for (;;) {
    try {
      await ask("PUT", "/api/answers", answer);
      group.answers[name] = { picks: [...picks], revision };
      sending = false;
      return show(at + 1);
    } catch (error) {
      if (error instanceof Refused && error.status < 500) {
        sending = false;
        const where = at;
        if (error.status === 409) {
          view = await ask("GET", `/api/raters/${view.rater}`);
          show(where);
        }
        $("next").disabled = false;
        return trouble(`${error.message} ${error.remedy}`);
      }
      // The same revision again: if it had arrived after all, the server keeps it once.
      trouble("Your answer could not be sent. It is tried again…");
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

function say(text) {
  $("says").textContent = text;
}

function trouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

function explain(questions, count) {
  $("questions").textContent = questions;
  for (const part of document.querySelectorAll(".picks")) part.textContent = count;
}

function enter(given) {
  view = given;
  explain(view.questions.length, view.picks);
  localStorage.setItem(KEY, view.rater);
  show(firstOpen());
}

async function begin() {
  $("begin").disabled = true;
  try {
    enter(await ask("POST", "/api/raters"));
  } catch {
    trouble("The study cannot be reached. Try again in a moment.");
  }
  $("begin").disabled = false;
}

async function start() {
  const given = location.hash.slice(1), kept = localStorage.getItem(KEY);
  const known = given || kept;
  if (known) {
    try {
      return enter(await ask("GET", `/api/raters/${encodeURIComponent(known)}`));
    } catch (error) {
      if (!(error instanceof Refused && UNKNOWN.includes(error.status))) {
        trouble("The study cannot be reached. It is tried again…");
        return setTimeout(start, 3000);
      }
      // A wrong link must not cost a rater the code that this browser keeps.
      if (known === kept) localStorage.removeItem(KEY);
      if (given) {
        history.replaceState(null, "", location.pathname + location.search);
        return start();
      }
    }
  }
  const about = await ask("GET", "/api/study");
  explain(about.questions, about.picks);
  trouble("");
  only("start");
}

$("begin").onclick = begin;
$("next").onclick = next;
$("back").onclick = () => !sending && at > 0 && show(at - 1);
$("review").onclick = () => show(0);
$("another").onclick = () => {
  localStorage.removeItem(KEY);
  location.hash = "";
  location.reload();
};
// A focused button has its own Enter; but once all are picked, a drawing's is to go on.
function goesOn() {
  const focused = document.activeElement;
  return !focused.closest("button") || (focused.closest("#drawings") && picks.length === view.picks);
}

document.addEventListener("keydown", (event) => {
  if ($("task").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = event.key.length === 1 ? event.key.toUpperCase().charCodeAt(0) - 65 : -1;
  const token = groupAt(at).drawings[place];
  if (token) toggle(token);
  else if (event.key === "Backspace" && picks.length && !sending) toggle(picks.at(-1));
  else if (event.key === "Enter" && goesOn()) next();
  else return;
  event.preventDefault();
});
start();
