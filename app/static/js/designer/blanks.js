// One blank of a sentence: how each kind of it is filled in.
import { make } from "../words.js";
import { labelled, listed, said } from "./text.js";
import { members, name, under, whole } from "./slots.js";
import { button, dropdown, line, naming, several, tick, whole as number } from "./inputs.js";
import { condition } from "./conditions.js";
import { length } from "./lengths.js";
import { choicesOf } from "./names.js";
import { formulas } from "../formula.js";

const decimal = (key) => (t) => (t.trim() === "" ? undefined : key === "money" || !/^-?\d+$/.test(t.trim()) ? t.trim() : Number(t));
const commas = { read: (t) => t.split(/[,，、;；]/).map((x) => x.trim()).filter(Boolean), show: (v) => listed(v).join("、") };

/** Whom a party may be: fields that name people, whoever entered the record, roles, and somebody's superior, two steps up or as many as are `held`. */
const people = (page, held) => {
  const named = [...page.names.typed(page.names.fields(), "person", "signature"), page.names.data.system.find((f) => f.code === "created_by")];
  const steps = Math.max(2, ...listed(held).map((party) => party?.steps ?? 1));
  const above = (label, n) => (n ? said("superior", { who: above(label, n - 1) }) : label);
  return [
    { label: said("people_named"), options: named.map((f) => ({ ...f, party: f.code })) },
    { label: said("superiors"), options: Array.from({ length: steps }, (_, i) => i + 1).flatMap((n) => named.map((f) => ({ code: `${"^".repeat(n)}${f.code}`, label: above(f.label, n), party: { superior_of: f.code, ...(n > 1 ? { steps: n } : {}) } }))) },
    { label: said("roles"), options: page.names.data.roles.map((r) => ({ ...r, party: r.code })) },
  ];
};
const partyCode = (party) => (typeof party === "string" ? party : party?.field || party?.role || (party?.superior_of ? `${"^".repeat(party.steps ?? 1)}${party.superior_of}` : ""));
const citeCode = (cite) => (cite?.article ? `${cite.policy}-${cite.article}` : cite?.policy ?? "");

/** What a transition may fill a field with. */
const filled = (field) => [{ code: "now", label: said("the_moment") }, { code: "actor", label: said("who_acts") },
  ...(field?.type === "yes_no" ? [true, false].map((value) => ({ code: String(value), label: said(String(value)), value })) : field?.choices ?? [])];

/** What a new record holds in a field: of a kind that fits the field. */
const preset = (place, { label, part, page }) => {
  const yes = [true, false].map((value) => ({ code: String(value), label: said(String(value)), value }));
  const options = { yes_no: yes, choice: choicesOf(part.choices), choices: choicesOf(part.choices), role: page.names.data.roles, person: [{ code: "actor", label: said("who_acts") }],
    date: [{ code: "now", label: said("today") }], moment: [{ code: "now", label: said("the_moment") }] }[part.type];
  if (options) return dropdown(options, place.get() === undefined ? "" : String(place.get()), (code) => place.set(options.find((o) => o.code === code)?.value ?? code), { label, place });
  const numeric = ["integer", "decimal", "money", "percent"].includes(part.type);
  return line(place, { label, ...(numeric ? { inputMode: "decimal", read: decimal(""), className: "d-blank d-number" } : {}) });
};

/** What a list is sorted by: a field, and whether the latest comes first, written with a minus. */
const order = (place, page, register, label, usual) => {
  const value = place.get() ?? usual;
  const code = value.replace(/^-/, ""), down = value.startsWith("-");
  const put = (field, falling) => { const next = `${falling ? "-" : ""}${field}`; place.set(next === usual ? undefined : next); };
  return make("span", {}, dropdown([{ code: "id", label: said("entry") }, ...page.names.all(register)], code, (field) => put(field, down), { label, place, empty: null }),
    dropdown([{ code: "down", label: said("falling") }, { code: "up", label: said("rising") }], down ? "down" : "up", (way) => put(code, way === "down"), { label: said("direction"), place: under(place, "direction"), empty: null }));
};

/** Groups of fields, each of which may occur but once. */
const groups = (place, page, label) => {
  const box = make("div", { className: "d-cards" }, ...members(place).map((one) => {
    const row = make("div", { className: "d-card d-row" }, several(one, page.names.all(), { label }), button("trash", `${said("remove")} ${label}`, () => one.set(undefined)));
    row.dataset.path = name(one);
    return row;
  }), button("plus", said("add_group"), () => { const n = listed(place.get()).length; place.set([...listed(place.get()), page.names.fields().slice(0, 1).map((f) => f.code)]); page.reach(`${name(place)}[${n}]`, "select"); }, { className: "btn d-add", text: said("add_group") }));
  return box;
};

/** A number for each option of the choice that is added up. */
const scores = (place, page, register, field) => make("span", {}, ...(page.names.all(register).find((f) => f.code === field)?.choices ?? Object.keys(whole(place)).map((code) => ({ code, label: code })))
  .map((o) => make("span", { className: "d-pair" }, `${o.label} = `, line(under(place, o.code), { label: o.label, inputMode: "decimal", read: decimal(""), className: "d-blank d-number" }), " ")));

/** A picture of those that are in use. */
const icon = (place, page, label) => {
  const held = place.get() ?? "book";
  const all = [...new Set([held, "book", ...page.names.data.icons])];
  const box = make("span", { className: "d-icons" }, ...all.map((code) => { const one = button(code, code, () => place.set(code === "book" ? undefined : code)); one.setAttribute("aria-pressed", String(code === held)); return one; }));
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  return box;
};

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
  party: (place, { label, page }) => dropdown(people(page, place.get()), partyCode(place.get()), (code) => place.set(people(page, place.get()).flatMap((g) => g.options).find((o) => o.code === code)?.party), { label, place }),
  parties: (place, { label, page }) => several(place, people(page, place.get()), { label, code: partyCode, write: (o) => o.party }),
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
  duties_there: (place, { label, page, register }) => several(place, page.names.duties(register), { label }),
  day_there: (place, { label, page, register, part }) => dropdown([...(part.duties ? ["started", "due"].map((code) => ({ code, label: said(`duty_${code}`) })) : []), ...page.names.typed(page.names.all(register), "times")], place.get(), (v) => place.set(v), { label, place }),
  split: (place, { label, page, register, part }) => dropdown([...["unit", "person"].map((code) => ({ code, label: said(`per_${code}`) })), ...page.names.fields(register || part.numerator?.register)], place.get(), (v) => place.set(v), { label, place }),
  scores: (place, { page, register, part }) => scores(place, page, register, part.of),
  groups: (place, { label, page }) => groups(place, page, label),
  order: (place, { label, page }) => order(place, page, "", label, "-id"),
  order_there: (place, { label, page, register }) => order(place, page, register, label, "id"),
  default: (place, context) => preset(place, context),
  option: (place, { label, page }) => { const among = choicesOf(place.path.slice(0, -2).reduce((value, step) => value?.[step], page.store.document)); return dropdown(among.filter((_, i) => i !== place.path.at(-2)), place.get(), (v) => place.set(v), { label, place }); },
  icon: (place, { label, page }) => icon(place, page, label),
  indicator: (place, { label, page }) => dropdown(page.names.data.indicators, place.get(), (v) => place.set(v), { label, place }),
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
