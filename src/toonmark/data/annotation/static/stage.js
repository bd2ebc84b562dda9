// The picture with its handles: pixels to screen and back, dragging with mouse, pen and finger.
import { LINES, POINTS, clamp } from "./points.js";

const SVG = "http://www.w3.org/2000/svg";

export class Stage {
  // `changed(kind)`: "start" before the first move of a gesture, "move", "end"; `chose(i)`.
  constructor({ frame, image, lines, handles, changed, chose }) {
    Object.assign(this, { frame, image, changed, chose });
    this.points = null;
    this.mirrored = false;
    this.handles = POINTS.map((point, i) => {
      const handle = document.createElement("button");
      handle.className = "handle";
      handle.style.setProperty("--c", point.colour);
      handle.innerHTML = `<span>${i + 1}</span>`;
      handle.setAttribute("aria-label", point.label);
      handle.dataset.point = i;
      handle.addEventListener("focus", () => this.chose(i));
      handles.append(handle);
      return handle;
    });
    this.lines = LINES.map(() => lines.appendChild(document.createElementNS(SVG, "line")));
    frame.addEventListener("pointerdown", (event) => this.#down(event));
    frame.addEventListener("dblclick", (event) => this.#place(event));
    new ResizeObserver(() => this.fit()).observe(frame.parentElement);
  }

  get width() { return this.image.naturalWidth || 128; }
  get height() { return this.image.naturalHeight || 128; }

  show(points, chosen) {
    this.points = points;
    this.chosen = chosen;
    this.fit();
  }

  fit() {
    const room = this.frame.parentElement;
    const style = getComputedStyle(room);
    const across = room.clientWidth - 2 * parseFloat(style.paddingLeft);
    const down = room.clientHeight - 2 * parseFloat(style.paddingTop);
    const scale = Math.min(across / this.width, down / this.height);
    this.scale = Math.max(scale, 0.05);
    this.frame.style.width = `${this.width * this.scale}px`;
    this.frame.style.height = `${this.height * this.scale}px`;
    this.draw();
  }

  // Centres of pixels are whole numbers, so the picture's corner is at -0.5.
  toScreen([x, y]) {
    const at = (x + 0.5) * this.scale;
    return [this.mirrored ? this.width * this.scale - at : at, (y + 0.5) * this.scale];
  }

  toPicture(left, top) {
    const at = this.mirrored ? this.width * this.scale - left : left;
    return [at / this.scale - 0.5, top / this.scale - 0.5];
  }

  draw() {
    if (!this.points) return;
    const places = this.points.map((point) => this.toScreen(point));
    this.handles.forEach((handle, i) => {
      handle.style.left = `${places[i][0]}px`;
      handle.style.top = `${places[i][1]}px`;
      handle.classList.toggle("chosen", i === this.chosen);
    });
    LINES.forEach(([a, b], i) => {
      const ends = { x1: places[a][0], y1: places[a][1], x2: places[b][0], y2: places[b][1] };
      for (const [key, value] of Object.entries(ends)) this.lines[i].setAttribute(key, value);
    });
  }

  move(i, point) {
    this.points[i] = clamp(point, this.width, this.height);
    this.draw();
    this.changed("move");
  }

  #within(event) {
    const box = this.frame.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // The nearest point within a finger's breadth, so that near ones do not hide each other.
  #down(event) {
    if (event.button > 0 || !this.points) return;
    const [left, top] = this.#within(event);
    const far = this.points.map((p) => {
      const [x, y] = this.toScreen(p);
      return Math.hypot(x - left, y - top);
    });
    const i = far.indexOf(Math.min(...far));
    if (far[i] > 34) return;
    event.preventDefault();
    this.handles[i].focus({ preventScroll: true });
    this.chose(i);
    const [x, y] = this.toScreen(this.points[i]);
    const grip = [left - x, top - y];
    let moved = false;
    this.frame.setPointerCapture(event.pointerId);
    const move = (next) => {
      if (next.pointerId !== event.pointerId) return;
      const [l, t] = this.#within(next);
      if (!moved && Math.hypot(l - left, t - top) < 2) return;
      if (!moved) this.changed("start");
      moved = true;
      this.move(i, this.toPicture(l - grip[0], t - grip[1]));
    };
    const up = (last) => {
      if (last.pointerId !== event.pointerId) return;
      this.frame.removeEventListener("pointermove", move);
      this.frame.removeEventListener("pointerup", up);
      this.frame.removeEventListener("pointercancel", up);
      this.changed(moved ? "end" : "released");
    };
    this.frame.addEventListener("pointermove", move);
    this.frame.addEventListener("pointerup", up);
    this.frame.addEventListener("pointercancel", up);
    this.changed("held");
  }

  #place(event) {
    if (!this.points) return;
    this.changed("start");
    this.move(this.chosen, this.toPicture(...this.#within(event)));
    this.changed("end");
  }
}
