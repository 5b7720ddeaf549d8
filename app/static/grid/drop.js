// A file dropped on the sheet is looked at before it is imported.
import { csrf } from "../js/words.js";
import { say } from "./say.js";

export const drop = (grid) => {
  const { imports } = grid.root.dataset;
  if (!imports) return;
  const brings = (event) => [...event.dataTransfer.types].includes("Files");
  const over = (on) => grid.root.classList.toggle("is-over", on);
  grid.root.addEventListener("dragover", (event) => { if (brings(event)) { event.preventDefault(); over(true); } });
  grid.root.addEventListener("dragleave", (event) => { if (!grid.root.contains(event.relatedTarget)) over(false); });
  grid.root.addEventListener("drop", async (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    over(false);
    const body = new FormData();
    body.append("file", event.dataTransfer.files[0]);
    grid.emit("says", { text: say("正在上传") });
    try {
      const answer = await fetch(imports, { method: "POST", headers: { "X-CSRFToken": csrf(), Accept: "application/json" }, body });
      const found = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(found.message || answer.statusText);
      location.assign(found.url);
    } catch (error) { grid.emit("says", { tone: "danger", text: error.message }); }
  });
};
