// The document on its way: every step is kept for undoing, sent soon after, and stays in this browser until the server has it.
import { csrf } from "../words.js";
import { said } from "./text.js";

const WAIT = 450;

/**
 * Open a document: `first` is the server's answer {code, document, text, findings, locks, others}, `base` + code takes PUT {document, seen} and
 * answers alike. `hear(what)` is told "drawn" when the page must be drawn anew, "typed" when only what was typed changed, "answer" after the server's.
 */
export const opened = (base, first, hear) => {
  const key = `design:${base}/${first.code}`;
  let steps = [{ document: first.document, where: "" }], at = 0, timer = 0, sent = first.document, busy = false;
  const here = () => steps[at].document;
  const take = ({ code, text, findings, locks, others }) => Object.assign(self, { code, text, findings, locks, others });
  const tell = (state, message = "") => { self.state = state; self.message = message; hear("answer"); };
  const keep = () => { try { localStorage.setItem(key, JSON.stringify(here())); } catch { /* then only this page holds it */ } };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } };

  const send = async () => {
    clearTimeout(timer);
    if (busy) return;
    if (here() === sent) { if (self.state === "waiting") { forget(); tell("saved"); } return; }
    busy = true;
    const mine = here();
    tell("saving");
    try {
      const answer = await fetch(`${base}/${self.code}`, { method: "PUT", body: JSON.stringify({ document: mine, seen: self.text }),
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() } });
      const body = await answer.json().catch(() => ({}));
      if (!answer.ok) throw Object.assign(new Error([body.message, ...(body.errors ?? []).map((e) => e.message)].filter((m, i, all) => m && all.indexOf(m) === i).join("；") || said("lost")), { status: answer.status });
      sent = mine;
      take(body);
      busy = false;
      if (here() === sent) { forget(); tell("saved"); } else send();
    } catch (error) {
      busy = false;
      tell("failed", error.status === 409 ? said("overtaken") : error instanceof TypeError ? said("lost") : error.message);
    }
  };
  const soon = () => { keep(); self.state = "waiting"; clearTimeout(timer); timer = setTimeout(send, WAIT); };
  const go = (to) => { if (to >= 0 && to < steps.length) { at = to; soon(); hear("drawn"); } };

  const self = {
    state: "saved", message: "", code: first.code, text: first.text, findings: first.findings, locks: first.locks, others: first.others,
    get document() { return here(); },
    get back() { return at > 0; },
    get forth() { return at < steps.length - 1; },
    put(document, quiet = false, where = "") {
      if (JSON.stringify(document) === JSON.stringify(here())) return;
      // what is typed into one place is one step
      const same = quiet && where && steps[at].where === where;
      steps = [...steps.slice(0, same ? at : at + 1), { document, where: quiet ? where : "" }];
      at = steps.length - 1;
      soon();
      hear(quiet ? "typed" : "drawn");
    },
    undo: () => go(at - 1),
    redo: () => go(at + 1),
    send,
    /** What this browser still holds from before that never reached the server. */
    left: () => { try { const kept = localStorage.getItem(key); return kept && kept !== JSON.stringify(sent) ? JSON.parse(kept) : null; } catch { return null; } },
    forget,
  };
  addEventListener("online", send);
  addEventListener("beforeunload", (event) => { if (here() !== sent) event.preventDefault(); });
  addEventListener("pagehide", () => { if (here() !== sent) keep(); });
  return self;
};
