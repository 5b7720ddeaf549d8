// What a new part begins with, so that most of its blanks are already right.
import { listed } from "./text.js";

/** The citation written last in the document: a new limit or amount mostly rests on the same article. */
export const cited = (page) => {
  const found = [];
  const walk = (value) => { if (Array.isArray(value)) value.forEach(walk); else if (value && typeof value === "object") for (const [key, inner] of Object.entries(value)) { if (key === "cite") found.push(...listed(inner)); else walk(inner); } };
  walk(page.store.document);
  return found.length ? { cite: found.at(-1) } : {};
};

/** The first field of some types, or nothing. */
export const first = (page, ...types) => page.names.typed(page.names.fields(), ...types)[0]?.code;

const KINDS = {
  Span: () => ({ working_days: 1 }),
  Start: (page) => { const field = first(page, "times"); return field ? { field } : { created: true }; },
  Done: (page) => { const fields = page.names.typed(page.names.fields(), "times"); return fields.length ? { field: fields.at(-1).code } : {}; },
  Limit: (page) => ({ working_days: 3, ...cited(page) }),
  Bound: () => ({ days: 1 }),
  Every: () => ({ period: "month" }),
  Reminder: (page) => ({ before: { working_days: 1 }, tell: [first(page, "person") ?? "created_by"] }),
  Escalation: (page) => ({ after: { days: 1 }, tell: [{ superior_of: first(page, "person") ?? "created_by" }] }),
  Amount: (page) => ({ money: "50", ...cited(page) }),
  Band: () => ({ up_to: { days: 1 }, money: "50" }),
  Rung: () => ({ from_nth: 1, money: "50" }),
  Multiplier: (page) => ({ from_nth: 2, by: 2, ...cited(page) }),
  Prolongation: (page) => ({ unit: "working_days", times: 1, ...cited(page) }),
  Standing: () => ({ match: {} }),
  Trigger: () => ({ created: true }),
  Block: () => ({ fields: ["record_no"] }),
  Retention: (page) => ({ starts: "created_at", keep: [{ months: 60, ...cited(page) }] }),
  Destruction: () => ({}),
  Measure: (page) => ({ register: page.store.document.numerator?.register ?? page.names.registers()[0]?.code, ...(page.store.document.numerator?.by ? { by: page.store.document.numerator.by } : { by: "created_at" }) }),
  Related: () => ({}),
  Weighted: (page) => ({ indicator: page.names.data.indicators.find((i) => i.code !== page.store.document.indicator)?.code, weight: 1 }),
  Target: (page) => ({ ge: 90, ...cited(page) }),
  Grade: (page) => { const below = listed(page.store.document.bands).at(-1); return below ? { ge: below.lt ?? below.ge, label: "", tone: "success" } : { lt: 60, label: "", tone: "danger" }; },
  ReportFigure: (page) => ({ indicator: page.names.data.indicators[0]?.code ?? "" }),
  Sign: (page) => ({ field: first(page, "signature", "person") ?? "created_by" }),
};

/** A new part of that name; one that has a code gets one that no other of `list` has. */
export const fresh = (kind, page, list) => {
  const blanks = page.grammar.parts[kind]?.blanks ?? {};
  const code = list && "code" in blanks ? { code: unused(list, kind.replace(/^.*(?=[A-Z])/, "").toLowerCase()) } : {};
  return { ...code, ...(KINDS[kind]?.(page) ?? ("cite" in blanks ? cited(page) : {})) };
};

/** A code that no member of a list has yet, after `stem`. */
export const unused = (list, stem) => {
  const taken = new Set(listed(list).map((each) => each.code));
  if (!taken.has(stem)) return stem;
  let n = 2;
  while (taken.has(`${stem}_${n}`)) n++;
  return `${stem}_${n}`;
};
