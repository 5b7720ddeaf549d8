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
  const groups = [...nav.querySelectorAll("details")];
  const key = "menu-place";
  const keep = () => sessionStorage.setItem(key, JSON.stringify({
    top: nav.scrollTop, open: groups.find((group) => group.open)?.dataset.group || "" }));
  const kept = JSON.parse(sessionStorage.getItem(key) || "null");
  if (kept) {
    // One group is open at a time: the one of this page, else the one left open.
    if (!groups.some((group) => group.open)) for (const group of groups) group.open = group.dataset.group === kept.open;
    nav.scrollTop = kept.top;
  }
  recall();
  nav.querySelector("details [aria-current], .side-top [aria-current]")?.scrollIntoView({ block: "nearest" });
  addEventListener("pagehide", keep);

  const find = document.querySelector("[data-menu-filter]");
  let before = null;
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    let found = 0;
    if (wanted && before === null) before = groups.find((group) => group.open) ?? false;
    for (const group of groups) group.name = wanted ? "" : "menu";
    for (const group of nav.querySelectorAll(".side-group")) {
      const named = (group.dataset.group || "").toLowerCase().includes(wanted);
      let any = false;
      for (const entry of group.querySelectorAll("li")) {
        entry.hidden = Boolean(wanted) && !named && !entry.textContent.toLowerCase().includes(wanted);
        any ||= !entry.hidden;
      }
      const recent = "menuRecent" in group.dataset;
      group.hidden = recent ? Boolean(wanted) || !any : !any;
      if (group.tagName === "DETAILS") group.open = wanted ? any : group === before;
      found += any && !recent;
    }
    if (!wanted) before = null;
    nav.querySelector(".side-none").hidden = found > 0;
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && find.value.trim()) nav.querySelector(".side-group:not([hidden]) li:not([hidden]) a")?.click();
  });
}

/** Show the registers opened last, of those that are in the menu, and remember the one of this page. */
function recall() {
  const key = "menu-recent";
  const here = nav.querySelector("details a[aria-current]")?.getAttribute("href");
  let last = [];
  try {
    last = JSON.parse(localStorage.getItem(key) || "[]");
    if (here?.includes("/grid/")) {
      last = [here, ...last.filter((url) => url !== here)].slice(0, 8);
      localStorage.setItem(key, JSON.stringify(last));
    }
  } catch { /* then nothing is remembered */ }
  const box = nav.querySelector("[data-menu-recent]");
  for (const url of last.filter((each) => each !== here)) {
    const entry = nav.querySelector(`details a[href="${CSS.escape(url)}"]`)?.closest("li");
    if (entry && box.querySelectorAll("li").length < 4) box.querySelector("ul").append(entry.cloneNode(true));
  }
  if (box) box.hidden = !box.querySelector("li");
}

// Printing shows what is folded away on the screen.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("main details:not([open]):not([data-drop])")) { part.open = true; part.dataset.folded = ""; }
});
addEventListener("afterprint", () => {
  for (const part of document.querySelectorAll("details[data-folded]")) { part.open = false; delete part.dataset.folded; }
});
