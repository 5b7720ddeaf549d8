// Copy, cut and paste, also from and to Excel and WPS. What was cut here moves as one change: it goes where it came from when it is pasted.
import { readDay } from "../js/days.js";
import { ask } from "./ask.js";
import { MOST, newDraft } from "./block.js";
import { copied } from "./cells.js";
import { say } from "./say.js";
import { parseHtml, parseTsv, toHtml, toTsv } from "./tsv.js";

const LARGEST = 200_000;

export const clipboard = (grid, { chosen, each, put, addDrafts }) => {
  const { selection, lines } = grid;
  const { input } = grid.editor;
  const tell = (text, tone = "info") => grid.emit("says", { text, tone, brief: tone === "info" });
  /** Text and cells of what was cut last and is still to be pasted. */
  let cut = null;

  /** Draw a line around what was copied. */
  const mark = (range) => {
    if (!range && !grid.marked) return;
    grid.marked = range;
    grid.sheet.redraw();
  };
  const forget = () => { cut = null; mark(null); };

  const texts = (range) => {
    const rows = [];
    for (let line = range.top; line <= range.bottom; line++) {
      if (lines.at(line).group) continue;
      rows.push(grid.columns.slice(range.left, range.right + 1).map((column, i) => {
        const spot = grid.spot(line, range.left + i);
        return spot.edit ? spot.edit.shown : copied(spot.cell, column, grid.names);
      }));
    }
    return rows;
  };

  /** What the clipboard is given for a block, its column names above it where they are wanted. */
  const content = (range, heads) => {
    const columns = grid.columns.slice(range.left, range.right + 1);
    const rows = [...(heads ? [columns.map((column) => column.label)] : []), ...texts(range)];
    return { text: toTsv(rows), html: toHtml(rows, columns.map((column) => ["text", "autonumber", "long_text"].includes(column.type))) };
  };

  const missing = (range) => {
    for (let line = range.top; line <= range.bottom; line++) { const { place, row } = lines.at(line); if (place !== undefined && !row) return true; }
    return false;
  };

  /** The chosen block as far as anything is written in it; null when it is too large. */
  const wanted = () => {
    const range = { ...selection.range, bottom: Math.min(selection.range.bottom, lines.written + lines.drafts.length - 1) };
    if ((range.bottom - range.top + 1) * (range.right - range.left + 1) <= LARGEST) return range;
    tell(say("选区太大，请用“导出”"), "warning");
    return null;
  };

  const done = (range) => {
    mark(range);
    tell(say("已复制 {n} 格", { n: (range.bottom - range.top + 1) * (range.right - range.left + 1) }));
  };

  /** Copy without a key having been pressed, or after what is missing has come. */
  const copyLater = async (range, heads = false) => {
    if (missing(range)) { tell(say("正在取数，完成后即复制")); await grid.rows.ensure(...lines.places(range.top, range.bottom)); }
    const { text, html } = content(range, heads);
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": new Blob([text], { type: "text/plain" }), "text/html": new Blob([html], { type: "text/html" }) })]);
      done(range);
    } catch { tell(say("数据已取到，请再按一次 Ctrl+C"), "warning"); }
    return text;
  };

  const copy = (event) => {
    if (grid.editor.spot) return;
    event.preventDefault();
    cut = null;
    const range = wanted();
    if (!range) return;
    if (missing(range)) { copyLater(range); return; }
    const { text, html } = content(range, false);
    event.clipboardData.setData("text/plain", text);
    event.clipboardData.setData("text/html", html);
    done(range);
  };

  const take = (range, text) => {
    const spots = [];
    each(range, (spot) => { if (spot.row || spot.draft) spots.push(spot); });
    cut = { text: toTsv(parseTsv(text)), spots };
    tell(say("已剪切 {n} 格，粘贴后移走", { n: spots.length }));
  };

  const cutting = (event) => {
    if (grid.editor.spot) return;
    const range = wanted();
    copy(event);
    if (range && !missing(range)) take(range, content(range, false).text);
  };

  /** The block that a pasted one covers: tiled over the selection where it fits, else as large as itself. */
  const covered = (high, wide) => {
    const { range } = selection;
    const fits = selection.many && (range.bottom - range.top + 1) % high === 0 && (range.right - range.left + 1) % wide === 0;
    return fits ? { ...range } : { ...range, bottom: range.top + high - 1, right: range.left + wide - 1 };
  };

  const paste = async (text, html) => {
    const rows = text ? parseTsv(text) : parseHtml(html);
    if (!rows.length) return;
    if (rows.length === 1 && rows[0].length === 1 && rows[0][0] === "") return;
    const high = rows.length, wide = Math.max(...rows.map((row) => row.length));
    const range = covered(high, wide);
    const beyond = range.right - grid.columns.length + 1;
    range.right = Math.min(range.right, grid.columns.length - 1);
    const size = { rows: range.bottom - range.top + 1, columns: range.right - range.left + 1 };
    if (size.rows * size.columns > MOST) { tell(say("一次最多粘贴 {n} 格，这里有 {rows}×{columns}；更多的行请用“导入”", { n: MOST, ...size }), "warning"); return; }
    const within = await chosen(range);
    if (!within) return;
    const over = range.bottom - (lines.written + lines.drafts.length) + 1;
    const typed = (line, at) => {
      const held = rows[(line - range.top) % high][(at - range.left) % wide];
      if (held === undefined) return null;
      const { type } = grid.columns[at];
      const found = ["date", "moment"].includes(type) ? readDay(held, type) ?? held : held;
      return { text: found, shown: found };
    };
    const cells = new Map();
    for (const spot of cut && cut.text === toTsv(rows) ? cut.spots : []) {
      const row = grid.rows.byId(spot.id) ?? spot.row;
      if (!grid.locked(row, spot.column)) cells.set(`${spot.id}:${spot.column.code}`, { spot: { ...spot, row }, text: "", shown: "" });
    }
    each(within, (spot) => {
      const one = typed(spot.line, spot.at);
      if (one && spot.column && (spot.row || spot.draft)) cells.set(`${spot.id}:${spot.column.code}`, { spot, ...one });
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
    if (beyond > 0) tell(say("右侧超出最后一列的 {n} 列没有粘贴", { n: beyond }), "warning");
    const moved = cut && cut.text === toTsv(rows);
    if (cut) forget();
    put([...cells.values()], moved ? say("移动 {rows}×{columns}", size) : say("粘贴 {rows}×{columns}", size), adds);
  };

  input.addEventListener("copy", copy);
  input.addEventListener("cut", cutting);
  input.addEventListener("paste", (event) => {
    if (grid.editor.spot) return;
    event.preventDefault();
    paste(event.clipboardData.getData("text/plain"), event.clipboardData.getData("text/html"));
  });
  grid.on("copy", async ({ heads = false, moves = false } = {}) => {
    const range = wanted();
    if (!range) return;
    cut = null;
    const text = await copyLater(range, heads);
    if (moves) take(range, text);
  });
  grid.on("paste", async () => {
    try { paste(await navigator.clipboard.readText(), ""); } catch { tell(say("浏览器不让读取剪贴板，请按 Ctrl+V"), "warning"); }
  });
  for (const event of ["escape", "reloaded", "editing"]) grid.on(event, forget);
  grid.on("refreshed", () => mark(null));
};
