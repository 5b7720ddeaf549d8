// A small menu or panel that opens below a button, and closes by itself.
import { make } from "../js/words.js";

let shut = null;

/** Open `content` below `opener`; the function that closes it. */
export const panel = (opener, content, grid, name = "") => {
  shut?.();
  const box = make("div", { className: `g-panel ${name}` }, ...content);
  (document.querySelector("dialog[open]") || document.body).append(box);
  const at = opener.getBoundingClientRect();
  const place = () => {
    const left = Math.max(8, Math.min(at.left, innerWidth - box.offsetWidth - 8));
    const top = at.bottom + box.offsetHeight + 8 > innerHeight ? Math.max(8, Math.min(at.bottom + 4, innerHeight - box.offsetHeight - 8)) : at.bottom + 4;
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  };
  place();
  const close = (back = false) => {
    if (shut !== close) return;
    shut = null;
    removeEventListener("pointerdown", outside, true);
    box.remove();
    if (back) (opener.isConnected && !opener.closest(".g-head") ? opener : grid?.editor?.input)?.focus({ preventScroll: true });
  };
  const outside = (event) => { if (!box.contains(event.target)) close(); };
  addEventListener("pointerdown", outside, true);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(true); }
  });
  shut = close;
  close.place = place;
  return close;
};

/** Open a menu of {icon, text, act, current, danger, keys, gap: a line above} below `opener`; `about` stands above it. */
export const menu = (opener, parts, grid, about = []) => {
  const list = make("div", { className: "g-menu-list" });
  list.setAttribute("role", "menu");
  let close = null;
  for (const { icon, text, act, current, danger, keys, gap } of parts) {
    const one = make("button", { type: "button", className: `${danger ? "is-danger" : ""}${gap && list.childElementCount ? " is-apart" : ""}` }, make("i", { className: `ti ti-${icon}`, ariaHidden: "true" }), text,
      ...(keys ? [make("kbd", { textContent: keys, ariaHidden: "true" })] : []));
    one.setAttribute("role", "menuitem");
    if (current) one.setAttribute("aria-current", "true");
    one.addEventListener("click", () => { close(true); act(); });
    list.append(one);
  }
  close = panel(opener, [...(about.length ? [make("div", { className: "g-about" }, ...about)] : []), list], grid);
  const all = [...list.children];
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  });
  all[0]?.focus();
  return close;
};
