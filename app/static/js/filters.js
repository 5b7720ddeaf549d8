// Rows of conditions above a list: add one, change its comparison, take it away.
for (const form of document.querySelectorAll("form[data-filters]")) {
  const list = form.querySelector("[data-filter-list]");
  const rename = (row) => {
    const compare = row.querySelector("[data-compare]");
    const value = row.querySelector("[data-value]");
    if (compare && value) value.name = `_flt_${compare.value}_${row.dataset.column}`;
  };
  form.querySelector("[data-filter-add]")?.addEventListener("change", (event) => {
    const template = form.querySelector(`template[data-column="${CSS.escape(event.target.value)}"]`);
    event.target.selectedIndex = 0;
    if (!template) return;
    list.append(template.content.cloneNode(true));
    const row = list.lastElementChild;
    rename(row);
    row.querySelector("[data-value]").focus();
  });
  list.addEventListener("change", (event) => { if (event.target.matches("[data-compare]")) rename(event.target.closest("[data-column]")); });
  list.addEventListener("click", (event) => { event.target.closest("[data-remove]")?.closest("[data-column]").remove(); });
}

// Filter rows inside a table head: empty ones are not sent, so that addresses stay short.
document.addEventListener("formdata", (event) => {
  if (!("short" in event.target.dataset)) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
