// A month to choose a day from, by keys or by touch, and the time of a moment (ARIA date picker pattern).
import { make, word } from "./words.js";

const english = document.documentElement.lang === "en";
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
let shut = null;

/** The day `by` days after one, both as 2026-03-05. */
export const dayAfter = (day, by) => new Date(Date.parse(day) + by * 86_400_000).toISOString().slice(0, 10);
const weekday = (day) => (new Date(Date.parse(day)).getUTCDay() + 6) % 7;

/** The same day some months on, or the last one of that month. */
const monthsOn = (day, by) => {
  const at = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + by;
  const last = new Date(Date.UTC(Math.floor(at / 12), (at % 12) + 1, 0));
  return `${last.toISOString().slice(0, 8)}${String(Math.min(Number(day.slice(8)), last.getUTCDate())).padStart(2, "0")}`;
};

const inWords = (day, form) => new Date(Date.parse(day)).toLocaleDateString(english ? "en" : "zh-CN", { ...form, timeZone: "UTC" });

/**
 * Open the calendar under `box` at `value` (2026-03-05 or 2026-03-05 14:30, may be empty); `done` gets the text chosen, empty to clear,
 * null for nothing.
 */
export const openCalendar = (box, value, kind, now, done) => {
  shut?.(null);
  let day = value.slice(0, 10) || now.day;
  const time = make("input", { className: "form-control", value: value.slice(11) || now.time, inputMode: "numeric", maxLength: 8, pattern: "([01]?\\d|2[0-3]):[0-5]\\d(:[0-5]\\d)?" });
  time.setAttribute("aria-label", word("time"));
  const panel = make("div", { className: "day-panel" });
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", word("calendar"));

  const close = (answer) => {
    if (shut !== close) return;
    shut = null;
    removeEventListener("pointerdown", outside, true);
    panel.remove();
    done(answer);
  };
  const outside = (event) => { if (!box.contains(event.target)) close(null); };
  const take = (chosen) => {
    if (kind !== "moment") { close(chosen); return; }
    if (time.reportValidity()) close(`${chosen} ${time.value.padStart(5, "0")}`);
  };
  const button = (text, act, label = "") => {
    const one = make("button", { type: "button", className: label ? "tool tool-icon" : "btn btn-sm" }, text);
    if (label) one.setAttribute("aria-label", label);
    one.addEventListener("click", act);
    return one;
  };
  const icon = (name) => make("i", { className: `ti ti-${name}`, ariaHidden: "true" });

  const title = make("b", {});
  title.setAttribute("aria-live", "polite");
  const grid = make("div", { className: "day-grid" });
  grid.setAttribute("role", "grid");
  const draw = (focus) => {
    title.textContent = inWords(day, { year: "numeric", month: "long" });
    const first = dayAfter(`${day.slice(0, 8)}01`, -weekday(`${day.slice(0, 8)}01`));
    const names = make("div", {}, ...Array.from({ length: 7 }, (_, i) => { const one = make("span", { textContent: inWords(dayAfter(first, i), { weekday: "narrow" }) }); one.setAttribute("role", "columnheader"); return one; }));
    const weeks = Array.from({ length: 6 }, (_, week) => make("div", {}, ...Array.from({ length: 7 }, (__, i) => {
      const one = dayAfter(first, week * 7 + i);
      const cell = make("button", { type: "button", textContent: Number(one.slice(8)), tabIndex: one === day ? 0 : -1,
        className: `${one.slice(0, 7) === day.slice(0, 7) ? "" : "is-out"}${one === now.day ? " is-today" : ""}${i > 4 ? " is-rest" : ""}` });
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-label", inWords(one, { year: "numeric", month: "long", day: "numeric", weekday: "long" }));
      if (one === value.slice(0, 10)) cell.setAttribute("aria-selected", "true");
      cell.addEventListener("click", () => take(one));
      return cell;
    })));
    for (const row of [names, ...weeks]) row.setAttribute("role", "row");
    grid.replaceChildren(names, ...weeks);
    if (focus) grid.querySelector("[tabindex='0']").focus();
  };
  const go = (to, focus = true) => { day = to; draw(focus); };
  grid.addEventListener("keydown", (event) => {
    const to = event.key in STEPS ? dayAfter(day, STEPS[event.key]) : event.key === "PageUp" ? monthsOn(day, event.shiftKey ? -12 : -1) : event.key === "PageDown" ? monthsOn(day, event.shiftKey ? 12 : 1)
      : event.key === "Home" ? dayAfter(day, -weekday(day)) : event.key === "End" ? dayAfter(day, 6 - weekday(day)) : null;
    if (to) { event.preventDefault(); go(to); }
  });
  panel.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") { event.preventDefault(); close(null); }
    if (event.key === "Tab") {
      const stops = [...panel.querySelectorAll("button:not([tabindex='-1']), input")];
      const edge = event.shiftKey ? stops[0] : stops.at(-1);
      if (document.activeElement === edge) { event.preventDefault(); (event.shiftKey ? stops.at(-1) : stops[0]).focus(); }
    }
    if (event.key === "Enter" && event.target === time) { event.preventDefault(); take(day); }
  });

  panel.append(make("div", { className: "day-head" }, button(icon("chevron-left"), () => go(monthsOn(day, -1), false), word("last_month")), title, button(icon("chevron-right"), () => go(monthsOn(day, 1), false), word("next_month"))), grid,
    make("div", { className: "day-foot" }, ...(kind === "moment" ? [time, button(word("now"), () => close(`${now.day} ${now.time}`))] : [button(word("today"), () => close(now.day))]), button(word("clear"), () => close(""))));
  shut = close;
  addEventListener("pointerdown", outside, true);
  box.append(panel);
  draw(true);
  // Fixed to the screen, so that no frame that scrolls cuts it off.
  const at = box.getBoundingClientRect();
  panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - panel.offsetWidth - 8))}px`;
  panel.style.top = `${at.bottom + panel.offsetHeight + 12 > innerHeight ? Math.max(8, at.top - panel.offsetHeight - 4) : at.bottom + 4}px`;
};
