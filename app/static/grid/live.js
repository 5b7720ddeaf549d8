// What other people change appears here: a stream of events, or asking every moment where no stream is to be had.

const POLL = 1500;
/** Rows that change show at once; the whole view is fetched again at most this often. */
const CALM = 1000;

export const live = (grid) => {
  let source = null, timer = 0, quiet = 0;
  grid.ownVersions = new Map();
  let since = grid.schema.since;
  const waiting = new Set();
  let anew = false, last = 0;

  const take = (news) => {
    since = news.since ?? since;
    if (news.many) anew = true;
    for (const [id, version] of news.changed || []) {
      if ((grid.ownVersions.get(id) ?? -1) >= version) continue;
      const row = grid.rows.byId(id);
      if (!row) anew = true;
      else if (row.version < version) waiting.add(id);
    }
    for (const id of news.moved || []) {
      if (grid.rows.byId(id)) waiting.add(id);
      else anew = true;
    }
    if ((news.gone || []).some((id) => grid.rows.byId(id))) anew = true;
    if ((waiting.size || anew) && !quiet) quiet = setTimeout(show, pause());
  };

  const pause = () => (waiting.size ? 50 : Math.max(50, last + CALM - performance.now()));

  const show = async () => {
    const ids = [...waiting].slice(0, 500), all = anew;
    waiting.clear();
    anew = false;
    try {
      if (ids.length) {
        const columns = grid.layout.columns.filter((one) => !one.hidden).map((one) => one.code);
        const answer = grid.take(await grid.api.post("/rows", { ids, columns: [...new Set([...columns, ...grid.schema.register.title])] }));
        grid.patch(answer.rows, true);
        if (answer.gone?.length) await grid.refresh();
      }
      if (all) { last = performance.now(); await grid.refresh(); }
      grid.emit("figures");
    } catch { /* the next event tells it again */ }
    quiet = 0;
    if (waiting.size || anew) quiet = setTimeout(show, pause());
  };

  const poll = async () => {
    try { take(await grid.api.get(`/changes?since=${encodeURIComponent(since)}`)); } catch { /* asked again soon */ }
    timer = setTimeout(poll, POLL);
  };

  const listen = () => {
    stop();
    if (!since) return;
    source = new EventSource(`${grid.api.base}/events?since=${encodeURIComponent(since)}`);
    source.addEventListener("changes", (event) => take(JSON.parse(event.data)));
    source.addEventListener("bye", () => { source.close(); timer = setTimeout(listen, 50); });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) { source.close(); timer = setTimeout(listen, 2000); return; }
      poll();
      setTimeout(() => { if (!document.hidden) listen(); }, 30_000);
    });
  };
  const stop = () => { source?.close(); source = null; clearTimeout(timer); };

  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else listen(); });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  listen();
  return { stop };
};
