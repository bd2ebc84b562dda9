// Keeps changes on disk by themselves, one request at a time; what fails is tried again.
export class Saving {
  constructor(tell) {
    this.tell = tell;
    this.waiting = new Map();
    this.timer = null;
    this.running = false;
    addEventListener("beforeunload", (event) => {
      if (this.waiting.size || this.running) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  // Later changes of one picture replace earlier ones that are not on disk yet.
  add(picture, wait = 300) {
    const { name, points, state } = picture;
    this.waiting.set(name, { name, points: points.map(([x, y]) => [+x.toFixed(2), +y.toFixed(2)]), state });
    this.tell("…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  async flush() {
    clearTimeout(this.timer);
    if (this.running) return;
    this.running = true;
    while (this.waiting.size) {
      const [name, body] = this.waiting.entries().next().value;
      this.waiting.delete(name);
      const problem = await send(body);
      if (problem === null) continue;
      if (!this.waiting.has(name) && !problem.final) this.waiting.set(name, body);
      this.tell(problem.text, true);
      this.running = false;
      if (!problem.final || this.waiting.size) this.timer = setTimeout(() => this.flush(), 3000);
      return;
    }
    this.running = false;
    this.tell("saved");
  }
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
