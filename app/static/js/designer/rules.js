// Deadlines and penalties: duties, violations, counters, refusals and checks, each as sentences with blanks.
import { make } from "../words.js";
import { said } from "./text.js";
import { members, name, under, whole } from "./slots.js";
import { cards } from "./cards.js";
import { sentence } from "./sentence.js";

const LISTS = [["duties", "Duty"], ["breaches", "Breach"], ["counters", "Counter"], ["refuse", "Refusal"], ["checks", "Check"]];

/** Draw the section of deadlines and penalties. */
export const rulesSection = (page) => LISTS.flatMap(([key, kind]) => [
  make("h3", { textContent: said(key) }), make("p", { className: "d-hint", textContent: said(`${key}_hint`) }), cards(page.root, key, kind, page),
]);

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
  return rows.length ? [make("p", { className: "d-hint", textContent: said("notices_hint") }), make("div", { className: "d-cards" }, ...rows)] : [make("p", { className: "d-none", textContent: said("no_notices") })];
};

const notice = (kind, place, page, keys) => {
  const part = page.grammar.parts[kind];
  const reduced = { ...page, grammar: { ...page.grammar, parts: { ...page.grammar.parts, [kind]: { ...part, say: keys.map((key) => ({ optional: [...(key === "tell" ? [said("tells")] : []), { blank: key }, " "] })), blanks: Object.fromEntries(keys.map((key) => [key, part.blanks[key]])) } } } };
  return whole(place) && sentence(kind, place, reduced);
};
