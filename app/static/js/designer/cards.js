// A list of parts as cards: each with its name and code above, its sentence below.
import { make } from "../words.js";
import { labelled, listed, said } from "./text.js";
import { members, name, under } from "./slots.js";
import { button, dropdown, naming } from "./inputs.js";
import { sentence } from "./sentence.js";
import { TEMPLATES } from "./templates.js";
import { renaming } from "./codes.js";

/** The list under `key` of a place, its members parts named `kind`; `templates` says what may be added. */
export const cards = (place, key, kind, page, { templates = TEMPLATES[key] ?? [], none = "", coded = true } = {}) => {
  const list = under(place, key, kind);
  const all = members(list, kind);
  const box = make("div", { className: "d-cards" });
  box.dataset.path = name(list);
  for (const [i, one] of all.entries()) {
    const part = one.get();
    const named = "label" in page.grammar.parts[kind].blanks;
    const head = make("div", { className: "d-card-head" }, named ? naming(under(one, "label"), { label: said("name"), done: renaming(one, [...place.path, key].join("."), page) }) : "",
      coded ? make("code", { className: "d-code", textContent: part.code ?? "" }) : "",
      make("span", { className: "d-card-acts" },
        button("arrow-up", `${said("up")} ${labelled(part.label)}`, () => page.move(list, i, i - 1)), button("arrow-down", `${said("down")} ${labelled(part.label)}`, () => page.move(list, i, i + 1)),
        button("trash", `${said("remove")} ${labelled(part.label)}`, () => one.set(undefined))));
    const card = make("div", { className: "d-card" }, head, make("div", { className: "d-card-body" }, sentence(kind, one, page)));
    card.dataset.path = name(one);
    card.setAttribute("role", "group");
    card.setAttribute("aria-label", labelled(part.label) || labelled(part.say) || part.code || "");
    box.append(card);
  }
  if (!all.length && none) box.append(make("p", { className: "d-nothing", textContent: none }));
  if (templates.length) box.append(adding(templates, page, key));
  return box;
};

/** What may be added to a list: one button, or a drop-down of several. */
const adding = (templates, page, key) => {
  const act = (code) => {
    const before = listed(page.store.document[key]).length;
    templates.find(([name]) => name === code)[1](page);
    page.reach(`${key}[${before}]`);
  };
  if (templates.length === 1) return button("plus", said(templates[0][0]), () => act(templates[0][0]), { className: "btn d-add", text: said(templates[0][0]) });
  const select = dropdown(templates.map(([code]) => ({ code, label: said(code) })), "", (code) => { if (code) act(code); }, { label: said(`add_${key}`), place: { path: [`add_${key}`] }, empty: `＋ ${said(`add_${key}`)}`, className: "form-select d-add" });
  return select;
};
