// Drop-downs that close, the filter of the side menu, its remembered place, the theme switch, closing of notes.
document.addEventListener("click", (event) => {
  for (const drop of document.querySelectorAll("details[data-drop][open]")) {
    if (!drop.contains(event.target)) drop.open = false;
  }
  event.target.closest("[data-dismiss]")?.closest(".note")?.remove();
  if (event.target.closest("[data-theme-switch]")) {
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.bsTheme = next;
    try { localStorage.setItem("theme", next); } catch { /* then it holds for this page only */ }
  }
  if (event.target.closest("[data-print]")) window.print();
  if (event.target.closest("[data-back]")) history.back();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = document.querySelector("details[data-drop][open]");
  if (drop) { drop.open = false; drop.querySelector("summary").focus(); }
});

const nav = document.querySelector("[data-menu]");
if (nav) {
  const key = "menu-place";
  const keep = () => sessionStorage.setItem(key, JSON.stringify({
    top: nav.scrollTop, open: [...nav.querySelectorAll("details[open]")].map((d) => d.dataset.group) }));
  const kept = JSON.parse(sessionStorage.getItem(key) || "null");
  if (kept) {
    for (const group of nav.querySelectorAll("details")) group.open ||= kept.open.includes(group.dataset.group);
    nav.scrollTop = kept.top;
  }
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  addEventListener("pagehide", keep);

  const before = new Map();
  document.querySelector("[data-menu-filter]").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let found = 0;
    for (const group of nav.querySelectorAll(".side-group")) {
      if (wanted && !before.has(group)) before.set(group, group.open);
      const named = (group.dataset.group || "").toLowerCase().includes(wanted);
      let any = false;
      for (const entry of group.querySelectorAll("li")) {
        entry.hidden = Boolean(wanted) && !named && !entry.textContent.toLowerCase().includes(wanted);
        any ||= !entry.hidden;
      }
      group.hidden = !any;
      if (group.tagName === "DETAILS") group.open = wanted ? any : before.get(group) ?? group.open;
      found += any;
    }
    if (!wanted) before.clear();
    nav.querySelector(".side-none").hidden = found > 0;
  });
}

// Printing shows what is folded away on the screen.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("main details:not([open]):not([data-drop])")) { part.open = true; part.dataset.folded = ""; }
});
addEventListener("afterprint", () => {
  for (const part of document.querySelectorAll("details[data-folded]")) { part.open = false; delete part.dataset.folded; }
});
