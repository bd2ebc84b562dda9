// Keeps changes on disk by themselves, one request at a time; what fails is tried again.
export class Saving {
  // `tell(text, bad)`: how it goes; `refused(kept, text)`: what the server has instead, and why.
  constructor(tell, refused) {
    Object.assign(this, { tell, refused });
    this.kept = new Map();
    this.waiting = new Map();
    this.timer = null;
    this.running = false;
    addEventListener("beforeunload", (event) => {
      if (this.waiting.size || this.running) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  // What is on disk already.
  know(picture) {
    this.kept.set(picture.name, content(picture));
  }

  // Later changes of one picture replace earlier ones that are not on disk yet.
  add(picture, wait = 300) {
    this.waiting.set(picture.name, content(picture));
    this.tell("…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  async flush() {
    clearTimeout(this.timer);
    if (this.running) return;
    this.running = true;
    let last = "saved";
    while (this.waiting.size) {
      const [name, body] = this.waiting.entries().next().value;
      this.waiting.delete(name);
      const problem = await send(body);
      const newer = this.waiting.has(name);
      if (problem === null) {
        this.kept.set(name, body);
      } else if (problem.final) {
        if (newer) continue;
        this.refused(this.kept.get(name), problem.text);
        last = "";
      } else {
        if (!newer) this.waiting.set(name, body);
        this.tell(problem.text, true);
        this.running = false;
        this.timer = setTimeout(() => this.flush(), 3000);
        return;
      }
    }
    this.running = false;
    this.tell(last);
  }
}

function content({ name, points, state }) {
  return { name, points: points.map(([x, y]) => [+x.toFixed(2), +y.toFixed(2)]), state };
}

async function send(body) {
  let answer;
  try {
    answer = await fetch("api/points", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return { text: "Not saved: is `toonmark annotate` still running?", final: false };
  }
  if (answer.ok) return null;
  const said = await answer.json().catch(() => ({}));
  const text = `Not saved: ${said.error || said.detail || answer.statusText}`;
  return { text, final: answer.status !== 507 };
}
