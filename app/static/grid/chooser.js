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
    this.sought = [];
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
    this.fetching = this.moved = false;
    this.found = [];
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
    this.moved = false;
    if (this.column.choices) {
      const all = this.column.choices.filter((choice) => !choice.retired || choice.code === this.held);
      this.#show(all.filter((choice) => !wanted || choice.label.toLowerCase().includes(wanted) || String(choice.code).toLowerCase().includes(wanted)).map((choice) => ({ value: choice.code, name: choice.label, tone: choice.tone })));
      return;
    }
    clearTimeout(this.timer);
    this.fetching = true;
    this.timer = setTimeout(() => this.#search(typed.trim()), this.list.childElementCount ? WAIT : 0);
  }

  async #search(typed) {
    const mine = (this.asked = (this.asked || 0) + 1);
    try {
      const found = await this.#find(typed);
      if (mine === this.asked) this.#show(found);
    } catch {
      if (mine === this.asked) { this.fetching = false; this.list.replaceChildren(make("p", { textContent: say("查询失败，请稍后再试") })); }
    }
  }

  /** Ask the server for the rows whose names contain what was typed. */
  async #find(typed) {
    const answer = await fetch(this.column.picker + encodeURIComponent(typed), { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return (await answer.json()).map(({ id, text }) => ({ value: id, name: text }));
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
    if (this.column.names) this.grid.names.take({ [this.column.names]: { [one.value]: one.name } });
    if (!this.several) { this.sent = { value: one.value, shown: one.name }; return; }
    if (!this.picked.delete(one.value)) this.picked.set(one.value, one.name);
    this.#again("");
  }

  #again(text) {
    this.editor.input.value = text;
    this.filter(text);
  }

  /** One of several is meant whose answer is still to come: it is taken when it does, and what cannot be found is typed text again. */
  #seek(typed) {
    const { picked, sought } = this;
    const one = { typed };
    one.done = this.#find(typed).catch(() => []).then(([first]) => {
      const here = picked === this.picked && this.isOpen;
      if (first) {
        if (!picked.delete(first.value)) picked.set(first.value, first.name);
        sought.splice(sought.indexOf(one), 1);
        if (here && !this.fetching) this.#show(this.found);
      } else if (here && !this.typed) {
        sought.splice(sought.indexOf(one), 1);
        this.#again(typed);
      }
      return Boolean(first);
    });
    sought.push(one);
    this.#again("");
  }

  /** Take a key of the editor; true when it was for the list. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const size = this.found?.length || 0;
      if (size) { this.moved = true; this.#mark((this.at + (event.key === "ArrowDown" ? 1 : size - 1)) % size); }
      return true;
    }
    // What is marked is what was meant, unless the list is still the one of an earlier letter: then it is the first one found.
    const stale = this.fetching && !this.moved;
    if (this.several && (event.key === "Enter" && this.typed || (event.key === " " && !this.typed))) {
      if (stale) this.#seek(this.editor.input.value.trim()); else this.#take(this.found[this.at]);
      return true;
    }
    if (!this.several && !stale && (event.key === "Enter" || event.key === "Tab") && (this.typed || this.moved)) this.#take(this.found[this.at]);
    return false;
  }

  /**
   * What was chosen, as {value, shown}; for whoever types faster than the server answers {found, text}, a promise of it and what is sent
   * where nothing is found; null when the typed text itself is to be sent, or nothing has changed.
   */
  answer(text) {
    if (!this.column) return null;
    const { picked, sought } = this;
    if (this.several) {
      const chosen = () => ({ value: [...picked.keys()], shown: [...picked.values()].join(COMMA) });
      if (sought.length) {
        const all = Promise.all(sought.map((one) => one.done));
        return { found: all.then((found) => (found.every(Boolean) ? chosen() : null)), text: [...picked.values(), ...sought.map((one) => one.typed)].join(COMMA) };
      }
      return this.taken ? chosen() : null;
    }
    if (this.sent) return this.sent;
    return this.fetching && this.typed ? { found: this.#find(text.trim()).then(([first]) => first && { value: first.value, shown: first.name }, () => null), text } : null;
  }
}
