// Filling: down and to the right from the first line or column, and by the handle, which also continues series.
import { copied, isEmpty, shown } from "./cells.js";
import { say } from "./say.js";
import { series } from "./series.js";

export const filling = (grid, { chosen, each, put }) => {
  const { selection, lines } = grid;

  const textOf = ({ edit, cell, column }) => (edit ? edit.shown : copied(cell, column, grid.names));

  /** What a cell holds, for another one of the same column, or as text for one of another column. */
  const held = (spot, column) => {
    const { edit, cell } = spot;
    const text = textOf(spot);
    if (column !== spot.column) return { text, shown: text };
    if (edit) return "value" in edit ? { value: edit.value, shown: edit.shown } : { text: edit.text, shown: edit.shown };
    return isEmpty(cell) ? { text: "", shown: "" } : { value: cell, shown: shown(cell, column, grid.names) };
  };

  /** Fill `over` from the block `from` in it: line by line, or column by column where `across`; series go on unless `turned`. */
  const fill = async (from, over, label, { across = false, goesOn = false, turned = false } = {}) => {
    const within = await chosen(over);
    if (!within) return;
    const [start, end] = across ? [from.left, from.right] : [from.top, from.bottom];
    const size = end - start + 1;
    const going = new Map();
    const nextOf = (at) => {
      if (!going.has(at)) going.set(at, series(Array.from({ length: size }, (_, i) => textOf(grid.spot(start + i, at))), grid.columns[at].type, turned));
      return going.get(at);
    };
    const cells = [];
    each(within, (spot) => {
      const place = across ? spot.at : spot.line;
      if ((place >= start && place <= end) || !(spot.row || spot.draft)) return;
      const next = goesOn && !across ? nextOf(spot.at)?.(place - start) : null;
      const source = start + ((((place - start) % size) + size) % size);
      cells.push({ spot, ...(typeof next === "string" ? { text: next, shown: next } : held(across ? grid.spot(spot.line, source) : grid.spot(source, spot.at), spot.column)) });
    });
    put(cells, label(cells.length));
  };
  const down = (n) => say("向下填充 {n} 格", { n }), right = (n) => say("向右填充 {n} 格", { n }), along = (n) => say("填充 {n} 格", { n });

  grid.on("fillDown", () => {
    const { range } = selection, over = range.top === range.bottom ? { ...range, top: range.top - 1 } : range;
    if (over.top >= 0) fill({ ...over, bottom: over.top }, over, down);
  });
  grid.on("fillRight", () => {
    const { range } = selection, over = range.left === range.right ? { ...range, left: range.left - 1 } : range;
    if (over.left >= 0) fill({ ...over, right: over.left }, over, right, { across: true });
  });

  /** The block that reaches from the chosen one to where the handle was drawn, the longer way; null where it stays. */
  const reach = ({ line, at }) => {
    const { range } = selection;
    const lineBy = Math.max(line - range.bottom, range.top - line, 0), columnBy = Math.max(at - range.right, range.left - at, 0);
    if (!lineBy && !columnBy) return null;
    return lineBy >= columnBy ? { ...range, top: Math.min(range.top, line), bottom: Math.max(range.bottom, line) } : { ...range, left: Math.min(range.left, at), right: Math.max(range.right, at) };
  };
  grid.on("fillSeen", (spot) => {
    grid.filling = spot && reach(spot);
    grid.sheet.redraw();
  });
  grid.on("fillTo", ({ turned, ...spot }) => {
    const { range } = selection, over = reach(spot);
    grid.emit("fillSeen", null);
    if (!over) return;
    selection.block(over.top, over.left, over.bottom, over.right);
    fill(range, over, along, { across: over.left !== range.left || over.right !== range.right, goesOn: true, turned });
  });
  grid.on("fillToEnd", () => {
    const { range } = selection;
    fill(range, { ...range, bottom: lines.written - 1 }, down, { goesOn: true });
  });
};
