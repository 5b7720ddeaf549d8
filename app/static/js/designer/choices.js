// The options of a choice: in Chinese and English, in order. What machines store stays as it was first written.
import { make } from "../words.js";
import { said } from "./text.js";
import { name } from "./slots.js";
import { button } from "./inputs.js";
import { sentence } from "./sentence.js";

const NAMED = new Set(["code", "zh", "en"]);

const open = (written) => (Array.isArray(written) ? written.map((o) => (typeof o === "string" ? { code: o, zh: o, en: "" } : { en: "", zh: o.code, ...o }))
  : Object.entries(written ?? {}).map(([code, en]) => ({ code, zh: code, en: en ?? "" })));
const shut = (options) => {
  const plain = options.every((o) => o.code === o.zh && Object.keys(o).every((key) => ["code", "zh", "en"].includes(key)));
  if (!plain) return options.map((o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== "")));
  return options.some((o) => o.en) ? Object.fromEntries(options.map((o) => [o.code, o.en || null])) : options.map((o) => o.code);
};

/** One option as a place that always stands in full. */
const whole = (place, i) => ({ path: [...place.path, i], part: "", get: () => open(place.get())[i],
  set: (value, quiet, where = name(place)) => place.set(shut(open(place.get()).map((o, n) => (n === i ? value : o))), quiet, where) });

/** The editor of the options at a place. */
export const choices = (place, page) => {
  const options = open(place.get());
  const known = new Set(page.choicesInForce(place.path));
  const put = (next, quiet) => place.set(shut(next), quiet, name(place));
  const box = make("div", { className: "d-choices" });
  box.dataset.path = name(place);
  const input = (o, i, key, label) => {
    const one = make("input", { className: "form-control", value: o[key] ?? "", placeholder: label, autocomplete: "off" });
    one.setAttribute("aria-label", `${label} ${i + 1}`);
    one.dataset.path = `${name(place)}[${i}].${key}`;
    one.addEventListener("input", () => {
      const now = open(place.get());
      const fresh = !known.has(now[i].code) && now[i].code === now[i].zh;
      now[i] = { ...now[i], [key]: one.value, ...(key === "zh" && fresh ? { code: one.value } : {}) };
      one.classList.toggle("is-wrong", new Set(now.map((x) => x.code)).size < now.length);
      if (new Set(now.map((x) => x.code)).size === now.length) put(now, true);
    });
    one.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); more(); } });
    return one;
  };
  const more = () => { let n = options.length + 1; while (options.some((o) => o.code === `${said("option")}${n}`)) n++; const text = `${said("option")}${n}`; put([...open(place.get()), { code: text, zh: text, en: "" }]); page.reach(name(place), ".d-choice:last-of-type input", true); };
  options.forEach((o, i) => box.append(make("span", { className: "d-choice" }, input(o, i, "zh", said("option")), input(o, i, "en", "English"), sentence("Option", whole(place, i), page, NAMED),
    button("arrow-up", `${said("up")} ${o.zh}`, () => { if (i) { const next = open(place.get()); next.splice(i - 1, 0, ...next.splice(i, 1)); put(next); } }),
    button("x", `${said("remove")} ${o.zh}`, () => put(open(place.get()).filter((_, n) => n !== i))))));
  box.append(button("plus", said("add_option"), more, { className: "btn btn-sm", text: said("add_option") }));
  return box;
};
