// Warns before a half-typed form is left; forms opt in with data-guard.
import { word } from "./words.js";

for (const form of document.querySelectorAll("form[data-guard]")) {
  const now = () => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name + value.size : value]));
  const first = now();
  let sent = false;
  const changed = () => !sent && now() !== first;
  form.addEventListener("submit", () => { sent = true; });
  addEventListener("pageshow", () => { sent = false; });
  addEventListener("beforeunload", (event) => { if (changed()) { event.preventDefault(); event.returnValue = word("leave"); } });
  const note = form.querySelector("[data-changed]");
  if (note) {
    const show = () => { note.hidden = !changed(); };
    form.addEventListener("input", show);
    form.addEventListener("change", show);
  }
}
