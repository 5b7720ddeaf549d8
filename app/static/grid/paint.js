// Writes rows into the sheet: texts, tones, locks, selection, and what is being saved or was refused.
import { make } from "../js/words.js";
import { iconOf, shown, toneOf, TYPES } from "./cells.js";
import { say } from "./say.js";

const NUMBERS = new Set(["integer", "decimal", "money", "percent"]);

/** Return what the sheet calls to draw lines and heads of `grid`. */
export const painter = (grid) => {
  const text = (cell, words, tone = "") => {
    if (cell.words === words && cell.tone === tone) return;
    cell.words = words;
    cell.tone = tone;
    if (tone && words) cell.replaceChildren(make("span", { className: `word word-${tone}`, textContent: words }));
    else cell.textContent = words;
  };
  const look = (cell, name) => { if (cell.look !== name) { cell.look = name; cell.className = name; } };
  const base = (cell) => (cell.base ||= cell.className);

  const inside = (range, line, at) => range && line >= range.top && line <= range.bottom && at >= range.left && at <= range.right;
  const edges = ({ top, bottom, left, right }, line, at) => (line === top ? " in-t" : "") + (line === bottom ? " in-b" : "") + (at === left ? " in-l" : "") + (at === right ? " in-r" : "");

  const selection = (line, at) => {
    const s = grid.selection;
    if (!s) return "";
    let name = s.focus.line === line && s.focus.at === at ? " is-active" : "";
    if (inside(s.range, line, at)) name += (s.many ? " is-in" : "") + edges(s.range, line, at);
    if (inside(grid.marked, line, at)) name += ` is-marked${edges(grid.marked, line, at)}`;
    else if (inside(grid.filling, line, at) && !inside(s.range, line, at)) name += ` is-filling${edges(grid.filling, line, at)}`;
    return name;
  };

  const draw = (cell, line, spot) => {
    const { column } = cell;
    let name = `${base(cell)} to-${column.align || "left"}${selection(line, column.at)}`;
    if (spot.group || spot.fresh || (!spot.row && !spot.draft)) { text(cell, ""); look(cell, name); cell.removeAttribute("title"); return; }
    const id = spot.row?.id ?? spot.draft.key;
    const edit = grid.editOf(id, column.code);
    const value = edit ? edit.shown : shown(spot.row?.cells[column.code], column, grid.names);
    const locked = grid.locked(spot.row, column);
    if (locked) name += " is-locked";
    if (edit) name += ` is-${edit.status}`;
    if (grid.fresh.has(`${id}:${column.code}`)) name += " is-lit";
    if (spot.draft && column.required && !value) name += " is-due";
    text(cell, value, edit ? "" : toneOf(spot.row?.cells[column.code], column));
    look(cell, name);
    const hint = edit?.message || (column.type === "due" && spot.row ? spot.row.cells.due?.[0] : "") || locked;
    if (hint) cell.title = hint; else cell.removeAttribute("title");
    if (edit?.status === "refused") cell.setAttribute("aria-invalid", "true"); else cell.removeAttribute("aria-invalid");
    if (column.editable && locked) cell.setAttribute("aria-readonly", "true"); else cell.removeAttribute("aria-readonly");
  };

  const gutter = (place, line, spot) => {
    const key = spot.row ? `${line}:${spot.row.id}:${grid.ticked.has(spot.row.id)}` : spot.group ? `g${JSON.stringify(spot.group)}:${grid.lines.isClosed(spot.group)}` : spot.draft ? `d${spot.draft.key}` : spot.fresh ? "+" : `${line}`;
    if (place.key === key) return;
    place.key = key;
    place.replaceChildren();
    if (spot.row) {
      const tick = make("input", { type: "checkbox", className: "form-check-input", checked: grid.ticked.has(spot.row.id), tabIndex: -1 });
      tick.setAttribute("aria-label", say("选择第 {n} 行", { n: line + 1 }));
      const open = make("a", { className: "g-open", href: grid.pageOf(spot.row.id), tabIndex: -1, title: say("打开记录") }, grid.icon("arrow-up-right"));
      open.setAttribute("aria-label", say("打开记录"));
      place.append(make("span", { className: "g-no", textContent: spot.place + 1 }), tick, open);
    } else if (spot.draft) place.append(grid.icon("pencil-plus"));
    else if (spot.fresh) place.append(grid.icon("plus"));
    else if (!spot.group) place.append(make("span", { className: "g-no", textContent: (spot.place ?? line) + 1 }));
  };

  const heading = (row, spot) => {
    if (!spot.group) { row.banner?.remove(); row.banner = null; return; }
    const { values, count, sums } = spot.group;
    const words = values.map((value, i) => {
      const { field, by } = grid.asked.group[i];
      const column = grid.byCode.get(field);
      return `${column.label}${say("：")}${(by ? value : shown(value, column, grid.names)) || say("（空）")}`;
    });
    const total = Object.entries(sums || {}).map(([code, { sum }]) => `${grid.byCode.get(code)?.label} ${sum}`);
    row.banner ||= make("button", { type: "button", className: "g-banner", tabIndex: -1 });
    row.banner.replaceChildren(grid.icon(grid.lines.isClosed(spot.group) ? "chevron-right" : "chevron-down"), make("b", { textContent: words.join(" · ") }),
      make("span", { className: "soft", textContent: [say("{n} 条", { n: count }), ...total].join(" · ") }));
    row.banner.group = spot.group;
    if (!row.banner.parentNode) row.gutter.append(row.banner);
  };

  const fill = (row, line) => {
    const spot = grid.lines.at(line);
    const waiting = !spot.row && !spot.group && !spot.draft && !spot.fresh;
    const tone = grid.layout.colour === "due" ? spot.row?.cells.due?.[2] : grid.layout.colour === "state" && spot.row ? grid.schema.states.find((s) => s.code === spot.row.state)?.tone : "";
    const name = `g-row${waiting ? " is-waiting" : ""}${spot.group ? " is-group" : ""}${spot.draft ? " is-draft" : ""}${spot.fresh ? " is-fresh" : ""}${tone && tone !== "plain" ? ` tone-${tone}` : ""}${spot.row && grid.ticked.has(spot.row.id) ? " is-ticked" : ""}${line % 2 ? " is-odd" : ""}`;
    if (row.name !== name) { row.name = name; row.className = name; }
    gutter(row.gutter, line, spot);
    heading(row, spot);
    for (const cell of row.cells) draw(cell, line, spot);
    grid.emit("drawn", line);
  };

  const head = (cell, column) => {
    const sort = grid.asked.sort.findIndex((one) => one.field === column.code);
    const order = grid.asked.sort[sort];
    const cites = (column.cites || []).map((one) => `${one.code} ${one.policy}\n${one.text}`.trim());
    cell.title = [`${column.label} · ${TYPES()[column.type] || column.type}${column.required ? ` · ${say("必填")}` : ""}`, column.help, ...cites, !cites.length && column.basis && column.basis !== "impl" ? column.basis : "",
      column.editable ? "" : column.locked].filter(Boolean).join("\n");
    cell.classList.add(`to-${NUMBERS.has(column.type) ? "right" : "left"}`);
    cell.tabIndex = -1;
    cell.draggable = true;
    if (order) cell.setAttribute("aria-sort", order.desc ? "descending" : "ascending");
    const menu = make("button", { type: "button", className: "g-menu", tabIndex: -1 }, grid.icon("chevron-down"));
    menu.setAttribute("aria-label", say("{label}：列菜单", { label: column.label }));
    const filtered = JSON.stringify(grid.asked.filter || "").includes(`"field":"${column.code}"`);
    cell.append(...(column.width < 90 ? [] : [grid.icon(`${iconOf(column)} g-type`)]), make("span", { className: "g-label", textContent: column.label }),
      ...(column.required ? [make("span", { className: "must", textContent: "*", ariaHidden: "true" })] : []),
      ...(cites.length || (column.basis && column.basis !== "impl") ? [make("span", { className: "g-cite", textContent: "§", ariaHidden: "true" })] : []),
      ...(filtered ? [grid.icon("filter g-filtered")] : []),
      ...(order ? [grid.icon(order.desc ? "arrow-down" : "arrow-up"), ...(grid.asked.sort.length > 1 ? [make("small", { textContent: sort + 1 })] : [])] : []),
      menu, make("span", { className: "g-grip", ariaHidden: "true" }));
  };

  const headGutter = (cell) => {
    const all = make("input", { type: "checkbox", className: "form-check-input", tabIndex: -1 });
    all.setAttribute("aria-label", say("全选已载入的行"));
    all.dataset.all = "";
    cell.append(all);
  };

  return { fill, head, headGutter };
};
