// Sends what was typed, one block after the other, and keeps it until the server has it.
import { Lost } from "./api.js";
import { isEmpty, sameCell, shown } from "./cells.js";
import { say } from "./say.js";

const PAUSES = [1000, 2000, 4000, 8000];

/**
 * A change is one block: {cells: [edit], adds: [draft], deletes: [id], label}.
 * An edit is one cell: {id, field, text | value, found?, shown, base, status, message, change}; its status is saving, offline, refused, held or conflict.
 */
export class Changes {
  constructor(grid) {
    this.grid = grid;
    this.line = Promise.resolve();
    this.open = 0;
    this.mine = new Map();
    addEventListener("beforeunload", (event) => { if (this.open || [...grid.edits.values()].some((edit) => edit.status !== "saving")) event.preventDefault(); });
  }

  #key(edit) { return `${edit.id}:${edit.field}`; }

  #mark(edit, status, message = "") {
    edit.status = status;
    edit.message = message;
    this.grid.edits.set(this.#key(edit), edit);
  }

  #redraw(change) {
    for (const id of new Set([...change.cells.map((edit) => edit.id), ...change.adds.map((draft) => draft.key)])) this.grid.redrawId(id);
    this.grid.emit("changes");
  }

  /**
   * Send cells, new rows and deletions as one block; a cell that belongs to a refused block is corrected there and the block sent again,
   * unless the block `alone` is meant.
   */
  send({ cells = [], adds = [], deletes = [], label = "" }, alone = false) {
    const earlier = !alone && cells.length === 1 && !adds.length && !deletes.length ? this.grid.edits.get(this.#key(cells[0]))?.change : null;
    const change = { cells, adds, deletes, label };
    if (earlier && earlier.cells.length > 1 && earlier.settled) {
      change.cells = earlier.cells.map((edit) => (this.#key(edit) === this.#key(cells[0]) ? cells[0] : edit));
      change.adds = earlier.adds;
      change.label = earlier.label;
    }
    for (const edit of change.cells) { edit.change = change; this.#mark(edit, "saving"); }
    this.open++;
    this.#redraw(change);
    this.line = this.line.then(() => this.#deliver(change)).finally(() => { this.open--; this.grid.emit("changes"); });
    return this.line;
  }

  /** The version that an edit starts from; what I saved into the same cell meanwhile is no conflict with myself. */
  #base(edit) { return Math.max(edit.base ?? 0, this.mine.get(this.#key(edit)) ?? 0) || undefined; }

  #body({ cells, adds, deletes, label }) {
    const sent = (edit) => ("value" in edit ? { value: edit.value } : { text: edit.text });
    return {
      cells: cells.map((edit) => ({ id: edit.id, field: edit.field, ...sent(edit), base_version: this.#base(edit) })),
      adds: adds.map((draft) => {
        const all = Object.entries(draft.cells).filter(([, edit]) => "value" in edit || edit.text !== "");
        return { key: draft.key, cells: Object.fromEntries(all.filter(([, e]) => !("value" in e)).map(([f, e]) => [f, e.text])), values: Object.fromEntries(all.filter(([, e]) => "value" in e).map(([f, e]) => [f, e.value])) };
      }),
      deletes, label, columns: this.grid.asking, known: true,
    };
  }

  /** Wait for what is still being looked up: what was typed gives way to what was found by it. */
  async #found({ cells, adds }) {
    const edits = [...cells, ...adds.flatMap((draft) => Object.values(draft.cells))].filter((edit) => edit.found);
    for (const edit of edits) {
      Object.assign(edit, await edit.found);
      delete edit.found;
    }
  }

  async #deliver(change) {
    await this.#found(change);
    for (let tried = 0; ; tried++) {
      try {
        const answer = this.grid.take(await this.grid.api.post("/change", this.#body(change)));
        this.#accepted(change, answer);
        return;
      } catch (error) {
        if (!(error instanceof Lost)) { this.#refused(change, error); return; }
        for (const edit of change.cells) this.#mark(edit, "offline", say("还没有保存，正在重试"));
        this.#redraw(change);
        this.grid.emit("offline", true);
        await this.#pause(PAUSES[Math.min(tried, PAUSES.length - 1)]);
      }
    }
  }

  #pause(time) {
    return new Promise((resolve) => {
      const go = () => { clearTimeout(timer); removeEventListener("online", go); this.hurry = null; resolve(); };
      const timer = setTimeout(go, time);
      addEventListener("online", go);
      this.hurry = go;
    });
  }

  #accepted(change, answer) {
    const { grid } = this;
    grid.emit("offline", false);
    const versions = new Map(answer.rows.map((row) => [row.id, row.version]));
    for (const edit of change.cells) {
      if (grid.edits.get(this.#key(edit)) === edit) grid.edits.delete(this.#key(edit));
      if (versions.has(edit.id)) this.mine.set(this.#key(edit), versions.get(edit.id));
    }
    this.own(answer);
    for (const draft of change.adds) this.#settleDraft(draft, answer.added.find((one) => one.key === draft.key)?.id);
    change.settled = true;
    this.#redraw(change);
    grid.emit("saved", { change, answer });
  }

  /** Take an answer that tells of my own doing: rows, what can be undone, rows that came and went. */
  own(answer) {
    const { grid } = this;
    for (const row of answer.rows) grid.ownVersions?.set(row.id, row.version);
    grid.patch(answer.rows);
    grid.undo = answer.undo;
    grid.redo = answer.redo;
    grid.emit("history");
    if (answer.added?.length || answer.deleted?.length || answer.gone?.length || answer.rows.some((row) => !grid.rows.byId(row.id))) grid.refresh();
    grid.emit("figures");
  }

  #settleDraft(draft, id) {
    const { grid } = this;
    for (const field of Object.keys(draft.cells)) grid.edits.delete(`${draft.key}:${field}`);
    grid.lines.drafts = grid.lines.drafts.filter((one) => one !== draft);
    if (id) grid.emit("added", { draft, id });
    grid.sheet.resize();
    grid.sheet.draw(true);
  }

  #refused(change, error) {
    const { grid } = this;
    const { errors = [], conflicts = [], names } = error.answer || {};
    grid.emit("offline", false);
    grid.names.take(names);
    change.settled = true;
    const all = [...change.cells, ...change.adds.flatMap((draft) => Object.values(draft.cells))];
    const block = all.length > 1;
    for (const edit of all) this.#mark(edit, "held", say("整块没有保存：其中有不能接受的内容"));
    const seen = new Set();
    for (const wrong of errors) {
      const edit = all.find((one) => String(one.id) === String(wrong.id ?? wrong.key) && one.field === wrong.field) || this.#missing(change, wrong);
      if (edit) { this.#mark(edit, "refused", seen.has(edit) ? `${edit.message}\n${wrong.message}` : wrong.message); seen.add(edit); }
    }
    for (const clash of conflicts) {
      const edit = all.find((one) => one.id === clash.id && one.field === clash.field);
      if (!edit) continue;
      const column = grid.byCode.get(clash.field);
      edit.clash = { ...clash, text: shown(clash.theirs, column, grid.names) || say("（空）") };
      this.#mark(edit, "conflict", say("{who} 刚刚改成了“{theirs}”", { who: clash.by || say("另一位同事"), theirs: edit.clash.text }));
      if (sameCell(clash.theirs, clash.mine)) { edit.base = clash.version; edit.same = true; }
    }
    if (!errors.length && !conflicts.length) for (const edit of all) this.#mark(edit, "refused", error.message);
    if (conflicts.length && conflicts.every((clash) => sameCell(clash.theirs, clash.mine))) { this.settle(change, () => "theirs"); return; }
    const first = all.find((edit) => edit.status === "refused" || edit.status === "conflict");
    grid.emit("problem", { edit: first, change, block, message: error.message });
    if (!first || change.deletes.length) grid.emit("says", { tone: "danger", text: error.message });
    this.#redraw(change);
  }

  /** A draft lacks a field that nobody has typed yet, or the whole row is wrong: the complaint stands at that cell. */
  #missing(change, wrong) {
    const draft = change.adds.find((one) => one.key === wrong.key);
    if (!draft) return change.cells.find((edit) => edit.id === wrong.id);
    const field = wrong.field && this.grid.byCode.has(wrong.field) ? wrong.field : Object.keys(draft.cells)[0];
    return (draft.cells[field] ||= { id: draft.key, field, text: "", shown: "" });
  }

  /** Decide the conflicts of a change: `choose(edit)` is mine or theirs; what remains mine is sent over theirs. */
  settle(change, choose) {
    const rest = [];
    for (const edit of change.cells) {
      const key = this.#key(edit);
      if (edit.clash && choose(edit) === "theirs") { this.grid.edits.delete(key); this.mine.delete(key); }
      else rest.push(edit.clash ? { ...edit, base: edit.clash.version, clash: undefined } : edit);
    }
    this.#redraw(change);
    this.grid.emit("problem", null);
    if (rest.length) this.send({ ...change, cells: rest }, true);
    if (rest.length < change.cells.length) this.line.then(() => this.grid.refresh());
  }

  /** Give up a refused change and show what the server holds. */
  revert(change) {
    for (const edit of change.cells) this.grid.edits.delete(this.#key(edit));
    for (const draft of change.adds) this.#settleDraft(draft);
    this.grid.emit("problem", null);
    this.#redraw(change);
  }

  /** Give up one cell; the rest of its block is sent again. */
  revertCell(edit) {
    const { change } = edit;
    this.grid.edits.delete(this.#key(edit));
    const draft = this.grid.lines.drafts.find((one) => one.key === edit.id);
    if (draft) { delete draft.cells[edit.field]; this.grid.redrawId(draft.key); }
    this.grid.emit("problem", null);
    if (!change || draft) return;
    const rest = change.cells.filter((one) => one !== edit);
    this.#redraw(change);
    if (rest.length || change.adds.length) this.send({ ...change, cells: rest.map((one) => ({ ...one })) }, true);
  }

  /** Undo or redo my own last change of this register, also one from before this page was opened. */
  async step(which) {
    const { grid } = this;
    await this.line;
    try {
      const answer = grid.take(await grid.api.post(`/${which}`));
      this.own(answer);
      for (const row of answer.rows) grid.redrawId(row.id);
      grid.emit("says", { tone: "success", text: (which === "undo" ? say("已撤销：{what}", { what: answer.label || "" }) : say("已重做：{what}", { what: answer.label || "" })), brief: true });
    } catch (error) {
      grid.names.take(error.answer?.names);
      const changed = (error.answer?.changed || []).map(({ id, field, now, by }) => {
        const column = grid.byCode.get(field);
        const row = grid.rows.byId(id);
        return `${row ? grid.titleOf(row) : id} · ${column?.label || field}${say("：")}${column && !isEmpty(now) ? shown(now, column, grid.names) : say("（空）")}（${by || ""}）`;
      });
      grid.emit("says", { tone: error.status === 404 ? "info" : "warning", text: [error.message, ...changed].join("\n") });
    }
  }
}
