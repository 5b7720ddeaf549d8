// How a series goes on: 1, 3 → 5; 2026-03-31 → 2026-04-01; 第7期 → 第8期.

const DAY = 86_400_000;
const NUMBERS = new Set(["integer", "decimal", "money", "percent"]);
const COUNTED = /^(.*?)(\d{1,15})(\D{0,4})$/s;

/** The one step between all of `values`; null where there are several. */
const stepOf = (values) => {
  const step = values[1] - values[0];
  return values.every((value, i) => !i || Math.abs(value - values[i - 1] - step) < 1e-9) ? step : null;
};

const months = (day) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;

/** A day some months on, the last of its month where that one is shorter. */
const monthsOn = (day, by) => {
  const at = months(day) + by, year = Math.floor(at / 12), month = at % 12;
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(Number(day.slice(8, 10)), last))).toISOString().slice(0, 10);
};

const days = (texts) => {
  const [first] = texts;
  if (texts.length > 1 && texts.every((text) => text.slice(7) === first.slice(7))) {
    const step = stepOf(texts.map(months));
    if (step) return (n) => monthsOn(first, step * n) + first.slice(10);
  }
  const at = texts.map((text) => Date.parse(`${text.replace(" ", "T")}${text.length > 10 ? "Z" : ""}`));
  const step = texts.length > 1 ? stepOf(at) : DAY;
  return step && !at.some(Number.isNaN) ? (n) => new Date(at[0] + step * n).toISOString().slice(0, first.length).replace("T", " ") : null;
};

const numbers = (texts) => {
  const step = texts.length > 1 ? stepOf(texts.map(Number)) : 1;
  const places = Math.max(...texts.map((text) => (text.split(".")[1] || "").length));
  return step === null ? null : (n) => (Number(texts[0]) + step * n).toFixed(places);
};

const counted = (texts) => {
  const parts = texts.map((text) => COUNTED.exec(text));
  if (!parts.every((one) => one && one[1] === parts[0]?.[1] && one[3] === parts[0][3])) return null;
  const [, before, digits, behind] = parts[0];
  const step = texts.length > 1 ? stepOf(parts.map((one) => Number(one[2]))) : 1;
  return step === null ? null : (n) => { const at = Number(digits) + step * n; return at < 0 ? null : before + String(at).padStart(digits[0] === "0" ? digits.length : 0, "0") + behind; };
};

/**
 * Return what gives the text of the n-th cell of the series that `texts` of a column of `type` begin (0 is their first one, negative ones
 * stand before it), or null where they begin none. A single number begins one only when it is `turned`, all else only when not.
 */
export const series = (texts, type, turned = false) => {
  const figures = NUMBERS.has(type) || texts.every((text) => /^\d+$/.test(text));
  if (texts.some((text) => !text) || (texts.length === 1 && figures) !== turned) return null;
  if (type === "date" || type === "moment") return days(texts);
  if (NUMBERS.has(type)) return numbers(texts);
  return type === "text" ? counted(texts) : null;
};
