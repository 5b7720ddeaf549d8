// What was found: a count at the top, each finding beside what it is about, and a way from one to the other.
import { make } from "../words.js";
import { said } from "./text.js";
import { name } from "./slots.js";

/** The path of a finding within the document: fields[3].type. */
export const inside = (finding) => name({ path: finding.at });

const sections = (list) => list.map((s) => [s.code, s.keys]);
/** The section that shows a path. */
export const sectionOf = (path, list) => {
  const head = path.split(/[.[]/)[0];
  return sections(list).find(([, keys]) => keys.includes(head))?.[0] ?? list[0].code;
};

/** The element that shows a path, or the nearest one around it. */
export const placeOf = (box, path) => {
  for (let at = path; at; at = at.replace(/(\.[^.[\]]+|\[\d+\])$/, "") === at ? "" : at.replace(/(\.[^.[\]]+|\[\d+\])$/, "")) {
    const all = [...box.querySelectorAll(`[data-path="${CSS.escape(at)}"]`)];
    if (all.length) return all.find((one) => one.matches("input, select, textarea")) ?? all[0];
  }
  return null;
};

/** Put each finding beside its place in the section that is open. */
export const beside = (page) => {
  const box = page.box;
  box.querySelectorAll(".d-finding").forEach((one) => one.remove());
  box.querySelectorAll(".is-wrong").forEach((one) => { one.classList.remove("is-wrong"); one.removeAttribute("aria-describedby"); });
  page.store.findings.forEach((finding, i) => {
    const path = inside(finding);
    if (sectionOf(path, page.sections) !== page.section) return;
    const place = path ? placeOf(box, path) : box.querySelector("h2");
    if (!place) return;
    if (path) place.classList.add("is-wrong");
    const note = make("p", { className: `d-finding is-${finding.level}`, id: `finding-${i}` }, make("i", { className: `ti ti-${finding.level === "error" ? "alert-circle" : "alert-triangle"}`, ariaHidden: "true" }), ` ${finding.sentence}`);
    place.setAttribute("aria-describedby", note.id);
    const around = place.closest(".d-card, .d-field, .d-article, .d-line") ?? place.closest(".d-matrix")?.parentElement ?? place;
    around.matches("button, h2") ? around.after(note) : around.append(note);
  });
};

/** Tell how many there are, and list them; choosing one leads to it. */
export const count = (page, place) => {
  const found = page.store.findings;
  const wrong = found.filter((f) => f.level === "error").length;
  place.replaceChildren();
  const elsewhere = page.store.others ? make("a", { className: "word word-warning", href: page.urls.draft }, said("others", { n: page.store.others })) : "";
  if (!found.length) { place.append(elsewhere || make("span", { className: "word word-success" }, said("sound"))); return; }
  const list = make("ul", { className: "d-found" }, ...found.map((finding) => {
    const go = make("button", { type: "button" }, make("i", { className: `ti ti-${finding.level === "error" ? "alert-circle" : "alert-triangle"}`, ariaHidden: "true" }), make("span", {}, finding.sentence));
    go.addEventListener("click", () => { drop.open = false; page.reach(inside(finding)); });
    return make("li", { className: `is-${finding.level}` }, go);
  }));
  const summary = make("summary", { className: `word word-${wrong ? "danger" : "warning"}` }, wrong ? said("errors", { n: wrong }) : said("warnings", { n: found.length }), make("i", { className: "ti ti-chevron-down", ariaHidden: "true" }));
  const drop = make("details", {}, summary, list);
  drop.dataset.drop = "";
  place.append(drop, elsewhere);
};
