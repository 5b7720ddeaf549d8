// Which cells are chosen: the active one, into which one types, and the block around it.
import { shown } from "./cells.js";
import { say } from "./say.js";

export class Selection {
  constructor(grid) {
    this.grid = grid;
    this.focus = { line: 0, at: 0 };
    this.anchor = { ...this.focus };
    this.head = { ...this.focus };
    this.note = grid.root.querySelector("[data-spoken]");
  }

  get range() {
    const { anchor, head } = this;
    return { top: Math.min(anchor.line, head.line), bottom: Math.max(anchor.line, head.line), left: Math.min(anchor.at, head.at), right: Math.max(anchor.at, head.at) };
  }

  get many() { return this.anchor.line !== this.head.line || this.anchor.at !== this.head.at; }

  #inside(line, at) {
    return { line: Math.max(0, Math.min(line, this.grid.lines.count - 1)), at: Math.max(0, Math.min(at, this.grid.columns.length - 1)) };
  }

  #show(before) {
    const { range, grid } = this;
    grid.sheet.redraw(before.top, before.bottom);
    if (range.top !== before.top || range.bottom !== before.bottom) grid.sheet.redraw(range.top, range.bottom);
    this.#speak();
    grid.emit("selected");
  }

  /** Go to a cell. */
  go(line, at, reveal = true) {
    const before = this.range;
    this.focus = this.#inside(line, at);
    this.anchor = this.head = { ...this.focus };
    if (reveal) this.grid.sheet.reveal(this.focus.line, this.focus.at);
    this.#show(before);
  }

  /** Let the block reach from its anchor to a cell. */
  extend(line, at, reveal = true) {
    const before = this.range;
    this.head = this.#inside(line, at);
    if (reveal) this.grid.sheet.reveal(this.head.line, this.head.at);
    this.#show(before);
  }

  /** Choose a block whole; its first cell becomes active. */
  block(top, left, bottom, right) {
    const before = this.range;
    this.focus = this.anchor = this.#inside(top, left);
    this.head = this.#inside(bottom, right);
    this.#show(before);
  }

  /** Move by lines and columns; headings of groups are stepped over. */
  move(lines, columns, extend = false) {
    const from = extend ? this.head : this.focus;
    const { grid } = this;
    let line = from.line + lines;
    while (lines && grid.lines.at(line).group && line > 0 && line < grid.lines.count - 1) line += Math.sign(lines);
    if (extend) this.extend(line, from.at + columns);
    else this.go(line, from.at + columns);
  }

  /** Move as many columns as are in view. */
  sideways(by, extend = false) {
    const { sheet } = this.grid;
    this.move(0, by * Math.max(1, Math.floor((sheet.wide - sheet.frozenWidth) / (sheet.width / Math.max(1, sheet.columns.length)))), extend);
  }

  /** The next cell (Tab) or the one below (Enter), or back; within a block it goes around in it. */
  step(back, down) {
    const { grid, focus } = this;
    if (this.many) {
      const before = this.range;
      const { top, bottom, left, right } = before;
      const wide = right - left + 1, high = bottom - top + 1;
      const index = down ? (focus.at - left) * high + focus.line - top : (focus.line - top) * wide + focus.at - left;
      const next = (index + (back ? -1 : 1) + wide * high) % (wide * high);
      this.focus = down ? { line: top + (next % high), at: left + Math.floor(next / high) } : { line: top + Math.floor(next / wide), at: left + (next % wide) };
      grid.sheet.reveal(this.focus.line, this.focus.at);
      this.#show(before);
      return;
    }
    if (down) { this.move(back ? -1 : 1, 0); return; }
    const at = focus.at + (back ? -1 : 1);
    if (at >= grid.columns.length) { if (focus.line < grid.lines.count - 1) this.go(focus.line + 1, 0); }
    else if (at < 0) { if (focus.line > 0) this.go(focus.line - 1, grid.columns.length - 1); }
    else this.go(focus.line, at);
  }

  #speak() {
    const { grid, focus } = this;
    const spot = grid.spot(focus.line, focus.at);
    if (!spot.column) return;
    const text = spot.edit?.shown ?? shown(spot.cell, spot.column, grid.names);
    const locked = spot.row || spot.draft ? grid.locked(spot.row, spot.column) : "";
    const words = [spot.column.label, text || say("（空）"), spot.edit?.message, locked].filter(Boolean).join(say("，"));
    this.note.textContent = words;
    grid.editor?.input.setAttribute("aria-label", words);
  }
}
