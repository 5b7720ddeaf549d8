// The designer: one document of a draft, its sections, and what keeps them together.
import { make } from "../words.js";
import { heading as headed, said, labelled, listed } from "./text.js";
import { knowing } from "./names.js";
import { move, name, root } from "./slots.js";
import { opened } from "./store.js";
import { beside, count, placeOf, sectionOf } from "./findings.js";
import { locked, locksOf } from "./locks.js";
import { sectionsOf } from "./sections.js";

const frame = document.querySelector("[data-designer]");
const urls = { ...frame.dataset };
const read = async (url) => { const answer = await fetch(url, { headers: { Accept: "application/json" } }); if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).message); return answer.json(); };

const begin = async () => {
  const [first, grammar, data] = await Promise.all([read(`${urls.base}/${urls.code}`), read(urls.grammar), read(urls.names)]);
  const there = data.in_force; // what is in force under this code; null for what is new
  const box = frame.querySelector("[data-section]");
  const tabs = frame.querySelector("[data-tabs]");
  const sections = sectionsOf(first.group);
  const readonly = !("changeable" in frame.dataset);
  const store = opened(urls.base, first, (what) => hear(what));
  const page = {
    store, grammar, urls, sections, box, opened: new Set(), section: "", coded: false,
    names: knowing(data, () => store.document),
    root: root(() => store.document, (value, quiet, where) => store.put(value, quiet, where)),
    /** Whether a code is in force already, so that it stays. */
    fixed: (key, code) => (key === "" ? Boolean(there) : listed(there?.[key.split(".").at(-1)]).some((each) => each.code === code)),
    choicesInForce: (path) => listed(listed(there?.fields).find((f) => f.code === listed(store.document.fields)[path[1]]?.code)?.choices).map((o) => o.code),
    /** Whether what stands at a path was shipped and stays. */
    kept: (path) => locksOf(store).has(path),
    /** Move a member of a list; nothing of one's own moves before what was shipped. */
    move: (list, from, to) => { if (![from, to].some((i) => page.kept(`${name(list)}[${i}]`))) move(list, from, to); },
    titled: (place) => labelled(place.get()?.label) || place.get()?.code || "",
    draw: () => draw(),
    reach: (path, inner = "", select = false) => reach(path, inner, select),
    settled: async () => { await store.send(); while (store.state !== "saved" && store.state !== "failed") await new Promise((done) => setTimeout(done, 60)); },
  };

  const draw = () => {
    const active = document.activeElement?.closest?.("[data-path]");
    const at = active && box.contains(active) ? { path: active.dataset.path, tag: document.activeElement.tagName } : null;
    const top = scrollY;
    const described = sections.find((s) => s.code === page.section);
    box.replaceChildren(make("h2", { textContent: headed(said(`section_${described.code}`)) }), ...described.draw(page));
    box.dataset.section = page.section;
    box.classList.toggle("is-readonly", readonly);
    if (readonly) for (const one of box.querySelectorAll("input, select, textarea, button")) one.disabled = true;
    locked(page);
    beside(page);
    heading();
    if (at) { const back = [...box.querySelectorAll(`[data-path="${CSS.escape(at.path)}"]`)].find((one) => one.tagName === at.tag); back?.focus({ preventScroll: true }); }
    scrollTo(0, top);
  };
  const open = (code) => {
    page.section = code;
    for (const tab of tabs.querySelectorAll("a")) { const on = tab.dataset.tab === code; tab.toggleAttribute("aria-current", on); if (on) { tab.setAttribute("aria-current", "true"); tab.scrollIntoView({ block: "nearest", inline: "nearest" }); } }
    draw();
  };
  const reach = (path, inner, select) => {
    const code = sectionOf(path, sections);
    if (code !== page.section) { history.replaceState(null, "", `#${code}`); open(code); }
    const place = placeOf(box, path);
    const target = (inner && place?.querySelector(inner)) || (place?.matches("input, select, textarea, button") ? place : place?.querySelector("input, select, textarea, button")) || place;
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
    if (select || (target?.tagName === "INPUT" && inner)) target?.select?.();
  };
  const heading = () => {
    const title = labelled(store.document.label) || store.code;
    frame.querySelector("[data-title]").textContent = title;
    frame.querySelector("[data-undo]").disabled = !store.back;
    frame.querySelector("[data-redo]").disabled = !store.forth;
    frame.querySelector("[data-shipped] button").hidden = JSON.stringify(store.document) === JSON.stringify(first.original);
  };
  const status = frame.querySelector("[data-status]");
  const hear = (what) => {
    status.textContent = said(store.state === "failed" ? "save_failed" : store.state === "saved" ? "saved" : "saving");
    status.dataset.state = store.state;
    const failure = frame.querySelector("[data-failure]");
    failure.hidden = store.state !== "failed";
    failure.querySelector("p").textContent = store.message;
    if (what === "drawn") draw(); else heading();
    if (what === "answer" && store.state === "saved") { locked(page); beside(page); count(page, frame.querySelector("[data-count-found]")); text(); follow(); }
  };
  // a new definition may be given another code; its address follows
  const follow = () => {
    if (store.code === urls.code) return;
    const change = (address) => address.replace(new RegExp(`/${urls.code}$`), `/${store.code}`);
    history.replaceState(null, "", change(location.pathname) + location.hash);
    urls.preview = change(urls.preview);
    urls.formulas = change(urls.formulas);
    urls.grants = change(urls.grants);
    urls.code = store.code;
  };
  const text = () => { const place = frame.querySelector("[data-text]"); if (place) place.textContent = store.text ?? ""; };

  for (const section of sections) {
    const tab = make("a", { href: `#${section.code}` }, make("i", { className: `ti ti-${section.icon}`, ariaHidden: "true" }), headed(said(`section_${section.code}`)));
    tab.dataset.tab = section.code;
    tabs.append(tab);
  }
  const wanted = () => { const code = location.hash.slice(1); return sections.some((s) => s.code === code) ? code : sections[0].code; };
  addEventListener("hashchange", () => open(wanted()));
  frame.querySelector("[data-undo]").addEventListener("click", store.undo);
  frame.querySelector("[data-redo]").addEventListener("click", store.redo);
  frame.querySelector("[data-retry]").addEventListener("click", store.send);
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z" || key === "y") { event.preventDefault(); (key === "y" || event.shiftKey ? store.redo : store.undo)(); }
    if (key === "s") { event.preventDefault(); store.send(); }
  });
  frame.querySelector("[data-readonly]").hidden = !readonly;
  const shipped = frame.querySelector("[data-shipped]");
  shipped.hidden = !first.shipped || readonly;
  shipped.querySelector("button").addEventListener("click", () => store.put(first.original));
  const left = store.left();
  if (left) {
    const note = frame.querySelector("[data-left]");
    note.hidden = false;
    note.querySelector("[data-take]").addEventListener("click", () => { note.hidden = true; store.put(left); });
    note.querySelector("[data-leave]").addEventListener("click", () => { note.hidden = true; store.forget(); });
  }
  open(wanted());
  count(page, frame.querySelector("[data-count-found]"));
  hear("typed");
  text();
  frame.dataset.ready = "";
};

begin().catch((error) => { const failure = frame.querySelector("[data-failure]"); failure.hidden = false; failure.querySelector("p").textContent = error.message || said("lost"); });
