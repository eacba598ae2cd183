/** `data_visualization`: bar, line, area and pie charts drawn as SVG, with the numbers in words for screen readers. */

import { h, svg } from "./dom.js";

const WIDTH = 560;
const HEIGHT = 240;
const PAD = { left: 44, right: 12, top: 12, bottom: 34 };

const number = (value) => new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 }).format(value);
const compact = (value) => new Intl.NumberFormat("en-US", { notation: Math.abs(value) >= 10_000 ? "compact" : "standard", maximumFractionDigits: 2 }).format(value);
const series = (index) => `series-${index % 6}`;

/** Round steps (1, 2, 5 × 10ⁿ) that cover the values, always from zero; of what is counted there is no half. */
export function ticks(low, high, whole = false) {
  const span = Math.max(high, 0) - Math.min(low, 0) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const step = whole ? Math.max(1, round) : round;
  const marks = [];
  for (let at = Math.floor(Math.min(low, 0) / step) * step; at < Math.max(high, 0) + step; at += step) {
    marks.push(Number(at.toPrecision(10)));
    if (at >= high) break;
  }
  return marks;
}

function legend(items) {
  return h("div", { class: "chart-legend" }, items.map(([label, index]) => h("span", { class: "chart-key" }, h("span", { class: `chart-swatch ${series(index)}` }), label)));
}

function frame(categories, marks, x, y, axis) {
  const nodes = marks.map((mark) => svg("g", {},
    svg("line", { class: mark === 0 ? "chart-axis" : "chart-grid", x1: PAD.left, x2: WIDTH - PAD.right, y1: y(mark), y2: y(mark) }),
    svg("text", { class: "chart-text", x: PAD.left - 6, y: y(mark) + 4, "text-anchor": "end" }, compact(mark))));
  const every = Math.ceil(categories.length / 8); // more labels than this would overlap
  categories.forEach((label, at) => {
    if (at % every) return;
    const text = String(label);
    nodes.push(svg("text", { class: "chart-text", x: x(at), y: HEIGHT - PAD.bottom + 16, "text-anchor": "middle" }, text.length > 12 ? `${text.slice(0, 11)}…` : text, svg("title", {}, text)));
  });
  if (axis?.x_label) nodes.push(svg("text", { class: "chart-text", x: (WIDTH + PAD.left) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, axis.x_label));
  if (axis?.y_label) nodes.push(svg("text", { class: "chart-text", x: -(HEIGHT - PAD.bottom) / 2, y: 10, "text-anchor": "middle", transform: "rotate(-90)" }, axis.y_label));
  return nodes;
}

function bars(all, categories, x, y, slot) {
  const width = Math.min(36, (slot * 0.7) / all.length);
  return all.flatMap((one, index) => (one.data ?? []).map((point) => {
    const at = categories.indexOf(point.label);
    const left = x(at) - (width * all.length) / 2 + index * width;
    const top = Math.min(y(point.value), y(0));
    return svg("rect", { class: `chart-bar ${series(index)}`, x: left + 1, y: top, width: Math.max(1, width - 2), height: Math.abs(y(0) - y(point.value)), rx: 2 }, svg("title", {}, `${one.name}, ${point.label}: ${number(point.value)}`));
  }));
}

function lines(all, categories, x, y, filled) {
  return all.flatMap((one, index) => {
    const points = (one.data ?? []).map((point) => [x(categories.indexOf(point.label)), y(point.value), point]);
    if (!points.length) return [];
    const path = points.map(([left, top], at) => `${at ? "L" : "M"}${left} ${top}`).join("");
    const area = filled && svg("path", { class: `chart-area ${series(index)}`, d: `${path}L${points.at(-1)[0]} ${y(0)}L${points[0][0]} ${y(0)}Z` });
    const dots = points.map(([left, top, point]) => svg("circle", { class: `chart-dot ${series(index)}`, cx: left, cy: top, r: 3.5 }, svg("title", {}, `${one.name}, ${point.label}: ${number(point.value)}`)));
    return [area, svg("path", { class: `chart-line ${series(index)}`, d: path }), ...dots];
  });
}

function plot(chart) {
  const all = chart.series ?? [];
  const categories = chart.axis_config?.categories ?? [...new Set(all.flatMap((one) => (one.data ?? []).map((point) => point.label)))];
  const values = all.flatMap((one) => (one.data ?? []).map((point) => Number(point.value) || 0));
  const marks = ticks(Math.min(0, ...values), Math.max(0, ...values), values.every(Number.isInteger));
  const [low, high] = [marks[0], marks.at(-1)];
  const inner = { width: WIDTH - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom };
  const slot = inner.width / Math.max(1, categories.length);
  const x = (at) => PAD.left + slot * (at + 0.5);
  const y = (value) => PAD.top + inner.height * (1 - (value - low) / (high - low || 1));
  const shapes = chart.type === "bar" ? bars(all, categories, x, y, slot) : lines(all, categories, x, y, chart.type === "area");
  return [svg("svg", { class: "chart-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, frame(categories, marks, x, y, chart.axis_config), shapes),
    legend(all.map((one, index) => [one.name, index]))];
}

function slice(from, to, radius) {
  const point = (share) => [100 + radius * Math.sin(share * 2 * Math.PI), 100 - radius * Math.cos(share * 2 * Math.PI)];
  const [x1, y1] = point(from);
  const [x2, y2] = point(to);
  // A whole circle has equal ends, which an arc cannot draw.
  if (to - from > 0.9999) return `M100 ${100 - radius}A${radius} ${radius} 0 1 1 99.99 ${100 - radius}Z`;
  return `M100 100L${x1} ${y1}A${radius} ${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${x2} ${y2}Z`;
}

function pie(chart) {
  const segments = chart.segments ?? [];
  const total = segments.reduce((sum, one) => sum + Math.max(0, Number(one.value) || 0), 0);
  let from = 0;
  const shapes = segments.map((one, index) => {
    const share = total ? Math.max(0, Number(one.value) || 0) / total : 0;
    const node = svg("path", { class: `chart-slice ${series(index)}`, d: slice(from, from + share, 92) }, svg("title", {}, `${one.label}: ${number(one.value)}`));
    from += share;
    return node;
  });
  const rows = segments.map((one, index) => h("span", { class: "chart-key" }, h("span", { class: `chart-swatch ${series(index)}` }), `${one.label} `, h("b", {}, number(one.value)), total ? ` (${Math.round((one.value / total) * 100)}%)` : ""));
  return [h("div", { class: "chart-pie" }, svg("svg", { viewBox: "0 0 200 200", "aria-hidden": "true" }, shapes), h("div", { class: "chart-legend chart-legend-list" }, rows))];
}

function inWords(chart) {
  if (chart.type === "pie") return (chart.segments ?? []).map((one) => `${one.label} ${number(one.value)}`).join(", ");
  return (chart.series ?? []).map((one) => `${one.name}: ${(one.data ?? []).map((point) => `${point.label} ${number(point.value)}`).join(", ")}`).join("; ");
}

/** One chart block as a figure. */
export function chart(block) {
  const data = block.chart ?? {};
  const known = ["bar", "line", "area"].includes(data.type);
  const body = data.type === "pie" ? pie(data) : known ? plot(data) : [h("span", { class: "unknown" }, `[${data.type} chart]`)];
  return h("figure", { class: "chart", role: "img", "aria-label": `${block.title ?? "Chart"} (${data.type}). ${inWords(data)}` },
    h("figcaption", {}, typeof block.title === "string" ? block.title : block.title?.text ?? ""), body);
}
