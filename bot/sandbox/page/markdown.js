/** The `markdown` block: standard Markdown (headings, lists, tasks, quotes, code, tables, rules), not mrkdwn. */

import { h, link, safeUrl } from "./dom.js";
import { withEmoji } from "./emoji.js";

const SPANS = /(`+)(.+?)\1|!\[([^\]]*)\]\(([^)\s]+)\)|\[([^\]]+)\]\(([^)\s]+)(?:\s+"[^"]*")?\)|<(https?:\/\/[^>\s]+)>|(\*\*\*|___)(.+?)\8|(\*\*|__)(.+?)\10|(\*|_)(?=\S)(.+?\S|\S)\12(?!\w)|~~(.+?)~~|\\([!-/:-@[-`{-~])|(https?:\/\/[^\s<>)]+)/;

function spans(text) {
  const match = SPANS.exec(text);
  if (!match) return text ? withEmoji(text) : [];
  const [whole, , code, alt, picture, label, address, auto, , both, , bold, , italic, strike, escaped, raw] = match;
  let node;
  if (code !== undefined) node = h("code", {}, code);
  else if (picture !== undefined) node = safeUrl(picture) ? link(picture, alt || picture) : alt;
  else if (address !== undefined) node = link(address, ...spans(label));
  else if (auto ?? raw) node = link(auto ?? raw, auto ?? raw);
  else if (both !== undefined) node = h("b", {}, h("i", {}, ...spans(both)));
  else if (bold !== undefined) node = h("b", {}, ...spans(bold));
  else if (italic !== undefined) node = h("i", {}, ...spans(italic));
  else if (strike !== undefined) node = h("s", {}, ...spans(strike));
  else node = escaped ?? whole;
  return [...withEmoji(text.slice(0, match.index)), node, ...spans(text.slice(match.index + whole.length))];
}

/** Comments are for programs: nobody is shown them. */
const withoutComments = (text) => text.replace(/<!--[\s\S]*?(-->|$)/g, "").trimEnd();

const cells = (row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));

function takeTable(rows) {
  if (!/\|/.test(rows[0]) || !/^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(rows[1] ?? "")) return null;
  const align = cells(rows[1]).map((cell) => (/^:.*:$/.test(cell) ? "center" : /:$/.test(cell) ? "right" : "left"));
  let end = 2;
  while (end < rows.length && rows[end].includes("|")) end += 1;
  const line = (row, tag) => h("tr", {}, cells(row).map((cell, at) => h(tag, { css: { "text-align": align[at] ?? "left" } }, ...spans(cell))));
  const table = h("table", { class: "table" }, h("thead", {}, line(rows[0], "th")), h("tbody", {}, rows.slice(2, end).map((row) => line(row, "td"))));
  return { node: h("div", { class: "table-scroll" }, table), used: end };
}

function takeCode(rows) {
  const fence = /^\s*(```|~~~)/.exec(rows[0]);
  if (!fence) return null;
  let end = 1;
  while (end < rows.length && !rows[end].trim().startsWith(fence[1])) end += 1;
  return { node: h("pre", {}, rows.slice(1, end).join("\n")), used: end + 1 };
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

function takeList(rows) {
  const first = ITEM.exec(rows[0]);
  if (!first) return null;
  const depth = first[1].length;
  const ordered = /\d/.test(first[2]);
  const list = h(ordered ? "ol" : "ul", { start: ordered && parseInt(first[2], 10) !== 1 ? parseInt(first[2], 10) : null });
  let at = 0;
  while (at < rows.length) {
    const item = ITEM.exec(rows[at]);
    if (!item || item[1].length < depth || (item[1].length === depth && /\d/.test(item[2]) !== ordered)) break;
    if (item[1].length > depth) {
      const inner = takeList(rows.slice(at));
      (list.lastChild ?? list).append(inner.node);
      at += inner.used;
      continue;
    }
    const task = /^\[([ xX])\]\s+(.*)$/.exec(item[3]);
    const box = task && h("input", { type: "checkbox", checked: task[1] !== " ", disabled: true, "aria-label": task[2] });
    list.append(h("li", { class: task ? "task" : null }, box, ...spans(task ? task[2] : item[3])));
    at += 1;
  }
  return { node: list, used: at };
}

function takeQuote(rows) {
  let end = 0;
  while (end < rows.length && /^\s*>/.test(rows[end])) end += 1;
  if (!end) return null;
  return { node: h("blockquote", {}, ...blocks(rows.slice(0, end).map((row) => row.replace(/^\s*> ?/, "")))), used: end };
}

function takeHeading(rows) {
  const match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(rows[0]);
  if (match) return { node: h("p", { class: `md-heading md-h${match[1].length}`, role: "heading", "aria-level": match[1].length + 2 }, ...spans(match[2])), used: 1 };
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(rows[0])) return { node: h("hr"), used: 1 };
  return null;
}

function takeParagraph(rows) {
  const starts = (row) => /^\s*(```|~~~|>|#{1,6}\s)/.test(row) || ITEM.test(row) || !row.trim();
  let end = 1;
  while (end < rows.length && !starts(rows[end])) end += 1;
  const nodes = rows.slice(0, end).flatMap((row, index) => [...(index ? [h("br")] : []), ...spans(row.trim())]);
  return { node: h("p", {}, ...nodes), used: end };
}

function blocks(rows) {
  const nodes = [];
  let rest = rows;
  while (rest.length) {
    if (!rest[0].trim()) {
      rest = rest.slice(1);
      continue;
    }
    const taken = takeCode(rest) ?? takeHeading(rest) ?? takeTable(rest) ?? takeList(rest) ?? takeQuote(rest) ?? takeParagraph(rest);
    nodes.push(taken.node);
    rest = rest.slice(taken.used);
  }
  return nodes;
}

/** Markdown text as one element. */
export const markdown = (text) => h("div", { class: "markdown" }, ...blocks(withoutComments(String(text ?? "").replace(/\r/g, "")).split("\n")));
