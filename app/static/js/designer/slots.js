// A place in the document: what stands there, and a way to put something else there. Documents are never changed, only replaced.
import { listed } from "./text.js";

const lone = (value, key) => Object.keys(value).length === 1 && key in value;
const field = { open: (v) => (typeof v === "string" ? { field: v } : v), shut: (v) => (lone(v, "field") ? v.field : v) };

// Parts that may be written as one word: to their full form and back.
const SHORT = {
  Start: {
    open: (v) => (v === "created" ? { created: true } : field.open(v)),
    shut: (v) => (lone(v, "created") && v.created === true ? "created" : field.shut(v)),
  },
  Done: field,
  Sign: field,
};
const empty = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);

/** The whole document as a place; `put(value, quiet, where)` takes its next form. */
export const root = (get, put) => ({ path: [], part: "", get, set: (value, quiet, where = "") => put(value, quiet, where) });

/** The place under a key of a mapping; what is emptied there is left out. */
export const under = (place, key, part = "") => ({
  path: [...place.path, key],
  part,
  get: () => whole(place)[key],
  set(value, quiet, where = name(this)) {
    const next = { ...whole(place) };
    if (empty(value)) delete next[key]; else next[key] = value;
    place.set(SHORT[place.part]?.shut(next) ?? next, quiet, where);
  },
});

/** What stands at a place as a mapping, opened from its short form. */
export const whole = (place) => { const value = place.get(); return (SHORT[place.part]?.open(value) ?? value) || {}; };

/** The members of the list at a place, each a place itself; a list written as its only member stays so. */
export const members = (place, part = "") => listed(place.get()).map((_, i) => ({
  path: [...place.path, i],
  part,
  get: () => listed(place.get())[i],
  set(value, quiet, where = name(this)) {
    const before = place.get();
    const next = [...listed(before)];
    if (value === undefined) next.splice(i, 1); else next[i] = value;
    place.set(Array.isArray(before) || next.length !== 1 ? next : next[0], quiet, where);
  },
}));

/** Put one more at the end of the list at a place. */
export const add = (place, value) => place.set([...listed(place.get()), value]);

/** Move a member of the list at a place to another index. */
export const move = (place, from, to) => {
  const next = [...listed(place.get())];
  if (to < 0 || to >= next.length) return;
  next.splice(to, 0, ...next.splice(from, 1));
  place.set(next);
};

/** A place as findings name it: fields[3].label. */
export const name = (place) => place.path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("").replace(/^\./, "");
