// Ctrl-K: one box that goes anywhere.
const dialog = document.getElementById("palette");
if (dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector(".palette-list");
  const note = dialog.querySelector(".palette-note");
  let at = 0, timer = 0, asked = 0;

  const links = () => [...list.querySelectorAll("a")];
  const mark = (index) => {
    const all = links();
    if (!all.length) { input.removeAttribute("aria-activedescendant"); return; }
    at = (index + all.length) % all.length;
    all.forEach((link, i) => link.setAttribute("aria-selected", String(i === at)));
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    list.replaceChildren();
    const groups = Map.groupBy ? Map.groupBy(found, (f) => f.group || "") : found.reduce((m, f) => m.set(f.group || "", [...(m.get(f.group || "") || []), f]), new Map());
    let n = 0;
    for (const [name, entries] of groups) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", name);
      if (name) {
        const head = document.createElement("div");
        head.className = "palette-group";
        head.setAttribute("role", "presentation");
        head.textContent = name;
        group.append(head);
      }
      for (const { label, url } of entries) {
        const link = document.createElement("a");
        Object.assign(link, { id: `palette-${n++}`, href: url, textContent: label, tabIndex: -1 });
        link.setAttribute("role", "option");
        group.append(link);
      }
      list.append(group);
    }
    note.textContent = found.length ? "" : input.value.trim() ? note.dataset.none : note.dataset.hint;
    note.hidden = found.length > 0;
    mark(0);
  };
  const search = async () => {
    const mine = ++asked;
    try {
      const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(input.value.trim())}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const found = await answer.json();
      if (mine === asked) show(found);
    } catch {
      list.replaceChildren();
      note.hidden = false;
      note.textContent = note.dataset.failed;
    }
  };
  const open = () => { if (!dialog.open) { dialog.showModal(); input.select(); search(); } };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette-open]")) open(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 140); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
    if (event.key === "Enter") { event.preventDefault(); links()[at]?.click(); }
  });
}
