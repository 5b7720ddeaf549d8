// What the sheet says: beside the cell that was refused, and in a line above the rows.
import { make } from "../js/words.js";
import { dialog } from "./ask.js";
import { say } from "./say.js";

const BRIEF = 3500;

export const notes = (grid) => {
  const { changes, selection } = grid;
  const line = grid.root.querySelector("[data-says]");
  const tip = make("div", { className: "g-tip", hidden: true });
  tip.setAttribute("role", "alert");
  grid.root.querySelector(".g-frame").append(tip);
  let problem = null, timer = 0;

  const button = (text, act, tone = "") => {
    const one = make("button", { type: "button", className: `btn btn-sm ${tone}`, textContent: text });
    one.addEventListener("pointerdown", (event) => event.preventDefault());
    one.addEventListener("click", act);
    return one;
  };

  const say1 = ({ text, tone = "info", brief = false, buttons = [] }) => {
    const icons = { success: "circle-check", danger: "alert-circle", warning: "alert-triangle", info: "info-circle" };
    const close = make("button", { type: "button", className: "tool tool-icon" }, grid.icon("x"));
    close.setAttribute("aria-label", say("关闭"));
    const note = make("div", { className: `note note-${tone}` }, grid.icon(icons[tone]), make("p", { className: "long", textContent: text }), ...buttons, close);
    close.addEventListener("click", () => note.remove());
    line.replaceChildren(note);
    clearTimeout(timer);
    if (brief) timer = setTimeout(() => note.remove(), BRIEF);
  };
  grid.on("says", say1);
  grid.on("failed", (error) => say1({ text: error.message, tone: "danger" }));

  const lost = grid.root.querySelector("[data-offline]");
  grid.on("offline", (off) => { lost.hidden = !off; });
  lost.querySelector("button").addEventListener("click", () => changes.hurry?.());

  const shown = () => {
    const { line: at, at: column } = selection.focus;
    const spot = grid.spot(at, column);
    const own = spot.edit?.message ? { edit: spot.edit, line: at, at: column } : null;
    if (own && ["refused", "conflict"].includes(spot.edit.status)) return own;
    if (problem?.edit && grid.editOf(problem.edit.id, problem.edit.field) === problem.edit) {
      const row = grid.lines.lineOfId(problem.edit.id);
      const place = grid.columns.findIndex((one) => one.code === problem.edit.field);
      if (row !== undefined && place >= 0) return { edit: problem.edit, line: row, at: place };
    }
    return own && spot.edit.status === "held" ? own : null;
  };

  let drawn = null;
  const show = () => {
    const found = grid.editor.spot ? null : shown();
    tip.hidden = !found;
    if (!found) { drawn = null; return; }
    const { edit } = found;
    if (drawn !== edit || tip.dataset.status !== edit.status + edit.message) {
      drawn = edit;
      tip.dataset.status = edit.status + edit.message;
      tip.dataset.kind = edit.status;
      const { change } = edit;
      const draft = grid.lines.drafts.find((one) => one.key === edit.id);
      const several = change && change.cells.length + change.adds.length > 1;
      const acts = [];
      if (edit.status === "conflict") {
        const clashes = change.cells.filter((one) => one.clash);
        if (clashes.length > 1) acts.push(button(say("逐项选择（{n} 处）", { n: clashes.length }), () => settle(change), "btn-primary"));
        else {
          acts.push(button(say("用我的：{mine}", { mine: edit.shown || say("（空）") }), () => { changes.settle(change, () => "mine"); grid.editor.focus(); }));
          acts.push(button(say("用对方的：{theirs}", { theirs: edit.clash.text }), () => { changes.settle(change, () => "theirs"); grid.editor.focus(); }, "btn-primary"));
        }
      } else {
        if (edit.status === "refused") acts.push(button(say("改正"), () => { selection.go(shown().line, shown().at); grid.editor.begin(); }, "btn-primary"));
        if (several) acts.push(button(say("撤回整块"), () => { changes.revert(change); grid.editor.focus(); }));
        else if (draft) acts.push(button(say("放弃这一行"), () => { changes.revert({ cells: [], adds: [draft], deletes: [] }); grid.editor.focus(); }));
        if (edit.status === "refused" && !draft) acts.push(button(say("还原这一格"), () => { changes.revertCell(edit); grid.editor.focus(); }));
      }
      tip.replaceChildren(make("p", { className: "long", textContent: edit.message }), make("div", { className: "g-tip-acts" }, ...acts));
    }
    stand(grid.sheet.place(found.line, found.at));
  };

  /** Put the note beside a cell, where it covers neither that one nor the next ones below; above or below where there is no room. */
  const stand = (place) => {
    const { clientWidth: wide, clientHeight: high } = grid.scroller;
    const right = place.left + place.width + 6, above = place.top - tip.offsetHeight - 4;
    const beside = right + tip.offsetWidth + 8 < wide ? right : place.left - tip.offsetWidth - 6 > 0 ? place.left - tip.offsetWidth - 6 : null;
    const left = beside ?? Math.min(place.left, wide - tip.offsetWidth - 8);
    const top = beside !== null ? Math.min(place.top, high - tip.offsetHeight - 4) : above >= 0 ? above : place.top + place.height + 4;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(0, top)}px`;
  };

  /** Show all conflicts of a block with both values, and let each be decided. */
  const settle = async (change) => {
    const clashes = change.cells.filter((edit) => edit.clash);
    const chosen = new Map(clashes.map((edit) => [edit, "theirs"]));
    const fields = clashes.map((edit, i) => {
      const row = grid.rows.byId(edit.id);
      const choice = (which, small, text) => {
        const radio = make("input", { type: "radio", className: "form-check-input", name: `clash-${i}`, checked: which === "theirs" });
        radio.addEventListener("change", () => chosen.set(edit, which));
        return make("label", {}, radio, make("span", {}, make("small", { textContent: small }), make("span", { className: "long", textContent: text })));
      };
      return make("fieldset", { className: "field" }, make("legend", { className: "form-label", textContent: `${row ? grid.titleOf(row) : edit.id} · ${grid.byCode.get(edit.field).label}` }),
        make("div", { className: "clash" }, choice("mine", say("我填写的"), edit.shown || say("（空）")), choice("theirs", say("{who} 填写的", { who: edit.clash.by || say("另一位同事") }), edit.clash.text)));
    });
    const answer = await dialog(say("两个人改了同一内容"), make("div", { className: "g-clashes" }, ...fields), [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("按所选保存") }]);
    if (answer === "yes") changes.settle(change, (edit) => chosen.get(edit));
    grid.editor.focus();
  };

  const locked = ({ text, line: at, at: column }) => {
    drawn = null;
    tip.dataset.kind = "locked";
    tip.dataset.status = "";
    tip.replaceChildren(make("p", {}, grid.icon("lock"), " ", text));
    tip.hidden = false;
    stand(grid.sheet.place(at, column));
  };
  grid.on("locked", locked);

  grid.on("problem", (found) => {
    problem = found;
    if (found?.block && found.edit && !found.edit.clash) say1({ text: found.message, tone: "danger", buttons: [button(say("撤回整块"), () => { changes.revert(found.change); line.replaceChildren(); })] });
    if (!found) line.querySelector(".note-danger")?.remove();
    show();
  });
  for (const event of ["selected", "scrolled", "changes", "editing", "refreshed", "saved"]) grid.on(event, show);
  grid.on("escape", () => {
    tip.hidden = true;
    problem = null;
    const { edit } = grid.spot(selection.focus.line, selection.focus.at);
    if (edit?.status === "refused") changes.revertCell(edit);
  });
  grid.showTip = show;
};
