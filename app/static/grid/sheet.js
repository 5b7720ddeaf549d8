// Draws the window of lines and columns that is in view; everything else of the million rows is only height.
import { make } from "../js/words.js";

/** Height of a line in pixels; even, because Chromium rounds places far down to two pixels. */
export const LINE = 30;
/** Chromium caps an element at 33,554,432 px: beyond this height, places on the scrollbar are scaled. */
const TALLEST = 33_000_000;
const SPARE_LINES = 4;
const SPARE_WIDTH = 200;
/** Milliseconds after which a sheet that was moved sideways rests. */
const RESTING = 500;
/** Lines filled in one frame: a usual window whole, for a line that is filled later is styled twice; only a very high one is spread. */
const AT_ONCE = 48;

export class Sheet {
  /**
   * @param {HTMLElement} scroller the element that scrolls
   * @param {object} source {count(), fill(row, line), head(cell, column), headGutter(cell), gutter} in lines, from 0; `fill`
   *   writes into row.gutter and row.cells, each with its `column`
   */
  constructor(scroller, source) {
    this.scroller = scroller;
    this.source = source;
    this.columns = [];
    this.rows = new Map();
    this.first = this.last = -1;
    this.from = this.to = 0;
    this.top = this.side = this.sliding = 0;
    this.todo = new Set();
    this.head = make("div", { className: "g-row" });
    this.head.setAttribute("role", "row");
    this.head.setAttribute("aria-rowindex", "1");
    this.body = make("div", { className: "g-body" });
    this.grid = make("div", { className: "g-grid" }, make("div", { className: "g-head", role: "rowgroup" }, this.head), this.body);
    this.grid.setAttribute("role", "grid");
    this.body.setAttribute("role", "rowgroup");
    scroller.append(this.grid);
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    scroller.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    scroller.addEventListener("pointerdown", (event) => { if (event.target === scroller || event.pointerType !== "mouse") this.#hold(); });
    this.#measure();
    const sizes = new ResizeObserver(() => { this.#measure(); this.draw(); });
    sizes.observe(scroller);
    sizes.observe(this.grid.firstChild);
  }

  get viewHeight() { return this.high - this.headHeight; }

  /** Note what would cost a layout each time it is asked for between two drawings. */
  #measure() {
    this.headHeight = this.grid.firstChild.offsetHeight;
    this.high = this.scroller.clientHeight;
    this.wide = this.scroller.clientWidth;
    this.#read();
  }

  /** Note where the scrollbars stand. */
  #read() {
    this.bar = this.scroller.scrollTop;
    const side = this.scroller.scrollLeft;
    if (side !== this.side) { this.side = side; this.#hold(); }
  }

  /**
   * Frozen cells stick while the sheet moves sideways, and simply stand there while it rests: each that sticks is a layer of its own for
   * the browser, and with a hundred of them a jump costs it three times as much.
   */
  #hold() {
    if (!this.sliding) this.grid.classList.add("is-sliding");
    clearTimeout(this.sliding);
    this.sliding = setTimeout(() => {
      this.sliding = 0;
      this.grid.style.setProperty("--side", `${this.side}px`);
      this.grid.classList.remove("is-sliding");
    }, RESTING);
  }

  get gutterWidth() { return this.source.gutter; }

  /** Take `columns` [{code, width, frozen}] in their order, frozen ones first. */
  setColumns(columns) {
    let left = this.gutterWidth;
    this.columns = columns.map((column, at) => {
      const placed = { ...column, at, left };
      left += column.width;
      return placed;
    });
    this.frozen = columns.filter((column) => column.frozen).length;
    this.frozenWidth = this.frozen ? this.columns[this.frozen - 1].left + this.columns[this.frozen - 1].width : this.gutterWidth;
    this.width = left;
    this.grid.style.width = `${left}px`;
    this.grid.setAttribute("aria-colcount", columns.length + 1);
    this.from = this.to = -1;
    this.#measure();
    this.draw();
  }

  /** The number of lines has changed. */
  resize() {
    const real = this.source.count() * LINE;
    if (real !== this.real) {
      this.real = real;
      this.tall = Math.min(real, TALLEST);
      this.body.style.height = `${this.tall}px`;
      this.grid.setAttribute("aria-rowcount", this.source.count() + 1);
      this.#read();
    }
    this.draw();
  }

  /** Pixels of lines for one pixel of the scrollbar; 1 unless there are more rows than an element can be high. */
  get #scale() {
    const room = this.tall - this.viewHeight;
    return this.real > TALLEST && room > 0 ? (this.real - this.viewHeight) / room : 1;
  }

  #scrolled() {
    this.#read();
    if (Math.abs(this.bar * this.#scale - this.top) >= this.#scale) this.top = this.bar * this.#scale;
    this.draw();
    this.onscroll?.();
  }

  /** A scroll is told of up to a frame after it is seen: take it in before places on the screen are reckoned with. */
  #catchUp() {
    if (this.scroller.scrollTop !== this.bar || this.scroller.scrollLeft !== this.side) this.#scrolled();
  }

  #wheeled(event) {
    if (event.deltaX || event.shiftKey) this.#hold();
    if (this.real <= TALLEST || event.ctrlKey || event.shiftKey || !event.deltaY) return;
    event.preventDefault();
    this.goTo(this.top + event.deltaY * (event.deltaMode === 1 ? LINE : 1));
  }

