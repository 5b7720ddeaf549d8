// What is due, by day of a month.
import { make } from "../js/words.js";
import { live } from "./live.js";
import { plainNotes } from "./plain.js";
import { say } from "./say.js";
import { inSheet } from "./views.js";

const shift = (month, by) => { const [year, m] = month.split("-").map(Number); const at = year * 12 + m - 1 + by; return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`; };

export const calendar = (grid) => {
  const place = grid.root.querySelector("[data-calendar]");
  plainNotes(grid);
  const find = grid.root.querySelector("[data-find]");
  const english = grid.schema.language === "en";
  let month = new URLSearchParams(location.search).get("month") || grid.schema.now.slice(0, 7);
  let mine = false, search = "", asked = 0;

  const title = make("h2", {}), body = make("div", { className: "g-month" });
  const empty = make("p", { className: "soft g-none", role: "status", hidden: true });
  const tool = (icon, text, act) => {
    const one = make("button", { type: "button", className: "btn" }, ...(icon ? [grid.icon(icon)] : [text]));
    one.setAttribute("aria-label", text);
    one.addEventListener("click", act);
    return one;
  };
  const go = (to) => { month = to; history.replaceState(null, "", `?mode=calendar&month=${month}`); load(); };
  const only = make("input", { type: "checkbox", className: "form-check-input" });
  only.addEventListener("change", () => { mine = only.checked; load(); });
  place.replaceChildren(make("div", { className: "g-month-head" }, tool("chevron-left", say("上个月"), () => go(shift(month, -1))), title, tool("chevron-right", say("下个月"), () => go(shift(month, 1))),
    tool("", say("今天"), () => go(grid.schema.now.slice(0, 7))), make("label", { className: "g-only" }, only, say("只看我的"))), empty, body);
  title.setAttribute("aria-live", "polite");

  const entry = (one) => {
    const link = make("a", { className: `g-due${one.late ? " is-late" : ""}${one.state === "done" ? " is-done" : ""}`, href: grid.pageOf(one.id), title: `${one.title} · ${one.label} · ${one.due}` },
      make("b", { textContent: one.title || `#${one.id}` }), make("span", { className: "soft", textContent: ` ${one.label}${one.person ? ` · ${grid.names.of("person", one.person)}` : ""}` }));
    return make("li", {}, make("a", { className: "g-due-at", href: one.why, title: `${one.label} · ${one.due} · ${one.cite}`, textContent: one.due.slice(11, 16) }), link);
  };

  const dayAfter = (day) => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

  /** What does not fit into a day is seen in the sheet. */
  const rest = (date, n) => {
    const more = make("button", { type: "button", className: "g-rest", textContent: say("还有 {n} 条", { n }) });
    more.addEventListener("click", () => inSheet(grid, { all: [{ field: "due", op: "gt", value: date }, { field: "due", op: "le", value: dayAfter(date) }] }));
    return make("li", {}, more);
  };

  const load = async () => {
    const turn = ++asked;
    try {
      const answer = await grid.api.post("/calendar", { month, ...(mine ? { mine } : {}), ...(search ? { search } : {}) });
      if (turn !== asked) return;
      grid.names.take(answer.names);
      const [year, m] = month.split("-").map(Number);
      title.textContent = english ? new Date(Date.UTC(year, m - 1)).toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" }) : `${year}年${m}月`;
      const days = new Date(Date.UTC(year, m, 0)).getUTCDate();
      const before = (new Date(Date.UTC(year, m - 1, 1)).getUTCDay() + 6) % 7;
      const names = english ? ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] : ["一", "二", "三", "四", "五", "六", "日"];
      const cells = names.map((name) => make("div", { className: "g-weekday", textContent: name, ariaHidden: "true" }));
      for (let i = 0; i < before; i++) cells.push(make("div", { className: "g-day is-out", ariaHidden: "true" }));
      for (let day = 1; day <= days; day++) {
        const date = `${month}-${String(day).padStart(2, "0")}`;
        const { count = 0, entries = [] } = answer.days[date] || {};
        const weekday = (before + day - 1) % 7;
        cells.push(make("section", { className: `g-day${date === grid.schema.now.slice(0, 10) ? " is-today" : ""}${weekday > 4 ? " is-rest" : ""}${count ? "" : " is-bare"}`, ariaLabel: `${date} ${names[weekday]}` },
          make("header", {}, make("span", { textContent: day }), make("span", { className: "g-day-name soft", textContent: names[weekday] }), ...(count ? [make("span", { className: "count soft", textContent: say("{n} 条", { n: count }) })] : [])), make("ul", {}, ...entries.map(entry), ...(count > entries.length ? [rest(date, count - entries.length)] : []))));
      }
      for (let i = before + days; i % 7; i++) cells.push(make("div", { className: "g-day is-out", ariaHidden: "true" }));
      const none = !Object.keys(answer.days).length;
      body.replaceChildren(...cells);
      empty.hidden = !none;
      empty.textContent = search || mine ? say("这个月没有符合条件的期限") : say("这个月没有到期的事");
      grid.root.dataset.ready = "";
    } catch (error) { grid.emit("failed", error); }
  };

  let timer = 0;
  find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { search = find.value.trim(); load(); }, 250); });
  grid.refresh = load;
  live(grid);
  load();
};
