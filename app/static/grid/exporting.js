// A file of what is on the sheet, or of the whole register: which rows, which kind of file.
import { csrf, make } from "../js/words.js";
import { dialog } from "./ask.js";
import { say } from "./say.js";

const forms = () => [["xlsx", "Excel (.xlsx)", { form: "xlsx" }], ["csv", "CSV (UTF-8)", { form: "csv" }], ["gb", say("CSV（GB18030，供旧软件打开）"), { form: "csv", encoding: "gb18030" }]];

const radios = (legend, name, choices) => make("fieldset", { className: "field" }, make("legend", { className: "form-label", textContent: legend }),
  make("div", { className: "ticks" }, ...choices.map(([value, text], n) => make("label", {}, make("input", { type: "radio", className: "form-check-input", name, value, checked: n === 0 }), text))));

/** What is meant by a choice of rows: the ticked ones, those on the sheet, or all. */
const meant = (grid, which, ids) => {
  const columns = grid.layout.columns.filter((one) => !one.hidden).map((one) => one.code);
  if (which === "ticked") return { ids, columns };
  if (which === "all") return {};
  return { ...grid.narrowed, ...(grid.asked.sort.length ? { sort: grid.asked.sort } : {}), columns };
};

/** Ask for a file and hand it to the browser; `ids` are the ticked rows, where only they are meant at first. */
export const exporting = async (grid, ids = []) => {
  const rows = [["shown", say("屏幕上的行和列（按现在的筛选、排序）")], ["all", say("整个登记簿")]];
  if (ids.length) rows.unshift(["ticked", say("已选的 {n} 行", { n: ids.length })]);
  const keyed = make("input", { type: "checkbox", className: "form-check-input", checked: true });
  const form = [radios(say("范围"), "rows", rows), radios(say("文件"), "form", forms()),
    make("label", { className: "field" }, keyed, ` ${say("附上编号列：改好后可按编号导回，只更新改动过的格")}`)];
  const picked = (name) => form.map((part) => part.querySelector(`[name=${name}]:checked`)?.value).find(Boolean);
  if (await dialog(say("导出"), form, [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: say("导出") }]) !== "yes") return grid.editor.focus();
  const [, , kind] = forms().find(([value]) => value === picked("form"));
  const body = { ...meant(grid, picked("rows"), ids), keyed: keyed.checked, ...kind };
  grid.emit("says", { text: say("正在导出…") });
  try {
    const answer = await fetch(`${grid.api.base}/export`, { method: "POST", headers: { "Content-Type": "application/json", Accept: "*/*", "X-CSRFToken": csrf() }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).message || answer.statusText);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = decodeURIComponent(answer.headers.get("Content-Disposition")?.match(/filename\*=UTF-8''([^;]+)/i)?.[1] || "") || grid.schema.register.label;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    grid.emit("says", { tone: "success", text: say("已导出"), brief: true });
  } catch (error) { grid.emit("says", { tone: "danger", text: error.message }); }
  return grid.editor.focus();
};
