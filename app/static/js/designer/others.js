// Indicators, roles and groups of the menu: what each says of itself as a form, and what a role is given elsewhere.
import { make } from "../words.js";
import { said } from "./text.js";
import { codeLine, formLine } from "./form.js";

const form = (kind, page, code = "code") => Object.keys(page.grammar.parts[kind].blanks)
  .sort((a, b) => (b === "label") - (a === "label") || (b === code) - (a === code))
  .map((key) => (key === code ? codeLine(page, key) : formLine(kind, key, page)));

/** Draw an indicator: what is counted, of what, what it should be, and who is told. */
export const indicatorSection = (page) => [make("p", { className: "d-hint", textContent: said("indicator_hint") }), ...form("Indicator", page, "indicator")];

/** Draw a role. */
export const roleSection = (page) => form("RoleSpec", page);

/** Draw a group of the menu. */
export const domainSection = (page) => form("Domain", page);

/** Draw what registers give to a role: told by the server from the draft as it was last saved. */
export const grantsSection = (page) => {
  const box = make("div", {}, make("p", { className: "d-nothing", textContent: said("loading") }));
  const show = async () => {
    await page.settled();
    try {
      const answer = await fetch(page.urls.grants, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.statusText);
      box.innerHTML = await answer.text();
    } catch {
      box.replaceChildren(make("p", { className: "d-nothing", textContent: said("no_preview") }));
    }
  };
  show();
  return [make("p", { className: "d-hint", textContent: said("grants_hint") }), box];
};
