// Rows that are ticked: all at once, a range with Shift, and the bar that says how many.
import { word } from "./words.js";

for (const table of document.querySelectorAll("table[data-rows]")) {
  const all = table.querySelector("[data-all]");
  const bar = document.querySelector(table.dataset.rows);
  const ticks = () => [...table.querySelectorAll("[data-row]")];
  let last = null;

  const show = () => {
    const picked = ticks().filter((t) => t.checked);
    for (const tick of ticks()) tick.closest("tr").classList.toggle("is-picked", tick.checked);
    if (all) { all.checked = picked.length > 0 && picked.length === ticks().length; all.indeterminate = picked.length > 0 && !all.checked; }
    if (bar) {
      bar.hidden = picked.length === 0;
      const says = bar.querySelector("[data-picked]");
      if (says) says.textContent = word("selected", { n: picked.length });
    }
  };
  all?.addEventListener("change", () => { for (const tick of ticks()) tick.checked = all.checked; show(); });
  table.addEventListener("click", (event) => {
    const tick = event.target.closest("[data-row]");
    if (!tick) return;
    if (event.shiftKey && last) {
      const list = ticks();
      const [from, to] = [list.indexOf(last), list.indexOf(tick)].sort((a, b) => a - b);
      for (const between of list.slice(from, to + 1)) between.checked = tick.checked;
    }
    last = tick;
    show();
  });
  show();
}
