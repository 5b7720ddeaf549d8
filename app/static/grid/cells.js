// A cell as it is shown, as it is copied, and as one starts to edit it.
import { COMMA, say } from "./say.js";

/** Names behind numbers, by kind: person, unit, file, or the register pointed to. */
export class Names {
  constructor() { this.known = {}; }

  take(names = {}) {
    for (const [kind, some] of Object.entries(names)) Object.assign(this.known[kind] ||= {}, some);
  }

  of(kind, id) { return this.known[kind]?.[id] ?? `#${id}`; }
}

const grouped = (text) => {
  const [whole, rest] = String(text).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
};

/** How long is left, in words. */
export const daysLeft = (days) => (days < 0 ? say("逾期 {n} 天", { n: -days }) : days === 0 ? say("今天到期") : say("还剩 {n} 天", { n: days }));

export const choiceOf = (column, code) => column.choices?.find((choice) => choice.code === code);

/** True where a cell holds nothing. */
export const isEmpty = (cell) => cell === null || cell === undefined || cell === "" || (Array.isArray(cell) && !cell.length);

/** Return a cell as people read it. */
export const shown = (cell, column, names) => {
  if (isEmpty(cell)) return "";
  switch (column.type) {
    case "money": case "decimal": return grouped(cell);
    case "percent": return `${cell}%`;
    case "yes_no": case "choice": case "state": case "role": return choiceOf(column, cell)?.label ?? (typeof cell === "boolean" ? say(cell ? "是" : "否") : String(cell));
    case "choices": return cell.map((code) => choiceOf(column, code)?.label ?? code).join(COMMA);
    case "signature": return `${names.of("person", cell[0])}${cell[1] ? ` ${cell[1]}` : ""}`;
    case "due": return daysLeft(cell[1]);
    case "person": case "unit": case "reference": case "file":
      return (Array.isArray(cell) ? cell : [cell]).map((id) => names.of(column.names, id)).join(COMMA);
    default: return String(cell);
  }
};

/** Return a cell as the clipboard carries it: exact, readable again by the same column. */
export const copied = (cell, column, names) => {
  if (isEmpty(cell)) return "";
  if (["money", "decimal"].includes(column.type)) return String(cell);
  if (column.type === "due") return cell[0];
  if (column.type === "choices" || column.several) return cell.map((one) => (column.type === "choices" ? choiceOf(column, one)?.label ?? one : names.of(column.names, one))).join(";");
  return shown(cell, column, names);
};

/** The tone of a cell, where it has one: states and days left always, choices where they stand out. */
export const toneOf = (cell, column) => {
  if (isEmpty(cell)) return "";
  if (column.type === "state") return choiceOf(column, cell)?.tone || "plain";
  if (column.type === "due") return cell[2] || "plain";
  const tone = column.type === "choice" ? choiceOf(column, cell)?.tone : "";
  return tone === "plain" ? "" : tone || "";
};

export const sameCell = (a, b) => JSON.stringify(isEmpty(a) ? null : a) === JSON.stringify(isEmpty(b) ? null : b);

const ICONS = {
  text: "letter-case", long_text: "align-left", autonumber: "hash", integer: "123", decimal: "decimal", money: "currency-yuan", percent: "percentage",
  date: "calendar", moment: "clock", yes_no: "checkbox", choice: "list", choices: "list-check", state: "progress", role: "id-badge", person: "user",
  unit: "sitemap", reference: "link", file: "paperclip", signature: "signature", due: "hourglass",
};
/** The icon of a column's type. */
export const iconOf = (column) => ICONS[column.type] || "letter-case";

export const TYPES = () => ({
  text: say("文字"), long_text: say("长文字"), autonumber: say("自动编号"), integer: say("整数"), decimal: say("小数"), money: say("金额"), percent: say("百分比"),
  date: say("日期"), moment: say("日期时间"), yes_no: say("是否"), choice: say("单选"), choices: say("多选"), state: say("状态"), role: say("岗位"), person: say("人员"),
  unit: say("部门"), reference: say("关联记录"), file: say("文件"), signature: say("签字"), due: say("时限"),
});
