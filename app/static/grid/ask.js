// Dialogs of the sheet, made of the parts that every page has.
import { make } from "../js/words.js";
import { say } from "./say.js";

/** Open a dialog with a title, content and buttons [{name, text, tone}]; the name of the button that closed it, empty for none. */
export const dialog = (title, content, buttons, name = "") => new Promise((resolve) => {
  const box = make("dialog", { className: `ask g-ask ${name}` });
  box.setAttribute("aria-label", title);
  // A plain button submits nothing: Enter in an input presses the first one that does, and must not give up.
  const button = ({ name: value, text, tone, plain }) => make("button", { value, textContent: text, type: plain ? "button" : "submit", className: `btn ${tone === "danger" ? "btn-danger" : plain ? "" : "btn-primary"}` });
  const acts = make("div", { className: "ask-acts" }, ...buttons.map(button));
  acts.addEventListener("click", (event) => { if (event.target.type === "button") box.close(event.target.value); });
  box.append(make("form", { method: "dialog" }, make("h2", { textContent: title }), ...[content].flat(), acts));
  box.addEventListener("close", () => { box.remove(); resolve(box.returnValue); });
  box.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(box);
  box.showModal();
  (box.querySelector("[autofocus], input:not([type=checkbox]), select, textarea") || acts.lastChild).focus();
});

/** Ask yes or no; true for yes. */
export const ask = async (question, yes, tone = "") => {
  const answer = await dialog(question, [], [{ name: "", text: say("取消"), plain: true }, { name: "yes", text: yes, tone }]);
  return answer === "yes";
};
