// The panel of columns: show, hide, reorder, widen, freeze.
import { make } from "../js/words.js";
import { iconOf } from "./cells.js";
import { panel } from "./menu.js";
import { say } from "./say.js";

export const columnPanel = (grid) => {
  const opener = grid.root.querySelector("[data-columns]");

  const line = (one, list) => {
    const column = grid.byCode.get(one.code);
    const id = `g-col-${one.code}`;
    const tick = make("input", { type: "checkbox", className: "form-check-input", id, checked: !one.hidden });
    tick.addEventListener("change", () => { one.hidden = !tick.checked; changed(true); });
    const width = make("input", { type: "number", className: "form-control g-width", min: 48, max: 800, step: 10, value: one.width });
    width.setAttribute("aria-label", say("{label}：宽度", { label: column.label }));
    width.addEventListener("change", () => { one.width = Math.max(48, Math.min(800, Number(width.value) || column.width)); changed(); });
    const move = (by, icon, text) => {
      const one1 = make("button", { type: "button", className: "tool tool-icon" }, grid.icon(icon));
      one1.setAttribute("aria-label", `${text} ${column.label}`);
      one1.addEventListener("click", () => {
        const { columns } = grid.layout;
        const at = columns.indexOf(one), to = at + by;
        if (to < 0 || to >= columns.length) return;
        columns.splice(at, 1);
        columns.splice(to, 0, one);
        changed();
        fill(list);
        list.querySelector(`#${id}`)?.focus();
      });
      return one1;
    };
    const row = make("li", { draggable: true }, grid.icon("grip-vertical"), tick, make("label", { htmlFor: id }, grid.icon(iconOf(column)), ` ${column.label}`), width, move(-1, "arrow-up", say("上移")), move(1, "arrow-down", say("下移")));
    row.addEventListener("dragstart", (event) => { event.dataTransfer.setData("text/x-column", one.code); });
    row.addEventListener("dragover", (event) => event.preventDefault());
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      const code = event.dataTransfer.getData("text/x-column");
      if (!code || code === one.code) return;
      grid.emit("moveColumn", { code, target: one.code, after: event.offsetY > row.offsetHeight / 2 });
      fill(list);
    });
    return row;
  };

  const changed = (asks = false) => {
    grid.layColumns();
    grid.emit("kept");
    if (asks) grid.refresh();
  };

  const fill = (list) => list.replaceChildren(...grid.layout.columns.map((one) => line(one, list)));

  opener.addEventListener("click", () => {
    const list = make("ul", { className: "g-columns" });
    fill(list);
    const frozen = make("input", { type: "number", className: "form-control g-width", min: 0, max: 8, value: grid.layout.frozen, id: "g-frozen" });
    frozen.addEventListener("change", () => { grid.layout.frozen = Math.max(0, Math.min(8, Number(frozen.value) || 0)); changed(); });
    const reset = make("button", { type: "button", className: "btn btn-sm", textContent: say("恢复默认") });
    reset.addEventListener("click", () => {
      const { filter, sort, group, search, colour } = { ...grid.asked, ...grid.layout };
      grid.show({ filter, sort, group, search, colour });
      changed(true);
      fill(list);
    });
    panel(opener, [make("div", { className: "g-panel-head" }, make("label", { htmlFor: "g-frozen", textContent: say("冻结左侧列数") }), frozen, reset), list], grid, "g-panel-columns");
    list.querySelector("input")?.focus();
  });
};
