// What a register is called, where it stands, and which article demands it.
import { make } from "../words.js";
import { said } from "./text.js";
import { name, under } from "./slots.js";
import { dropdown, line, naming, several, tick } from "./inputs.js";
import { blank } from "./blanks.js";
import { propose } from "./codes.js";
import { codeLine, formLine, labelled } from "./form.js";

/** Draw the section of what is basic. */
export const basicsSection = (page) => {
  const at = (key) => under(page.root, key);
  const document = page.store.document;
  const asBlank = (key, kind) => blank({ blanks: { [key]: { kind, label: said(key) } } }, key, page.root, page);
  const fixed = page.fixed("", document.code);
  const rename = async (label) => {
    if (fixed || page.coded) return;
    page.coded = true;
    const proposed = await propose(label, page, document.code);
    if (proposed !== page.store.document.code && !page.names.data.registers.some((r) => r.code === proposed)) at("code").set(proposed);
  };
  const fields = page.names.all();
  const number = line(at("number"), { label: said("number"), className: "form-control", placeholder: "JY-{yyyy}-{seq:4}" });
  return [
    labelled(said("label"), naming(at("label"), { label: said("label"), done: /^register(_\d+)?$/.test(document.code) ? rename : () => {} })),
    codeLine(page, "code"),
    labelled(said("help"), naming(at("help"), { label: said("help"), wide: true })),
    labelled(said("domain"), dropdown(page.names.data.domains, document.domain, (v) => at("domain").set(v), { label: said("domain"), place: at("domain"), className: "form-select" }), said("domain_hint")),
    formLine("RegisterSpec", "position", page),
    labelled(said("cite"), asBlank("cite", "cite"), said("cite_hint")),
    labelled(said("number"), number, said("number_hint")),
    labelled(said("title"), several(at("title"), fields, { label: said("title") }), said("title_hint")),
    labelled(said("columns"), several(at("columns"), fields, { label: said("columns") }), said("columns_hint")),
    formLine("RegisterSpec", "order", page),
    labelled(said("excluded"), several(at("excluded"), page.names.typed(page.names.fields(), "person"), { label: said("excluded") }), said("excluded_hint")),
    labelled(said("follows"), dropdown(page.names.typed(page.names.fields(), "reference"), document.follows, (v) => at("follows").set(v), { label: said("follows"), place: at("follows"), className: "form-select" }), said("follows_hint")),
    formLine("RegisterSpec", "tickets_of", page),
    make("div", { className: "d-line" }, make("span"), tick(at("append_only"), said("append_only"))),
  ].map((one) => { one.dataset.path ||= name(page.root); return one; });
};
