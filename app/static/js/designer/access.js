// Who may do what: roles by verbs, each cell the rows for which it holds; what is more than that stands below as sentences.
import { make } from "../words.js";
import { listed, said } from "./text.js";
import { members, name, under } from "./slots.js";
import { button, dropdown } from "./inputs.js";
import { blank } from "./blanks.js";
import { headed } from "./form.js";
import { held, sentence } from "./sentence.js";

const WIDTH = ["own", "unit", "below", "company", "all"];
const PLAIN = new Set(["role", "can", "rows", "cite"]);
const plain = (rule) => Object.keys(rule).every((key) => PLAIN.has(key)) && WIDTH.includes(rule.rows ?? "all");

/** Draw the section of access. */
export const accessSection = (page) => {
  const list = under(page.root, "access", "Access");
  const rules = listed(list.get());
  const simple = rules.filter(plain);
  const roles = [...new Set(simple.map((r) => r.role))];
  const options = WIDTH.map((code) => ({ code, label: said(`rows_${code}`) }));
  const shipped = rules.filter((_, i) => page.kept(`access[${i}]`)); // what an article opened stays open: more is opened beside it
  const own = (rule) => plain(rule) && !shipped.includes(rule);
  const widest = (among, role, verb) => among.filter((r) => r.role === role && listed(r.can).includes(verb)).map((r) => r.rows ?? "all").sort((a, b) => WIDTH.indexOf(b) - WIDTH.indexOf(a))[0] ?? "";
  const rowsOf = (role, verb) => widest(simple, role, verb);
  const grant = (role, verb, rows) => {
    let next = rules.map((r) => (own(r) && r.role === role ? { ...r, can: listed(r.can).filter((v) => v !== verb) } : r));
    if (rows && rows !== widest(shipped, role, verb)) {
      const at = next.findIndex((r) => plain(r) && !shipped.includes(r) && r.role === role && (r.rows ?? "all") === rows);
      if (at >= 0) next = next.map((r, i) => (i === at ? { ...r, can: page.grammar.verbs.map((v) => v.code).filter((v) => v === verb || listed(r.can).includes(v)) } : r));
      else next.push({ role, can: [verb], ...(rows === "all" ? {} : { rows }) });
    }
    list.set(next.filter((r) => listed(r.can).length));
  };
  const first = (role, verb = "") => { const i = rules.findIndex((r) => shipped.includes(r) && r.role === role && (!verb || listed(r.can).includes(verb))); return `access[${i}]`; };
  const cell = (role, verb) => {
    const open = widest(shipped, role.code, verb.code);
    const select = dropdown(options.slice(Math.max(0, WIDTH.indexOf(open))), rowsOf(role.code, verb.code), (rows) => grant(role.code, verb.code, rows), { label: `${role.label} ${verb.label}`, place: { path: ["access", `${role.code}_${verb.code}`] }, empty: open ? null : "—", className: "d-blank d-cell" });
    if (select.options.length === 1) select.dataset.keptBy = first(role.code, verb.code);
    return make("td", {}, select);
  };
  const head = make("tr", {}, make("th", { scope: "col", textContent: said("role") }), ...page.grammar.verbs.map((v) => make("th", { scope: "col", textContent: v.label })), make("th", { scope: "col", textContent: page.grammar.parts.Access.blanks.cite.label }), make("td", {}));
  const every = members(list, "Access");
  const body = roles.map((code) => {
    const role = { code, label: page.names.labelOf(page.names.data.roles, code) };
    const held = every.filter((one) => plain(one.get()) && one.get().role === code);
    const drop = button("trash", `${said("remove")} ${role.label}`, () => list.set(rules.filter((r) => !(own(r) && r.role === code))));
    if (!rules.some((r) => own(r) && r.role === code)) drop.dataset.keptBy = first(code);
    const line = make("tr", {}, make("th", { scope: "row", textContent: role.label }), ...page.grammar.verbs.map((v) => cell(role, v)),
      make("td", {}, ...held.map((one) => make("span", { className: "d-cite" }, blank(page.grammar.parts.Access, "cite", one, page)))),
      make("td", {}, drop));
    line.dataset.holds = held.map(name).join(" ");
    return line;
  });
  const table = make("table", { className: "lines d-matrix" }, make("thead", {}, head), make("tbody", {}, ...body));
  const more = dropdown(page.names.data.roles.filter((r) => !roles.includes(r.code)), "", (role) => { if (role) list.set([...rules, { role, can: ["read"] }]); }, { label: said("add_role"), place: { path: ["add_role"] }, empty: `＋ ${said("add_role")}`, className: "form-select d-add" });
  const rest = every.filter((one) => !plain(one.get()));
  const special = make("div", { className: "d-cards" }, ...rest.map((one) => {
    const card = make("div", { className: "d-card d-row" }, sentence("Access", one, page), button("trash", said("remove"), () => one.set(undefined)));
    card.dataset.path = name(one);
    return card;
  }), button("plus", said("add_special"), () => list.set([...rules, { role: "everyone", can: ["read"], rows: "own", named_in: page.names.typed(page.names.fields(), "person").slice(0, 1).map((f) => f.code) }]), { className: "btn d-add", text: said("add_special") }));
  const logged = make("div", { className: "d-cards" }, make("div", { className: "d-card" }, held(page.grammar.parts.RegisterSpec, "logged", page.root, page),
    ...(under(page.root, "logged").get() ? [] : [button("list-search", said("logged_all"), () => under(page.root, "logged").set({ field: "record_no", filled: true }), { className: "btn btn-sm", text: said("logged_all") })])));
  const matrix = make("div", {}, make("div", { className: "roll" }, table), more);
  matrix.dataset.path = name(list);
  return [matrix, ...headed("special_access", special), ...headed("logged", logged)];
};
