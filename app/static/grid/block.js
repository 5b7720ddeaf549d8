// Blocks of cells: copy, paste, fill, clear, delete. One block is one change and one undo.
import { readDay } from "../js/days.js";
import { ask } from "./ask.js";
import { copied, isEmpty, shown } from "./cells.js";
import { say } from "./say.js";
import { parseHtml, parseTsv, toHtml, toTsv } from "./tsv.js";

const MOST = 5000;
let drafts = 0;

/** Return a new row that is being written. */
export const newDraft = () => ({ key: `new-${Date.now().toString(36)}-${++drafts}`, cells: {} });

export const blocks = (grid) => {
  const { selection, changes, lines } = grid;
  const tell = (text, tone = "info") => grid.emit("says", { text, tone, brief: tone === "info" });

  /** The rows of the block with its columns, after they have been fetched; null when it is too large. */
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

  const texts = (range, form) => {
    const rows = [];
    for (let line = range.top; line <= range.bottom; line++) {
      if (lines.at(line).group) continue;
      rows.push(grid.columns.slice(range.left, range.right + 1).map((column, i) => {
        const spot = grid.spot(line, range.left + i);
        return spot.edit ? spot.edit.shown : form(spot.cell, column, grid.names);
      }));
    }
    return rows;
  };

  const textual = (range) => grid.columns.slice(range.left, range.right + 1).map((column) => ["text", "autonumber", "long_text"].includes(column.type));

  const missing = (range) => {
    for (let line = range.top; line <= range.bottom; line++) { const { place, row } = lines.at(line); if (place !== undefined && !row) return true; }
    return false;
  };

  const copy = (event) => {
    if (grid.editor.spot) return;
    event.preventDefault();
    const range = { ...selection.range, bottom: Math.min(selection.range.bottom, lines.written + lines.drafts.length - 1) };
    const size = (range.bottom - range.top + 1) * (range.right - range.left + 1);
    if (size > 200_000) { tell(say("选区太大，请用“导出”"), "warning"); return; }
    if (missing(range)) { fetchAndCopy(range); return; }
    const rows = texts(range, copied);
    event.clipboardData.setData("text/plain", toTsv(rows));
    event.clipboardData.setData("text/html", toHtml(rows, textual(range)));
    grid.emit("copied", range);
    tell(say("已复制 {n} 格", { n: size }));
  };

  const fetchAndCopy = async (range) => {
    tell(say("正在取数，完成后即复制"));
    await grid.rows.ensure(...lines.places(range.top, range.bottom));
    const rows = texts(range, copied);
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": new Blob([toTsv(rows)], { type: "text/plain" }), "text/html": new Blob([toHtml(rows, textual(range))], { type: "text/html" }) })]);
      tell(say("已复制 {n} 格", { n: rows.length * (range.right - range.left + 1) }));
    } catch { tell(say("数据已取到，请再按一次 Ctrl+C"), "warning"); }
  };

  /** Put cells [{spot, text | value, shown}] down as one change; locked ones are left out and told. */
  const put = (cells, label, adds = []) => {
    let skipped = 0;
    const edits = [];
    for (const { spot, ...typed } of cells) {
      if (grid.locked(spot.row, spot.column)) { skipped++; continue; }
      const edit = { id: spot.id, field: spot.column.code, base: spot.row?.version, ...typed };
      if (spot.draft) spot.draft.cells[spot.column.code] = { ...edit };
      else edits.push(edit);
    }
    for (const { draft } of cells.map(({ spot }) => spot).filter((spot) => spot.draft)) for (const edit of Object.values(draft.cells)) grid.edits.set(`${draft.key}:${edit.field}`, { status: "held", message: "", ...edit });
    if (skipped) tell(say("{n} 格已锁定，没有改动", { n: skipped }), "warning");
    if (edits.length || adds.length) changes.send({ cells: edits, adds, label });
    grid.sheet.redraw();
  };

  const paste = async (text, html) => {
    const rows = text ? parseTsv(text) : parseHtml(html);
    if (!rows.length) return;
    if (rows.length === 1 && rows[0].length === 1 && rows[0][0] === "") return;
    let range = { ...selection.range };
    const high = rows.length, wide = Math.max(...rows.map((row) => row.length));
    if (selection.many && (range.bottom - range.top + 1) % high === 0 && (range.right - range.left + 1) % wide === 0) { /* the block is tiled over the selection */ } else range = { ...range, bottom: range.top + high - 1, right: range.left + wide - 1 };
    const cut = range.right - grid.columns.length + 1;
    range.right = Math.min(range.right, grid.columns.length - 1);
    const within = await chosen(range);
    if (!within) return;
    const over = range.bottom - (lines.written + lines.drafts.length) + 1;
    const cells = [];
    const typed = (line, at) => {
      const held = rows[(line - range.top) % high][(at - range.left) % wide];
      if (held === undefined) return null;
      const { type } = grid.columns[at];
      const text = ["date", "moment"].includes(type) ? readDay(held, type) ?? held : held;
      return { text, shown: text };
    };
    each(within, (spot) => {
      const one = typed(spot.line, spot.at);
      if (one && spot.column && (spot.row || spot.draft)) cells.push({ spot, ...one });
    });
    const adds = [];
    if (over > 0) {
      if (!lines.mayAdd) { tell(say("您不能在这里新增记录，多出的 {n} 行没有粘贴", { n: over }), "warning"); } else if (await ask(say("粘贴的内容超出最后一行，新增 {n} 条记录？", { n: over }), say("新增"))) {
        for (let line = lines.written + lines.drafts.length; line <= range.bottom; line++) {
          const draft = newDraft();
          for (let at = range.left; at <= range.right; at++) {
            const column = grid.columns[at], one = typed(line, at);
            if (one && one.text !== "" && !grid.locked(null, column)) draft.cells[column.code] = { id: draft.key, field: column.code, ...one };
          }
          if (Object.keys(draft.cells).length) adds.push(draft);
        }
        addDrafts(adds, "saving");
      }
    }
    selection.block(range.top, range.left, Math.min(range.bottom, lines.count - 1), range.right);
    if (cut > 0) tell(say("右侧超出最后一列的 {n} 列没有粘贴", { n: cut }), "warning");
    put(cells, say("粘贴 {rows}×{columns}", { rows: range.bottom - range.top + 1, columns: range.right - range.left + 1 }), adds);
  };

  const addDrafts = (adds, status) => {
    lines.drafts.push(...adds);
    for (const draft of adds) for (const edit of Object.values(draft.cells)) grid.edits.set(`${draft.key}:${edit.field}`, { ...edit, status, message: "" });
    grid.sheet.resize();
    grid.sheet.draw(true);
  };

  const cellOf = (spot) => (spot.edit ? ("value" in spot.edit ? { value: spot.edit.value, shown: spot.edit.shown } : { text: spot.edit.text, shown: spot.edit.shown })
    : isEmpty(spot.cell) ? { text: "", shown: "" } : { value: spot.cell, shown: shown(spot.cell, spot.column, grid.names) });

  const clear = async () => {
    const range = await chosen();
    if (!range) return;
    const cells = [];
    each(range, (spot) => { if ((spot.row || spot.draft) && (spot.edit || !isEmpty(spot.cell))) cells.push({ spot, text: "", shown: "" }); });
    put(cells, say("清除 {n} 格", { n: cells.length }));
  };

  /** Fill the lines of `range` from its first one. */
  const fill = async (range, source = range.top) => {
    const within = await chosen(range);
    if (!within) return;
    const cells = [];
    each(within, (spot) => {
      if (spot.line === source || !(spot.row || spot.draft)) return;
      cells.push({ spot, ...cellOf(grid.spot(source, spot.at)) });
    });
    put(cells, say("向下填充 {n} 格", { n: cells.length }));
  };

  grid.on("fillDown", () => {
    const { range } = selection;
    if (range.top === range.bottom) { if (range.top > 0) fill({ ...range, top: range.top - 1 }); } else fill(range);
  });
  let target = null;
  grid.on("fillTo", ({ line, done }) => {
    const { range } = selection;
    if (!done) { target = line; grid.emit("fillSeen", line); return; }
    grid.emit("fillSeen", null);
    if (target === null) return;
    const to = target;
    target = null;
    if (to > range.bottom) { const all = { ...range, bottom: to }; selection.block(all.top, all.left, all.bottom, all.right); repeat(range, all); } else if (to < range.top) { const all = { ...range, top: to }; selection.block(all.top, all.left, all.bottom, all.right); repeat(range, all); }
  });
  grid.on("fillToEnd", () => { const { range } = selection; const all = { ...range, bottom: lines.written - 1 }; repeat(range, all); });

  /** Repeat the lines of `from` over `over`. */
  const repeat = async (from, over) => {
    const within = await chosen(over);
    if (!within) return;
    const high = from.bottom - from.top + 1;
    const cells = [];
    each(within, (spot) => {
      if ((spot.line >= from.top && spot.line <= from.bottom) || !(spot.row || spot.draft)) return;
      const source = from.top + ((((spot.line - from.top) % high) + high) % high);
      cells.push({ spot, ...cellOf(grid.spot(source, spot.at)) });
    });
    put(cells, say("向下填充 {n} 格", { n: cells.length }));
  };

  grid.on("clear", clear);
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

  const { input } = grid.editor;
  input.addEventListener("copy", copy);
  input.addEventListener("cut", (event) => { if (!grid.editor.spot) { copy(event); clear(); } });
  input.addEventListener("paste", (event) => {
    if (grid.editor.spot) return;
    event.preventDefault();
    paste(event.clipboardData.getData("text/plain"), event.clipboardData.getData("text/html"));
  });
  grid.put = put;
  grid.addDrafts = addDrafts;
  return { paste };
};
