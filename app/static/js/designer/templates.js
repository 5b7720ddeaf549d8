// Beginnings to choose from: whole sentences that hold with two or three blanks filled.
import { cited, first, unused } from "./fresh.js";
import { listed } from "./text.js";
import { under } from "./slots.js";

const TIMES = ["date", "moment"];
/** The field whose filling ends a duty: one that nobody must fill at once, and not the one that it starts with; where there is none, a new one. */
const ending = (page, starts) => {
  const fields = listed(page.store.document.fields);
  const free = fields.filter((f) => TIMES.includes(f.type) && f.code !== starts && !f.required).at(-1);
  if (free) return { done: free.code, added: {} };
  const code = unused(fields, "done_on");
  return { done: code, added: { fields: { code, label: { zh: "办结日期", en: "Done on" }, type: "date" } } };
};
/** A duty {duties}, and the field {fields} that it needs where the register has none. */
const due = (page, label, { starts = first(page, "times") ?? "created", day = starts, ...more }) => {
  const { done, added } = ending(page, day);
  return { ...added, duties: { code: unused(page.store.document.duties, "in_time"), label, owed_by: first(page, "person") ?? "created_by", starts, done, ...more } };
};
const put = (page, additions) => {
  const next = { ...page.store.document };
  for (const [key, value] of Object.entries(additions)) next[key] = [...listed(next[key]), value];
  page.store.put(next);
};
/** Counters share one space of names among all registers. */
const counterCode = (page, stem) => unused(page.names.counters(), `${page.names.code()}_${stem}`.slice(0, 38));
const fined = (page, doubled, label = { zh: "按期办理", en: "Do it in time" }, more = { within: [{ working_days: 5, ...cited(page) }] }) => {
  const document = page.store.document;
  const breach = unused(document.breaches, "late"), counter = counterCode(page, "month");
  put(page, {
    ...due(page, label, { ...more, breach }),
    breaches: { code: breach, label: { zh: "逾期", en: "Late" }, ...cited(page), ...(doubled ? { counter } : {}), amount: [{ money: "50", ...cited(page) }] },
    ...(doubled ? { counters: { code: counter, label: { zh: "当月次数", en: "Times in the month" }, window: "calendar_month", per: "person", multiply: [{ from_nth: 2, by: 2, ...cited(page) }] } } : {}),
  });
};
/** Something that must be done so long before a day on which it runs out, such as an insurance. */
const before = (page) => {
  const days = listed(page.store.document.fields).filter((f) => TIMES.includes(f.type));
  const day = (days.find((f) => f.required) ?? days[0])?.code ?? "";
  const told = { remind: [{ before: { days: 7 }, tell: [first(page, "person") ?? "created_by"] }] };
  fined(page, false, { zh: "到期前办理", en: "Before it runs out" }, { starts: "created", day, within: [{ days: 30, before: day, ...cited(page) }], ...told });
};
const overdue = (page) => {
  const who = first(page, "person");
  put(page, { refuse: { code: unused(page.store.document.refuse, "overdue"), add: true,
    while: { register: page.names.code(), match: who ? { [who]: who } : {}, overdue: listed(page.store.document.duties)[0]?.code ?? "" },
    say: { zh: "有逾期未办的事项，暂不受理", en: "Something is overdue; nothing new is taken" }, ...cited(page) } });
};

