// The workflow of a register: drawn, and as two tables, its states and the ways between them.
import { make } from "../words.js";
import { labelled, listed, said } from "./text.js";
import { add, members, name, under, whole } from "./slots.js";
import { button, dropdown, naming, tick } from "./inputs.js";
import { cards } from "./cards.js";
import { cited, first, unused } from "./fresh.js";
import { diagram } from "./diagram.js";
import { renaming } from "./codes.js";
import { approval } from "./templates.js";

/** Draw the section of the workflow. */
export const flowSection = (page) => {
  const flow = under(page.root, "workflow");
  if (!flow.get()) {
    const start = make("div", { className: "d-start" }, make("p", { className: "d-nothing", textContent: said("no_flow") }),
      button("circle-check", said("flow_approval"), () => approval(page), { className: "btn btn-primary", text: said("flow_approval") }),
      button("plus", said("flow_empty"), () => flow.set({ states: [{ code: "open", label: { zh: "办理中", en: "Open" }, tone: "active" }] }), { className: "btn", text: said("flow_empty") }));
    return [start];
  }
  const states = under(flow, "states"), ways = under(flow, "transitions", "Transition");
  const drawn = diagram(page.names.states().map((s) => ({ ...s, tone: listed(states.get()).find((x) => x.code === s.code)?.tone })),
    listed(ways.get()).map((t) => ({ from: listed(t.from), to: t.to, label: labelled(t.label) })), said("flow_drawn"),
    (code) => page.reach(`workflow.states[${listed(states.get()).findIndex((s) => s.code === code)}].label`));
  const roll = make("div", { className: "roll d-drawing" }, drawn);
  const table = make("div", { className: "d-fields" });
  table.dataset.path = name(states);
  for (const [i, one] of members(states).entries()) table.append(stateRow(one, i, states, page));
  table.append(button("plus", said("add_state"), () => { const n = listed(states.get()).length; add(states, { code: unused(states.get(), "state"), label: "" }); page.reach(`workflow.states[${n}].label`); }, { className: "btn d-add", text: said("add_state") }));
  const steps = cards(flow, "transitions", "Transition", { ...page, names: page.names }, { templates: [] });
  steps.append(button("plus", said("add_step"), () => {
    const codes = page.names.states().map((s) => s.code), n = listed(ways.get()).length;
    add(ways, { code: unused(ways.get(), "step"), label: "", from: codes.at(-2) ?? codes[0], to: codes.at(-1), by: [first(page, "person") ?? "created_by"], ...cited(page) });
    page.reach(`workflow.transitions[${n}].label`);
  }, { className: "btn d-add", text: said("add_step") }));
  const drop = button("trash", said("drop_flow"), () => flow.set(undefined), { className: "btn btn-sm is-danger", text: said("drop_flow") });
  drop.dataset.path = name(flow);
  return [roll, make("h3", { textContent: said("states") }), make("p", { className: "d-hint", textContent: said("states_hint") }), table, make("h3", { textContent: said("steps") }), steps, drop];
};

const stateRow = (one, i, list, page) => {
  const state = one.get();
  const blanks = page.grammar.parts.State.blanks;
  const title = labelled(state.label) || state.code;
  const out = make("div", { className: "d-field" });
  out.dataset.path = name(one);
  out.append(naming(under(one, "label"), { label: said("name"), done: renaming(one, "workflow.states", page) }),
    dropdown(blanks.tone.options, whole(one).tone ?? "plain", (v) => under(one, "tone").set(v === "plain" ? undefined : v), { label: blanks.tone.label, place: under(one, "tone"), empty: null, className: "form-select" }),
    tick(under(one, "locked"), blanks.locked.label), make("code", { className: "d-code", textContent: state.code }),
    make("span", { className: "d-card-acts" }, button("arrow-up", `${said("up")} ${title}`, () => page.move(list, i, i - 1)), button("arrow-down", `${said("down")} ${title}`, () => page.move(list, i, i + 1)), button("trash", `${said("remove")} ${title}`, () => one.set(undefined))));
  return out;
};
