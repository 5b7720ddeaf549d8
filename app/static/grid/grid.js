// One register as a sheet: what is asked of it, the columns as this person laid them out, and what is known so far.
import { make } from "../js/words.js";
import { Names } from "./cells.js";
import { Lines } from "./lines.js";
import { painter } from "./paint.js";
import { Rows } from "./rows.js";
import { say } from "./say.js";
import { LINE, Sheet } from "./sheet.js";

const GUTTER = 72;

export class Grid {
  constructor(root, api, schema) {
    this.root = root;
    this.api = api;
    this.schema = schema;
    this.names = new Names();
    this.listeners = {};
    this.byCode = new Map(schema.columns.map((column) => [column.code, column]));
    this.asked = { filter: null, sort: [], group: [], search: "" };
    this.layout = { columns: [], frozen: 1, colour: null };
    this.edits = new Map();
    this.ticked = new Map();
    this.fresh = new Map();
    this.rows = new Rows((body, signal) => this.#window(body, signal), {
      changed: (from, to) => this.#changed(from, to),
      counted: () => { this.sheet?.resize(); this.emit("counted"); },
      failed: (error) => this.emit("failed", error),
    });
    this.lines = new Lines(this.rows);
    this.lines.mayAdd = schema.verbs.add && !schema.read_only;
    this.scroller = root.querySelector(".g-scroll");
  }

  on(name, listener) { (this.listeners[name] ||= []).push(listener); }
  emit(name, detail) { for (const listener of this.listeners[name] || []) listener(detail); }

  /** Show a saved view's config, or the register's own list. */
  show(config = {}) {
    const { columns = [], frozen = 1, filter = null, sort = [], group = [], colour = null, search = "" } = config;
    const placed = columns.filter((one) => this.byCode.has(one.code)).map(({ code, width, hidden }) => ({ code, width: width || this.#wide(this.byCode.get(code)), hidden: Boolean(hidden) }));
    for (const column of this.schema.columns) {
      if (!placed.some((one) => one.code === column.code)) placed.push({ code: column.code, width: this.#wide(column), hidden: columns.length > 0 || !column.shown });
    }
    if (!columns.length) {
      const codes = this.schema.columns.filter((c) => c.shown).map((c) => c.code);
      placed.sort((a, b) => (codes.indexOf(a.code) + 1 || 999) - (codes.indexOf(b.code) + 1 || 999));
    }
    this.asked = { filter, sort, group, search };
    this.layout = { columns: placed, frozen, colour };
    this.emit("asked");
  }

  /** A width in which the head, its signs and most cells can be read. */
  #wide(column) {
    const letters = [...column.label].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 13 : 7.5), 0);
    return Math.max(column.width, Math.min(240, Math.ceil((letters + 88 + (column.required ? 10 : 0)) / 10) * 10));
  }

  /** The state of the page as a view keeps it. */
  config() {
    const { filter, sort, group, search } = this.asked;
    return { columns: this.layout.columns.map(({ code, width, hidden }) => ({ code, width, hidden })), frozen: this.layout.frozen, colour: this.layout.colour, filter, sort, group, search };
  }

  /** Columns on the sheet, in their order. */
  get columns() { return this.sheet.columns; }

  open() {
    this.sheet = new Sheet(this.scroller, { gutter: GUTTER, count: () => this.lines.count, ...painter(this) });
    this.sheet.onwindow = (first, last) => {
      const [from, to] = this.lines.places(first, last);
      if (to >= from) this.rows.want(from, to);
    };
    this.sheet.onscroll = () => this.emit("scrolled");
    this.layColumns();
  }

  /** Lay out the columns anew: order, widths, hidden and frozen ones. */
  layColumns() {
    const narrow = this.scroller.clientWidth < 700;
    const seen = this.layout.columns.filter((one) => !one.hidden);
    const frozen = narrow ? 0 : this.layout.frozen;
    this.sheet.setColumns(seen.map((one, at) => ({ ...this.byCode.get(one.code), width: one.width, frozen: at < frozen })));
    this.emit("laid");
  }

  /** Change what is asked: {filter?, sort?, group?, search?}. */
  ask(changes) {
    Object.assign(this.asked, changes);
    this.emit("asked");
    return this.reload();
  }

  /** Filter and search, as every question about the same rows carries them. */
  get narrowed() {
    const { filter, search } = this.asked;
    return { ...(filter ? { filter } : {}), ...(search ? { search } : {}) };
  }

  get query() {
    const { sort, group } = this.asked;
    return { ...this.narrowed, ...(sort.length ? { sort } : {}), ...(group.length ? { group } : {}) };
  }

  async #window(body, signal) {
    return this.take(await this.api.post("/window", { ...body, ...this.query, columns: this.asking }, signal));
  }

  /** The columns that rows are asked for with: those that show, and those that name a record. */
  get asking() {
    const columns = new Set([...this.layout.columns.filter((one) => !one.hidden).map((one) => one.code), ...this.schema.register.title]);
    return [...columns].filter((code) => this.byCode.has(code));
  }

  /** Turn the rows of an answer into objects, and keep its names; the answer. */
  take(answer) {
    this.names.take(answer.names);
    if (answer.since) this.since ||= answer.since;
    answer.rows = (answer.rows || []).map(([id, version, state, locked, ...cells]) => ({
      id, version, state, locked, cells: Object.fromEntries(answer.columns.map((code, i) => [code, cells[i]])),
    }));
    return answer;
  }

  /** Ask for everything again from the top. */
  async reload() {
    this.rows.clear();
    this.lines.closed.clear();
    this.emit("reloaded");
    this.scroller.classList.add("is-asking");
    const grouped = this.asked.group.length ? this.#groups() : null;
    if (!grouped) this.lines.setGroups(null);
    try {
      await Promise.all([this.rows.ensure(0, 0), grouped]);
      this.sheet.resize();
      this.sheet.draw(true);
    } finally {
      this.scroller.classList.remove("is-asking");
    }
    this.emit("loaded");
  }

  async #groups() {
    try {
      const answer = await this.api.post("/groups", { group: this.asked.group, ...this.narrowed, limit: 1000 });
      this.names.take(answer.names);
      this.lines.setGroups(answer.groups);
      if (answer.more) this.emit("says", { tone: "warning", text: say("分组太多，只显示前 {n} 组", { n: answer.groups.length }) });
    } catch (error) {
      this.lines.setGroups(null);
      this.emit("failed", error);
    }
  }

  /** Fetch what is in view again, quietly: somebody has added or removed rows. */
  async refresh() {
    if (this.asked.group.length) await this.#groups();
    try {
      await this.rows.refresh();
      this.sheet.resize();
      this.sheet.draw(true);
      this.emit("refreshed");
    } catch (error) {
      this.emit("failed", error);
    }
  }

  #changed(from, to) {
    if (!this.sheet) return;
    if (this.lines.groups) this.sheet.redraw();
    else this.sheet.redraw(from, to);
    this.emit("filled");
  }

  /** Put newer rows in place, and light them up where somebody else has changed them. */
  patch(rows, lit = false) {
    for (const row of rows) {
      const old = this.rows.byId(row.id);
      if (lit && old) for (const [code, cell] of Object.entries(row.cells)) if (JSON.stringify(cell) !== JSON.stringify(old.cells[code])) this.light(row.id, code);
    }
    for (const place of this.rows.patch(rows)) {
      const line = this.lines.lineOf(place);
      if (line !== undefined) this.sheet.redraw(line);
    }
    this.emit("patched", rows);
  }

  /** Let a cell glow for a moment. */
  light(id, code) {
    const key = `${id}:${code}`;
    clearTimeout(this.fresh.get(key));
    this.fresh.set(key, setTimeout(() => { this.fresh.delete(key); this.redrawId(id); }, 2500));
  }

  redrawId(id) {
    const line = this.lines.lineOfId(id);
    if (line !== undefined) this.sheet.redraw(line);
  }

  editOf(id, code) { return this.edits.get(`${id}:${code}`); }

  /** Why a cell cannot be edited here, empty where it can. */
  locked(row, column) {
    if (this.schema.read_only) return this.schema.read_only;
    if (!column.editable) return column.locked || say("这一列不能在表格中填写");
    if (!row) return "";
    const lock = row.locked & 3;
    if (lock === 1) return say("记录在“{state}”状态下锁定，只能通过流转改变", { state: this.schema.states.find((s) => s.code === row.state)?.label || row.state });
    return lock === 2 ? say("您只能查看这一条记录，不能修改") : "";
  }

  /** The record or draft of a line with its cell in a column: {id, row, draft, column, cell, edit}. */
  spot(line, at) {
    const column = this.sheet.columns[at];
    const found = this.lines.at(line);
    const id = found.row?.id ?? found.draft?.key;
    const edit = id === undefined || !column ? undefined : this.editOf(id, column.code);
    return { ...found, line, at, id, column, edit, cell: found.row?.cells[column?.code] ?? null };
  }

  /** Where a record is opened. */
  pageOf(id) { return `${this.root.dataset.list.replace(/list\/?$/, "show/")}${id}`; }

  titleOf(row) {
    return this.schema.register.title.map((code) => row.cells[code]).filter((text) => typeof text === "string").join(" ") || row.cells.record_no || `#${row.id}`;
  }

  /** The title without the number, where the number stands beside it. */
  nameOf(row) {
    const title = this.titleOf(row), number = row.cells.record_no;
    return (number && title.startsWith(number) && title.slice(number.length).trim()) || title;
  }

  /** What is said where there are no rows. */
  get nothing() {
    const { filter, search } = this.asked;
    return filter || search ? say("没有符合条件的记录") : say("还没有记录");
  }

  icon(name) { return make("i", { className: `ti ti-${name}`, ariaHidden: "true" }); }
}

export { LINE };
