// One blank of a sentence: how each kind of it is filled in.
import { make } from "../words.js";
import { labelled, listed, said } from "./text.js";
import { name, under, whole } from "./slots.js";
import { button, dropdown, line, naming, several, tick, whole as number } from "./inputs.js";
import { condition } from "./conditions.js";
import { length } from "./lengths.js";
import { formulas } from "../formula.js";

const decimal = (key) => (t) => (t.trim() === "" ? undefined : key === "money" || !/^-?\d+$/.test(t.trim()) ? t.trim() : Number(t));
const commas = { read: (t) => t.split(/[,，、;；]/).map((x) => x.trim()).filter(Boolean), show: (v) => listed(v).join("、") };

/** Whom a party may be: fields that name people, whoever entered the record, roles, and somebody's superior. */
const people = (page) => {
  const named = [...page.names.typed(page.names.fields(), "person", "signature"), page.names.data.system.find((f) => f.code === "created_by")];
  return [
    { label: said("people_named"), options: named.map((f) => ({ ...f, party: f.code })) },
    { label: said("superiors"), options: named.map((f) => ({ code: `^${f.code}`, label: said("superior", { who: f.label }), party: { superior_of: f.code } })) },
    { label: said("roles"), options: page.names.data.roles.map((r) => ({ ...r, party: r.code })) },
  ];
};
const partyCode = (party) => (typeof party === "string" ? party : party?.field || party?.role || (party?.superior_of ? `^${party.superior_of}` : ""));
const citeCode = (cite) => (cite?.article ? `${cite.policy}-${cite.article}` : cite?.policy ?? "");

/** What a transition may fill a field with. */
const filled = (field) => [{ code: "now", label: said("the_moment") }, { code: "actor", label: said("who_acts") },
  ...(field?.type === "yes_no" ? [true, false].map((value) => ({ code: String(value), label: said(String(value)), value })) : field?.choices ?? [])];

/** A formula, with the panel's own help. */
const formula = (place, page, label) => {
  const area = make("textarea", { className: "form-control", rows: 2, value: place.get() ?? "", spellcheck: false });
  area.dataset.formula = page.urls.formulas;
  area.dataset.formulaField = place.path[0] === "fields" ? page.store.document.fields[place.path[1]].code : "";
  area.dataset.path = name(place);
  area.setAttribute("aria-label", label);
  area.addEventListener("input", () => place.set(area.value.trim() || undefined, true));
  const box = make("div", {}, area);
  formulas(box);
  return box;
};

const pairs = (place, left, right, label) => {
  const value = whole(place);
  const rows = Object.entries(value);
  const put = (from, to, was) => { const next = Object.fromEntries(rows.filter(([key]) => key !== was)); if (from) next[from] = to; place.set(next); };
  const row = ([from, to], fresh) => make("span", { className: "d-pair" },
    dropdown(left, from, (code) => put(code, to || right(code)[0]?.code || "", from), { label: `${label} 1`, place: under(place, `${from || "new"}`), empty: fresh ? "+" : "…" }),
    ...(from ? [" = ", dropdown(right(from), String(to ?? ""), (code) => put(from, right(from).find((o) => o.code === code)?.value ?? code, from), { label: `${label} 2`, place: under(place, from) }), button("x", said("remove"), () => put("", "", from), { className: "d-drop" })] : []));
  return make("span", { className: "d-several" }, ...rows.map((r) => row(r, false)), row(["", ""], rows.length > 0));
};

