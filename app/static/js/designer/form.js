// What a definition says of itself, line by line: the name of a key, its blank, and a hint where there is one.
import { make } from "../words.js";
import { said } from "./text.js";
import { name, under } from "./slots.js";
import { line, naming } from "./inputs.js";
import { held } from "./sentence.js";

/** A line of a form: what it is called, its input, what one should know of it. */
export const labelled = (text, element, hint = "") => make("div", { className: "d-line" }, make("span", { className: "d-of", textContent: text }), make("div", {}, element, ...(hint ? [make("p", { className: "d-hint", textContent: hint })] : [])));

const hintOf = (kind, key) => [`${kind}_${key}_hint`, `${key}_hint`].map((word) => [word, said(word)]).find(([word, text]) => word !== text)?.[1] ?? "";

/** The line of one key of the document, of the part named `kind`. */
export const formLine = (kind, key, page) => {
  const part = page.grammar.parts[kind];
  const { label, kind: how } = part.blanks[key];
  const place = under(page.root, key);
  const element = how === "label" ? naming(place, { label, wide: key === "help" }) : held(part, key, page.root, page);
  // a blank of a form stands alone and looks like one
  if (element.matches("input:not([type=checkbox]), select")) element.className = `${element.matches("select") ? "form-select" : "form-control"} ${element.classList.contains("d-number") ? "d-number" : ""}`;
  const line = labelled(label, element, hintOf(kind, key));
  line.dataset.path = name(page.root);
  return line;
};

/** The line of the code under `key`, which stays once it is in force. */
export const codeLine = (page, key) => {
  const code = page.store.document[key];
  const fixed = page.fixed("", code);
  const input = fixed ? make("code", { className: "d-code", textContent: code }) : line(under(page.root, key), { label: said("code"), className: "form-control d-code-input", pattern: "[a-z][a-z0-9_]{0,40}" });
  return labelled(said("code"), input, fixed ? said("code_fixed") : said("code_hint"));
};

/** A heading with a hint, above what an own part of a section shows. */
export const headed = (word, ...below) => [make("h3", { textContent: said(word) }), make("p", { className: "d-hint", textContent: said(`${word}_hint`) }), ...below];
