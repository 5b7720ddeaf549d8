// What articles demand of a shipped definition: a lock beside it that names them and says what may be done all the same; what it keeps
// cannot be typed into, and says why.
import { make } from "../words.js";
import { listed, said } from "./text.js";
import { name } from "./slots.js";

/** The path of a lock in the document as it stands: members are found by their codes; null where it is gone. */
const pathOf = (document, at) => {
  const path = [];
  let value = document;
  for (const [i, step] of at.entries()) {
    const found = typeof step === "string" && Array.isArray(value) ? value.findIndex((each) => (each?.code ?? each?.article) === step) : step;
    if (found === -1) return null;
    path.push(found);
    value = typeof found === "number" ? listed(value)[found] : value?.[found];
    if (value === undefined && (i < at.length - 1 || typeof found === "number")) return null;
  }
  return name({ path });
};

/** The locks of a document by their paths, each {articles, anew, more, tighter}. */
export const locksOf = (store) => {
  const found = new Map();
  for (const lock of store.locks) {
    const path = pathOf(store.document, lock.at);
    if (path !== null) found.set(path, lock);
  }
  return found;
};

const heading = (element) => { let at = element; while (at && !at.matches("h2, h3")) at = at.previousElementSibling; return at; };

/** Where the lock of an element goes: beside its other buttons, its name, its heading, or at the end of its sentence. */
const put = (element, lock) => {
  const acts = element.matches(".d-field, .d-card, .d-article, tr") && element.querySelector(".d-card-acts, th");
  if (acts) acts.prepend(lock);
  else if (element.matches(".d-card")) element.lastElementChild.before(lock);
  else if (element.matches(".d-cards, .d-fields")) heading(element)?.append(lock);
  else if (element.closest(".d-tick")) element.closest(".d-tick").append(lock);
  else if (element.matches("input, select, textarea") || (element.closest(".d-line") && !element.matches(".d-chip"))) element.closest(".d-line")?.querySelector(".d-of").append(lock);
  else if (element.matches("button")) element.after(lock);
  else element.append(lock);
};

const called = (page, keys) => keys.map((key) => page.grammar.keys[key] ?? key).join(said("comma"));

/** What may be done all the same, as one sentence for each way. */
const left = (page, lock) => {
  const ways = [["may_anew", lock.anew], ["may_more", lock.more], ["may_tighter", lock.tighter]].filter(([, keys]) => keys.length);
  return ways.length ? [...ways.map(([word, keys]) => said(word, { keys: called(page, keys) })), said("may_rest")].join("") : said("may_nothing");
};

const lockOf = (held, page, n) => {
  const articles = [...new Set(held.flatMap((lock) => lock.articles))];
  const texts = new Map(page.names.data.policies.flatMap((p) => p.articles.map((a) => [`${p.code}-${a.no}`, a.text])));
  const told = articles.length ? said("locked_by", { articles: articles.join(said("comma")) }) : said("locked_shipped");
  const summary = make("summary", { title: told }, make("i", { className: "ti ti-lock", ariaHidden: "true" }));
  summary.setAttribute("aria-label", told);
  const text = make("div", { className: "d-lock-text" }, ...articles.map((a) => make("p", {}, make("b", { textContent: `${a} ` }), texts.get(a) ?? "")), make("p", { className: "soft", textContent: left(page, held[0]) }));
  const why = make("span", { className: "visually-hidden", id: `lock-${n}`, textContent: told });
  const lock = make("details", { className: "d-lock" }, summary, text);
  lock.dataset.drop = "";
  lock.addEventListener("toggle", () => { // what would stand beyond the edge of the window moves in
    text.style.marginInlineStart = "";
    const over = text.getBoundingClientRect().right + 12 - document.documentElement.clientWidth;
    if (lock.open && over > 0) text.style.marginInlineStart = `-${over}px`;
  });
  return { lock, why, told };
};

/** The nearest lock above a path, with the key that the path goes on with below it; null where there is none. */
const above = (locks, path) => {
  for (let at = path, below = ""; at; ) {
    if (locks.has(at)) return { at, key: below };
    const step = at.match(/(\.[^.[\]]+|\[\d+\])$/)?.[0] ?? at;
    below = step.replace(/^\./, "");
    at = at.slice(0, -step.length);
  }
  return null;
};

const open = (lock, key) => key && [...lock.anew, ...lock.more, ...lock.tighter].includes(key);

/** Keep a control as it is and say why. What is typed into can still be read and copied; what is chosen or pressed is shut. */
const hold = (control, why, told) => {
  if (control.matches("textarea, input:not([type=checkbox])")) control.readOnly = true;
  else control.disabled = true;
  control.draggable = false;
  control.classList.add("is-kept");
  control.setAttribute("aria-describedby", why);
  control.title = told;
};

/** Put the locks beside what they keep in the section that is open, and keep it; `data-kept-by` names the lock of a control that stands elsewhere. */
export const locked = (page) => {
  const { box } = page;
  box.querySelectorAll(".d-lock, .d-why").forEach((one) => one.remove());
  const locks = locksOf(page.store), shown = new Map(), kept = new Map();
  for (const [path, lock] of locks) {
    const at = CSS.escape(path);
    const element = box.querySelector(`[data-path="${at}"]`) ?? box.querySelector(`[data-holds~="${at}"]`);
    if (element) shown.set(element, [...(shown.get(element) ?? []), [path, lock]]);
  }
  const reasons = make("div", { className: "d-why" });
  for (const [element, held] of shown) {
    const made = lockOf(held.map(([, lock]) => lock), page, kept.size);
    put(element, made.lock);
    reasons.append(made.why);
    for (const [path] of held) kept.set(path, made);
  }
  box.append(reasons);
  for (const control of box.querySelectorAll("input, select, textarea, button")) {
    const path = control.dataset.keptBy ?? control.dataset.path ?? control.closest("[data-path]")?.dataset.path ?? "";
    if (control.closest("[data-free]")) continue;
    const found = above(locks, path);
    if (!found) continue;
    const lock = locks.get(found.at);
    if (found.key === "more" && control.matches("select")) { // of what could be added only what may be is left
      for (const one of [...control.options].filter((o) => o.value && !open(lock, o.value))) one.remove();
      if (control.options.length > 1) continue;
    } else if (open(lock, found.key)) continue;
    const made = kept.get(found.at) ?? kept.get([...kept.keys()].find((p) => found.at.startsWith(p)));
    if (made) hold(control, made.why.id, made.told);
  }
  // what was shipped stands first: nothing of one's own moves before it
  for (const row of box.querySelectorAll("[data-path]")) {
    const before = row.previousElementSibling;
    if (!locks.has(row.dataset.path) && before?.dataset.path && locks.has(before.dataset.path)) row.querySelectorAll(":scope > .d-card-acts .ti-arrow-up, :scope > .d-card-head .ti-arrow-up").forEach((icon) => { icon.closest("button").disabled = true; });
  }
};
