// Puts the sheet of one register together.
import { make } from "../js/words.js";
import { Api } from "./api.js";
import { blocks } from "./block.js";
import { board } from "./board.js";
import { calendar } from "./calendar.js";
import { cards } from "./cards.js";
import { shown } from "./cells.js";
import { Changes } from "./changes.js";
import { clipboard } from "./clipboard.js";
import { columnPanel } from "./columns.js";
import { context } from "./context.js";
import { drafts } from "./drafts.js";
import { drop } from "./drop.js";
import { Editor } from "./editor.js";
import { figures } from "./figures.js";
import { files } from "./files.js";
import { filling } from "./fill.js";
import { filters } from "./filter.js";
import { Grid } from "./grid.js";
import { header } from "./header.js";
import { live } from "./live.js";
import { menu } from "./menu.js";
import { mouse } from "./mouse.js";
import { notes } from "./notes.js";
import { nothing } from "./nothing.js";
import { replacing } from "./replace.js";
import { say } from "./say.js";
import { Selection } from "./selection.js";
import { ticks } from "./ticks.js";
import { views } from "./views.js";

const PHONE = matchMedia("(max-width: 700px)");
const root = document.querySelector("[data-grid]");
const api = new Api(root.dataset.grid);
const mode = new URLSearchParams(location.search).get("mode") || "grid";

/** The search box asks as one types, groups and colours from small menus, and undo by button too. */
const tools = (grid) => {
  const find = root.querySelector("[data-find]");
  let timer = 0;
  const search = () => { clearTimeout(timer); if (find.value.trim() !== grid.asked.search) grid.ask({ search: find.value.trim() }); };
  find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 250); });
  find.addEventListener("keydown", (event) => { 
    if (event.key === "Enter") { event.preventDefault(); search(); }
    if (grid.editor && (event.key === "ArrowDown" || (event.key === "Escape" && !find.value))) { event.preventDefault(); search(); grid.editor.focus(); }
  });
  grid.on("find", () => find.select());
  grid.on("asked", () => { if (document.activeElement !== find) find.value = grid.asked.search; });

  root.querySelector("[data-group]")?.addEventListener("click", (event) => {
    const held = grid.asked.group;
    const parts = held.length ? [{ icon: "x", text: say("不分组"), act: () => grid.ask({ group: [] }) }] : [];
    for (const column of grid.schema.columns.filter((one) => one.groupable)) {
      const current = held.some((one) => one.field === column.code);
      if (["date", "moment"].includes(column.type)) {
        for (const [by, text] of [["day", say("按日")], ["month", say("按月")], ["year", say("按年")]]) parts.push({ icon: "layout-list", text: `${column.label} · ${text}`, current: held.some((one) => one.field === column.code && one.by === by), act: () => grid.ask({ group: [{ field: column.code, by }] }) });
      } else parts.push({ icon: "layout-list", text: column.label, current, act: () => grid.ask({ group: current ? held.filter((one) => one.field !== column.code) : [...held, { field: column.code }].slice(-2) }) });
    }
    menu(event.currentTarget, parts, grid);
  });
  root.querySelector("[data-colour]")?.addEventListener("click", (event) => {
    const set = (colour) => { grid.layout.colour = colour; grid.sheet.draw(true); grid.emit("kept"); };
    const parts = [{ icon: "droplet-off", text: say("不着色"), current: !grid.layout.colour, act: () => set(null) }];
    if (grid.schema.states.length) parts.push({ icon: "progress", text: say("按状态着色"), current: grid.layout.colour === "state", act: () => set("state") });
    if (grid.byCode.has("due")) parts.push({ icon: "hourglass", text: say("按剩余天数着色"), current: grid.layout.colour === "due", act: () => set("due") });
    menu(event.currentTarget, parts, grid);
  });
  if (!grid.schema.states.length && !grid.byCode.has("due")) root.querySelector("[data-colour]").hidden = true;

  const undo = root.querySelector("[data-undo]"), redo = root.querySelector("[data-redo]");
  const history = () => {
    undo.disabled = !grid.undo;
    redo.disabled = !grid.redo;
    undo.title = grid.undo ? say("撤销：{what}（Ctrl+Z）", { what: grid.undo.label || "" }) : say("没有可撤销的改动");
    redo.title = grid.redo ? say("重做：{what}（Ctrl+Y）", { what: grid.redo.label || "" }) : say("没有可重做的改动");
  };
  grid.on("history", history);
  grid.undo = grid.schema.undo;
  grid.redo = grid.schema.redo;
  history();
  for (const [button, which] of [[undo, "undo"], [redo, "redo"]]) button.addEventListener("click", async () => { await grid.changes.step(which); grid.editor.focus(); });
  grid.on("undo", () => grid.changes.step("undo"));
  grid.on("redo", () => grid.changes.step("redo"));
  root.querySelector("[data-new]")?.addEventListener("click", () => grid.emit("newRow"));
  if (!grid.lines.mayAdd) root.querySelector("[data-new]")?.remove();
  root.querySelector("[data-keys]")?.addEventListener("click", () => document.getElementById("grid-keys").showModal());
  grid.on("open", () => { const { row } = grid.lines.at(grid.selection.focus.line); if (row) location.assign(grid.pageOf(row.id)); });
  const saving = root.querySelector("[data-saving]");
  grid.on("changes", () => { saving.hidden = !grid.changes.open; });
  grid.on("allSaved", async () => {
    await grid.changes.line;
    const unsaved = [...grid.edits.values()].filter((edit) => edit.status !== "saving").length;
    grid.emit("says", unsaved ? { tone: "warning", text: say("还有 {n} 格没有保存，原因写在格旁", { n: unsaved }) } : { tone: "success", text: say("都已保存；每一格离开时即自动保存"), brief: true });
  });
};