/** By section: what may be added, each with the name of its words and what it does. */
export const TEMPLATES = {
  duties: [
    ["duty_fined", (page) => fined(page, true)],
    ["duty_late", (page) => fined(page, false)],
    ["duty_before", before],
    ["duty_plain", (page) => put(page, due(page, { zh: "按期办理", en: "Do it in time" }, { within: [{ working_days: 5, ...cited(page) }] }))],
    ["duty_monthly", (page) => put(page, { duties: { code: unused(page.store.document.duties, "every_month"), label: { zh: "每月一次", en: "Every month" }, owed_by: first(page, "person") ?? "created_by", every: { period: "month" }, done: {}, within: [{ working_days: 0, ...cited(page) }] } })],
  ],
  breaches: [
    ["breach_case", (page) => put(page, { breaches: breach(page, [{ money: "50", ...cited(page) }]) })],
    ["breach_day", (page) => put(page, { breaches: breach(page, [{ money: "10", per: "day", at_most: "500", ...cited(page) }]) })],
    ["breach_ladder", (page) => put(page, { breaches: breach(page, [{ ladder: [{ from_nth: 1, sanction: { zh: "书面警告", en: "Written warning" } }, { from_nth: 2, money: "50" }, { from_nth: 3, money: "100" }], ...cited(page) }]) })],
  ],
  counters: [
    ["counter_month", (page) => put(page, { counters: { code: counterCode(page, "month"), label: { zh: "当月次数", en: "Times in the month" }, window: "calendar_month", per: "person", multiply: [{ from_nth: 2, by: 2, ...cited(page) }] } })],
    ["counter_year", (page) => put(page, { counters: { code: counterCode(page, "year"), label: { zh: "当年次数", en: "Times in the year" }, window: "year", per: "person" } })],
  ],
  refuse: [
    ["refuse_overdue", overdue],
    ["refuse_when", (page) => put(page, { refuse: { code: unused(page.store.document.refuse, "refused"), add: true, when: {}, say: { zh: "不予办理", en: "Not taken" }, ...cited(page) } })],
  ],
  checks: [
    ["check_order", (page) => { const times = page.names.typed(page.names.fields(), "date", "moment"); put(page, { checks: { code: unused(page.store.document.checks, "order"), field: times.at(-1)?.code ?? "", when: { field: times.at(-1)?.code ?? "", filled: true }, require: { field: times.at(-1)?.code ?? "", ge: { field: times[0]?.code ?? "" } }, say: { zh: "日期先后不对", en: "The days are in the wrong order" } } }); }],
  ],
  reports: [
    ["report_month", (page) => put(page, { reports: report(page, "monthly", { zh: "月报", en: "Monthly report" }, "month") })],
    ["report_quarter", (page) => put(page, { reports: report(page, "quarterly", { zh: "季报", en: "Quarterly report" }, "quarter") })],
  ],
  prints: [
    ["print_form", (page) => put(page, { prints: { code: unused(page.store.document.prints, "sheet"), label: page.store.document.label, layout: [{ fields: page.names.fields().filter((f) => f.type !== "signature").map((f) => f.code) }] } })],
    ["print_book", (page) => put(page, { prints: { code: unused(page.store.document.prints, "book"), label: page.store.document.label, wide: true, layout: [{ rows: ["record_no", ...page.names.fields().slice(0, 6).map((f) => f.code)], room: 3 }] } })],
  ],
};
const report = (page, code, label, period) => {
  const days = page.names.typed(page.names.fields(), "date").map((f) => f.code);
  return { code: unused(page.store.document.reports, code), label, period, from: days[0] ?? "", to: days[1] ?? days[0] ?? "", ...cited(page) };
};
const breach = (page, amount) => ({ code: unused(page.store.document.breaches, "violation"), label: { zh: "违规", en: "Violation" }, ...cited(page), ...(page.names.counters()[0] && amount[0].ladder ? { counter: page.names.counters()[0].code } : {}), amount });

/** A usual path of approval: drafted, submitted, approved or sent back. */
export const approval = (page) => {
  const who = first(page, "person") ?? "created_by";
  const basis = cited(page);
  under(page.root, "workflow").set({
    states: [
      { code: "drafted", label: { zh: "草拟", en: "Drafted" } },
      { code: "submitted", label: { zh: "待审批", en: "Waiting for approval" }, tone: "active" },
      { code: "approved", label: { zh: "已批准", en: "Approved" }, tone: "success" },
      { code: "rejected", label: { zh: "未批准", en: "Rejected" }, tone: "danger", locked: true },
    ],
    transitions: [
      { code: "submit", label: { zh: "提交", en: "Submit" }, from: "drafted", to: "submitted", by: [who], ...basis },
      { code: "approve", label: { zh: "批准", en: "Approve" }, from: "submitted", to: "approved", by: [{ superior_of: who }], not_by: [who], tell: [who], ...basis },
      { code: "reject", label: { zh: "不批准", en: "Reject" }, from: "submitted", to: "rejected", by: [{ superior_of: who }], not_by: [who], reason: true, tell: [who], ...basis },
      { code: "send_back", label: { zh: "退回", en: "Send back" }, from: "submitted", to: "drafted", by: [{ superior_of: who }], not_by: [who], reason: true, tell: [who], ...basis },
    ],
  });
};
