// Conditions on rows, joined by and/or: the builder, values picked from the data, and the chips that say what is in force.
import { dayInput, readDay } from "../js/days.js";
import { make } from "../js/words.js";
import { shown } from "./cells.js";
import { panel } from "./menu.js";
import { COMMA, say } from "./say.js";

const OPS = () => ({
  eq: say("等于"), ne: say("不等于"), lt: say("小于"), le: say("不大于"), gt: say("大于"), ge: say("不小于"), contains: say("包含"), starts: say("开头是"),
  in: say("是其中之一"), has: say("含有"), empty: say("为空"), filled: say("不为空"), within: say("在"), overdue: say("已逾期"),
});
const DAY_OPS = () => ({ lt: say("早于"), le: say("不晚于"), gt: say("晚于"), ge: say("不早于") });
const PERIODS = () => ({
  today: say("今天"), yesterday: say("昨天"), this_week: say("本周"), last_week: say("上周"), next_week: say("下周"), this_month: say("本月"), last_month: say("上月"), next_month: say("下月"),
  this_year: say("今年"), last_30_days: say("过去 30 天"), next_7_days: say("未来 7 天"),
});
const ALONE = new Set(["empty", "filled", "overdue"]);
const DAYS = new Set(["date", "moment", "due"]);

export const filters = (grid) => {
  const opener = grid.root.querySelector("[data-filter]");
  const chips = grid.root.querySelector("[data-chips]");
  const fields = grid.schema.columns.filter((column) => column.filterable);
  const opName = (column, op) => (DAYS.has(column.type) && DAY_OPS()[op]) || OPS()[op] || op;

  const branch = (tree) => ("all" in tree ? "all" : "any" in tree ? "any" : null);

  const valueWords = (column, value) => {
    const one = { ...column, several: false, type: column.type === "choices" ? "choice" : column.type };
    const name = (cell) => (cell === null ? say("（空）") : column.choices || typeof cell !== "string" ? shown(cell, one, grid.names) : cell);
    const all = [value].flat();
    return all.slice(0, 4).map(name).join(COMMA) + (all.length > 4 ? "…" : "");
  };

  /** A condition in words. */
  const words = (tree) => {
    const kind = branch(tree);
    if (kind) return tree[kind].map((one) => (branch(one) ? `(${words(one)})` : words(one))).join(kind === "all" ? say(" 且 ") : say(" 或 "));
    if (tree.not) return `${say("不是")} (${words(tree.not)})`;
    const column = grid.byCode.get(tree.field);
    if (!column) return tree.field;
    const value = ALONE.has(tree.op) ? "" : tree.op === "within" ? PERIODS()[tree.value] : valueWords(column, tree.value);
    return `${column.label} ${opName(column, tree.op)} ${value}`.trim();
  };

  const apply = (tree) => {
    const clean = (one) => {
      const kind = branch(one);
      if (kind) { const rest = one[kind].map(clean).filter(Boolean); return rest.length ? { [kind]: rest } : null; }
      if (!one.field || (!ALONE.has(one.op) && (one.value === undefined || one.value === "" || (Array.isArray(one.value) && !one.value.length)))) return null;
      return ALONE.has(one.op) ? { field: one.field, op: one.op } : one;
    };
    return grid.ask({ filter: tree ? clean(tree) : null });
  };

  const drawChips = () => {
    const { filter, group } = grid.asked;
    const chip = (text, drop) => {
      const close = make("button", { type: "button" }, grid.icon("x"));
      close.setAttribute("aria-label", `${say("移除")} ${text}`);
      close.addEventListener("click", drop);
      return make("span", { className: "chip" }, text, close);
    };
    const parts = [];
    for (const one of group) parts.push(chip(`${say("分组")}${say("：")}${grid.byCode.get(one.field).label}`, () => grid.ask({ group: grid.asked.group.filter((g) => g !== one) })));
    if (filter) {
      const kind = branch(filter);
      if (kind === "all") filter.all.forEach((one) => parts.push(chip(words(one), () => apply({ all: filter.all.filter((other) => other !== one) }))));
      else parts.push(chip(words(filter), () => apply(null)));
    }
    const all = make("button", { type: "button", className: "btn btn-sm", textContent: say("全部清除") });
    all.addEventListener("click", () => grid.ask({ filter: null, group: [] }));
    chips.replaceChildren(...parts, ...(parts.length > 1 ? [all] : []));
    chips.hidden = !parts.length;
    opener.classList.toggle("is-on", Boolean(filter));
  };
  grid.on("asked", drawChips);

  // The builder -------------------------------------------------------------------------------------------------------------------

  const select = (options, value, label) => {
    const box = make("select", { className: "form-select" }, ...Object.entries(options).map(([code, text]) => make("option", { value: code, textContent: text })));
    box.setAttribute("aria-label", label);
    box.value = value;
    return box;
  };

  const valueInput = (leaf, column) => {
    const { op } = leaf;
    if (ALONE.has(op)) return make("span");
    if (op === "within") { const box = select(PERIODS(), leaf.value in PERIODS() ? leaf.value : (leaf.value = "this_month"), say("期间")); box.addEventListener("change", () => { leaf.value = box.value; }); return box; }
    if (column.choices && op !== "in") {
      const options = Object.fromEntries(column.choices.map((choice) => [String(choice.code), choice.label]));
      if (!(String(leaf.value) in options)) leaf.value = column.choices[0]?.code;
      const box = select(options, String(leaf.value), say("值"));
      box.addEventListener("change", () => { leaf.value = column.choices.find((choice) => String(choice.code) === box.value).code; });
      return box;
    }
    if (op === "in") {
      const pick = make("button", { type: "button", className: "btn", textContent: Array.isArray(leaf.value) && leaf.value.length ? valueWords(column, leaf.value) : say("选择…") });
      if (!Array.isArray(leaf.value)) leaf.value = [];
      const list = make("div", { className: "g-inline-values", hidden: true });
      pick.addEventListener("click", async () => {
        list.hidden = !list.hidden;
        if (!list.hidden) await valueList(list, column, leaf.value, (picked) => { leaf.value = picked; pick.textContent = picked.length ? valueWords(column, picked) : say("选择…"); });
      });
      return make("div", { className: "g-in" }, pick, list);
    }
    const input = make("input", { className: "form-control", type: "text", value: leaf.value ?? "" });
    if (column.names && leaf.value) input.value = typeof leaf.value === "number" ? grid.names.of(column.names, leaf.value) : leaf.value;
    input.setAttribute("aria-label", say("值"));
    input.addEventListener("input", () => { leaf.value = input.value; });
    if (!DAYS.has(column.type)) return input;
    input.dataset.day = "date";
    input.addEventListener("change", () => { leaf.value = readDay(input.value, "date") ?? input.value; });
    return dayInput(input);
  };

  const leafRow = (leaf, drop, draw) => {
    const column = grid.byCode.get(leaf.field) || fields[0];
    leaf.field = column.code;
    if (!column.ops.includes(leaf.op)) leaf.op = column.ops.includes("contains") ? "contains" : column.ops[0];
    const field = select(Object.fromEntries(fields.map((one) => [one.code, one.label])), column.code, say("字段"));
    field.addEventListener("change", () => { Object.assign(leaf, { field: field.value, op: "", value: undefined }); draw(); });
    const op = select(Object.fromEntries(column.ops.map((one) => [one, opName(column, one)])), leaf.op, say("比较"));
    op.addEventListener("change", () => { const many = op.value === "in" || leaf.op === "in" || op.value === "within" || leaf.op === "within"; leaf.op = op.value; if (many) leaf.value = undefined; draw(); });
    const remove = make("button", { type: "button", className: "tool tool-icon" }, grid.icon("x"));
    remove.setAttribute("aria-label", say("移除条件"));
    remove.addEventListener("click", drop);
    return make("div", { className: "g-leaf" }, field, op, valueInput(leaf, column), remove);
  };

  const branchBox = (tree, drop, draw, depth) => {
    const kind = branch(tree);
    const join = select({ all: say("全部满足（且）"), any: say("任一满足（或）") }, kind, say("条件之间"));
    join.addEventListener("change", () => { const list = tree[kind]; delete tree[kind]; tree[join.value] = list; draw(); });
    const add = make("button", { type: "button", className: "btn btn-sm", textContent: say("添加条件") });
    add.addEventListener("click", () => { tree[kind].push({ field: fields[0].code, op: "", value: "" }); draw(); });
    const nest = make("button", { type: "button", className: "btn btn-sm", textContent: say("添加一组") });
    nest.addEventListener("click", () => { tree[kind].push({ [kind === "all" ? "any" : "all"]: [{ field: fields[0].code, op: "", value: "" }] }); draw(); });
    const parts = tree[kind].map((one) => {
      const remove = () => { tree[kind].splice(tree[kind].indexOf(one), 1); draw(); };
      return branch(one) ? branchBox(one, remove, draw, depth + 1) : leafRow(one, remove, draw);
    });
    const away = make("button", { type: "button", className: "tool tool-icon" }, grid.icon("x"));
    away.setAttribute("aria-label", say("移除这一组"));
    away.addEventListener("click", drop ?? (() => {}));
    return make("div", { className: "g-branch" }, make("div", { className: "g-branch-head" }, join, ...(drop ? [away] : [])), ...parts, make("div", { className: "g-branch-acts" }, add, ...(depth < 3 ? [nest] : [])));
  };

  const build = (start) => {
    const old = start || (grid.asked.filter ? structuredClone(grid.asked.filter) : { all: [] });
    const tree = branch(old) ? old : { all: [old] };
    if (!tree[branch(tree)].length) tree[branch(tree)].push({ field: fields[0].code, op: "", value: "" });
    const form = make("form", { className: "g-filter" });
    const draw = () => {
      const go = make("button", { type: "submit", className: "btn btn-primary", textContent: say("筛选") });
      const none = make("button", { type: "button", className: "btn", textContent: say("清除") });
      none.addEventListener("click", () => { close(true); apply(null); });
      form.replaceChildren(branchBox(tree, null, draw, 0), make("div", { className: "ask-acts" }, none, go));
      close?.place();
    };
    let close = null;
    draw();
    form.addEventListener("submit", (event) => { event.preventDefault(); close(true); apply(tree); });
    close = panel(opener, [form], grid, "g-panel-filter");
    form.querySelector(".g-leaf:last-of-type .form-control, .g-leaf select")?.focus();
  };
  opener.addEventListener("click", () => build());
  grid.on("addFilter", (column) => {
    const old = grid.asked.filter ? structuredClone(grid.asked.filter) : { all: [] };
    const tree = "all" in old ? old : { all: [old] };
    tree.all.push({ field: column.code, op: "", value: "" });
    build(tree);
  });

  // Values picked from the data ----------------------------------------------------------------------------------------------------

  const without = (tree, field) => {
    if (!tree) return null;
    const kind = branch(tree);
    if (kind === "all") { const rest = tree.all.filter((one) => one.field !== field && !(branch(one) && one[branch(one)].every((leaf) => leaf.field === field))); return rest.length ? { all: rest } : null; }
    return tree.field === field ? null : tree;
  };

  const valueList = async (box, column, held, changed) => {
    const picked = new Map(held.map((value) => [JSON.stringify(value), value]));
    const find = make("input", { type: "search", className: "form-control", placeholder: say("查找值") });
    find.setAttribute("aria-label", say("查找值"));
    const list = make("div", { className: "g-values" });
    const note = make("p", { className: "soft g-sampled", hidden: true });
    let asked = 0;
    const load = async () => {
      const mine = ++asked;
      const filter = without(grid.asked.filter, column.code);
      try {
        const answer = await grid.api.post("/values", { field: column.code, limit: 200, ...(filter ? { filter } : {}), ...(grid.asked.search ? { search: grid.asked.search } : {}), ...(find.value.trim() ? { q: find.value.trim() } : {}) });
        if (mine !== asked) return;
        grid.names.take(answer.names);
        const one = { ...column, several: false, type: column.type === "choices" ? "choice" : column.type };
        list.replaceChildren(...answer.values.map(({ value, count }) => {
          const key = JSON.stringify(value);
          const tick = make("input", { type: "checkbox", className: "form-check-input", checked: picked.has(key) });
          tick.addEventListener("change", () => { if (tick.checked) picked.set(key, value); else picked.delete(key); changed([...picked.values()]); });
          return make("label", {}, tick, make("span", { textContent: shown(value, one, grid.names) || say("（空）") }), make("small", { textContent: count }));
        }));
        note.hidden = !answer.sampled && !answer.more;
        note.textContent = answer.sampled ? say("按最近 {n} 条统计", { n: answer.sampled }) : answer.more ? say("输入更多文字以缩小范围") : "";
      } catch (error) { list.replaceChildren(make("p", { className: "soft", textContent: error.message })); }
    };
    let timer = 0;
    find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(load, 150); });
    box.replaceChildren(find, list, note);
    await load();
  };

  /** Ask for these conditions on a column in the place of those on it. */
  const narrow = (column, leaves) => {
    const rest = without(grid.asked.filter, column.code);
    return apply(leaves.length ? { all: [...(!rest ? [] : "all" in rest ? rest.all : [rest]), ...leaves] } : rest);
  };
  grid.on("filterBy", ({ column, leaves }) => narrow(column, leaves));

  grid.on("pickValues", async ({ column, opener: at }) => {
    const old = (grid.asked.filter?.all || []).find((one) => one.field === column.code && one.op === "in");
    let picked = old?.value || [];
    const box = make("div", {});
    const go = make("button", { type: "button", className: "btn btn-primary btn-sm", textContent: say("筛选") });
    const none = make("button", { type: "button", className: "btn btn-sm", textContent: say("清除") });
    const send = (values) => {
      close(true);
      const filled = values.filter((value) => value !== null);
      const leaves = [...(!filled.length ? [] : column.type === "choices" || column.several ? filled.map((value) => ({ field: column.code, op: "has", value })) : [{ field: column.code, op: "in", value: filled }]), ...(values.includes(null) ? [{ field: column.code, op: "empty" }] : [])];
      narrow(column, leaves.length > 1 ? [{ any: leaves }] : leaves);
    };
    go.addEventListener("click", () => send(picked));
    none.addEventListener("click", () => send([]));
    const close = panel(at, [box, make("div", { className: "ask-acts" }, none, go)], grid, "g-panel-values");
    await valueList(box, column, picked, (values) => { picked = values; });
    close.place();
    box.querySelector("input")?.focus();
  });

  grid.on("groupBy", (column) => {
    const group = [...grid.asked.group.filter((one) => one.field !== column.code), { field: column.code, ...(DAYS.has(column.type) ? { by: "month" } : {}) }].slice(-2);
    grid.ask({ group });
  });
};
