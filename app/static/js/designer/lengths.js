// A length of time: a number and its unit, both keys of one mapping; or a field that says it.
import { make } from "../words.js";
import { said } from "./text.js";
import { name, under, whole } from "./slots.js";
import { dropdown, line, whole as number } from "./inputs.js";

/** The length that stands at a place, of a part with `units`. */
export const length = (place, units, page) => {
  const value = whole(place);
  const unit = units.find((u) => u.code in value)?.code ?? units.find((u) => u.code === "working_days")?.code ?? units[0].code;
  const held = under(place, unit);
  const label = said("length");
  const change = (to) => {
    const now = whole(place); // typed into since it was drawn
    const rest = Object.fromEntries(Object.entries(now).filter(([key]) => !units.some((u) => u.code === key)));
    const fields = page.names.typed(page.names.fields(), "times");
    place.set({ [to]: to === "field" ? fields[0]?.code ?? "" : typeof now[unit] === "number" ? now[unit] : 1, ...rest });
  };
  const how = unit === "field"
    ? dropdown(page.names.typed(page.names.all(), "times"), held.get(), (code) => held.set(code), { label, place: held })
    : line(held, { label, type: "number", min: 0, step: 1, read: (t) => (t === "" ? 0 : number(t)), className: "d-blank d-number" });
  const out = make("span", { className: "d-length" }, how, dropdown(units, unit, change, { label: said("unit"), place: under(place, "unit"), empty: null }));
  out.dataset.path = name(place);
  return out;
};
