// Deadlines and penalties: duties, violations, counters, refusals and checks, each as sentences with blanks.
import { make } from "../words.js";
import { said } from "./text.js";
import { members, name, under, whole } from "./slots.js";
import { cards } from "./cards.js";
import { headed } from "./form.js";
import { held, sentence } from "./sentence.js";

const LISTS = [["duties", "Duty"], ["breaches", "Breach"], ["counters", "Counter"], ["refuse", "Refusal"], ["checks", "Check"]];

/** Draw the section of deadlines and penalties, and how long records are kept. */
export const rulesSection = (page) => [
  ...LISTS.flatMap(([key, kind]) => headed(key, cards(page.root, key, kind, page))),
  ...headed("retention", make("div", { className: "d-cards" }, make("div", { className: "d-card" }, held(page.grammar.parts.RegisterSpec, "retention", page.root, page)))),
];

/** Draw the records that the panel enters by itself. */
export const reportsSection = (page) => [make("p", { className: "d-hint", textContent: said("reports_hint") }), cards(page.root, "reports", "Report", page, { none: said("no_reports") })];

/** Draw the section of prints. */
export const printsSection = (page) => [make("p", { className: "d-hint", textContent: said("prints_hint") }), cards(page.root, "prints", "Print", page)];

/** Draw who is told what: the same blanks as elsewhere, gathered in one place. */
export const noticesSection = (page) => {
  const rows = [];
  const row = (title, place, kind, keys) => {
    const shut = new Set(Object.keys(page.grammar.parts[kind].blanks).filter((key) => !keys.includes(key)));
    const line = make("div", { className: "d-card d-row" }, make("b", { textContent: title }), notice(kind, place, page, keys, shut));
    line.dataset.path = name(place);
    rows.push(line);
  };
  for (const one of members(under(page.root, "duties", "Duty"), "Duty")) row(page.titled(one), one, "Duty", ["remind", "escalate"]);
  for (const one of members(under(under(page.root, "workflow"), "transitions"), "Transition")) row(page.titled(one), one, "Transition", ["tell"]);
  for (const one of members(under(page.root, "breaches", "Breach"), "Breach")) row(page.titled(one), one, "Breach", ["tell"]);
  return rows.length ? [make("p", { className: "d-hint", textContent: said("notices_hint") }), make("div", { className: "d-cards" }, ...rows)] : [make("p", { className: "d-nothing", textContent: said("no_notices") })];
};

const notice = (kind, place, page, keys) => {
  const part = page.grammar.parts[kind];
  const reduced = { ...page, grammar: { ...page.grammar, parts: { ...page.grammar.parts, [kind]: { ...part, say: keys.map((key) => ({ optional: [...(key === "tell" ? [said("tells")] : []), { blank: key }, " "] })), blanks: Object.fromEntries(keys.map((key) => [key, part.blanks[key]])) } } } };
  return whole(place) && sentence(kind, place, reduced);
};
