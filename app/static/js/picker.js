// Choosing a person, a unit or a record by typing: the server searches, arrows and Enter choose (ARIA combobox pattern).
import { make, word } from "./words.js";

const WAIT = 180;
let count = 0;

const picker = (root) => {
  if (root.dataset.ready) return;
  root.dataset.ready = "1";
  const { url, name } = root.dataset;
  const several = "several" in root.dataset;
  const box = root.querySelector(".picker-box");
  const input = root.querySelector("input[role=combobox]");
  const list = make("div", { className: "picker-list", id: `picker-list-${++count}`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label") || root.closest(".field")?.querySelector("label")?.textContent.trim() || "");
  root.append(list);
  input.setAttribute("aria-controls", list.id);
  let at = -1, timer = 0, asked = 0, impatient = false;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const close = () => { list.hidden = true; list.replaceChildren(); at = -1; impatient = false; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    const all = options();
    if (!all.length) return;
    at = (index + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const chips = () => [...box.querySelectorAll(".chip")];
  const tell = () => {
    input.required = "required" in root.dataset && chips().length === 0;
    input.hidden = !several && chips().length > 0;
    root.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const add = (id, text) => {
    if (chips().some((chip) => chip.querySelector("input").value === String(id))) return;
    if (!several) chips().forEach((chip) => chip.remove());
    const remove = make("button", { type: "button" }, make("i", { className: "ti ti-x" }));
    remove.setAttribute("aria-label", `${word("remove")} ${text}`);
    box.insertBefore(make("span", { className: "chip" }, text, make("input", { type: "hidden", name, value: id }), remove), input);
    input.value = "";
    close();
    tell();
    if (!several) box.querySelector(".chip button").focus();
  };
  const show = (found) => {
    list.replaceChildren();
    for (const [i, { id, text }] of found.entries()) {
      const option = make("div", { id: `${list.id}-${i}`, textContent: text });
      option.setAttribute("role", "option");
      option.dataset.id = id;
      list.append(option);
    }
    if (!found.length) list.append(make("p", { textContent: word("none") }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    at = -1;
    if (found.length) mark(0);
  };
  const search = async () => {
    const mine = ++asked;
    const address = new URL(url, location.href);
    address.searchParams.set("q", input.value.trim());
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const found = await answer.json();
      if (mine !== asked || document.activeElement !== input) return;
      show(found);
      if (impatient && found.length) add(found[0].id, found[0].text);
      impatient = false;
    } catch {
      if (mine !== asked) return;
      list.replaceChildren(make("p", { textContent: word("failed") }));
      list.hidden = false;
    }
  };

  input.addEventListener("input", () => { close(); asked++; clearTimeout(timer); timer = setTimeout(search, WAIT); });
  input.addEventListener("focus", () => { if (!input.value) search(); });
  input.addEventListener("blur", () => setTimeout(() => { if (!root.contains(document.activeElement)) { close(); input.value = ""; } }, 120));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) search(); else mark(at + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
    else if (event.key === "Enter" && (input.value.trim() || !list.hidden)) {
      // Whoever types faster than the server answers means the first one found, not to send the form.
      event.preventDefault();
      const option = options()[at];
      if (option) add(option.dataset.id, option.textContent); else impatient = true;
    }
    else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    else if (event.key === "Backspace" && !input.value) { chips().at(-1)?.remove(); tell(); }
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) add(option.dataset.id, option.textContent);
  });
  box.addEventListener("click", (event) => {
    const button = event.target.closest(".chip button");
    if (button) { button.closest(".chip").remove(); tell(); input.focus(); } else if (event.target === box) input.focus();
  });
  input.hidden = !several && chips().length > 0;
};

/** Bring every picker inside `part` to life. */
export const pickers = (part) => { for (const root of part.querySelectorAll("[data-picker]")) picker(root); };