// By kind: (place, {key, label, blank, register, page}) → element. `register` is the one that the part itself names.
const KINDS = {
  tick: (place, { label, blank }) => tick(place, label, { shown: "", holds: blank.holds }),
  number: (place, { label }) => line(place, { label, type: "number", min: 0, step: 1, read: number, className: "d-blank d-number" }),
  decimal: (place, { key, label }) => line(place, { label, inputMode: "decimal", read: decimal(key), className: "d-blank d-number" }),
  day: (place, { label }) => line(place, { label, type: "date" }),
  text: (place, { label }) => line(place, { label }),
  texts: (place, { label }) => line(place, { label, ...commas }),
  label: (place, { label }) => naming(place, { label, className: "d-blank" }),
  labels: (place, { label }) => line(place, { label, read: commas.read, show: (v) => listed(v).map(labelled).join("、") }),
  word: (place, { label, blank }) => dropdown(blank.options, place.get() ?? blank.preset, (v) => place.set(v === blank.preset ? undefined : v), { label, place, empty: blank.preset ? null : "…" }),
  formula: (place, { label, page }) => formula(place, page, label),
  words: (place, { label, blank }) => several(place, blank.options, { label }),
  party: (place, { label, page }) => dropdown(people(page), partyCode(place.get()), (code) => place.set(people(page).flatMap((g) => g.options).find((o) => o.code === code)?.party), { label, place }),
  parties: (place, { label, page }) => several(place, people(page), { label, code: partyCode, write: (o) => o.party }),
  cite: (place, { label, page }) => several(place, page.names.articles(), { label, code: citeCode, write: (o) => o.cite }),
  condition: (place, { register, page }) => condition(place, page, register),
  field: (place, { key, label, page }) => dropdown([...page.names.all(), ...(key === "before" ? ["period_start", "period_end"].map((code) => ({ code, label: said(code) })) : [])], place.get(), (v) => place.set(v), { label, place }),
  fields: (place, { label, page }) => several(place, page.names.all(), { label }),
  number_field: (place, { label, page }) => dropdown(page.names.typed(page.names.fields(), "numbers"), place.get(), (v) => place.set(v), { label, place }),
  there: (place, { label, page, register }) => dropdown(page.names.all(register), place.get(), (v) => place.set(v), { label, place }),
  theirs: (place, { label, page, register }) => several(place, page.names.all(register), { label }),
  theirs_of: (place, { label, page, part }) => dropdown(page.names.all(part.of), place.get(), (v) => place.set(v), { label, place }),
  register: (place, { label, page }) => dropdown(page.names.registers(), place.get(), (v) => place.set(v), { label, place }),
  breach: (place, { label, page }) => dropdown(page.names.breaches(), place.get(), (v) => place.set(v), { label, place }),
  counter: (place, { label, page }) => dropdown(page.names.counters(), place.get(), (v) => place.set(v), { label, place }),
  counters: (place, { label, page }) => several(place, page.names.counters(), { label }),
  state: (place, { label, page, register }) => dropdown(page.names.states(register), place.get(), (v) => place.set(v), { label, place }),
  states: (place, { label, page, register }) => several(place, page.names.states(register), { label }),
  transitions: (place, { label, page }) => several(place, page.names.transitions(), { label }),
  transition_there: (place, { label, page, register }) => dropdown(page.names.transitions(register), place.get(), (v) => place.set(v), { label, place }),
  duty_there: (place, { label, page, register }) => dropdown(page.names.duties(register), place.get(), (v) => place.set(v), { label, place }),
  domain: (place, { label, page }) => dropdown(page.names.data.domains, place.get(), (v) => place.set(v), { label, place }),
  role: (place, { label, page }) => dropdown(page.names.data.roles, place.get(), (v) => place.set(v), { label, place }),
  roles: (place, { label, page }) => several(place, page.names.data.roles, { label }),
  verbs: (place, { label, page }) => several(place, page.grammar.verbs, { label }),
  per: (place, { label, page }) => dropdown([...["person", "unit", "record"].map((code) => ({ code, label: said(`per_${code}`) })), ...page.names.typed(page.names.fields(), "reference", "person")], place.get() ?? "person", (v) => place.set(v), { label, place, empty: null }),
  match: (place, { label, page, register }) => pairs(place, [...page.names.all(register), { code: "id", label: said("itself") }], () => [...page.names.all(), { code: "id", label: said("itself") }], label),
  sets: (place, { label, page }) => pairs(place, page.names.fields(), (code) => filled(page.names.fields().find((f) => f.code === code)), label),
  up_to: (place, { label, page }) => (typeof place.get() === "object" && place.get() ? length(place, page.grammar.parts.Span.units, page) : line(place, { label, inputMode: "decimal", read: decimal("") })),
};

/** The input of the blank `key` of a part; `inherited` is the register that the part looks at where it names none itself. */
export const blank = (part, key, place, page, inherited = "") => {
  const described = part.blanks[key];
  const context = { key, label: described.label, blank: described, register: whole(place).register ?? whole(place).of ?? inherited, part: whole(place), page };
  const made = (KINDS[described.kind] ?? KINDS.text)(under(place, key), context);
  made.dataset.path ||= name(under(place, key));
  return made;
};
