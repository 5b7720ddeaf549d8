// A policy with its articles as a table.
import { make } from "../words.js";
import { said } from "./text.js";
import { add, members, name, under } from "./slots.js";
import { button, line, naming } from "./inputs.js";
import { labelled } from "./form.js";

/** Draw what a policy is called and from when it holds. */
export const policySection = (page) => {
  const at = (key) => under(page.root, key);
  const input = (key, more = {}) => line(at(key), { label: said(key), className: "form-control", ...more });
  return [
    labelled(said("label"), naming(at("label"), { label: said("label") })),
    labelled(said("code"), make("code", { className: "d-code", textContent: page.store.document.policy })),
    labelled(said("source"), input("source"), said("source_hint")),
    labelled(said("effective"), input("effective", { type: "date" })),
    labelled(said("policy_lost"), naming(at("lost"), { label: said("policy_lost"), wide: true }), said("policy_lost_hint")),
    labelled(said("adopt_from"), input("adopt_from", { type: "date" }), said("adopt_hint")),
  ];
};

/** Draw its articles. */
export const articlesSection = (page) => {
  const list = under(page.root, "articles");
  const all = members(list);
  const rows = all.map((one, i) => {
    const no = one.get()?.article ?? "";
    const row = make("div", { className: "d-article" }, line(under(one, "article"), { label: said("article_no"), className: "form-control d-no" }),
      naming(under(one, "text"), { label: said("article_text"), wide: true }),
      make("span", { className: "d-card-acts" }, button("arrow-up", `${said("up")} ${no}`, () => page.move(list, i, i - 1)), button("arrow-down", `${said("down")} ${no}`, () => page.move(list, i, i + 1)), button("trash", `${said("remove")} ${no}`, () => one.set(undefined))));
    const manual = under(one, "manual"), opened = `${name(one)} manual`;
    const byHand = manual.get() !== undefined || page.opened.has(opened)
      ? make("label", { className: "d-manual" }, make("span", { className: "d-of", textContent: said("manual") }), naming(manual, { label: said("manual") }))
      : button("user-check", said("manual_add"), () => { page.opened.add(opened); page.draw(); page.reach(name(manual)); }, { className: "btn btn-sm btn-ghost", text: said("manual_add") });
    byHand.dataset.path ||= name(manual);
    row.append(make("div", { className: "d-article-more" }, byHand));
    row.dataset.path = name(one);
    return row;
  });
  const box = make("div", { className: "d-fields" }, ...rows, button("plus", said("add_article"), () => {
    add(list, { article: String(Math.max(0, ...all.map((a) => parseInt(a.get()?.article, 10) || 0)) + 1), text: "" });
    page.reach(`articles[${all.length}].text`);
  }, { className: "btn d-add", text: said("add_article") }));
  box.dataset.path = "articles";
  return [make("p", { className: "d-hint", textContent: said("articles_hint") }), box];
};
