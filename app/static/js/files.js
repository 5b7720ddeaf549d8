// Files dropped or chosen. In a form with data-upload the whole form is sent at once with its progress shown;
// a zone with data-url sends each file by itself and keeps the id that came back.
import { csrf, make, word } from "./words.js";

const send = (url, body, onProgress) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.setRequestHeader("X-CSRFToken", csrf());
  request.setRequestHeader("Accept", "application/json, text/html;q=0.5");
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); });
  request.addEventListener("load", () => resolve(request));
  request.addEventListener("error", () => reject(new Error(word("lost"))));
  request.send(body);
});

const said = (answer) => { try { return JSON.parse(answer.responseText).message; } catch { return word("lost"); } };

const refusal = (zone, file) => {
  const { accept, maxMb } = zone.dataset;
  if (maxMb && file.size > maxMb * 1024 * 1024) return word("too_big", { name: file.name, mb: maxMb });
  const ending = file.name.split(".").pop().toLowerCase();
  return accept && !accept.split(",").includes(ending) ? word("wrong_kind", { name: file.name }) : "";
};

const running = new Set();

// A form that is sent while its files are still on their way waits for them; one that failed keeps it here, with the reason beside it.
document.addEventListener("submit", async (event) => {
  const mine = [...running].filter((one) => event.target.contains(one.zone));
  if (!mine.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { target, submitter } = event;
  const kept = await Promise.all(mine.map((one) => one.done));
  if (kept.every(Boolean)) target.requestSubmit(submitter);
}, true);

for (const zone of document.querySelectorAll("[data-dropzone]")) {
  const input = zone.querySelector("input[type=file]");
  const list = document.getElementById(zone.dataset.list);
  const line = (...parts) => { const item = make("li", {}, ...parts); list.append(item); return item; };

  const one = async (file) => {
    const bar = make("progress", { max: 1, value: 0 });
    bar.setAttribute("aria-label", file.name);
    const item = line(file.name, bar);
    const body = new FormData();
    body.append(zone.dataset.name, file);
    try {
      const answer = await send(zone.dataset.url, body, (share) => { bar.value = share; });
      if (answer.status >= 400) throw new Error(said(answer));
      const kept = JSON.parse(answer.responseText);
      bar.remove();
      const remove = make("button", { type: "button", className: "tool tool-icon" }, make("i", { className: "ti ti-x" }));
      remove.setAttribute("aria-label", `${word("remove")} ${file.name}`);
      remove.addEventListener("click", () => item.remove());
      item.append(make("input", { type: "hidden", name: zone.dataset.name, value: kept.id }), remove);
      zone.dispatchEvent(new Event("change", { bubbles: true }));
      return true;
    } catch (problem) {
      bar.replaceWith(make("span", { className: "text-bad", textContent: problem.message }));
      return false;
    }
  };
  const bring = async (file) => {
    const job = { zone, done: one(file) };
    running.add(job);
    await job.done;
    running.delete(job);
  };
  const take = (files) => {
    if (!zone.dataset.url || !("several" in zone.dataset)) list.replaceChildren();
    for (const file of files) {
      const why = refusal(zone, file);
      if (why) { line(make("span", { className: "text-bad", textContent: why })); input.value = ""; }
      else if (zone.dataset.url) bring(file);
      else line(file.name);
    }
    if (zone.dataset.url) input.value = "";
    else if (input.files.length && "now" in zone.dataset) input.form.requestSubmit();
  };
  input.addEventListener("change", () => take(input.files));
  for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("is-over"); });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (zone.dataset.url) { take(event.dataTransfer.files); return; }
    input.files = event.dataTransfer.files;
    take(input.files);
  });
}
document.addEventListener("click", (event) => { if (event.target.closest("[data-drop-file]")) event.target.closest("li").remove(); });

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const bar = form.querySelector("progress");
    const says = form.querySelector("[data-says]");
    bar.hidden = false;
    says.textContent = word("sending");
    try {
      const answer = await send(form.action, new FormData(form), (share) => { bar.value = share; });
      if (answer.status < 400) { location.assign(answer.getResponseHeader("Content-Type")?.includes("json") ? JSON.parse(answer.responseText).url : answer.responseURL); return; }
      throw new Error(said(answer));
    } catch (problem) {
      bar.hidden = true;
      says.textContent = problem.message;
    }
  });
}