  /** Scroll so that pixel `top` of all lines is at the top of the view. */
  goTo(top) {
    this.top = Math.max(0, Math.min(top, this.real - this.viewHeight));
    this.scroller.scrollTop = this.top / this.#scale;
    this.#read();
    if (this.#scale === 1) this.top = this.bar;
    this.draw();
  }

  /** Bring a cell into view, by as little as possible; with `start` its line becomes the first. */
  reveal(line, at, start = false) {
    this.#catchUp();
    const top = line * LINE;
    const view = this.viewHeight;
    if (start) this.goTo(top);
    else if (top < this.top) this.goTo(top);
    else if (top + LINE > this.top + view) this.goTo(top + LINE - view);
    const column = this.columns[at];
    if (column && !column.frozen) {
      if (column.left - this.frozenWidth < this.side) this.scroller.scrollLeft = column.left - this.frozenWidth;
      else if (column.left + column.width > this.side + this.wide) this.scroller.scrollLeft = Math.min(column.left - this.frozenWidth, column.left + column.width - this.wide);
      this.#read();
    }
    this.draw();
  }

  /** The line and column under a point of the screen, the nearest ones outside; `at` is -1 over the gutter. */
  hit(x, y) {
    this.#catchUp();
    const box = this.scroller.getBoundingClientRect();
    const line = Math.floor((y - box.top - this.headHeight + this.top) / LINE);
    const inside = x - box.left;
    const place = inside < this.frozenWidth ? inside : inside + this.side;
    let at = this.columns.findIndex((column) => place < column.left + column.width);
    if (at < 0) at = this.columns.length - 1;
    if (inside < this.gutterWidth) at = -1;
    return { line: Math.max(0, Math.min(line, this.source.count() - 1)), at };
  }

  /** Where a cell is, in pixels from the corner of the scroller, cut to the view. */
  place(line, at) {
    const column = this.columns[at];
    const left = column.frozen ? column.left : Math.max(this.frozenWidth, column.left - this.side);
    const top = Math.max(this.headHeight, Math.min(line * LINE - this.top + this.headHeight, this.high - LINE));
    return { left: Math.min(left, this.wide - 40), top, width: column.width, height: LINE };
  }

  /** Draw again what has come into view, or everything in view with `all`. */
  draw(all = false) {
    if (!this.columns.length || this.real === undefined) return;
    if (this.#window()) { this.layHead(); this.#drop(); }
    const count = this.source.count();
    const first = Math.max(0, Math.floor(this.top / LINE) - SPARE_LINES);
    const last = Math.min(count - 1, Math.ceil((this.top + this.viewHeight) / LINE) + SPARE_LINES);
    const free = [];
    for (const [line, row] of this.rows) if (line < first || line > last) { free.push(row); this.rows.delete(line); this.todo.delete(row); }
    const shift = this.bar - this.top;
    for (let line = first; line <= last; line++) {
      let row = this.rows.get(line);
      if (!row) {
        row = free.pop() || this.#newRow();
        this.rows.set(line, row);
        this.#later(row, line);
      } else if (all) this.#later(row, line);
      const top = line * LINE + shift;
      if (row.atTop !== top) { row.atTop = top; row.style.top = `${top}px`; }
    }
    for (const row of free) row.remove();
    this.#fillSome();
    if (first !== this.first || last !== this.last) { this.first = first; this.last = last; this.onwindow?.(first, last); }
  }

  /** Draw lines again that are in view. */
  redraw(from = 0, to = Infinity) {
    for (const [line, row] of this.rows) if (line >= from && line <= to) this.todo.add(row);
    this.#fillSome();
  }

  /** A row element stands for another line now; until it is filled it looks as if it were still being fetched. */
  #later(row, line) {
    if (row.line !== line) { row.line = line; row.classList.add("is-blank"); }
    this.todo.add(row);
  }

  #fillSome() {
    let left = AT_ONCE;
    for (const row of this.todo) {
      if (!left--) break;
      this.todo.delete(row);
      this.#fill(row);
    }
    if (this.todo.size && !this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.#fillSome(); });
  }

  /** Put rows whose columns no longer fit aside. */
  #drop() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.todo.clear();
  }

