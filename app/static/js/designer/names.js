// What a blank may name: fields here and elsewhere, states, transitions, roles, registers, articles.
import { labelled, listed, said } from "./text.js";

const TIMES = ["date", "moment", "signature"];
const NUMBERS = ["integer", "decimal", "money", "percent"];

export const choicesOf = (written) => (Array.isArray(written) ? written.map((o) => (typeof o === "string" ? { code: o, label: o } : { code: o.code, label: labelled(o.zh ? o : o.code) }))
  : Object.entries(written || {}).map(([code, en]) => ({ code, label: labelled({ zh: code, en }) })));

const plain = (d) => ({ code: d.code, label: labelled(d.label) || d.code });
const mine = (written) => listed(written).map(plain);
const fieldsOf = (document) => listed(document.fields).map((f) => ({ ...plain(f), type: f.type, register: f.type === "unit" ? "unit" : f.register, choices: f.choices && choicesOf(f.choices) }));
const registerOf = (d) => ({ ...plain(d), fields: fieldsOf(d), states: mine(d.workflow?.states), transitions: mine(d.workflow?.transitions), duties: mine(d.duties), breaches: mine(d.breaches) });
const policyOf = (d) => ({ code: d.policy, label: labelled(d.label), articles: listed(d.articles).map((a) => ({ no: a.article, text: labelled(a.text) })) });
/** A list with members of the same code replaced, new ones first. */
const over = (list, more) => [...more.filter((m) => !list.some((l) => l.code === m.code)), ...list.map((l) => more.find((m) => m.code === l.code) ?? l)];

/** `served` is what is in force and what the draft changes; `document` returns the one being designed, which is ahead of both. */
export const knowing = (served, document) => {
  const changed = (group) => served.drafted.filter((d) => d.group === group).map((d) => d.document);
  const data = { ...served, registers: over(served.registers, changed("registers").map(registerOf)), policies: over(served.policies, changed("policies").map(policyOf)),
    roles: over(served.roles, changed("roles").map(plain)), domains: over(served.domains, changed("domains").map(plain)), counters: over(served.counters, changed("registers").flatMap((d) => mine(d.counters))),
    indicators: over(served.indicators, changed("indicators").map((d) => plain({ ...d, code: d.indicator }))) };
  const registers = new Map(data.registers.map((r) => [r.code, r]));
  const code = () => document().code;
  const ownFields = () => fieldsOf(document());
  const self = {
    data, code,
    registers: () => { if (!document().fields) return data.registers; const own = { code: code(), label: labelled(document().label) }; return [...data.registers.filter((r) => r.code !== own.code), own]; },
    fields: (register = "") => (!register || register === code() ? ownFields() : registers.get(register)?.fields ?? []),
    all: (register = "") => [...self.fields(register), ...data.system.map((f) => (f.code === "state" ? { ...f, type: "choice", choices: self.states(register) } : f))],
    states: (register = "") => (!register || register === code() ? mine(document().workflow?.states) : registers.get(register)?.states ?? []),
    transitions: (register = "") => (!register || register === code() ? mine(document().workflow?.transitions) : registers.get(register)?.transitions ?? []),
    duties: (register = "") => (!register || register === code() ? mine(document().duties) : registers.get(register)?.duties ?? []),
    breaches: () => mine(document().breaches),
    counters: () => { const own = listed(document().counters).map(plain); return [...own, ...data.counters.filter((c) => !own.some((o) => o.code === c.code))]; },
    /** Fields of some types; `times`, `numbers` or types by name. */
    typed: (fields, ...types) => fields.filter((f) => types.flatMap((t) => (t === "times" ? TIMES : t === "numbers" ? NUMBERS : [t])).includes(f.type)),
    /** Fields here, and those of what they point to, as conditions name them: equipment.class. */
    through: (register = "") => [...self.all(register), ...self.fields(register).filter((f) => f.register).flatMap((f) => self.all(f.register).map((far) => ({ ...far, code: `${f.code}.${far.code}`, label: `${f.label} › ${far.label}` })))],
    labelOf: (list, wanted) => list.find((each) => each.code === wanted)?.label ?? wanted,
    /** Articles as {code: "P05-C1", label}, those of policies already cited here first. */
    articles: () => {
      const cited = new Set(JSON.stringify(document()).match(/(?<="policy":")[A-Z0-9_]+/g));
      return [...data.policies].sort((a, b) => cited.has(b.code) - cited.has(a.code)).map((p) => ({
        label: `${p.code} ${p.label}`,
        options: [{ code: p.code, label: `${p.code} ${said("whole")}`, cite: { policy: p.code } }, ...p.articles.map((a) => ({ code: `${p.code}-${a.no}`, label: `${p.code}-${a.no} ${a.text.slice(0, 40)}`, cite: { policy: p.code, article: a.no } }))],
      }));
    },
  };
  return self;
};
