// Moving records through their workflow: asks for what the step needs, signs where it is signed, and tells what was refused.
import { dayInput, readDay } from "../js/days.js";
import { make } from "../js/words.js";
import { dialog } from "./ask.js";
import { copied, isEmpty } from "./cells.js";
import { say } from "./say.js";

/** Return the input for a field of a step that holds `text`: {element, read}; `read` gives the text as one would type it. */
const control = (column, required, text = "") => {
  const label = make("span", { className: "form-label" }, column.label, ...(required ? [make("span", { className: "must", textContent: " *", ariaHidden: "true" })] : []));
  const wrap = (input) => {
    input.value = text;
    return { element: make("label", { className: "field" }, label, input), read: () => input.value };
  };
  if (column.type === "choices") {
    const ticks = column.choices.map((choice) => make("label", {}, make("input", { type: "checkbox", className: "form-check-input", value: choice.label, checked: text.split(";").includes(choice.label) }), choice.label));
    return { element: make("fieldset", { className: "field" }, label, make("div", { className: "choices" }, ...ticks)), read: () => ticks.map((one) => one.firstChild).filter((tick) => tick.checked).map((tick) => tick.value).join("、") };
  }
  if (column.choices) return wrap(make("select", { className: "form-select", required }, make("option", { value: "" }), ...column.choices.filter((choice) => !choice.retired).map((choice) => make("option", { value: choice.label, textContent: choice.label }))));
  if (column.type === "long_text" || column.type === "text") return wrap(make(column.type === "text" ? "input" : "textarea", { className: "form-control", rows: 3, required }));
  if (column.picker) {
    const list = make("datalist", { id: `g-known-${column.code}` });
    const input = make("input", { className: "form-control", required, autocomplete: "off" });
    input.setAttribute("list", list.id);
    let timer = 0;
    const search = async () => {
      const answer = await fetch(column.picker + encodeURIComponent(input.value.trim()), { headers: { Accept: "application/json" } });
      if (answer.ok) list.replaceChildren(...(await answer.json()).map(({ text }) => make("option", { value: text })));
    };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 140); });
    input.addEventListener("focus", search, { once: true });
    const { element, read } = wrap(input);
    element.append(list);
    return { element, read };
  }
  if (["date", "moment"].includes(column.type)) {
    const input = make("input", { className: "form-control", required, value: text });
    input.id = `g-step-${column.code}`;
    input.dataset.day = column.type;
    return { element: make("div", { className: "field" }, make("label", { htmlFor: input.id }, label), dayInput(input)), read: () => readDay(input.value, column.type) ?? input.value };
  }
  return wrap(make("input", { className: "form-control", required, type: "text", inputMode: ["money", "integer", "decimal", "percent"].includes(column.type) ? "decimal" : "text" }));
};

/** What may be done now with all of `ids`: the steps that each of them has in common. */
export const movesOf = async (grid, ids) => {
  const { moves } = await grid.api.post("/moves", { ids: ids.slice(0, 100) });
  const lists = ids.slice(0, 100).map((id) => moves[id] || []);
  return (lists[0] || []).filter((move) => lists.every((list) => list.some((other) => other.code === move.code)))
    .map((move) => ({ ...move, needs: [...new Set(lists.flatMap((list) => list.find((other) => other.code === move.code).needs))] }));
};

/** What the records hold in the fields of a step. */
const heldBy = async (grid, ids, codes) => {
  const columns = codes.filter((code) => grid.byCode.has(code));
  if (!columns.length) return [];
  try { return grid.take(await grid.api.post("/rows", { ids: ids.slice(0, 500), columns })).rows.map((row) => row.cells); } catch { return []; }
};

/** Make a step with some records; true when at least one has moved. */
export const transit = async (grid, ids, move, title = "") => {
  const held = await heldBy(grid, ids, [...(move.needs || []), ...(move.asks || [])]);
  const fields = [...(move.needs || []).map((code) => [code, true]), ...(move.asks || []).filter((code) => !(move.needs || []).includes(code)).map((code) => [code, false])].filter(([code]) => grid.byCode.has(code) && (ids.length === 1 || held.some((cells) => isEmpty(cells[code]))));
  const before = (column) => (ids.length > 1 || !held.length || isEmpty(held[0][column.code]) ? "" : copied(held[0][column.code], column, grid.names));
  const controls = fields.map(([code, required]) => ({ code, ...control(grid.byCode.get(code), required, before(grid.byCode.get(code))) }));
  const reason = move.reason ? make("textarea", { className: "form-control", rows: 2, required: true, name: "reason" }) : null;
  const content = [...(title ? [make("p", { className: "soft", textContent: title })] : []), ...controls.map(({ element }) => element)];
  if (reason) content.push(make("label", { className: "field" }, make("span", { className: "form-label" }, say("理由"), make("span", { className: "must", textContent: " *", ariaHidden: "true" })), reason));
  if (move.sign) content.push(make("p", { className: "note" }, grid.icon("signature"), make("span", { textContent: say("提交即以您的姓名和此刻的时间签字：{field}", { field: move.sign }) })));
  const many = ids.length > 1 ? say("{step}（{n} 条）", { step: move.label, n: ids.length }) : move.label;
  if (await dialog(many, content, [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: move.label }], "g-transit") !== "yes") return false;
  const values = Object.fromEntries(controls.map(({ code, read }) => [code, read()]).filter(([, text]) => text !== ""));
  try {
    const answer = grid.take(await grid.api.post("/transition", { ids: ids.slice(0, 500), transition: move.code, values, ...(reason ? { reason: reason.value } : {}) }));
    for (const row of answer.rows) grid.ownVersions?.set(row.id, row.version);
    const failed = answer.results.filter((one) => !one.ok);
    const done = answer.results.length - failed.length;
    grid.emit("moved", answer);
    if (failed.length) {
      const texts = [...new Set(failed.flatMap((one) => [one.message, ...(one.errors || []).map((wrong) => `${grid.byCode.get(wrong.field)?.label || ""}${say("：")}${wrong.message}`)]).filter(Boolean))];
      grid.emit("says", { tone: "danger", text: [done ? say("{done} 条已办理，{failed} 条没有：", { done, failed: failed.length }) : "", ...texts].filter(Boolean).join("\n") });
    } else grid.emit("says", { tone: "success", text: say("{step}：{n} 条已办理", { step: move.label, n: done }), brief: true });
    return done > 0;
  } catch (error) {
    grid.emit("says", { tone: "danger", text: error.message });
    return false;
  }
};