const sheet = (grid) => {
  grid.selection = new Selection(grid);
  grid.open();
  grid.editor = new Editor(grid);
  grid.changes = new Changes(grid);
  notes(grid);
  nothing(grid);
  const block = blocks(grid);
  clipboard(grid, block);
  filling(grid, block);
  replacing(grid, block);
  drafts(grid);
  drop(grid);
  files(grid);
  mouse(grid);
  header(grid);
  context(grid);
  columnPanel(grid);
  ticks(grid);
  figures(grid);
  tools(grid);
  if (PHONE.matches) cards(grid);
  grid.on("asked", () => grid.sheet.layHead());
  const handle = make("span", { className: "g-handle", ariaHidden: "true" });
  const showHandle = () => {
    const { range } = grid.selection;
    const cell = grid.sheet.cellAt(range.bottom, range.right);
    if (cell && cell.parentNode?.isConnected) cell.append(handle); else handle.remove();
  };
  for (const event of ["selected", "scrolled", "changes", "refreshed", "filled", "laid", "patched"]) grid.on(event, () => requestAnimationFrame(showHandle));
  // Rows may have come or gone above the active cell: it stays with its record.
  let held = null;
  grid.on("selected", () => { held = grid.lines.at(grid.selection.focus.line).row?.id ?? null; });
  grid.on("refreshed", () => {
    const line = held === null ? undefined : grid.lines.lineOfId(held);
    if (line === undefined || line === grid.selection.focus.line) return;
    const by = line - grid.selection.focus.line;
    for (const place of new Set([grid.selection.focus, grid.selection.anchor, grid.selection.head])) place.line += by;
    if (grid.editor.spot) { grid.editor.spot.line += by; grid.editor.place(); }
    grid.sheet.redraw();
  });
};

/** All is wired: from now on the tools do what they say. */
const ready = (grid) => {
  root.querySelector(".g-tools").inert = false;
  root.dataset.ready = "";
  root.grid = grid;
};

const start = async () => {
  const schema = await api.get("/schema");
  const grid = new Grid(root, api, schema);
  grid.asTable = (rows) => {
    const head = make("tr", {}, ...grid.columns.map((column) => make("th", { scope: "col", textContent: column.label })));
    return make("table", { className: "lines" }, make("caption", { textContent: schema.register.label }), make("thead", {}, head),
      make("tbody", {}, ...rows.filter(Boolean).map((row) => make("tr", {}, ...grid.columns.map((column) => make("td", { textContent: shown(row.cells[column.code], column, grid.names) }))))));
  };
  if (mode !== "grid") {
    (mode === "board" ? board : calendar)(grid);
    return;
  }
  const view = views(grid);
  const filter = filters(grid);
  view.start(filter);
  sheet(grid);
  grid.emit("history");
  await grid.reload();
  grid.selection.go(grid.lines.at(0).group ? 1 : 0, 0);
  if (!PHONE.matches && (document.activeElement === document.body || document.activeElement === null)) grid.editor.focus();
  live(grid);
  ready(grid);
};

start().catch((error) => {
  root.querySelector("[data-says]").replaceChildren(make("div", { className: "note note-danger", role: "alert" }, make("p", { textContent: error.message })));
  throw error;
});
