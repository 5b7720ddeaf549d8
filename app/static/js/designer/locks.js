// What articles demand of a shipped register: a lock beside it that names them, and says what may be done all the same.
import { make } from "../words.js";
import { listed, said } from "./text.js";
import { name } from "./slots.js";

/** The path of a lock in the document as it stands: members are found by their codes; null where it is gone. */
const pathOf = (document, at) => {
  const path = [];
  let value = document;
  for (const step of at) {
    const found = typeof step === "string" && Array.isArray(value) ? value.findIndex((each) => each?.code === step) : step;
    if (found === -1) return null;
    path.push(found);
    value = typeof found === "number" ? listed(value)[found] : value?.[found];
    if (value === undefined) return null;
  }
  return name({ path });
};

const heading = (element) => { let at = element; while (at && !at.matches("h2, h3")) at = at.previousElementSibling; return at; };

/** Where the lock of an element goes: beside its other buttons, its name, its heading, or at the end of its sentence. */
const put = (element, lock) => {
  const acts = element.matches(".d-field, .d-card, tr") && element.querySelector(".d-card-acts, th");
  if (acts) acts.prepend(lock);
  else if (element.matches(".d-card")) element.lastElementChild.before(lock);
  else if (element.matches(".d-cards, .d-fields")) heading(element)?.append(lock);
  else if (element.matches("input, select, textarea") || element.closest(".d-line")) element.closest(".d-line")?.querySelector(".d-of").append(lock);
  else element.append(lock);
};

const lockOf = (held, page) => {
  const articles = [...new Set(held.flatMap((lock) => lock.articles))];
  const texts = new Map(page.names.data.policies.flatMap((p) => p.articles.map((a) => [`${p.code}-${a.no}`, a.text])));
  const told = articles.length ? said("locked_by", { articles: articles.join(said("comma")) }) : said("locked_shipped");
  const summary = make("summary", { title: told }, make("i", { className: "ti ti-lock", ariaHidden: "true" }));
  summary.setAttribute("aria-label", told);
  const text = make("div", { className: "d-lock-text" }, ...articles.map((a) => make("p", {}, make("b", { textContent: `${a} ` }), texts.get(a) ?? "")), make("p", { className: "soft", textContent: said(`leaves_${held[0].leaves}`) }));
  const lock = make("details", { className: "d-lock" }, summary, text);
  lock.dataset.drop = "";
  lock.addEventListener("toggle", () => { // what would stand beyond the edge of the window moves in
    text.style.marginInlineStart = "";
    const over = text.getBoundingClientRect().right + 12 - document.documentElement.clientWidth;
    if (lock.open && over > 0) text.style.marginInlineStart = `-${over}px`;
  });
  return lock;
};

/** Put the locks beside what they keep in the section that is open. */
export const locked = (page) => {
  page.box.querySelectorAll(".d-lock").forEach((one) => one.remove());
  if (page.section === "notices") return;
  const kept = new Map();
  for (const lock of page.store.locks) {
    const path = pathOf(page.store.document, lock.at);
    const at = path && CSS.escape(path);
    const element = at && (page.box.querySelector(`[data-path="${at}"]`) ?? page.box.querySelector(`[data-holds~="${at}"]`));
    if (element) kept.set(element, [...(kept.get(element) ?? []), lock]);
  }
  for (const [element, held] of kept) put(element, lockOf(held, page));
};
