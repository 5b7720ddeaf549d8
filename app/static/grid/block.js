// Blocks of cells: what is in one, how it is put down, cleared, turned over, deleted. One block is one change and one undo.
import { ask } from "./ask.js";
import { isEmpty, shown } from "./cells.js";
import { say } from "./say.js";

/** Cells of one block. */
export const MOST = 5000;
let drafts = 0;

/** Return a new row that is being written. */
export const newDraft = () => ({ key: `new-${Date.now().toString(36)}-${++drafts}`, cells: {} });

/** Return what others do with blocks of `grid`: {chosen, each, put, addDrafts}. */
export const blocks = (grid) => {
  const { selection, changes, lines } = grid;
  const tell = (text, tone = "info") => grid.emit("says", { text, tone, brief: tone === "info" });

  /** The block with its rows fetched, without lines that nobody has written; null when it is too large. */
  const chosen = async (range = selection.range) => {
    const height = Math.min(range.bottom, lines.written + lines.drafts.length - 1) - range.top + 1;
    if (height * (range.right - range.left + 1) > MOST) { tell(say("一次最多处理 {n} 格，请缩小选区", { n: MOST }), "warning"); return null; }
    const [from, to] = lines.places(range.top, range.bottom);
    if (to >= from) await grid.rows.ensure(from, to);
    return { ...range, bottom: range.top + height - 1 };
  };

  const each = (range, act) => {
    for (let line = range.top; line <= range.bottom; line++) for (let at = range.left; at <= range.right; at++) act(grid.spot(line, at));
  };

  /** Say which cells were left out; of one cell why, at its place. */
  const skip = (skipped, all) => {
    const reasons = [...new Set(skipped.map(({ text }) => text))];
    if (all === 1) grid.emit("locked", skipped[0]);
    else tell(say("{n} 格已锁定，没有改动", { n: skipped.length }) + (reasons.length === 1 ? say("：") + reasons[0] : ""), "warning");
  };

  /** Put cells [{spot, text | value, shown}] down as one change; locked ones are left out and told. */
  const put = (cells, label, adds = []) => {
    const skipped = [], edits = [];
    for (const { spot, ...typed } of cells) {
      const text = grid.locked(spot.row, spot.column);
      if (text) { skipped.push({ ...spot, text }); continue; }
      const edit = { id: spot.id, field: spot.column.code, base: spot.row?.version, ...typed };
      if (spot.draft) spot.draft.cells[spot.column.code] = { ...edit };
      else edits.push(edit);
    }
    for (const { draft } of cells.map(({ spot }) => spot).filter((spot) => spot.draft)) for (const edit of Object.values(draft.cells)) grid.edits.set(`${draft.key}:${edit.field}`, { status: "held", message: "", ...edit });
    if (skipped.length) skip(skipped, cells.length);
    if (edits.length || adds.length) changes.send({ cells: edits, adds, label });
    grid.sheet.redraw();
  };

  const addDrafts = (adds, status) => {
    lines.drafts.push(...adds);
    for (const draft of adds) for (const edit of Object.values(draft.cells)) grid.edits.set(`${draft.key}:${edit.field}`, { ...edit, status, message: "" });
    grid.sheet.resize();
    grid.sheet.draw(true);
  };

  grid.on("clear", async () => {
    const range = await chosen();
    if (!range) return;
    const cells = [];
    each(range, (spot) => { if ((spot.row || spot.draft) && (spot.edit || !isEmpty(spot.cell))) cells.push({ spot, text: "", shown: "" }); });
    put(cells, say("清除 {n} 格", { n: cells.length }));
  });

  // Ctrl+Enter: what was typed goes into every chosen cell.
  grid.on("editedAll", async ({ field, ...edit }) => {
    const range = await chosen();
    if (!range) return;
    if (edit.found) Object.assign(edit, await edit.found);
    const cells = [];
    each(range, (spot) => { if (spot.row || spot.draft) cells.push({ spot, ...("value" in edit && spot.column.code === field ? { value: edit.value } : { text: edit.shown }), shown: edit.shown }); });
    put(cells, say("填写 {n} 格", { n: cells.length }));
  });

  grid.on("toggle", async () => {
    const range = await chosen();
    const first = grid.spot(selection.focus.line, selection.focus.at);
    if (!range || (!first.row && !first.draft)) return;
    const locked = grid.locked(first.row, first.column);
    if (locked) { grid.emit("locked", { ...first, text: locked }); return; }
    const held = first.edit && "value" in first.edit ? first.edit.value : first.cell;
    const value = held !== true;
    const cells = [];
    each(range, (spot) => { if (spot.column.type === "yes_no" && (spot.row || spot.draft)) cells.push({ spot, value, shown: shown(value, spot.column, grid.names) }); });
    put(cells, say("改为“{value}”", { value: shown(value, first.column, grid.names) }));
  });

  grid.on("removeRows", async () => {
    let ids = [...grid.ticked.keys()];
    if (!ids.length) {
      const range = await chosen({ ...selection.range, left: 0, right: 0 });
      if (!range) return;
      each(range, (spot) => { if (spot.row) ids.push(spot.row.id); });
      const gone = lines.drafts.filter((draft) => { const line = lines.lineOfId(draft.key); return line >= range.top && line <= range.bottom; });
      for (const draft of gone) changes.revert({ cells: [], adds: [draft], deletes: [] });
    }
    const kept = ids.filter((id) => (grid.rows.byId(id)?.locked ?? 0) & 4);
    ids = ids.filter((id) => !kept.includes(id));
    if (kept.length) tell(say("{n} 条记录您不能删除", { n: kept.length }), "warning");
    if (!ids.length || !(await ask(say("删除 {n} 条记录？记录会归档保留，可以撤销。", { n: ids.length }), say("删除"), "danger"))) return;
    grid.ticked.clear();
    await changes.send({ deletes: ids, label: say("删除 {n} 条", { n: ids.length }) });
    grid.emit("ticks");
  });

  return { chosen, each, put, addDrafts };
};
