// The inputs that blanks are made of. A place that is typed into changes quietly; a choice draws the page anew.
import { make } from "../words.js";
import { listed, said } from "./text.js";
import { name } from "./slots.js";

const MANY = 60;

const mark = (element, place, label) => {
  element.dataset.path = name(place);
  element.setAttribute("aria-label", label);
  element.title = label;
  return element;
};

const option = (o, value) => make("option", { value: o.code, textContent: o.label, selected: o.code === value });
const fill = (select, options, value, empty) => {
  const groups = options.map((o) => (o.options ? make("optgroup", { label: o.label }, ...o.options.map((each) => option(each, value))) : option(o, value)));
  select.replaceChildren(...(empty === null ? [] : [make("option", { value: "", textContent: empty })]), ...groups);
  select.value = value ?? "";
};
const flat = (options) => options.flatMap((o) => o.options ?? [o]);

/** A drop-down; a long one is filled when it is reached for. `done(code)` is called with the choice. */
export const dropdown = (options, value, done, { label, place, empty = "…", className = "d-blank" }) => {
  const select = mark(make("select", { className }), place, label);
  const known = flat(options);
  const shown = value === undefined || value === "" || known.some((o) => o.code === value) ? options : [{ code: value, label: value }, ...options];
  if (known.length > MANY) {
    fill(select, flat(shown).filter((o) => o.code === value), value, empty);
    const all = () => { select.removeEventListener("focus", all); select.removeEventListener("pointerdown", all); fill(select, shown, value, empty); };
    select.addEventListener("focus", all);
    select.addEventListener("pointerdown", all);
  } else fill(select, shown, value, empty);
  if (!value) select.classList.add("is-open");
  select.addEventListener("change", () => done(select.value));
  return select;
};

/** A line of text that changes quietly; `read` turns it into what the definition holds, `show` back. */
export const line = (place, { label, type = "text", read = (t) => t, show = (v) => v ?? "", className = "d-blank", placeholder = "", ...more }) => {
  const input = mark(make("input", { className, type, placeholder, autocomplete: "off", value: String(show(place.get())), ...more }), place, label);
  if (!input.value) input.classList.add("is-open");
  input.addEventListener("input", () => { input.classList.toggle("is-open", !input.value); place.set(read(input.value), true); });
  return input;
};

export const whole = (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text.trim() || undefined);

/** A tick; `holds` says whether it is set where nothing is written. */
export const tick = (place, label, { shown = label, holds = false } = {}) => {
  const input = mark(make("input", { type: "checkbox", className: "form-check-input", checked: place.get() ?? holds }), place, label);
  input.addEventListener("change", () => place.set(input.checked === holds ? undefined : input.checked));
  return make("label", { className: "d-tick" }, input, shown);
};

export const button = (icon, label, act, { className = "tool tool-icon", text = "" } = {}) => {
  const one = make("button", { type: "button", className }, make("i", { className: `ti ti-${icon}`, ariaHidden: "true" }), text);
  if (!text) { one.setAttribute("aria-label", label); one.title = label; }
  one.addEventListener("click", act);
  return one;
};

/** Several of a list of options as chips, with a drop-down to add one; `code` and `write` translate members of the definition. */
export const several = (place, options, { label, code = (v) => v, write = (o) => o.code }) => {
  const held = listed(place.get());
  const known = flat(options);
  const chips = held.map((value, i) => {
    const text = known.find((o) => o.code === code(value))?.label ?? code(value);
    const drop = button("x", `${said("remove")} ${text}`, () => { const next = held.filter((_, n) => n !== i); place.set(next.length === 1 && !Array.isArray(place.get()) ? next[0] : next); }, { className: "d-drop" });
    const chip = make("span", { className: "d-chip", title: text }, make("span", {}, text), drop);
    chip.dataset.path = `${name(place)}[${i}]`;
    return chip;
  });
  const rest = options.map((o) => (o.options ? { ...o, options: o.options.filter((each) => !held.some((v) => code(v) === each.code)) } : o)).filter((o) => o.options || !held.some((v) => code(v) === o.code));
  const more = dropdown(rest, "", (chosen) => { if (chosen) place.set([...held, write(known.find((o) => o.code === chosen))]); }, { label: held.length ? `${label} +` : label, place, empty: held.length ? "+" : "…", className: held.length ? "d-blank d-more" : "d-blank" });
  if (held.length) more.classList.remove("is-open");
  return make("span", { className: "d-several" }, ...chips, more);
};

/** A name in Chinese and in English. */
export const naming = (place, { label, className = "form-control", wide = false, done = () => {} }) => {
  const both = () => { const v = place.get(); return typeof v === "string" ? { zh: v } : v ?? {}; };
  const put = (next) => place.set(next.en ? next : next.zh || undefined, true);
  const input = (key, text, shown) => {
    const one = mark(make(wide ? "textarea" : "input", { className: `${className} d-${key}`, value: both()[key] ?? "", placeholder: shown, rows: 2, autocomplete: "off" }), place, text);
    if (!wide) one.removeAttribute("rows");
    one.lang = key;
    one.addEventListener("input", () => put({ ...both(), [key]: one.value.trim() ? one.value : undefined }));
    one.addEventListener("change", () => done(both()));
    return one;
  };
  return make("span", { className: "d-naming" }, input("zh", label, label), input("en", `${label} (English)`, "English"));
};
