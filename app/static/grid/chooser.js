// The list under the editor: choices of a column, or rows that the server finds; one or several.
import { make } from "../js/words.js";
import { isEmpty } from "./cells.js";
import { COMMA, say } from "./say.js";

const WAIT = 140;

export class Chooser {
  constructor(grid, editor) {
    this.grid = grid;
    this.editor = editor;
    this.list = make("div", { className: "picker-list g-list", id: "g-list", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", say("可选项"));
    editor.box.append(this.list);
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (!option) return;
      this.#take(this.found[Number(option.dataset.at)]);
      if (!this.several) { this.editor.commit(); this.editor.focus(); }
    });
  }

  get isOpen() { return !this.list.hidden; }

  /** Offer what can be chosen for the cell of `spot`; `held` is what it holds. */
  open({ column }, typed, held) {
    this.column = column;
    this.several = column.several || column.type === "choices";
    this.picked = new Map();
    this.taken = false;
    this.sent = undefined;
    for (const value of this.several && !isEmpty(held) ? held : []) this.picked.set(value, this.#name(value));
    this.held = held;
    this.list.hidden = false;
    this.list.setAttribute("aria-multiselectable", String(this.several));
    this.filter(typed);
  }

  #name(value) {
    const { column } = this;
    return column.choices ? column.choices.find((choice) => choice.code === value)?.label ?? String(value) : this.grid.names.of(column.names, value);
  }

  close() {
    clearTimeout(this.timer);
    this.asked = (this.asked || 0) + 1;
    this.list.hidden = true;
    this.list.replaceChildren();
    this.column = null;
    this.editor.input.removeAttribute("aria-activedescendant");
  }

  /** Show what contains the typed text. */
  filter(typed) {
    if (!this.column) return;
    const wanted = typed.trim().toLowerCase();
    this.typed = wanted;
    if (this.column.choices) {
      const all = this.column.choices.filter((choice) => !choice.retired || choice.code === this.held);
      this.#show(all.filter((choice) => !wanted || choice.label.toLowerCase().includes(wanted) || String(choice.code).toLowerCase().includes(wanted)).map((choice) => ({ value: choice.code, name: choice.label, tone: choice.tone })));
      return;
    }
    clearTimeout(this.timer);
    this.found = [];
    this.fetching = true;
    this.timer = setTimeout(() => this.#search(typed.trim()), this.list.childElementCount ? WAIT : 0);
  }

  async #search(typed) {
    const mine = (this.asked = (this.asked || 0) + 1);
    try {
      const answer = await fetch(this.column.picker + encodeURIComponent(typed), { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const found = await answer.json();
      if (mine === this.asked) this.#show(found.map(({ id, text }) => ({ value: id, name: text })));
    } catch {
      if (mine === this.asked) { this.fetching = false; this.list.replaceChildren(make("p", { textContent: say("查询失败，请稍后再试") })); }
    }
  }

  #show(found) {
    this.fetching = false;
    this.found = found;
    const held = Array.isArray(this.held) ? this.held : [this.held];
    this.list.replaceChildren(...found.map((one, i) => {
      const option = make("div", { id: `g-option-${i}` }, ...(this.several ? [this.grid.icon(this.picked.has(one.value) ? "square-check" : "square")] : []),
        one.tone && one.tone !== "plain" ? make("span", { className: `word word-${one.tone}`, textContent: one.name }) : one.name);
      option.setAttribute("role", "option");
      option.setAttribute("aria-checked", String(this.several ? this.picked.has(one.value) : held.includes(one.value)));
      option.dataset.at = i;
      return option;
    }));
    if (!found.length) this.list.append(make("p", { textContent: say("没有找到") }));
    const current = this.typed || this.several ? 0 : Math.max(0, found.findIndex((one) => one.value === this.held));
    this.#mark(found.length ? current : -1);
    const box = this.editor.box.getBoundingClientRect();
    this.list.classList.toggle("is-above", box.bottom + this.list.offsetHeight > innerHeight && box.top > this.list.offsetHeight);
  }

  #mark(at) {
    this.at = at;
    [...this.list.querySelectorAll("[role=option]")].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = this.list.querySelector(`#g-option-${at}`);
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.editor.input.setAttribute("aria-activedescendant", option.id);
  }

  #take(one) {
    if (!one) return;
    this.taken = true;
    if (!this.several) { this.sent = { value: one.value, shown: one.name }; if (this.column.names) this.grid.names.take({ [this.column.names]: { [one.value]: one.name } }); return; }
    if (!this.picked.delete(one.value)) this.picked.set(one.value, one.name);
    if (this.column.names) this.grid.names.take({ [this.column.names]: { [one.value]: one.name } });
    this.editor.input.value = "";
    this.filter("");
  }

  /** Take a key of the editor; true when it was for the list. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const size = this.found?.length || 0;
      if (size) { this.moved = true; this.#mark((this.at + (event.key === "ArrowDown" ? 1 : size - 1)) % size); }
      return true;
    }
    if (this.several && (event.key === "Enter" && this.typed || (event.key === " " && !this.typed))) { this.#take(this.found[this.at]); return true; }
    if (!this.several && (event.key === "Enter" || event.key === "Tab") && (this.typed || this.moved)) { this.#take(this.found?.[this.at]); this.moved = false; }
    return false;
  }

  /** What was chosen, as {value, shown}; null when the typed text itself is to be sent, or nothing has changed. */
  answer(text) {
    if (!this.column) return null;
    this.moved = false;
    if (this.several) {
      if (text.trim() && !this.taken) return null;
      return this.taken ? { value: [...this.picked.keys()], shown: [...this.picked.values()].join(COMMA) } : null;
    }
    return this.sent ?? null;
  }
}
