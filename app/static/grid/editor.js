// The one input of the sheet. It rests, unseen, on the active cell and always has the focus: so the first letter of an input method,
// of a paste or of a copy arrives where it belongs. As soon as something is typed into it, it is the cell's editor.
import { present, readDay } from "../js/days.js";
import { openCalendar } from "../js/daypick.js";
import { make } from "../js/words.js";
import { isEmpty, shown } from "./cells.js";
import { Chooser } from "./chooser.js";
import { keys } from "./keys.js";
import { say } from "./say.js";

const CHOSEN = new Set(["choice", "choices", "role", "person", "unit", "reference", "yes_no"]);
const DAYS = new Set(["date", "moment"]);

export class Editor {
  constructor(grid) {
    this.grid = grid;
    this.spot = null;
    this.input = make("textarea", { className: "g-input", rows: 1, spellcheck: false, autocomplete: "off" });
    this.input.setAttribute("aria-label", say("表格"));
    this.box = make("div", { className: "g-editor" }, this.input);
    grid.root.querySelector(".g-frame").append(this.box);
    this.chooser = new Chooser(grid, this);
    const rest = keys(grid);
    this.input.addEventListener("keydown", (event) => (this.spot ? this.#key(event) : rest(event)));
    this.input.addEventListener("compositionstart", () => { if (!this.spot) this.begin("", true); });
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("pointerdown", () => { this.typing = false; });
    this.input.addEventListener("blur", () => { if (this.spot && !this.box.contains(document.activeElement)) setTimeout(() => this.#left()); });
    grid.on("selected", () => { if (!this.spot) this.place(); });
    grid.on("scrolled", () => this.place());
    grid.on("laid", () => this.place());
  }

  focus() { this.input.focus({ preventScroll: true }); }

  #left() {
    if (this.spot && document.hasFocus() && !this.box.contains(document.activeElement)) this.commit();
  }

  /** Put the input over the cell that it belongs to. */
  place() {
    const { line, at } = this.spot || this.grid.selection.focus;
    if (!this.grid.columns[at]) return;
    const { left, top, width, height } = this.grid.sheet.place(line, at);
    Object.assign(this.box.style, { left: `${left}px`, top: `${top}px`, minWidth: `${width}px`, minHeight: `${height}px` });
    this.#grow();
  }

  #grow() {
    if (!this.spot) { this.input.style.height = ""; this.box.style.width = ""; return; }
    const { width } = this.grid.sheet.place(this.spot.line, this.spot.at);
    const long = this.spot.column.type === "long_text";
    this.box.style.width = `${Math.max(width, long ? 320 : this.spot.column.type === "text" ? Math.min(480, width + this.input.value.length * 4) : CHOSEN.has(this.spot.column.type) ? 200 : width)}px`;
    this.input.style.height = "";
    if (long || this.input.scrollHeight > 34) this.input.style.height = `${Math.min(240, Math.max(long ? 90 : 30, this.input.scrollHeight + 2))}px`;
  }

  #typed() {
    if (!this.spot) {
      const text = this.input.value;
      if (!text) return;
      if (!this.begin(text, true)) { this.input.value = ""; return; }
    }
    this.dirty = true;
    this.#grow();
    this.chooser.filter(this.input.value);
  }

  /** Edit the active cell: with `text` in the place of what it holds. False where it cannot be edited. */
  begin(text = undefined, keep = false) {
    const { grid } = this;
    const { focus } = grid.selection;
    let spot = grid.spot(focus.line, focus.at);
    if (!spot.column || spot.group || (!spot.row && !spot.draft && !spot.fresh)) return false;
    const locked = grid.locked(spot.row, spot.column);
    if (locked) { this.input.value = ""; grid.emit("locked", { ...spot, text: locked }); return false; }
    if (spot.column.type === "file") { grid.emit("files", spot); this.input.value = ""; return false; }
    if (spot.fresh) { grid.emit("draft"); spot = grid.spot(focus.line, focus.at); }
    this.spot = spot;
    this.version = spot.row?.version;
    this.dirty = text !== undefined;
    this.typing = this.dirty;
    this.chosen = undefined;
    const held = spot.edit ? spot.edit.shown : this.#editable(spot);
    if (!keep) this.input.value = text ?? held;
    this.box.classList.add("is-open");
    this.box.parentNode.classList.add("is-editing");
    this.box.dataset.type = spot.column.type;
    this.input.setAttribute("inputmode", ["integer", "decimal", "money", "percent"].includes(spot.column.type) ? "decimal" : "text");
    this.place();
    if (!keep) this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    if (CHOSEN.has(spot.column.type)) this.chooser.open(spot, text === undefined ? "" : this.input.value, spot.edit?.value ?? spot.cell);
    if (DAYS.has(spot.column.type)) this.#calendar();
    if (CHOSEN.has(spot.column.type) && text === undefined && !keep) this.input.select();
    this.focus();
    grid.emit("editing", spot);
    return true;
  }

  /** What stands in the input at first. */
  #editable({ cell, column }) {
    if (isEmpty(cell)) return "";
    if (["money", "decimal", "percent", "integer"].includes(column.type)) return String(cell);
    if (column.several || column.type === "choices") return "";
    return shown(cell, column, this.grid.names);
  }

  /** Beside a date stands the calendar. */
  #calendar() {
    const button = make("button", { type: "button", className: "g-pick", tabIndex: -1, title: say("日历") }, this.grid.icon("calendar"));
    button.setAttribute("aria-label", say("日历"));
    button.addEventListener("pointerdown", (event) => { event.preventDefault(); this.#openCalendar(); });
    this.box.append(button);
  }

  #openCalendar() {
    const { type } = this.spot.column;
    openCalendar(this.box, readDay(this.input.value, type) ?? "", type, present(), (text) => {
      if (!this.spot) return;
      if (text !== null) { this.input.value = text; this.dirty = true; }
      this.focus();
    });
  }

  #key(event) {
    if (event.isComposing || event.key === "Process") return;
    const control = event.ctrlKey || event.metaKey;
    if (this.chooser.key(event)) { event.preventDefault(); return; }
    const done = (act) => { event.preventDefault(); act(); };
    if (event.altKey && event.key === "ArrowDown" && DAYS.has(this.spot.column.type)) return void done(() => this.#openCalendar());
    switch (event.key) {
      case "Enter":
        if (control && this.grid.selection.many) return void done(() => this.commit("editedAll"));
        if (event.altKey || (control && this.spot.column.type === "long_text")) return void done(() => { if (this.spot.column.type === "long_text") { this.input.setRangeText("\n", this.input.selectionStart, this.input.selectionEnd, "end"); this.#typed(); } });
        return void done(() => { this.commit(); this.grid.selection.step(event.shiftKey, true); });
      case "Tab": return void done(() => { this.commit(); this.grid.selection.step(event.shiftKey, false); });
      case "Escape": return void done(() => this.cancel());
      case "ArrowUp": case "ArrowDown":
        if (this.dirty && this.spot.column.type !== "long_text" && !this.chooser.isOpen && !this.input.value.includes("\n")) done(() => { this.commit(); this.grid.selection.move(event.key === "ArrowUp" ? -1 : 1, 0); });
        return undefined;
      // As long as one only types, an arrow goes on to the next cell; after F2 or a click it moves in the text.
      case "ArrowLeft": case "ArrowRight":
        if (this.typing && !this.chooser.isOpen && !event.shiftKey && !control) done(() => { this.commit(); this.grid.selection.move(0, event.key === "ArrowLeft" ? -1 : 1); });
        return undefined;
      case "F2": return void done(() => { this.typing = !this.typing; });
      case "s": case "S": return control ? void done(() => { this.commit(); this.grid.emit("allSaved"); }) : undefined;
      default: return undefined;
    }
  }

  #close() {
    this.spot = null;
    this.input.value = "";
    this.box.classList.remove("is-open");
    this.box.parentNode.classList.remove("is-editing");
    this.box.querySelectorAll(".g-pick, .day-panel").forEach((part) => part.remove());
    this.chooser.close();
    this.input.style.height = "";
    this.place();
  }

  /** Give up what was typed. */
  cancel() {
    if (!this.spot) return;
    const { line } = this.spot;
    this.#close();
    this.grid.sheet.redraw(line);
    this.focus();
  }

  /** Send what was typed, where it is something new, as what is emitted by the name `as`. */
  commit(as = "edited") {
    const { spot } = this;
    if (!spot) return;
    const text = DAYS.has(spot.column.type) ? readDay(this.input.value, spot.column.type) ?? this.input.value : this.input.value;
    const chosen = this.chooser.answer(text);
    const { dirty, version } = this;
    this.#close();
    const edit = { id: spot.id, field: spot.column.code, base: version };
    if (chosen?.found) this.grid.emit(as, { ...edit, text: chosen.text, shown: chosen.text, found: chosen.found });
    else if (chosen) this.grid.emit(as, { ...edit, value: chosen.value, shown: chosen.shown });
    else if (dirty && (spot.edit || as === "editedAll" || text !== this.#editable(spot))) this.grid.emit(as, { ...edit, text, shown: text });
  }

  /** Commit before something else is chosen; true when nothing holds it back. */
  leave() {
    this.commit();
    return true;
  }
}
