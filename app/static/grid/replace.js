// Find and replace in the chosen block, or in the whole column of a single cell; all of it is one change.
import { make } from "../js/words.js";
import { dialog } from "./ask.js";
import { copied } from "./cells.js";
import { say } from "./say.js";

export const replacing = (grid, { chosen, each, put }) => {
  const { selection, lines } = grid;
  const tell = (text) => grid.emit("says", { text, brief: true });

  const field = (label, name) => {
    const input = make("input", { className: "form-control", name, autocomplete: "off" });
    return { input, element: make("label", { className: "field" }, make("span", { className: "form-label", textContent: label }), input) };
  };

  grid.on("replace", async () => {
    const { range, many } = selection;
    const over = many ? range : { ...range, top: 0, bottom: lines.written - 1 };
    const where = many ? say("在选中的 {rows}×{columns} 格中", { rows: range.bottom - range.top + 1, columns: range.right - range.left + 1 }) : say("在“{label}”这一列中", { label: grid.columns[range.left].label });
    const find = field(say("查找"), "find"), by = field(say("替换为"), "by");
    find.input.required = true;
    const whole = make("input", { type: "checkbox", className: "form-check-input" });
    const content = [make("p", { className: "soft", textContent: where }), find.element, by.element, make("label", { className: "g-only" }, whole, say("整格相同才替换"))];
    const answer = await dialog(say("查找和替换"), content, [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("全部替换") }]);
    grid.editor.focus();
    const within = answer === "yes" && find.input.value ? await chosen(over) : null;
    if (!within) return;
    const wanted = find.input.value, cells = [];
    each(within, (spot) => {
      if (!(spot.row || spot.draft) || !spot.column.editable) return;
      const held = spot.edit ? spot.edit.shown : copied(spot.cell, spot.column, grid.names);
      if (whole.checked ? held !== wanted : !held.includes(wanted)) return;
      const text = held.replaceAll(wanted, () => by.input.value);
      if (text !== held) cells.push({ spot, text, shown: text });
    });
    if (!cells.length) { tell(say("没有找到“{text}”", { text: wanted })); return; }
    put(cells, say("替换 {n} 格", { n: cells.length }));
    tell(say("已替换 {n} 格", { n: cells.length }));
  });

  // A row by its number.
  grid.on("goTo", async () => {
    const last = grid.rows.count;
    const number = make("input", { className: "form-control", type: "number", min: 1, max: last, required: true, value: "" });
    const content = make("label", { className: "field" }, make("span", { className: "form-label", textContent: say("第几行（1 至 {n}）", { n: last }) }), number);
    const answer = await dialog(say("转到行"), content, [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("转到") }]);
    grid.editor.focus();
    const line = answer === "yes" ? lines.lineOf(Number(number.value) - 1) : undefined;
    if (line !== undefined) selection.go(line, selection.focus.at);
  });
};