  /** Find the columns in view; true when they are others than before. */
  #window() {
    let from = this.frozen;
    while (from < this.columns.length - 1 && this.columns[from].left + this.columns[from].width < this.side + this.frozenWidth - SPARE_WIDTH) from++;
    let to = from;
    while (to < this.columns.length && this.columns[to].left < this.side + this.wide + SPARE_WIDTH) to++;
    if (this.from >= 0 && from >= this.from && to <= this.to && this.to - this.from - (to - from) < 4) return false;
    this.from = from;
    this.to = to;
    return true;
  }

  #shown() { return [...this.columns.slice(0, this.frozen), ...this.columns.slice(Math.max(this.from, this.frozen), this.to)]; }

  #cell(role, column) {
    const cell = make("div", { className: "g-cell" });
    cell.setAttribute("role", role);
    cell.setAttribute("aria-colindex", column.at + 2);
    cell.column = column;
    cell.dataset.code = column.code;
    cell.style.width = `${column.width}px`;
    if (column.frozen) {
      cell.classList.add("is-frozen");
      cell.classList.toggle("is-edge", column.at === this.frozen - 1);
      cell.style.left = `${column.left}px`;
    } else if (column.at === this.from && this.from > this.frozen) cell.style.marginInlineStart = `${column.left - this.frozenWidth}px`;
    return cell;
  }

  #gutter(role) {
    const cell = make("div", { className: "g-cell g-gutter is-frozen" });
    cell.setAttribute("role", role);
    cell.setAttribute("aria-colindex", "1");
    cell.style.width = `${this.gutterWidth}px`;
    return cell;
  }

  /** Lay the heads anew: what is asked of the columns has changed, not the columns. */
  layHead() {
    const cells = this.#shown().map((column) => {
      const cell = this.#cell("columnheader", column);
      this.source.head(cell, column);
      return cell;
    });
    const gutter = this.#gutter("columnheader");
    this.source.headGutter?.(gutter);
    this.head.replaceChildren(gutter, ...cells);
  }

  #newRow() {
    const row = make("div", { className: "g-row" });
    row.setAttribute("role", "row");
    row.gutter = this.#gutter("rowheader");
    row.cells = this.#shown().map((column) => this.#cell("gridcell", column));
    row.append(row.gutter, ...row.cells);
    this.body.append(row);
    return row;
  }

  #fill(row) {
    row.classList.remove("is-blank");
    row.setAttribute("aria-rowindex", row.line + 2);
    this.source.fill(row, row.line);
  }

  /** The element of a cell in view. */
  cellAt(line, at) {
    return this.rows.get(line)?.cells.find((cell) => cell.column.at === at);
  }
}
