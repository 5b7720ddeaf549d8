// The line below the rows: how many, what they add up to, and what is chosen.
import { make } from "../js/words.js";
import { say } from "./say.js";

const group = (text) => String(text).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",");
const NUMBERS = new Set(["integer", "decimal", "money", "percent"]);
const IDLE = 1200;
/** Rows of a chosen block that are added up here; the line below has the sums of all. */
const ADDED = 2000;

export const figures = (grid) => {
  const count = grid.root.querySelector("[data-total]");
  const sums = grid.root.querySelector("[data-sums]");
  const chosen = grid.root.querySelector("[data-chosen]");
  const summable = grid.schema.columns.filter((column) => column.summable).map((column) => column.code);
  let asked = 0, timer = 0, again = 0, picked = 0;

  const load = async (exact = false) => {
    const mine = ++asked;
    try {
      const seen = summable.filter((code) => !grid.layout.columns.find((one) => one.code === code)?.hidden);
      const answer = await grid.api.post("/total", { ...grid.narrowed, sums: seen, ...(exact ? { exact: true } : {}) });
      if (mine !== asked) return;
      grid.rows.setTotal(answer.count, answer.exact);
      sums.replaceChildren(...Object.entries(answer.sums || {}).filter(([, one]) => one.filled).map(([code, { sum, average }]) => make("span", {}, make("b", { textContent: grid.byCode.get(code).label }),
        ...(sum === null ? [] : [` ${say("合计")} ${group(sum)}`]), ...(average === null ? [] : [` ${say("平均")} ${group(average)}`]))));
      clearTimeout(again);
      if (!answer.exact) again = setTimeout(() => load(true), IDLE);
    } catch (error) { if (mine === asked && error.status === 422) grid.emit("failed", error); }
  };

  const counted = () => {
    const { total, exact } = grid.rows;
    count.textContent = total === null ? "…" : exact ? say("共 {n} 条", { n: group(total) }) : say("约 {n} 条", { n: group(total) });
  };

  /** Places of the chosen block whose rows are not here, as [first, last] to fetch; null where there are too many to be added up here. */
  const absent = (range) => {
    const [from, to] = grid.lines.places(range.top, Math.min(range.bottom, grid.lines.written - 1));
    if (to - from >= ADDED) return null;
    for (let place = from; place <= to; place++) if (!grid.rows.at(place)) return [from, to];
    return [];
  };

  const pick = async () => {
    const { range, many } = grid.selection;
    const mine = ++picked;
    chosen.replaceChildren();
    if (!many) return;
    const size = say("已选 {rows}×{columns}", { rows: group(range.bottom - range.top + 1), columns: range.right - range.left + 1 });
    chosen.textContent = size;
    const missing = absent(range);
    if (!missing) return;
    if (missing.length) {
      await new Promise((resolve) => { setTimeout(resolve, 150); });
      if (mine === picked) await grid.rows.ensure(...missing);
      if (mine !== picked) return;
    }
    const numbers = [];
    let filled = 0;
    for (let line = range.top; line <= range.bottom; line++) {
      for (let at = range.left; at <= range.right; at++) {
        const { cell, column } = grid.spot(line, at);
        if (cell === null || cell === undefined || cell === "") continue;
        filled++;
        if (NUMBERS.has(column.type)) numbers.push(Math.round(Number(cell) * 1e6));
      }
    }
    const sum = numbers.reduce((a, b) => a + b, 0) / 1e6;
    const parts = [size, say("非空 {n}", { n: group(filled) })];
    if (numbers.length) parts.push(`${say("合计")} ${group(Number(sum.toFixed(4)))}`, `${say("平均")} ${group(Number((sum / numbers.length).toFixed(4)))}`);
    chosen.textContent = parts.join(" · ");
  };

  grid.on("reloaded", () => { counted(); load(); });
  grid.on("figures", () => { clearTimeout(timer); timer = setTimeout(load, 300); });
  grid.on("counted", counted);
  grid.on("selected", pick);
  grid.on("saved", pick);
};
