// Where the states of a workflow stand: layered by the longest way from the first one, ordered so that few arrows cross (Sugiyama et al., 1981).

const middle = (list) => list.reduce((a, b) => a + b, 0) / list.length;

/** Steps {from, to} that lead on, without those that lead back to a state one comes from. */
const onward = (codes, steps) => {
  const next = new Map(codes.map((code) => [code, steps.filter((s) => s.from === code && s.to !== code).map((s) => s.to)]));
  const seen = new Set(), open = new Set(), kept = [];
  const walk = (code) => {
    seen.add(code);
    open.add(code);
    for (const to of new Set(next.get(code))) {
      if (open.has(to)) continue; // it leads back
      kept.push({ from: code, to });
      if (!seen.has(to)) walk(to);
    }
    open.delete(code);
  };
  for (const code of codes) if (!seen.has(code)) walk(code);
  return kept;
};

/**
 * Columns of {code, at} from left to right, and the way of each onward step through them. A step that passes a column has a place of its own
 * there, with `code` "from>to". `states` are codes, the first one first; `steps` are {from, to}.
 */
export const layered = (states, steps) => {
  const ahead = onward(states, steps.filter((s) => states.includes(s.from) && states.includes(s.to)));
  const level = new Map(states.map((code) => [code, 0]));
  for (let n = 0; n < states.length; n++) for (const { from, to } of ahead) level.set(to, Math.max(level.get(to), level.get(from) + 1));
  const columns = [];
  const put = (code, x) => (columns[x] ??= []).push(code);
  for (const code of states) put(code, level.get(code));
  const ways = ahead.map(({ from, to }) => {
    const way = [from];
    for (let x = level.get(from) + 1; x < level.get(to); x++) { put(`${from}>${to}`, x); way.push(`${from}>${to}`); }
    return [...way, to];
  });
  // sweeps to and fro: each place beside the middle of those that it is joined to in the column before
  for (let sweep = 0; sweep < 6; sweep++) {
    const forth = sweep % 2 === 0;
    for (let n = 1; n < columns.length; n++) {
      const x = forth ? n : columns.length - 1 - n;
      const before = columns[forth ? x - 1 : x + 1];
      const joined = (code) => ways.flatMap((way) => { const i = way.findIndex((c, k) => c === code && level.get(way[0]) + k === x); const other = way[forth ? i - 1 : i + 1]; return i >= 0 && other !== undefined && before.includes(other) ? [before.indexOf(other)] : []; });
      const weight = new Map(columns[x].map((code, i) => { const found = joined(code); return [code, found.length ? middle(found) : i]; }));
      columns[x].sort((a, b) => weight.get(a) - weight.get(b));
    }
  }
  return { columns, ways, level };
};
