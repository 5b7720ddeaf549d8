// Records by state: a card that is dragged, or sent by its menu, makes a step of the workflow.
import { make } from "../js/words.js";
import { isEmpty, shown } from "./cells.js";
import { live } from "./live.js";
import { menu } from "./menu.js";
import { plainNotes } from "./plain.js";
import { say } from "./say.js";
import { movesOf, transit } from "./transition.js";
import { inSheet } from "./views.js";

const LIMIT = 30;
/** Cards of one state at most; the sheet shows the rest. */
const MOST = 100;

export const board = (grid) => {
  const place = grid.root.querySelector("[data-board]");
  plainNotes(grid);
  const find = grid.root.querySelector("[data-find]");
  const { title } = grid.schema.register;
  const wanted = [...new Set(["record_no", "due", ...title, ...grid.schema.columns.filter((c) => c.shown && c.type !== "long_text").map((c) => c.code)])].filter((code) => grid.byCode.has(code)).slice(0, 9);
  let search = "", dragged = null, asked = 0;
  const limits = {};

  const act = async (row, opener, target = null) => {
    try {
      const moves = (await movesOf(grid, [row.id])).filter((move) => !target || move.to === target);
      if (!moves.length) { grid.emit("says", { tone: "info", text: target ? say("这条记录现在不能流转到“{state}”", { state: grid.schema.states.find((s) => s.code === target)?.label }) : say("这条记录现在没有您能办理的流转") }); return; }
      const go = async (move) => { await transit(grid, [row.id], move, grid.titleOf(row)); await load(); place.querySelector(`[data-id="${row.id}"]`)?.focus(); };
      if (target && moves.length === 1) await go(moves[0]);
      else menu(opener, moves.map((move) => ({ icon: "arrow-right", text: `${move.label} → ${grid.schema.states.find((s) => s.code === move.to)?.label || move.to}`, act: () => go(move) })), grid);
    } catch (error) { grid.emit("failed", error); }
  };

  const card = (row) => {
    const facts = wanted.filter((code) => !title.includes(code) && !["record_no", "due", "state"].includes(code) && !isEmpty(row.cells[code])).slice(0, 3)
      .map((code) => make("div", {}, make("dt", { textContent: grid.byCode.get(code).label }), make("dd", { textContent: shown(row.cells[code], grid.byCode.get(code), grid.names) })));
    const due = row.cells.due ? [make("span", { className: `word word-${row.cells.due[2]}`, textContent: shown(row.cells.due, grid.byCode.get("due"), grid.names), title: row.cells.due[0] })] : [];
    const opener = make("button", { type: "button", className: "tool tool-icon" }, grid.icon("arrows-exchange"));
    opener.setAttribute("aria-label", say("流转：{title}", { title: grid.titleOf(row) }));
    opener.addEventListener("click", () => act(row, opener));
    const one = make("li", { className: "g-card", draggable: true, tabIndex: 0 },
      make("div", { className: "g-card-head" }, make("span", { className: "soft", textContent: row.cells.record_no || "" }), ...due, opener),
      make("a", { href: grid.pageOf(row.id), textContent: grid.nameOf(row), draggable: false }), make("dl", {}, ...facts));
    one.dataset.id = row.id;
    one.setAttribute("aria-description", say("回车打开，空格选择流转，方向键到别的卡片，Shift 加左右键移到那边的状态"));
    one.addEventListener("dragstart", (event) => { dragged = row; one.classList.add("is-dragged"); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", row.cells.record_no || String(row.id)); mark(row); });
    one.addEventListener("dragend", () => { one.classList.remove("is-dragged"); dragged = null; mark(null); });
    one.addEventListener("keydown", (event) => {
      if (event.target !== one) return;
      if (event.key === "Enter") location.assign(grid.pageOf(row.id));
      if (event.key === " ") { event.preventDefault(); act(row, opener); }
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.shiftKey && by) { event.preventDefault(); push(row, opener, by); return; }
      const to = neighbour(one, event.key);
      if (to) { event.preventDefault(); to.focus(); }
    });
    return one;
  };

  const neighbour = (one, key) => {
    if (key === "ArrowDown") return one.nextElementSibling;
    if (key === "ArrowUp") return one.previousElementSibling;
    if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
    const columns = [...place.querySelectorAll(".g-lane")];
    for (let at = columns.indexOf(one.closest(".g-lane")) + (key === "ArrowRight" ? 1 : -1); columns[at]; at += key === "ArrowRight" ? 1 : -1) {
      const found = columns[at].querySelector(".g-card");
      if (found) return found;
    }
    return null;
  };

  const leads = (row, state) => grid.schema.transitions.some((step) => step.from.includes(row.state) && step.to === state);

  /** Send a card to the nearest state on one side that some step leads to. */
  const push = (row, opener, by) => {
    const { states } = grid.schema;
    for (let at = states.findIndex((state) => state.code === row.state) + by; states[at]; at += by) if (leads(row, states[at].code)) { act(row, opener, states[at].code); return; }
    grid.emit("says", { tone: "info", brief: true, text: by > 0 ? say("右边没有它能流转到的状态") : say("左边没有它能流转到的状态") });
  };

  /** Light the lanes that a card may go to by some step. */
  const mark = (row) => {
    for (const lane of place.querySelectorAll(".g-lane")) lane.classList.toggle("is-open", Boolean(row) && leads(row, lane.dataset.state));
  };

  const lane = (state) => {
    const cards = make("ul", {}, ...state.rows.map(card));
    const whole = state.rows.length >= MOST;
    const more = state.count > state.rows.length ? [make("button", { type: "button", className: "btn btn-sm", textContent: whole ? say("在表格中看全部 {n} 条", { n: state.count }) : say("再显示一些（共 {n} 条）", { n: state.count }) })] : [];
    more[0]?.addEventListener("click", () => { if (whole) inSheet(grid, { all: [{ field: "state", op: "eq", value: state.code }] }); else { limits[state.code] = MOST; load(); } });
    const box = make("section", { className: `g-lane${state.count ? "" : " is-empty"}` }, make("header", {}, make("span", { className: `word word-${state.tone}`, textContent: state.label }), make("span", { className: "count soft", textContent: state.count })), cards, ...more);
    box.dataset.state = state.code;
    box.setAttribute("aria-label", state.label);
    box.addEventListener("dragover", (event) => { if (dragged && dragged.state !== state.code) { event.preventDefault(); box.classList.add("is-over"); } });
    box.addEventListener("dragleave", (event) => { if (!box.contains(event.relatedTarget)) box.classList.remove("is-over"); });
    box.addEventListener("drop", (event) => { event.preventDefault(); box.classList.remove("is-over"); if (dragged && dragged.state !== state.code) act(dragged, box.querySelector("header"), state.code); });
    return box;
  };

  const load = async () => {
    const mine = ++asked;
    try {
      const answer = await grid.api.post("/board", { limit: Math.max(LIMIT, ...Object.values(limits)), columns: wanted, ...(search ? { search } : {}) });
      if (mine !== asked || dragged) return;
      grid.names.take(answer.names);
      const lanes = answer.states.map((state) => lane({ ...state, rows: grid.take({ columns: answer.columns, rows: state.rows }).rows }));
      const active = document.activeElement?.dataset?.id;
      const tops = [...place.querySelectorAll(".g-lane ul")].map((list) => list.scrollTop);
      const none = answer.states.every((state) => !state.count);
      place.replaceChildren(...lanes, ...(none ? [make("p", { className: "soft g-none", role: "status", textContent: search ? say("没有符合条件的记录") : say("还没有记录") })] : []));
      place.querySelectorAll(".g-lane ul").forEach((list, i) => { list.scrollTop = tops[i] || 0; });
      if (active) place.querySelector(`[data-id="${active}"]`)?.focus();
      grid.root.dataset.ready = "";
    } catch (error) { grid.emit("failed", error); }
  };

  let timer = 0;
  find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { search = find.value.trim(); load(); }, 250); });
  grid.refresh = load;
  live(grid);
  load();
};
