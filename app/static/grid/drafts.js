// Rows that are being written at the end of the sheet; each is saved when one leaves it.
import { newDraft } from "./block.js";
import { say } from "./say.js";

export const drafts = (grid) => {
  const { lines, changes, selection } = grid;

  grid.on("draft", () => {
    lines.drafts.push(newDraft());
    grid.sheet.resize();
    grid.sheet.draw(true);
  });

  const keep = (draft, edit) => {
    const one = { ...edit, status: "held", message: say("新记录，离开这一行时保存") };
    draft.cells[edit.field] = one;
    grid.edits.set(`${draft.key}:${edit.field}`, one);
    draft.touched = true;
    grid.redrawId(draft.key);
  };

  grid.on("edited", (edit) => {
    const draft = lines.drafts.find((one) => one.key === edit.id);
    if (draft) keep(draft, edit);
    else changes.send({ cells: [edit], label: say("{label}", { label: grid.byCode.get(edit.field).label }) });
  });

  const save = (draft) => {
    const filled = Object.values(draft.cells).some((edit) => "value" in edit || edit.text);
    if (!draft.touched || !filled) return;
    draft.touched = false;
    const refused = draft.change?.adds.length > 1 && draft.change.settled ? draft.change.adds.filter((one) => lines.drafts.includes(one)) : [draft];
    for (const one of refused) for (const edit of Object.values(one.cells)) Object.assign(edit, { status: "saving", message: "" });
    changes.send({ adds: refused, label: say("新增 {n} 条", { n: refused.length }) });
    for (const one of refused) grid.redrawId(one.key);
  };

  const left = () => {
    const at = lines.at(selection.focus.line).draft;
    for (const draft of [...lines.drafts]) {
      if (draft === at) continue;
      if (!Object.keys(draft.cells).length) { lines.drafts = lines.drafts.filter((one) => one !== draft); grid.sheet.resize(); grid.sheet.draw(true); } else save(draft);
    }
  };
  grid.on("selected", () => { if (lines.drafts.length && !grid.editor.spot) queueMicrotask(left); });
  grid.editor.input.addEventListener("blur", () => setTimeout(() => { if (!grid.root.contains(document.activeElement)) for (const draft of [...lines.drafts]) save(draft); }, 200));

  grid.on("problem", (problem) => { for (const draft of problem?.change.adds ?? []) draft.change = problem.change; });

  grid.on("added", ({ id }) => { grid.light(id, grid.columns[0].code); });

  grid.on("newRow", () => {
    const line = lines.count - 1;
    selection.go(line, Math.max(0, grid.columns.findIndex((column) => column.editable)));
    grid.editor.begin();
  });
};
