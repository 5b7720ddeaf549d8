// Days and moments as people type them: 2026年3月5日 上午9:30, 3/5, 明天 15:00; shown as read as soon as the field is left.
import { make, word } from "./words.js";
import { dayAfter, openCalendar } from "./daypick.js";

const zone = document.documentElement.dataset.zone;
const DAY = /^(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?!\d)/;
const NEAR = { 前天: -2, 昨天: -1, 今天: 0, 明天: 1, 后天: 2, yesterday: -1, today: 0, tomorrow: 1 };
const CLOCK = /^(上午|下午|中午|晚上|凌晨|am|pm)?\s*(\d{1,2})\s*(?:[:时点]\s*(半|\d{1,2})?)\s*分?(?::?\s*(\d{1,2})\s*秒?)?\s*(am|pm)?$/i;

const two = (number) => String(number).padStart(2, "0");

/** The present day and minute in the site's zone, as {day: "2026-03-05", time: "09:30"}. */
export const present = () => {
  const [day, time] = new Date().toLocaleString("sv", { timeZone: zone }).split(" ");
  return { day, time: time.slice(0, 5) };
};

const readClock = (text) => {
  const found = CLOCK.exec(text);
  if (!found) return null;
  const half = (found[1] || found[5] || "").toLowerCase();
  let hour = Number(found[2]);
  if (["下午", "晚上", "pm"].includes(half) && hour < 12) hour += 12;
  if (["凌晨", "上午", "am"].includes(half) && hour === 12) hour = 0;
  const minute = found[3] === "半" ? 30 : Number(found[3] || 0), second = Number(found[4] || 0);
  return hour < 24 && minute < 60 && second < 60 ? `${two(hour)}:${two(minute)}${second ? `:${two(second)}` : ""}` : null;
};

/**
 * Return typed text as 2026-03-05, or 2026-03-05 09:30 for a moment; null where it is not understood: then the server says why.
 * A day without its year is of this year, a time without its day is of today.
 */
export const readDay = (text, kind, now = present()) => {
  const typed = text.normalize("NFKC").trim();
  const near = Object.keys(NEAR).find((name) => typed.toLowerCase().startsWith(name));
  const found = near ? null : COMPACT.exec(typed) || DAY.exec(typed);
  let day = now.day, rest = typed;
  if (near) { day = dayAfter(now.day, NEAR[near]); rest = typed.slice(near.length); }
  if (found) { day = `${found[1] || now.day.slice(0, 4)}-${two(found[2])}-${two(found[3])}`; rest = typed.slice(found[0].length); }
  if (Number.isNaN(Date.parse(day)) || dayAfter(day, 0) !== day) return null;
  rest = rest.replace(/^[\sT]+/, "");
  if (!rest) return near || found ? day : null;
  const time = readClock(rest);
  if (kind !== "moment" || !time) return null;
  return `${day} ${time}`;
};

/** Let an input of days or moments (data-day) read what is typed, with a calendar beside it. */
export const dayInput = (input) => {
  const kind = input.dataset.day;
  input.placeholder ||= word(kind === "moment" ? "moment_form" : "day_form");
  input.autocomplete = "off";
  input.addEventListener("change", () => { input.value = readDay(input.value, kind) ?? input.value; });
  const button = make("button", { type: "button", className: "tool tool-icon", title: word("calendar") }, make("i", { className: "ti ti-calendar", ariaHidden: "true" }));
  button.setAttribute("aria-label", word("calendar"));
  button.setAttribute("aria-haspopup", "dialog");
  const box = make("span", { className: "day-box" });
  input.replaceWith(box);
  box.append(input, button);
  const open = () => openCalendar(box, readDay(input.value, kind) ?? "", kind, present(), (value) => {
    input.focus();
    if (value === null) return;
    input.value = value;
    for (const name of ["input", "change"]) input.dispatchEvent(new Event(name, { bubbles: true }));
  });
  button.addEventListener("click", open);
  input.addEventListener("keydown", (event) => { if (event.altKey && event.key === "ArrowDown") { event.preventDefault(); open(); } });
  return box;
};
