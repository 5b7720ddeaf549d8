// Heads of columns: sort by a click, more keys with Shift; resize, reorder, and the menu of a column.
import { make } from "../js/words.js";
import { menu } from "./menu.js";
import { say } from "./say.js";

const NARROWEST = 48;

export const header = (grid) => {
  const { scroller } = grid;
  let resizing = null, moved = null;

  const layoutOf = (code) => grid.layout.columns.find((one) => one.code === code);
  const relay = () => { grid.layColumns(); grid.emit("kept"); };

  const sortBy = (field, add, desc = undefined) => {
    const old = grid.asked.sort.find((one) => one.field === field);
    const rest = add ? grid.asked.sort.filter((one) => one.field !== field) : [];
    const next = desc !== undefined ? [{ field, desc }] : !old ? [{ field, desc: false }] : old.desc ? [] : [{ field, desc: true }];
    const at = add && old ? grid.asked.sort.indexOf(old) : rest.length;
    grid.ask({ sort: [...rest.slice(0, at), ...next, ...rest.slice(at)] });
  };

  const column = (event) => event.target.closest(".g-head .g-cell")?.column;

  scroller.addEventListener("click", (event) => {
    const found = column(event);
    if (!found || resizing !== null) return;
    const opener = event.target.closest(".g-menu");
    if (opener) { open(found, opener); return; }
    if (event.target.closest(".g-grip")) return;
    if (found.sortable) sortBy(found.code, event.shiftKey);
    else grid.emit("says", { text: say("这一列不能排序"), brief: true });
  });

  const hide = (code) => {
    layoutOf(code).hidden = true;
    const at = grid.columns.findIndex((one) => one.code === code);
    if (at >= 0 && at < grid.layout.frozen) grid.layout.frozen--;
    relay();
  };

  const open = (found, opener) => {
    const parts = [];
    if (found.sortable) parts.push({ icon: "sort-ascending", text: say("升序"), act: () => sortBy(found.code, false, false) }, { icon: "sort-descending", text: say("降序"), act: () => sortBy(found.code, false, true) },
      { icon: "arrows-sort", text: say("加为下一排序"), act: () => sortBy(found.code, true) });
    if (found.filterable) parts.push({ icon: "filter", text: say("按值筛选"), act: () => grid.emit("pickValues", { column: found, opener }) }, { icon: "filter-plus", text: say("添加条件"), act: () => grid.emit("addFilter", found) });
    if (found.groupable) parts.push({ icon: "layout-list", text: say("按此列分组"), act: () => grid.emit("groupBy", found) });
    parts.push({ icon: "pin", text: say("冻结到此列"), act: () => { grid.layout.frozen = found.at + 1; relay(); } });
    if (grid.layout.frozen) parts.push({ icon: "pinned-off", text: say("取消冻结"), act: () => { grid.layout.frozen = 0; relay(); } });
    parts.push({ icon: "arrow-left", text: say("左移"), act: () => shift(found.code, -1) }, { icon: "arrow-right", text: say("右移"), act: () => shift(found.code, 1) }, { icon: "eye-off", text: say("隐藏此列"), act: () => hide(found.code) });
    menu(opener, parts, grid, about(found));
  };

  grid.on("columnMenu", ({ column: found, opener }) => open(found, opener));

  /** What the column is and which article demands it. */
  const about = (found) => {
    const cites = (found.cites || []).map((one) => make("blockquote", { className: "article" }, make("p", { textContent: one.text }), make("footer", { textContent: `${one.policy} ${one.code}` })));
    return [...(found.help ? [make("p", { className: "soft", textContent: found.help })] : []), ...cites];
  };

  const shift = (code, by) => {
    const seen = grid.layout.columns.filter((one) => !one.hidden);
    const other = seen[seen.findIndex((one) => one.code === code) + by];
    if (other) move(code, other.code, by > 0);
  };

  const move = (code, target, after) => {
    const { columns } = grid.layout;
    const one = layoutOf(code);
    columns.splice(columns.indexOf(one), 1);
    columns.splice(columns.findIndex((c) => c.code === target) + (after ? 1 : 0), 0, one);
    relay();
  };

  scroller.addEventListener("pointerdown", (event) => {
    const found = event.target.closest(".g-grip") && column(event);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    const start = event.clientX, width = found.width;
    resizing = width;
    const follow = (to) => {
      const next = Math.max(NARROWEST, Math.round(width + to.clientX - start));
      if (next === resizing) return;
      resizing = next;
      layoutOf(found.code).width = next;
      grid.layColumns();
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", () => { removeEventListener("pointermove", follow); setTimeout(() => { resizing = null; }); grid.emit("kept"); }, { once: true });
  });

  scroller.addEventListener("dblclick", (event) => {
    const found = event.target.closest(".g-grip") && column(event);
    if (!found) return;
    const cells = [...scroller.querySelectorAll(".g-body .g-cell")].filter((cell) => cell.column?.code === found.code);
    const range = document.createRange();
    const widths = cells.map((cell) => { range.selectNodeContents(cell); return range.getBoundingClientRect().width; });
    layoutOf(found.code).width = Math.max(64, Math.min(600, Math.ceil(Math.max(...widths, 40)) + 20));
    relay();
  });

  scroller.addEventListener("dragstart", (event) => {
    const found = column(event);
    if (!found || resizing !== null) { if (resizing !== null) event.preventDefault(); return; }
    moved = found.code;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/x-column", found.code);
  });
  const side = (event, cell) => { const box = cell.getBoundingClientRect(); return event.clientX > box.left + box.width / 2; };
  scroller.addEventListener("dragover", (event) => {
    const cell = event.target.closest(".g-head .g-cell");
    if (!moved || !cell?.column) return;
    event.preventDefault();
    scroller.querySelectorAll(".is-before, .is-after").forEach((one) => one.classList.remove("is-before", "is-after"));
    cell.classList.add(side(event, cell) ? "is-after" : "is-before");
  });
  scroller.addEventListener("drop", (event) => {
    const cell = event.target.closest(".g-head .g-cell");
    if (!moved || !cell?.column) return;
    event.preventDefault();
    if (cell.column.code !== moved) move(moved, cell.column.code, side(event, cell));
  });
  scroller.addEventListener("dragend", () => { moved = null; scroller.querySelectorAll(".is-before, .is-after").forEach((one) => one.classList.remove("is-before", "is-after")); });
  grid.on("moveColumn", ({ code, target, after }) => move(code, target, after));
};
