// Saved views: mine, and those that others share with my roles; each has its own address.
import { make } from "../js/words.js";
import { ask, dialog } from "./ask.js";
import { menu } from "./menu.js";
import { say } from "./say.js";

const keyOf = (grid) => `grid:${grid.schema.register.code}:${grid.view?.id ?? ""}`;

/** Go to the sheet of the register and show there what `filter` means. */
export const inSheet = (grid, filter) => {
  try { sessionStorage.setItem(keyOf(grid), JSON.stringify({ filter })); } catch { /* then all of it shows */ }
  location.assign(location.pathname);
};

export const views = (grid) => {
  const opener = grid.root.querySelector("[data-views]");
  const { schema } = grid;
  let all = schema.views || [];
  grid.view = all.find((view) => view.id === Number(new URLSearchParams(location.search).get("view"))) || null;

  const kept = () => { try { return JSON.parse(sessionStorage.getItem(keyOf(grid))); } catch { return null; } };
  const keep = () => { try { sessionStorage.setItem(keyOf(grid), JSON.stringify(grid.config())); } catch { /* then it lasts until the page is left */ } name(); };
  const forget = () => { try { sessionStorage.removeItem(keyOf(grid)); } catch { /* nothing was kept */ } };

  const changed = () => JSON.stringify(grid.config()) !== grid.shownConfig;

  const name = () => {
    opener.querySelector("span").textContent = grid.view?.name || say("默认视图");
    opener.classList.toggle("is-changed", changed());
    opener.title = changed() ? say("视图有未保存的改动") : "";
  };

  const use = (view) => { location.assign(view ? view.url : location.pathname); };

  const form = (view) => {
    const title = make("input", { className: "form-control", name: "name", required: true, maxLength: 60, value: view?.name || "" });
    const ticks = (schema.roles || []).map((role) => {
      const tick = make("input", { type: "checkbox", className: "form-check-input", value: role.code, checked: (view?.roles || []).includes(role.code) });
      return make("label", {}, tick, role.label);
    });
    const content = [make("label", { className: "field" }, make("span", { className: "form-label", textContent: say("名称") }), title)];
    if (ticks.length) content.push(make("fieldset", { className: "field" }, make("legend", { className: "form-label", textContent: say("与这些岗位共享（不选则只有自己可见）") }), make("div", { className: "ticks" }, ...ticks)));
    return { content, read: () => ({ name: title.value.trim(), roles: ticks.map((label) => label.querySelector("input")).filter((tick) => tick.checked).map((tick) => tick.value) }) };
  };

  const failed = (error) => grid.emit("says", { tone: "danger", text: error.message });

  const saveAs = async () => {
    const { content, read } = form();
    if (await dialog(say("另存为视图"), content, [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("保存") }]) !== "yes") return;
    try {
      const view = await grid.api.post("/views", { ...read(), config: { ...grid.config(), mode: "grid" } });
      forget();
      use(view);
    } catch (error) { failed(error); }
  };

  const save = async () => {
    try {
      await grid.api.ask("PUT", `/views/${grid.view.id}`, { config: { ...grid.config(), mode: "grid" } });
      grid.shownConfig = JSON.stringify(grid.config());
      forget();
      name();
      grid.emit("says", { tone: "success", text: say("视图已保存"), brief: true });
    } catch (error) { failed(error); }
  };

  const share = async () => {
    const { content, read } = form(grid.view);
    if (await dialog(say("名称与共享"), content, [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("保存") }]) !== "yes") return;
    try {
      const view = await grid.api.ask("PUT", `/views/${grid.view.id}`, read());
      Object.assign(grid.view, view);
      name();
    } catch (error) { failed(error); }
  };

  const remove = async () => {
    if (!(await ask(say("删除视图“{name}”？记录不受影响。", { name: grid.view.name }), say("删除"), "danger"))) return;
    try { await grid.api.ask("DELETE", `/views/${grid.view.id}`); forget(); use(null); } catch (error) { failed(error); }
  };

  const copyLink = async () => {
    const url = new URL(grid.view.url, location.href).href;
    try { await navigator.clipboard.writeText(url); grid.emit("says", { tone: "success", text: say("链接已复制"), brief: true }); } catch { grid.emit("says", { text: url }); }
  };

  opener.addEventListener("click", () => {
    const parts = [{ icon: "table", text: say("默认视图"), current: !grid.view, act: () => { forget(); use(null); } }];
    for (const view of all) parts.push({ icon: view.mine ? "bookmark" : "users", text: view.mine ? view.name : `${view.name}（${view.owner}）`, current: grid.view?.id === view.id, act: () => { forget(); use(view); } });
    if (changed()) parts.push({ icon: "rotate", text: say("放弃改动"), act: () => { forget(); use(grid.view); } });
    if (grid.view?.mine) parts.push({ icon: "device-floppy", text: say("保存改动到此视图"), act: save });
    parts.push({ icon: "bookmark-plus", text: say("另存为视图"), act: saveAs });
    if (grid.view?.mine) parts.push({ icon: "share", text: say("名称与共享"), act: share }, { icon: "trash", text: say("删除此视图"), act: remove, danger: true });
    if (grid.view) parts.push({ icon: "link", text: say("复制链接"), act: copyLink });
    menu(opener, parts, grid);
  });

  grid.on("kept", keep);
  grid.on("asked", () => { if (grid.shownConfig) keep(); });

  /** Show the view that the address names, with what was changed in this tab before a reload. */
  const start = () => {
    grid.show(grid.view?.config || {});
    grid.shownConfig = JSON.stringify(grid.config());
    const before = kept();
    if (before) grid.show(before);
    name();
    if (grid.view?.reduced) grid.emit("says", { tone: "info", text: say("此视图中有您看不到的列或条件，已略去") });
    if (new URLSearchParams(location.search).get("view") && !grid.view) grid.emit("says", { tone: "warning", text: say("这个视图不存在，或没有与您共享") });
  };
  all = all.filter(Boolean);
  return { start };
};
