// What stands on the sheet where there are no rows: why, and how to begin.
import { make } from "../js/words.js";
import { say } from "./say.js";

export const nothing = (grid) => {
  const title = make("p", { className: "nothing-title" });
  const hint = make("p", { className: "nothing-hint", textContent: say("在空行里直接填写，或从 Excel、WPS 复制后粘贴到这里") });
  const again = make("button", { type: "button", className: "btn", textContent: say("全部清除") });
  again.addEventListener("click", () => { grid.ask({ filter: null, search: "" }); grid.editor.focus(); });
  const box = make("div", { className: "nothing g-nothing", hidden: true }, grid.icon("notebook"), title, hint, make("div", { className: "nothing-act" }, again));
  grid.root.querySelector(".g-frame").append(box);
  const show = () => {
    const { filter, search } = grid.asked;
    box.hidden = grid.rows.count > 0 || !grid.rows.blocks.size || grid.lines.drafts.length > 0;
    title.textContent = grid.nothing;
    hint.hidden = Boolean(filter || search) || !grid.lines.mayAdd;
    again.hidden = !filter && !search;
  };
  for (const event of ["loaded", "reloaded", "refreshed", "filled", "changes", "editing", "selected"]) grid.on(event, show);
};
