// Ticked rows, and what can be done with them: a step of the workflow, export, print, delete.
import { exporting } from "./exporting.js";
import { menu } from "./menu.js";
import { say } from "./say.js";
import { movesOf, transit } from "./transition.js";

export const ticks = (grid) => {
  const bar = grid.root.querySelector("[data-ticks]");
  const says = bar.querySelector("[data-ticked]");
  let last = null;

  const show = () => {
    bar.hidden = grid.ticked.size === 0;
    says.textContent = say("已选 {n} 行", { n: grid.ticked.size });
    const all = grid.scroller.querySelector("[data-all]");
    if (all) { all.checked = grid.ticked.size > 0; all.indeterminate = grid.ticked.size > 0 && grid.ticked.size < grid.rows.count; }
    grid.sheet.redraw();
  };
  grid.on("ticks", show);
  grid.on("laid", () => { if (grid.ticked.size) show(); });

  const mark = (line, on) => { const { row } = grid.lines.at(line); if (row) { if (on) grid.ticked.set(row.id, row); else grid.ticked.delete(row.id); } };
  grid.on("tick", ({ line, on, range }) => {
    if (range && last !== null) for (let one = Math.min(line, last); one <= Math.max(line, last); one++) mark(one, on);
    else mark(line, on);
    last = line;
    show();
  });
  grid.on("tickAll", (on) => {
    grid.ticked.clear();
    if (on) for (const id of grid.rows.known) grid.ticked.set(id, grid.rows.byId(id));
    show();
  });
  grid.on("reloaded", () => { if (grid.ticked.size) { grid.ticked.clear(); last = null; bar.hidden = true; } });

  const on = (name, act) => bar.querySelector(`[data-${name}]`)?.addEventListener("click", act);
  on("untick", () => { grid.ticked.clear(); show(); grid.editor.focus(); });
  on("remove", () => grid.emit("removeRows"));
  on("move", async (event) => {
    const ids = [...grid.ticked.keys()], opener = event.currentTarget;
    try {
      const moves = await movesOf(grid, ids);
      if (!moves.length) { grid.emit("says", { tone: "info", text: say("所选记录没有您现在都能办理的流转") }); return; }
      menu(opener, moves.map((move) => ({ icon: "arrow-right", text: move.label, act: async () => { if (await transit(grid, ids, move)) { grid.ticked.clear(); show(); } } })), grid);
    } catch (error) { grid.emit("failed", error); }
  });
  grid.on("moved", (answer) => {
    grid.patch(answer.rows);
    if (answer.gone?.length) grid.refresh();
    grid.emit("figures");
  });
  on("print-ticked", (event) => {
    const ids = [...grid.ticked.keys()].join(",");
    menu(event.currentTarget, [
      ...grid.schema.prints.map((one) => ({ icon: "file-text", text: one.label, act: () => open(one.url + ids, "_blank", "noopener") })),
      { icon: "table", text: say("所选行的列表"), act: () => window.print() },
    ], grid);
  });
  on("export-ticked", () => exporting(grid, [...grid.ticked.keys()]));
  grid.root.querySelector("[data-export]")?.addEventListener("click", () => exporting(grid));

  // Paper shows the ticked rows, or else what is loaded, as a plain table.
  const paper = grid.root.querySelector("[data-paper]");
  addEventListener("beforeprint", () => { if (!paper.closest("[hidden]")) paper.replaceChildren(grid.asTable(grid.ticked.size ? [...grid.ticked.values()].map((row) => grid.rows.byId(row.id) || row) : grid.rows.known.map((id) => grid.rows.byId(id)))); });
  addEventListener("afterprint", () => paper.replaceChildren());
};
