// The line of messages, for pages without cells.
import { make } from "../js/words.js";
import { say } from "./say.js";

export const plainNotes = (grid) => {
  const line = grid.root.querySelector("[data-says]");
  const tell = ({ text, tone = "info", brief = false }) => {
    const close = make("button", { type: "button", className: "tool tool-icon" }, grid.icon("x"));
    close.setAttribute("aria-label", say("关闭"));
    const note = make("div", { className: `note note-${tone}` }, make("p", { className: "long", textContent: text }), close);
    close.addEventListener("click", () => note.remove());
    line.replaceChildren(note);
    if (brief) setTimeout(() => note.remove(), 3500);
  };
  grid.on("says", tell);
  grid.on("failed", (error) => tell({ text: error.message, tone: "danger" }));
};
