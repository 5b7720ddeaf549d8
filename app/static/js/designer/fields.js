// The fields of a register: one line each, in the order of its form; details fold out.
import { make } from "../words.js";
import { labelled, listed, said } from "./text.js";
import { add, members, name, under } from "./slots.js";
import { button, dropdown, naming, tick } from "./inputs.js";
import { blank } from "./blanks.js";
import { choices } from "./choices.js";
import { headed } from "./form.js";
import { held } from "./sentence.js";
import { renaming } from "./codes.js";
import { unused } from "./fresh.js";

const SHOWN = new Set(["code", "label", "type", "required", "unique", "choices", "register"]);

/** Draw the section of fields. */
export const fieldsSection = (page) => {
  const list = under(page.root, "fields");
  const box = make("div", { className: "d-fields" });
  box.dataset.path = "fields";
  const all = members(list);
  for (const [i, one] of all.entries()) box.append(row(one, i, list, page));
  if (!all.length) box.append(make("p", { className: "d-nothing", textContent: said("no_fields") }));
  box.append(button("plus", said("add_field"), () => {
    add(list, { code: unused(list.get(), "field"), label: "", type: "text" });
    page.reach(`fields[${all.length}].label`);
  }, { className: "btn d-add", text: said("add_field") }));
  if (page.fixed("")) box.append(make("a", { className: "soft d-retired", href: `${page.urls.draft}/retired?register=${page.names.code()}`, textContent: said("retired_fields") }));
  return [box, ...headed("unique_together", held(page.grammar.parts.RegisterSpec, "unique_together", page.root, page))];
};

const row = (one, i, list, page) => {
  const field = one.get();
  const type = page.grammar.types.find((t) => t.code === field.type);
  const title = labelled(field.label) || field.code;
  const out = make("div", { className: "d-field" });
  out.dataset.path = name(one);
  const grip = make("button", { type: "button", className: "d-grip", draggable: true }, make("i", { className: "ti ti-grip-vertical", ariaHidden: "true" }));
  grip.setAttribute("aria-label", said("move_hint", { what: title }));
  grip.title = said("move_hint", { what: title });
  grip.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by) { event.preventDefault(); page.move(list, i, i + by); page.reach(`fields[${i + by}]`, ".d-grip"); }
  });
  grip.addEventListener("dragstart", (event) => { event.dataTransfer.setData("text/x-field", String(i)); event.dataTransfer.effectAllowed = "move"; });
  out.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("text/x-field")) { event.preventDefault(); out.classList.add("is-over"); } });
  out.addEventListener("dragleave", () => out.classList.remove("is-over"));
  out.addEventListener("drop", (event) => { const from = event.dataTransfer.getData("text/x-field"); if (from !== "") { event.preventDefault(); page.move(list, Number(from), i); } });

  const types = page.grammar.types.map((t) => ({ code: t.code, label: t.label }));
  const kind = dropdown(types, field.type, (to) => one.set(retyped(one.get(), to, page)), { label: said("type"), place: under(one, "type"), empty: null, className: "form-select" });
  const open = page.opened.has(`${name(one)} more`);
  const unfold = button(open ? "chevron-up" : "chevron-down", `${said("details")} ${title}`, () => { page.opened[open ? "delete" : "add"](`${name(one)} more`); page.draw(); page.reach(name(one), "[aria-expanded]"); });
  unfold.setAttribute("aria-expanded", String(open));
  unfold.dataset.free = "";
  out.append(grip, naming(under(one, "label"), { label: said("name"), done: renaming(one, "fields", page) }), kind,
    tick(under(one, "required"), said("required")), tick(under(one, "unique"), said("unique"), { holds: type?.blanks.unique?.holds }),
    make("code", { className: "d-code", textContent: field.code }),
    make("span", { className: "d-card-acts" }, unfold, button("trash", `${said("remove")} ${title}`, () => one.set(undefined))));
  if (type?.blanks.choices) out.append(make("div", { className: "d-field-more" }, choices(under(one, "choices"), page)));
  if (type?.blanks.register) out.append(make("div", { className: "d-field-more" }, make("label", {}, `${type.blanks.register.label} `, blank(type, "register", one, page))));
  if (open) {
    const rest = Object.keys(type?.blanks ?? {}).filter((key) => !SHOWN.has(key));
    out.append(make("div", { className: "d-field-more d-details" }, ...rest.map((key) => make("div", {}, make("span", { className: "d-of" }, type.blanks[key].label), blank(type, key, one, page)))));
  }
  return out;
};

/** The same field with another type: what the new type does not know is left out. */
const retyped = (field, to, page) => {
  const known = page.grammar.types.find((t) => t.code === to).blanks;
  const next = { ...Object.fromEntries(Object.entries(field).filter(([key]) => key in known)), type: to };
  if (known.choices && !next.choices) next.choices = [];
  if (known.register && !next.register) next.register = page.names.registers().find((r) => r.code !== page.names.code())?.code ?? "";
  if (to === "autonumber") next.pattern = "{yyyy}-{seq:4}";
  return next;
};
