// Conditions: a field, a comparison and a value; or several joined by and, or, not.
import { make } from "../words.js";
import { listed, said } from "./text.js";
import { name, under, whole } from "./slots.js";
import { button, dropdown, line, several } from "./inputs.js";

const COMPARISONS = ["is", "in", "not_in", "has", "filled", "ge", "gt", "le", "lt"];
const FOR = {
  choice: ["in", "not_in", "is", "filled"], choices: ["has", "filled"], yes_no: ["is", "filled"], text: ["is", "filled"], long_text: ["filled"],
  person: ["filled", "is"], reference: ["filled"], file: ["filled"], signature: ["filled"], date: ["ge", "gt", "le", "lt", "filled"], moment: ["ge", "gt", "le", "lt", "filled"],
};
const GROUPS = ["all", "any"];

/** A place that holds a condition on the fields of `register` (by default this one); `drop` takes it away. */
export const condition = (place, page, register = "", drop = () => place.set(undefined)) => {
  const value = whole(place);
  const group = GROUPS.find((g) => g in value);
  const out = make("span", { className: "d-condition" });
  out.dataset.path = name(place);
  if (group) {
    const list = under(place, group);
    listed(value[group]).forEach((_, i) => {
      if (i) out.append(dropdown(GROUPS.map((code) => ({ code, label: said(code) })), group, (next) => place.set({ [next]: whole(place)[group] }), { label: said("joined"), place, empty: null }));
      out.append(condition({ path: [...list.path, i], part: "", get: () => list.get()[i], set: (v, ...rest) => list.set(list.get().map((x, n) => (n === i ? v : x)), ...rest) }, page, register,
        () => { const rest = whole(place)[group].filter((__, n) => n !== i); place.set(rest.length === 1 ? rest[0] : { [group]: rest }); }));
    });
    out.append(button("plus", said("and_also"), () => place.set({ [group]: [...whole(place)[group], {}] }), { className: "d-drop" }));
    return out;
  }
  if ("not" in value) {
    out.append(said("not_so"), condition(under(place, "not"), page, register, drop));
    return out;
  }
  const fields = page.names.through(register);
  const field = fields.find((f) => f.code === value.field);
  const comparison = COMPARISONS.find((c) => c in value) ?? "";
  const allowed = FOR[field?.type] ?? COMPARISONS.filter((c) => c !== "has");
  out.append(dropdown(fields, value.field, (code) => place.set(code ? { field: code, ...start(fields.find((f) => f.code === code)) } : undefined), { label: said("field"), place: under(place, "field") }));
  if (field || value.field) {
    const shown = comparison && !allowed.includes(comparison) ? [...allowed, comparison] : allowed;
    out.append(dropdown(shown.map((code) => ({ code, label: said(code) })), comparison, (code) => place.set({ field: value.field, ...(code === "filled" ? { filled: true } : { [code]: fitting(code, whole(place)[comparison]) }) }), { label: said("comparison"), place: under(place, "comparison"), empty: null }),
      ...compared(under(place, comparison || "is"), comparison, field, page, register));
  }
  if (value.field) out.append(button("plus", said("and_also"), () => place.set({ all: [whole(place), {}] }), { className: "d-drop" }));
  if (place.get() !== undefined) out.append(button("x", said("remove"), drop, { className: "d-drop" }));
  return out;
};

const start = (field) => ({ choice: { in: [] }, yes_no: { is: true }, choices: { has: "" } }[field?.type] ?? (FOR[field?.type]?.[0] === "filled" ? { filled: true } : { is: "" }));
const fitting = (code, before) => (["in", "not_in"].includes(code) ? listed(before) : Array.isArray(before) ? before[0] ?? "" : before ?? "");

/** The inputs of what a field is compared with. */
const compared = (place, comparison, field, page, register) => {
  const value = place.get();
  const label = said("value");
  const keep = (v) => place.set(v);
  const words = field?.choices ?? (field?.type === "role" ? page.names.data.roles : null);
  if (comparison === "filled") return [];
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return [dropdown(page.names.through(register), value.field, (code) => keep(code ? { field: code } : ""), { label, place })];
  if (["in", "not_in"].includes(comparison)) {
    const kept = { ...place, set: (v, ...rest) => keepEmpty(place, v, rest) };
    return [words ? several(kept, words, { label }) : line(kept, { label, read: (t) => t.split(/[,，、;；]/).map((x) => x.trim()).filter(Boolean), show: (v) => listed(v).join("、") })];
  }
  if (field?.type === "yes_no") return [dropdown([{ code: "true", label: said("true") }, { code: "false", label: said("false") }], String(value), (v) => keep(v === "true"), { label, place, empty: null })];
  if (words) return [dropdown(words, value, keep, { label, place })];
  const numeric = ["integer", "decimal", "money", "percent"].includes(field?.type);
  return [line(place, { label, type: field?.type === "date" ? "date" : "text", inputMode: numeric ? "decimal" : "text", read: (t) => (numeric && /^-?\d+$/.test(t) ? Number(t) : t) })];
};
const keepEmpty = (place, value, rest) => place.set(value?.length ? value : [], ...rest);
