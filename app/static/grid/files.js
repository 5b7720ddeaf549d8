// The files of a cell: open, add, take away.
import { csrf, make } from "../js/words.js";
import { dialog } from "./ask.js";
import { shown } from "./cells.js";
import { say } from "./say.js";

export const files = (grid) => {
  grid.on("files", async (spot) => {
    const { column, row } = spot;
    if (!row) { grid.emit("says", { text: say("先保存这一行，再上传文件") }); return; }
    const picked = new Map([spot.cell ?? []].flat().map((id) => [id, grid.names.of("file", id)]));
    const list = make("ul", { className: "files" });
    const says = make("p", { className: "soft", role: "status" });
    const draw = () => list.replaceChildren(...[...picked].map(([id, name]) => {
      const drop = make("button", { type: "button", className: "tool tool-icon" }, grid.icon("x"));
      drop.setAttribute("aria-label", `${say("移除")} ${name}`);
      drop.addEventListener("click", () => { picked.delete(id); draw(); });
      return make("li", {}, grid.icon("paperclip"), make("a", { href: `${grid.pageOf(row.id).replace(/show\/\d+$/, "file/")}${row.id}/${id}`, target: "_blank", textContent: name }), drop);
    }));
    const input = make("input", { type: "file", className: "form-control", multiple: column.several });
    input.setAttribute("aria-label", say("上传文件"));
    input.addEventListener("change", async () => {
      for (const file of input.files) {
        says.textContent = say("正在上传");
        const body = new FormData();
        body.append("file", file);
        try {
          const answer = await fetch(column.upload, { method: "POST", headers: { "X-CSRFToken": csrf(), Accept: "application/json" }, body });
          const found = await answer.json().catch(() => ({}));
          if (!answer.ok) throw new Error(found.message || answer.statusText);
          if (!column.several) picked.clear();
          picked.set(found.id, found.text);
          grid.names.take({ file: { [found.id]: found.text } });
          says.textContent = "";
        } catch (error) { says.textContent = error.message || say("上传失败，请检查网络后重试"); }
      }
      input.value = "";
      draw();
    });
    draw();
    const answer = await dialog(column.label, [list, input, says], [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("保存") }]);
    grid.editor.focus();
    if (answer !== "yes") return;
    const ids = [...picked.keys()];
    const value = column.several ? ids : ids[0] ?? null;
    grid.emit("edited", { id: row.id, field: column.code, base: row.version, value, shown: shown(value, column, grid.names) });
  });
};
