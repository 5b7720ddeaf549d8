// How the register will look and what it will demand: drawn by the server from the draft as it was last saved.
import { make } from "../words.js";
import { said } from "./text.js";
import { pickers } from "../picker.js";
import { dayInput } from "../days.js";

/** Draw the preview; it is asked for anew each time it is opened, once the last change is saved. */
export const previewSection = (page) => {
  const box = make("div", { className: "d-preview" }, make("p", { className: "d-nothing", textContent: said("loading") }));
  const show = async () => {
    await page.settled();
    try {
      const answer = await fetch(page.urls.preview, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.statusText);
      box.innerHTML = await answer.text();
      pickers(box);
      box.querySelectorAll("input[data-day]").forEach(dayInput);
    } catch {
      box.replaceChildren(make("p", { className: "d-nothing", textContent: said("no_preview") }));
    }
  };
  show();
  return [box];
};
