// Codes: proposed once from the name that something is given first, and fixed from then on.
import { listed } from "./text.js";
import { unused } from "./fresh.js";

const GIVEN = /^(field|state|step|in_time|every_month|late|violation|overdue|refused|sheet|book|order|monthly|quarterly)(_\d+)?$/;
const asked = new Map();

/** Return a code for a name: from its English, else the server's reading of the Chinese. */
export const propose = async (label, page, stem = "field") => {
  const english = (label.en ?? "").toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^[_\d]+|_+$/g, "").slice(0, 40);
  if (english) return english;
  const text = label.zh ?? "";
  if (!text.trim()) return stem;
  if (!asked.has(text)) {
    const address = new URL(page.urls.propose, location.href);
    address.searchParams.set("text", text);
    asked.set(text, fetch(address, { headers: { Accept: "application/json" } }).then((r) => (r.ok ? r.json() : { code: stem })).then((r) => r.code).catch(() => stem));
  }
  return asked.get(text);
};

/** What follows the naming of a member of a list: one that has no code of its own yet, and that nothing in force bears, gets one. */
export const renaming = (place, key, page) => async (label) => {
  const old = place.get()?.code;
  if (!old || !GIVEN.test(old) || page.fixed(key, old)) return;
  const proposed = await propose(label, page, old.replace(/_\d+$/, ""));
  const document = page.store.document;
  const list = key.split(".").reduce((value, step) => value?.[step], document);
  if (place.get()?.code !== old) return;
  const code = unused(listed(list).filter((each) => each.code !== old), proposed);
  if (code !== old) page.store.put(renamed(document, key, old, code));
};

// Where a member of each list may be named, so that a proposed code reaches every mention within the document.
const MENTIONS = {
  breaches: ["breach", "joins"], counters: ["counter"], duties: ["overdue"],
  "workflow.states": ["from", "to", "state", "required_from"], "workflow.transitions": ["transition"],
  fields: ["field", "starts", "done", "owed_by", "by", "tell", "charged_to", "since", "until", "times", "of", "sign", "needs", "asks", "not_by", "columns", "title", "order", "match", "sets", "fields", "rows", "named_in", "excluded", "superior_of", "matches", "payer", "quantity", "per"],
};
const renamed = (document, key, old, code) => {
  const keys = new Set(MENTIONS[key] ?? []);
  const swap = (value) => (value === old ? code : Array.isArray(value) ? value.map(swap) : value);
  const walk = (value, within = "") => {
    if (Array.isArray(value)) return value.map((each) => (typeof each === "string" && keys.has(within) ? swap(each) : walk(each, within)));
    if (!value || typeof value !== "object") return value;
    const pairs = within === "match" || within === "sets";
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [pairs && keys.has(within) && k === old ? code : k,
      typeof v === "string" && (keys.has(k) || (pairs && keys.has(within))) ? swap(v) : walk(v, k)]));
  };
  const next = walk(document);
  const steps = key.split(".");
  const list = steps.slice(0, -1).reduce((value, step) => value[step], next);
  list[steps.at(-1)] = listed(list[steps.at(-1)]).map((each) => (each.code === old ? { ...each, code } : each));
  return next;
};
