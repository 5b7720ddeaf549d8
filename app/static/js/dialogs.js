// Questions before acts: data-confirm on a submit button or form, data-opens="#dialog" on a button.
const box = document.getElementById("confirm");
const asked = new WeakSet();

/** Ask in the page's own dialog; resolves to true for yes. */
export const ask = (text, danger = false) => new Promise((resolve) => {
  box.querySelector(".ask-text").textContent = text;
  box.querySelector("[data-yes]").className = danger ? "btn btn-danger" : "btn btn-primary";
  box.returnValue = "no";
  box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true });
  box.showModal();
});

document.addEventListener("submit", async (event) => {
  const by = event.submitter;
  const text = by?.dataset.confirm || event.target.dataset.confirm;
  if (!text || asked.has(event.target)) { asked.delete(event.target); return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(text, by?.dataset.tone === "danger")) {
    asked.add(event.target);
    event.target.requestSubmit(by);
  }
}, { capture: true });

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    const dialog = document.querySelector(opener.dataset.opens);
    dialog.showModal();
    dialog.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  }
  event.target.closest("[data-closes]")?.closest("dialog").close();
});

// A dialog that came back with errors opens again by itself.
document.querySelector("dialog[data-open-now]")?.showModal();
