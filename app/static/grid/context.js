// The menu of a cell: by the right button of the mouse, or by the menu key at the active one.
import { isEmpty, shown } from "./cells.js";
import { menu } from "./menu.js";
import { say } from "./say.js";

export const context = (grid) => {
  const { scroller, selection, lines, editor } = grid;

  /** What stands for the place of a pointer where a menu wants the button below which it opens. */
  const spotOf = (left, bottom) => ({ isConnected: false, getBoundingClientRect: () => ({ left, bottom }) });

  /** Below the head of the active column. */
  const above = () => {
    const { line, at } = selection.focus, box = scroller.getBoundingClientRect();
    return spotOf(box.left + grid.sheet.place(line, at).left, box.top + grid.sheet.headHeight);
  };

  /** The next day, where a moment is meant by its day. */
  const dayAfter = (day) => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

  /** The conditions that hold for records with the same cell; none where it cannot be asked for. */
  const alike = ({ column, cell }) => {
    const leaf = (op, value) => ({ field: column.code, op, ...(value === undefined ? {} : { value }) });
    if (!column.filterable) return [];
    if (isEmpty(cell)) return column.ops.includes("empty") ? [leaf("empty")] : [];
    if (column.type === "moment") return [leaf("ge", cell.slice(0, 10)), leaf("lt", dayAfter(cell.slice(0, 10)))];
    if (Array.isArray(cell)) return column.ops.includes("has") && column.type !== "signature" ? cell.map((one) => leaf("has", one)) : [];
    return column.ops.includes("eq") ? [leaf("eq", cell)] : [];
  };

  /** Takes all filters back, where there are any, whether or not the rows they leave have come by now. */
  const unfiltered = (gap) => (grid.asked.filter || grid.asked.search ? [{ icon: "filter-off", text: say("清除全部筛选"), gap, act: () => grid.ask({ filter: null, search: "" }) }] : []);

  const about = (spot) => {
    const { column, row, cell } = spot;
    if (!row || !column) return unfiltered(true);
    const words = isEmpty(cell) ? say("（空）") : shown(column.type === "moment" ? cell.slice(0, 10) : cell, column, grid.names);
    const short = words.length > 16 ? `${words.slice(0, 15)}…` : words;
    const same = alike(spot);
    return [
      ...(same.length ? [{ icon: "filter", text: say("只看“{value}”", { value: short }), gap: true, act: () => grid.emit("filterBy", { column, leaves: same }) }] : []),
      ...unfiltered(!same.length),
      ...(column.sortable ? [{ icon: "sort-ascending", text: say("升序"), gap: true, act: () => grid.ask({ sort: [{ field: column.code, desc: false }] }) }, { icon: "sort-descending", text: say("降序"), act: () => grid.ask({ sort: [{ field: column.code, desc: true }] }) }] : []),
      { icon: "dots", text: say("{label}：列菜单", { label: column.label }), act: () => grid.emit("columnMenu", { column, opener: above() }) },
      { icon: "arrow-up-right", text: say("打开记录"), keys: "Ctrl+Enter", gap: true, act: () => grid.emit("open") },
    ];
  };

  const open = (opener) => {
    const { range, many, focus } = selection;
    const spot = grid.spot(focus.line, focus.at);
    const high = range.bottom - range.top + 1;
    menu(opener, [
      { icon: "cut", text: say("剪切"), keys: "Ctrl+X", act: () => grid.emit("copy", { moves: true }) },
      { icon: "copy", text: say("复制"), keys: "Ctrl+C", act: () => grid.emit("copy") },
      { icon: "table-row", text: say("连同列名复制"), act: () => grid.emit("copy", { heads: true }) },
      { icon: "clipboard", text: say("粘贴"), keys: "Ctrl+V", act: () => grid.emit("paste") },
      ...(many && high > 1 ? [{ icon: "arrow-bar-to-down", text: say("向下填充"), keys: "Ctrl+D", gap: true, act: () => grid.emit("fillDown") }] : []),
      ...(many && range.right > range.left ? [{ icon: "arrow-bar-to-right", text: say("向右填充"), keys: "Ctrl+R", gap: high === 1, act: () => grid.emit("fillRight") }] : []),
      { icon: "replace", text: say("查找和替换"), keys: "Ctrl+H", gap: !many, act: () => grid.emit("replace") },
      { icon: "eraser", text: say("清除"), keys: "Delete", act: () => grid.emit("clear") },
      ...about(spot),
      ...(lines.mayAdd ? [{ icon: "row-insert-bottom", text: say("新增一行"), act: () => grid.emit("newRow") }] : []),
      ...(grid.schema.verbs.delete && spot.row ? [{ icon: "trash", text: say("删除所选行"), keys: "Ctrl+−", danger: true, act: () => { grid.ticked.clear(); grid.emit("removeRows"); } }] : []),
    ], grid);
  };

  scroller.addEventListener("contextmenu", (event) => {
    const head = event.target.closest(".g-head .g-cell");
    const cell = event.target.closest(".g-body .g-cell");
    if (event.target.closest("a, input")) return;
    if (head?.column) { event.preventDefault(); grid.emit("columnMenu", { column: head.column, opener: spotOf(event.clientX, event.clientY) }); }
    if (!cell || !editor.leave()) return;
    event.preventDefault();
    const { line } = cell.closest(".g-row"), { top, bottom, left, right } = selection.range;
    const at = cell.column?.at ?? -1;
    if (at < 0) { if (line < top || line > bottom) selection.block(line, 0, line, grid.columns.length - 1); }
    else if (line < top || line > bottom || at < left || at > right) selection.go(line, at);
    open(spotOf(event.clientX, event.clientY));
  });

  // The menu key and Shift+F10 ask for it where the focus is.
  editor.input.addEventListener("contextmenu", (event) => {
    if (editor.spot) return;
    event.preventDefault();
    const { line, at } = selection.focus, box = scroller.getBoundingClientRect(), place = grid.sheet.place(line, at);
    open(spotOf(box.left + place.left + 8, box.top + place.top + place.height));
  });
  grid.on("columnFilter", () => {
    const column = grid.columns[selection.focus.at];
    if (column.filterable) grid.emit("pickValues", { column, opener: above() });
  });
};
