// What plain HTML forms lack: one submission per click, times as the server reads them, finding in long lists of ticks.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  const by = event.submitter;
  // After the browser has collected the values: a disabled button would not be sent.
  setTimeout(() => { if (by && !event.defaultPrevented) by.disabled = true; });
});
addEventListener("pageshow", () => { for (const button of document.querySelectorAll("button[type=submit]:disabled:not([data-off])")) button.disabled = false; });

document.addEventListener("formdata", (event) => {
  for (const input of event.target.querySelectorAll("input[data-seconds][name]")) {
    if (input.value.length === 16) event.formData.set(input.name, `${input.value}:00`);
  }
});

document.addEventListener("input", (event) => {
  const find = event.target.closest("[data-find-in]");
  if (!find) return;
  const wanted = find.value.trim().toLowerCase();
  for (const label of document.getElementById(find.dataset.findIn).querySelectorAll("label")) {
    label.hidden = Boolean(wanted) && !label.textContent.toLowerCase().includes(wanted);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.closest("[data-find-in]")) event.preventDefault();
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    const form = document.querySelector("form[data-guard]");
    if (form) { event.preventDefault(); form.requestSubmit(); }
  }
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-go]")) location.assign(event.target.value);
  if (event.target.closest("[data-submits]")) event.target.form.requestSubmit();
});

// The first field that was refused, in view and ready to be typed into.
document.querySelector(".is-invalid")?.scrollIntoView({ block: "center" });
document.querySelector("input.is-invalid, select.is-invalid, textarea.is-invalid, .picker.is-invalid input")?.focus({ preventScroll: true });
