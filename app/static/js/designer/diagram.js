// The workflow drawn: states in layers by how many steps they are from the first one, transitions as arrows between them.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 128, HEIGHT = 44, ACROSS = 108, DOWN = 46, EDGE = 16;

const shape = (tag, attributes, ...children) => {
  const one = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
};

/** Layers of states, each a list of codes; what cannot be reached from the first state comes last. */
export const layers = (states, steps) => {
  const level = new Map(states.length ? [[states[0].code, 0]] : []);
  for (const [code, at] of level) for (const step of steps) if (step.from.includes(code) && !level.has(step.to)) level.set(step.to, at + 1);
  const last = Math.max(0, ...level.values()) + 1;
  const rows = [];
  for (const state of states) (rows[level.get(state.code) ?? last] ??= []).push(state.code);
  const kept = rows.filter(Boolean);
  // one sweep of barycentres: a state stands beside those that lead to it
  for (let n = 1; n < kept.length; n++) {
    const before = kept[n - 1];
    const weight = (code) => { const from = steps.filter((s) => s.to === code).flatMap((s) => s.from).map((c) => before.indexOf(c)).filter((i) => i >= 0); return from.length ? from.reduce((a, b) => a + b) / from.length : before.length; };
    kept[n] = kept[n].map((code) => [weight(code), code]).sort((a, b) => a[0] - b[0]).map(([, code]) => code);
  }
  return kept;
};

/** Draw states {code, label, tone} and steps {from: [codes], to, label} into an SVG that `title` describes. */
export const diagram = (states, steps, title, chosen = () => {}) => {
  const columns = layers(states, steps);
  const tallest = Math.max(1, ...columns.map((c) => c.length));
  let height = EDGE * 2 + tallest * (HEIGHT + DOWN) - DOWN;
  const width = EDGE * 2 + columns.length * (WIDTH + ACROSS) - ACROSS;
  const place = new Map();
  columns.forEach((column, x) => column.forEach((code, y) => place.set(code, {
    x: EDGE + x * (WIDTH + ACROSS), y: EDGE + (y + (tallest - column.length) / 2) * (HEIGHT + DOWN), column: x })));
  const svg = shape("svg", { width, class: "d-diagram", role: "img", "aria-label": title });
  svg.append(shape("defs", {}, shape("marker", { id: "d-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, shape("path", { d: "M0 0L8 4L0 8z", class: "d-head" }))));

  // several steps between the same two states share an arrow and are named one below the other
  const arrows = new Map();
  for (const step of steps) for (const from of step.from) {
    if (!place.has(from) || !place.has(step.to)) continue;
    const key = `${from}>${step.to}`;
    arrows.set(key, { from, to: step.to, labels: [...(arrows.get(key)?.labels ?? []), step.label] });
  }
  let low = 0;
  const lines = [], texts = [];
  for (const { from, to, labels } of arrows.values()) {
    const a = place.get(from), b = place.get(to);
    let d, x, y;
    if (b.column > a.column) {
      const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x - 2, b.y + HEIGHT / 2];
      const bend = b.column - a.column > 1 ? -HEIGHT : 0;
      d = bend ? `M${x1} ${y1}C${x1 + 60} ${y1 + bend * 1.2} ${x2 - 60} ${y2 + bend * 1.2} ${x2} ${y2}` : `M${x1} ${y1}C${x1 + ACROSS / 2} ${y1} ${x2 - ACROSS / 2} ${y2} ${x2} ${y2}`;
      [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2 + bend * .9 - 6];
    } else if (from === to) {
      d = `M${a.x + WIDTH * .35} ${a.y}C${a.x + WIDTH * .3} ${a.y - 26} ${a.x + WIDTH * .7} ${a.y - 26} ${a.x + WIDTH * .65} ${a.y - 2}`;
      [x, y] = [a.x + WIDTH / 2, a.y - 22];
    } else {
      const bottom = Math.max(a.y, b.y) + HEIGHT + 26 + 14 * (low++ % 3);
      const [x1, x2] = [a.x + WIDTH * .6, b.x + WIDTH * (a.column === b.column ? .4 : .6)];
      d = `M${x1} ${a.y + HEIGHT}C${x1} ${bottom} ${x2} ${bottom} ${x2} ${b.y + HEIGHT + 2}`;
      [x, y] = [(x1 + x2) / 2, bottom - 8];
      height = Math.max(height, bottom + EDGE / 2);
    }
    lines.push(shape("path", { d, class: "d-edge", "marker-end": "url(#d-arrow)" }));
    labels.forEach((label, i) => texts.push(shape("text", { x, y: y - 13 * (labels.length - 1 - i), class: "d-edge-name", "text-anchor": "middle" }, label)));
  }
  svg.append(...lines);
  for (const [i, state] of states.entries()) {
    const at = place.get(state.code);
    const node = shape("g", { class: `d-node is-${state.tone ?? "plain"}${i ? "" : " is-first"}`, tabindex: 0, role: "button", "aria-label": state.label },
      shape("rect", { x: at.x, y: at.y, width: WIDTH, height: HEIGHT, rx: 8 }),
      shape("text", { x: at.x + WIDTH / 2, y: at.y + HEIGHT / 2 + 5, "text-anchor": "middle" }, state.label.length > 9 && /[\u4e00-\u9fff]/.test(state.label) ? `${state.label.slice(0, 8)}…` : state.label.length > 18 ? `${state.label.slice(0, 17)}…` : state.label));
    node.addEventListener("click", () => chosen(state.code));
    node.addEventListener("keydown", (event) => { if (event.key === "Enter") chosen(state.code); });
    svg.append(node);
  }
  svg.append(...texts);
  svg.setAttribute("height", height);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return svg;
};
