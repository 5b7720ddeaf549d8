// A part of a definition as its sentence: text, blanks, the sentences of its own parts, and what may be added.
import { make } from "../words.js";
import { listed, said } from "./text.js";
import { add, members, name, under, whole } from "./slots.js";
import { button, dropdown } from "./inputs.js";
import { blank } from "./blanks.js";
import { length } from "./lengths.js";
import { fresh } from "./fresh.js";

const QUIET = new Set(["code", "label"]);

/** The sentence of the part named `kind` that stands at `place`; keys in `without` are shown elsewhere, `inherited` is the register that a part around it looks at. */
export const sentence = (kind, place, page, without = QUIET, inherited = "") => {
  const part = page.grammar.parts[kind];
  const out = make("span", { className: "d-say" });
  out.dataset.path = name(place);
  const value = () => whole(place);
  const opened = (key) => page.opened.has(name(under(place, key)));
  const shown = (key) => key === "length" || value()[key] !== undefined || opened(key);
  const told = new Set(without);
  const missing = [];

  const draw = (pieces, into) => {
    for (const piece of pieces) {
      if (typeof piece === "string") { into.push(piece); continue; }
      if (piece.optional) {
        const keys = piece.optional.filter((p) => p.blank).map((p) => p.blank);
        for (const key of keys) told.add(key);
        if (keys.some(shown)) draw(piece.optional, into); else missing.push(keys[0]);
        continue;
      }
      told.add(piece.blank);
      into.push(piece.blank === "length" ? length(place, part.units, page) : held(part, piece.blank, place, page, inherited));
    }
    return into;
  };
  out.append(...draw(part.say, []));
  for (const key of Object.keys(part.blanks)) {
    if (told.has(key)) continue;
    if (shown(key)) out.append(make("span", { className: "d-extra" }, `${part.blanks[key].label} `, held(part, key, place, page, inherited))); else missing.push(key);
  }
  if (missing.length) {
    const more = dropdown(missing.map((key) => ({ code: key, label: part.blanks[key].label })), "", (key) => {
      page.opened.add(name(under(place, key)));
      const { kind: how, of } = part.blanks[key];
      if (how === "part") under(place, key, of).set(fresh(of, page));
      else if (how === "parts") under(place, key, of).set([fresh(of, page, [])]);
      else if (how === "tick") under(place, key).set(true);
      else page.draw();
      page.reach(name(under(place, key)));
    }, { label: said("more_of", { what: "" }), place: under(place, "more"), empty: "＋", className: "d-blank d-more" });
    more.classList.remove("is-open");
    out.append(more);
  }
  return out;
};

/** What a key holds: a blank, or the sentences of its parts. */
export const held = (part, key, place, page, inherited = "") => {
  const register = whole(place).register ?? inherited;
  const { kind, of, label } = part.blanks[key] ?? { kind: "text", label: key };
  const inner = under(place, key, of);
  if (kind === "part") return whole(place)[key] === undefined ? start(inner, of, label, page) : at(inner, make("span", { className: "d-part" }, sentence(of, inner, page, new Set(), register), remove(inner)));
  if (kind === "parts") {
    const each = members(inner, of).map((one) => at(one, make("span", { className: "d-part" }, sentence(of, one, page, QUIET, register), remove(one))));
    const more = button("plus", `${said("add")} ${label}`, () => add(inner, fresh(of, page, inner.get())), { className: "d-drop" });
    const joined = each.flatMap((one, i) => (i ? [said("also"), one] : [one]));
    const box = make("span", { className: "d-parts" }, ...joined, more);
    box.dataset.path = name(inner);
    return listed(inner.get()).length ? box : start(inner, of, label, page, true);
  }
  if (kind === "keyed") return keyed(inner, of, label, page, register);
  return blank(part, key, place, page, inherited);
};

/** An element that stands for a place: what is pressed in it concerns that place. */
const at = (place, element) => { element.dataset.path = name(place); return element; };

/** A part for each of some fields: the field, then the part's sentence. */
const keyed = (place, of, label, page, register) => {
  const value = whole(place);
  const put = (entries) => place.set(entries.length ? Object.fromEntries(entries) : undefined);
  const rename = (from, to) => put(from ? Object.entries(value).map(([key, held]) => [key === from ? to : key, held]) : [...Object.entries(value), [to, fresh(of, page)]]);
  const field = (code) => { const free = page.names.fields().filter((f) => f.code === code || !(f.code in value)); return dropdown(free, code, (to) => { if (to) rename(code, to); }, { label: code ? `${label} ${code}` : `${said("add")} ${label}`, place: under(place, code || "new"), empty: code ? null : Object.keys(value).length ? "＋" : `＋ ${label}`, className: code || !Object.keys(value).length ? "d-blank" : "d-blank d-more" }); };
  const box = make("span", { className: "d-parts" }, ...Object.keys(value).flatMap((code) => [make("span", { className: "d-part" }, field(code), " = ", sentence(of, under(place, code, of), page, QUIET, register), button("x", said("remove"), () => put(Object.entries(value).filter(([key]) => key !== code)), { className: "d-drop" })), said("also")]), field(""));
  box.dataset.path = name(place);
  return box;
};

const remove = (place) => button("x", said("remove"), () => place.set(undefined), { className: "d-drop" });
const start = (place, of, label, page, several = false) => {
  const one = button("plus", `${said("add")} ${label}`, () => place.set(several ? [fresh(of, page, [])] : fresh(of, page)), { className: "d-blank is-open", text: label });
  one.dataset.path = name(place);
  one.setAttribute("aria-label", `${said("add")} ${label}`);
  return one;
};
