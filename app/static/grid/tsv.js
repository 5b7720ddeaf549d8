// Blocks of cells as spreadsheets put them on the clipboard: tabs between cells, quotes around cells that hold tabs, quotes or line ends.

/** Return the cells in clipboard text; Excel ends it with a line end, which is no empty row. */
export const parseTsv = (text) => {
  const rows = [[]];
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  let at = 0;
  while (at <= source.length) {
    let cell = "";
    if (source[at] === '"') {
      let end = at + 1;
      while (end < source.length && (source[end] !== '"' || source[end + 1] === '"')) end += source[end] === '"' ? 2 : 1;
      const after = source[end + 1];
      if (end < source.length && (after === undefined || after === "\t" || after === "\n")) {
        cell = source.slice(at + 1, end).replaceAll('""', '"');
        at = end + 1;
      }
    }
    if (!cell && source[at] !== "\t" && source[at] !== "\n" && source[at] !== undefined) {
      const end = source.slice(at).search(/[\t\n]/);
      cell = end < 0 ? source.slice(at) : source.slice(at, at + end);
      at += cell.length;
    }
    rows.at(-1).push(cell);
    if (source[at] === "\n") rows.push([]);
    at++;
  }
  return rows;
};

/** Return the cells of the first table in clipboard HTML, for programs that put no text beside it; empty where there is none. */
export const parseHtml = (html) => {
  const table = new DOMParser().parseFromString(html, "text/html").querySelector("table");
  const textOf = (cell) => {
    for (const line of cell.querySelectorAll("br")) line.replaceWith("\n");
    return cell.textContent.replaceAll("\u00a0", " ").trim();
  };
  return [...(table?.rows ?? [])].map((row) => [...row.cells].flatMap((cell) => [textOf(cell), ...Array(cell.colSpan - 1).fill("")]));
};

const quoted = (text) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (c) => ESCAPES[c]).replaceAll("\n", "<br>");

export const toTsv = (rows) => rows.map((row) => row.map(quoted).join("\t")).join("\r\n");

/** Return cells as an HTML table; texts keep leading zeros in Excel. `textual[i]` says that column i holds text. */
export const toHtml = (rows, textual) =>
  `<meta charset="utf-8"><table>${rows.map((row) => `<tr>${row.map((cell, i) => `<td${textual[i] ? ' style="mso-number-format:\'\\@\'"' : ""}>${escaped(cell)}</td>`).join("")}</tr>`).join("")}</table>`;
