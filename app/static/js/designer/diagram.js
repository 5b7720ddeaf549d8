// The workflow drawn: states as boxes from left to right, transitions as named arrows; those that lead back run below.
import { layered } from "./layers.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 124, HEIGHT = 40, ACROSS = 104, DOWN = 26, PASS = 16, EDGE = 16, LANE = 20;

const shape = (tag, attributes, ...children) => {
  const one = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
};
const short = (text) => { const most = /[\u4e00-\u9fff]/.test(text) ? 8 : 16; return text.length > most ? `${text.slice(0, most - 1)}…` : text; };

/** Where each box and each passing arrow stands: column and code → {x, y}. */
const placed = (columns, states) => {
  const high = (code) => (states.has(code) ? HEIGHT : PASS);
  const tall = (column) => column.reduce((sum, code) => sum + high(code) + DOWN, -DOWN);
  const height = Math.max(...columns.map(tall));
  const place = new Map();
  columns.forEach((column, x) => {
    let y = EDGE + (height - tall(column)) / 2;
    for (const code of column) { place.set(`${x} ${code}`, { x: EDGE + x * (WIDTH + ACROSS), y: y + high(code) / 2 }); y += high(code) + DOWN; }
  });
  return { place, height: height + 2 * EDGE };
};

/** Draw states {code, label, tone} and steps {from: [codes], to, label} into an SVG that `title` describes. */
export const diagram = (states, steps, title, chosen = () => {}) => {
  const each = steps.flatMap((s) => s.from.map((from) => ({ from, to: s.to, label: s.label })));
  const codes = new Set(states.map((s) => s.code));
  const { columns, ways, level } = layered([...codes], each);
  const { place, height } = placed(columns, codes);
  const at = (code, x = level.get(code)) => place.get(`${x} ${code}`);
  const width = EDGE * 2 + columns.length * (WIDTH + ACROSS) - ACROSS;
  const svg = shape("svg", { width, class: "d-diagram", role: "group", "aria-label": title });
  svg.append(shape("defs", {}, shape("marker", { id: "d-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, shape("path", { d: "M0 0L8 4L0 8z", class: "d-arrow" }))));
  const lines = [], texts = [];
  // several steps between the same two states share an arrow and are named one above the other
  const labels = (from, to) => each.filter((s) => s.from === from && s.to === to).map((s) => s.label);
  const name = (said, x, y) => said.forEach((text, i) => texts.push(shape("text", { x, y: y - 12 * (said.length - 1 - i), class: "d-edge-name", "text-anchor": "middle" }, short(text))));
  const draw = (d) => lines.push(shape("path", { d, class: "d-edge", "marker-end": "url(#d-arrow)" }));

  for (const way of ways) {
    let d = "", last = null;
    way.forEach((code, k) => {
      const { x, y } = at(code, level.get(way[0]) + k);
      if (!last) { d = `M${x + WIDTH} ${y}`; last = { x: x + WIDTH, y }; return; }
      const bend = (x - last.x) / 2, end = k === way.length - 1;
      d += `C${last.x + bend} ${last.y} ${x - bend} ${y} ${x - (end ? 2 : 0)} ${y}${end ? "" : `h${WIDTH}`}`;
      if (k === 1) name(labels(way[0], way.at(-1)), last.x + ACROSS / 2, (last.y + y) / 2 - 4);
      last = { x: x + WIDTH, y };
    });
    draw(d);
  }
  let low = height - EDGE / 2;
  const done = new Set(ways.map((way) => `${way[0]}>${way.at(-1)}`));
  for (const { from, to } of each) {
    if (done.has(`${from}>${to}`) || !codes.has(from) || !codes.has(to)) continue;
    done.add(`${from}>${to}`);
    const a = at(from), b = at(to);
    low += LANE;
    const [x1, x2] = [a.x + WIDTH - 14, b.x + 14];
    draw(`M${x1} ${a.y + HEIGHT / 2}V${low - 8}Q${x1} ${low} ${x1 - 8 * Math.sign(x1 - x2)} ${low}H${x2 + 8 * Math.sign(x1 - x2)}Q${x2} ${low} ${x2} ${low - 8}V${b.y + HEIGHT / 2 + 2}`);
    name([labels(from, to).join(" / ")], (x1 + x2) / 2, low - 4);
  }
  svg.append(...lines);
  states.forEach((state, i) => {
    const { x, y } = at(state.code);
    const node = shape("g", { class: `d-node is-${state.tone ?? "plain"}${i ? "" : " is-first"}`, tabindex: 0, role: "button", "aria-label": state.label },
      shape("rect", { x, y: y - HEIGHT / 2, width: WIDTH, height: HEIGHT, rx: 8 }), shape("text", { x: x + WIDTH / 2, y: y + 5, "text-anchor": "middle" }, short(state.label)));
    node.addEventListener("click", () => chosen(state.code));
    node.addEventListener("keydown", (event) => { if (event.key === "Enter") chosen(state.code); });
    svg.append(node);
  });
  svg.append(...texts);
  const tall = low > height - EDGE / 2 ? low + EDGE : height;
  svg.setAttribute("height", tall);
  svg.setAttribute("viewBox", `0 0 ${width} ${tall}`);
  return svg;
};
