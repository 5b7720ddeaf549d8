// Help for formulas: a textarea with data-formula="<address>" completes names and functions, shows how a function is written, and says
// what is wrong and where, or what the formula gives of some records. <address>/names and <address>/check answer (app/web/pages/formulas.py);
// data-formula-field names the field that the formula is for.
import { csrf, make, word } from "./words.js";

const WAIT = 350;
const MOST = 12;
const SHUT = { "]": "[", "】": "【" };
let count = 0;

/** Return the word that is being typed before the caret: where it begins, what it is, and whether it stands in brackets. */
const typedAt = (text, caret) => {
  const before = text.slice(0, caret);
  if ((before.match(/["“”]/g) || []).length % 2) return null;
  const open = Math.max(before.lastIndexOf("["), before.lastIndexOf("【"));
  const closed = Math.max(...Object.keys(SHUT).map((sign) => before.lastIndexOf(sign)));
  if (open > closed) {
    const path = /(\[[^\[\]]*\]\.)$/.exec(before.slice(0, open));
    const start = open - (path ? path[1].length : 0);
    return { start, text: before.slice(start), field: true };
  }
  const found = /(\[[^\[\]]*\]\.)?[\p{L}_][\p{L}\p{N}_]*$|(\[[^\[\]]*\]\.)$/u.exec(before);
  return found ? { start: found.index, text: found[0], field: found[0].startsWith("[") } : null;
};

/** Return the function whose arguments are being typed before the caret. */
const functionAt = (text, caret) => {
  const open = [];
  for (const part of text.slice(0, caret).replace(/"[^"]*"|\[[^\]]*\]/g, (quoted) => "_".repeat(quoted.length)).matchAll(/([\p{L}]+)?\s*([(（])|[)）]/gu)) {
    if (part[2]) open.push(part[1] || ""); else open.pop();
  }
  return (open.filter(Boolean).pop() || "").toUpperCase();
};

const plain = (text) => text.replace(/[\[\]【】\s]/g, "").toLowerCase();

/** Return what completes a word: fields whose name or label holds it, functions that begin with it. */
const completions = (known, typed) => {
  const wanted = plain(typed.text);
  const fields = known.fields.filter((f) => plain(f.text).includes(wanted) || plain(f.label).includes(wanted));
  fields.sort((a, b) => plain(b.text).startsWith(wanted) - plain(a.text).startsWith(wanted));
  const functions = typed.field ? [] : known.functions.filter((f) => f.name.toLowerCase().startsWith(wanted));
  return [
    ...functions.map((f) => ({ insert: `${f.name}(`, name: f.usage, about: f.help })),
    ...fields.map((f) => ({ insert: f.text, name: f.text, about: f.label === plain(f.text) ? f.kind : `${f.label} · ${f.kind}` })),
  ].slice(0, MOST);
};

const upgrade = async (area) => {
  if (area.dataset.ready) return;
  area.dataset.ready = "1";
  const address = area.dataset.formula;
  const list = make("div", { className: "picker-list formula-list", id: `formula-list-${++count}`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", word("formulaNames"));
  const usage = make("p", { className: "formula-usage soft", hidden: true });
  const says = make("div", { className: "formula-says" });
  says.setAttribute("role", "status");
  const box = make("div", { className: "formula-box" });
  area.replaceWith(box);
  box.append(area, list, usage, says);
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  let known = { fields: [], functions: [] }, offered = [], at = 0, timer = 0, asked = 0;

  const close = () => { list.hidden = true; area.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    at = (index + offered.length) % offered.length;
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    area.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const choose = (index) => {
    const typed = typedAt(area.value, area.selectionStart);
    if (!typed) return;
    let end = area.selectionStart;
    if (typed.field && "]】".includes(area.value[end] || " ")) end += 1;
    area.setRangeText(offered[index].insert, typed.start, end, "end");
    close();
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  };
  const offer = () => {
    const typed = typedAt(area.value, area.selectionStart);
    offered = typed ? completions(known, typed) : [];
    if (!offered.length || (offered.length === 1 && offered[0].insert === typed.text)) return close();
    list.replaceChildren(...offered.map((one, i) => {
      const option = make("div", { id: `${list.id}-${i}` }, make("b", { textContent: one.name }), " ", make("span", { className: "soft", textContent: one.about }));
      option.setAttribute("role", "option");
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(i); });
      return option;
    }));
    list.hidden = false;
    mark(0);
  };
  const explain = () => {
    const found = known.functions.find((f) => f.name === functionAt(area.value, area.selectionStart));
    usage.hidden = !found;
    usage.replaceChildren(...(found ? [make("code", { textContent: found.usage }), ` ${found.help}`] : []));
  };
  const show = (answer) => {
    area.setAttribute("aria-invalid", String(!answer.ok));
    area.classList.toggle("is-invalid", !answer.ok);
    if (answer.ok) {
      const sample = (answer.sample || []).map((row) => make("li", {}, make("span", { textContent: row.name }), " ", make("b", { textContent: row.value || word("formulaBlank") })));
      says.replaceChildren(make("p", { className: "m-0", textContent: word("formulaGives", { kind: answer.kind }) }), ...(sample.length ? [make("ul", { className: "formula-sample" }, ...sample)] : []));
      return;
    }
    const text = area.value, end = Math.max(answer.end, answer.start + 1);
    const place = make("button", { type: "button", className: "formula-place", title: word("formulaGo") },
      text.slice(Math.max(0, answer.start - 12), answer.start), make("mark", { textContent: text.slice(answer.start, end) || "␣" }), text.slice(end, end + 12));
    place.addEventListener("click", () => { area.focus(); area.setSelectionRange(answer.start, end); });
    says.replaceChildren(make("p", { className: "m-0 text-danger", textContent: answer.sentence }), place);
  };
  const check = async () => {
    const number = ++asked;
    if (!area.value.trim()) { says.replaceChildren(); area.removeAttribute("aria-invalid"); area.classList.remove("is-invalid"); return; }
    const body = new URLSearchParams({ formula: area.value, field: area.dataset.formulaField || "" });
    try {
      const answer = await fetch(`${address}/check`, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": csrf() } });
      if (number === asked && answer.ok) show(await answer.json());
    } catch { says.replaceChildren(make("p", { className: "m-0", textContent: word("formulaAway") })); }
  };

  area.addEventListener("input", () => { offer(); explain(); clearTimeout(timer); timer = setTimeout(check, WAIT); });
  area.addEventListener("click", () => { close(); explain(); });
  area.addEventListener("blur", close);
  area.addEventListener("keyup", (event) => { if (event.key.startsWith("Arrow") && list.hidden) explain(); });
  area.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) { event.preventDefault(); offer(); return; }
    if (list.hidden) return;
    const moves = { ArrowDown: () => mark(at + 1), ArrowUp: () => mark(at - 1), Enter: () => choose(at), Tab: () => choose(at), Escape: close };
    if (!moves[event.key] || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  });
  const answer = await fetch(`${address}/names`, { headers: { Accept: "application/json" } });
  if (answer.ok) known = await answer.json();
  if (area.value) check();
};

/** Help with every formula within ``root`` that is not yet helped with. */
export const formulas = (root) => root.querySelectorAll("textarea[data-formula]").forEach(upgrade);
