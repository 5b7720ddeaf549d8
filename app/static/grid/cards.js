// On a telephone: the same rows as cards, one below the other.
import { make } from "../js/words.js";
import { isEmpty, shown, toneOf } from "./cells.js";
import { say } from "./say.js";

const STEP = 50;
const FACTS = 4;

export const cards = (grid) => {
  const list = grid.root.querySelector("[data-cards]");
  const end = make("p", { className: "g-cards-end soft", role: "status" });
  let drawn = 0;

  const card = (row) => {
    const { title } = grid.schema.register;
    const state = grid.schema.states.find((one) => one.code === row.state);
    const tags = [...(state ? [make("span", { className: `word word-${state.tone}`, textContent: state.label })] : []),
      ...(row.cells.due ? [make("span", { className: `word word-${row.cells.due[2]}`, textContent: shown(row.cells.due, grid.byCode.get("due"), grid.names) })] : [])];
    const facts = grid.columns.filter((column) => !title.includes(column.code) && !["record_no", "state", "due"].includes(column.code) && !isEmpty(row.cells[column.code])).slice(0, FACTS)
      .map((column) => make("div", {}, make("dt", { textContent: column.label }), make("dd", { className: toneOf(row.cells[column.code], column), textContent: shown(row.cells[column.code], column, grid.names) })));
    return make("li", {}, make("a", { className: "g-card", href: grid.pageOf(row.id) },
      make("div", { className: "g-card-head" }, make("span", { className: "soft", textContent: row.cells.record_no || "" }), ...tags),
      make("b", { textContent: grid.nameOf(row) }), make("dl", {}, ...facts)));
  };

  const draw = () => {
    const parts = [];
    for (let place = 0; place < drawn && place < grid.rows.count; place++) { const row = grid.rows.at(place); if (row) parts.push(card(row)); }
    list.replaceChildren(...parts);
    const all = grid.rows.count;
    end.textContent = !all ? grid.nothing : parts.length >= all && grid.rows.exact ? say("共 {n} 条", { n: all }) : say("正在载入…");
  };

  const more = async () => {
    if (drawn >= grid.rows.count && drawn) return;
    drawn += STEP;
    grid.rows.want(0, drawn);
    await grid.rows.ensure(0, Math.min(drawn, Math.max(0, grid.rows.count - 1)));
    draw();
  };

  list.after(end);
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && grid.loaded) more(); }, { rootMargin: "400px" }).observe(end);
  grid.on("loaded", () => { grid.loaded = true; drawn = 0; more(); });
  for (const event of ["patched", "counted", "refreshed"]) grid.on(event, () => { if (drawn) draw(); });
};
