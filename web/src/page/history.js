// What was done, to be taken back and done again: by buttons, and by the keys for it.

import { h, put } from './dom.js';
import { w } from './words.js';

/** So many steps are remembered. */
const MOST = 50;

/** @typedef {{name: object, undo: () => unknown, redo: () => unknown}} Step */

export class History {
  /** @param {HTMLElement} bar where the buttons are; hidden while there is nothing to take back */
  constructor(bar) {
    this.bar = bar;
    /** @type {Step[]} */ this.done = [];
    /** @type {Step[]} */ this.undone = [];
    const button = (text, onclick) => h('button', { type: 'button', onclick }, w(text));
    this.back = button('Undo', () => this.step(this.done, this.undone, 'undo'));
    this.again = button('Redo', () => this.step(this.undone, this.done, 'redo'));
    this.told = h('span', { class: 'unseen' });
    bar.append(this.told, this.back, this.again);
    addEventListener('keydown', (event) => this.key(event));
    this.show('');
  }

  /** Something was done. @param {Step} step */
  did(step) {
    this.done.push(step);
    if (this.done.length > MOST) this.done.shift();
    this.undone.length = 0;
    this.show(step.name);
  }

  /** Nothing is remembered any more. */
  forget() {
    this.done.length = this.undone.length = 0;
    this.show('');
  }

  /** @param {Step[]} from @param {Step[]} to @param {'undo' | 'redo'} way */
  step(from, to, way) {
    const step = from.pop();
    if (!step) return;
    to.push(step);
    this.show('');
    step[way]();
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const redo = key === 'y' || (key === 'z' && event.shiftKey);
    if (!redo && key !== 'z') return;
    event.preventDefault();
    (redo ? this.again : this.back).click();
  }

  show(name) {
    const held = this.bar.contains(document.activeElement);
    put(this.told, name);
    this.back.disabled = !this.done.length;
    this.again.disabled = !this.undone.length;
    this.bar.hidden = !this.done.length && !this.undone.length;
    if (held && document.activeElement?.disabled) (this.back.disabled ? this.again : this.back).focus();
  }
}
