/**
 * Slack's mrkdwn as DOM nodes. Angle-bracket tokens and code are taken out first and stand in the text as
 * private-use characters, so that `*`, `_` and `~` inside an address or code never start formatting.
 */

import { slackDate } from "./dates.js";
import * as directory from "./directory.js";
import { h, link, safeUrl } from "./dom.js";
import { withEmoji } from "./emoji.js";

const HOLE = /\uE000(\d+)\uE001/g;
const RAW_ADDRESS = /https?:\/\/[^\s<>\uE000]+[^\s<>\uE000.,;:!?)\]'"]/g;
const STYLES = [
  { mark: "*", tag: "b" },
  { mark: "_", tag: "i" },
  { mark: "~", tag: "s" },
].map(({ mark, tag }) => {
  const sign = mark === "*" ? "\\*" : mark;
  // A mark counts only at the edge of a word, with no space inside it: a_b_c and 2 * 3 * 4 stay as they are.
  return { tag, pattern: new RegExp(`(?<![\\p{L}\\p{N}${sign}])${sign}(?=[^\\s${sign}])(.*?[^\\s])${sign}(?![\\p{L}\\p{N}${sign}])`, "u") };
});

/** &amp; &lt; &gt; back to characters, once: "&amp;lt;" is the text "&lt;". */
export const unescapeText = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

function mention(kind, label, extra = {}) {
  return h("span", { class: `mention mention-${kind}`, ...extra }, label);
}

export function userMention(id) {
  const mine = directory.me()?.id === id;
  return mention(mine ? "me" : "user", `@${directory.personName(id)}`, { data: { user: id } });
}

export function channelMention(id, label) {
  const room = directory.channel(id);
  if (!room) return mention("channel", `#${label || "private-channel"}`);
  return h("button", { type: "button", class: "mention mention-channel", data: { channel: id } }, room.is_private ? "🔒" : "#", room.name);
}

export const groupMention = (id, label) => mention("user", `@${directory.group(id)?.handle ?? (label || id).replace(/^@/, "")}`);
export const broadcastMention = (range) => mention("me", `@${range}`);

/** What stands between < and >: a link, a mention or a date. */
function token(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescapeText(body.slice(bar + 1));
  if (target.startsWith("@")) return userMention(target.slice(1));
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!subteam^")) return groupMention(target.slice(9), label);
  if (target.startsWith("!date^")) {
    const [, unix, pattern, address] = target.split("^");
    const date = slackDate(unix, unescapeText(pattern ?? ""), label);
    return address ? link(unescapeText(address), date) : date;
  }
  if (target.startsWith("!")) return broadcastMention(target.slice(1));
  const address = unescapeText(target);
  if (!/^(https?:|mailto:|tel:)/i.test(address) || !safeUrl(address)) return document.createTextNode(unescapeText(`<${body}>`));
  return link(address, ...withEmoji(label || address.replace(/^mailto:/, "")));
}

/** The words a token stands for, where nodes cannot go (inside code, in notifications). */
function tokenText(body) {
  return token(body).textContent;
}

function leaf(text, holes) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(HOLE)) {
    nodes.push(...words(text.slice(at, match.index)));
    nodes.push(holes[Number(match[1])]);
    at = match.index + match[0].length;
  }
  nodes.push(...words(text.slice(at)));
  return nodes;
}

function words(text) {
  if (!text) return [];
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(RAW_ADDRESS)) {
    if (match.index > at) nodes.push(...withEmoji(unescapeText(text.slice(at, match.index))));
    const address = unescapeText(match[0]);
    nodes.push(link(address, address));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(...withEmoji(unescapeText(text.slice(at))));
  return nodes;
}

function styled(text, holes) {
  let first = null;
  for (const style of STYLES) {
    const match = style.pattern.exec(text);
    if (match && (!first || match.index < first.match.index)) first = { ...style, match };
  }
  if (!first) return leaf(text, holes);
  const { match, tag } = first;
  return [
    ...leaf(text.slice(0, match.index), holes),
    h(tag, {}, ...styled(match[1], holes)),
    ...styled(text.slice(match.index + match[0].length), holes),
  ];
}

/** One line (no line breaks) as nodes. */
function inline(line) {
  const holes = [];
  const flat = line.replace(/`([^`]+)`|<([^<>]+)>/g, (_, code, body) => {
    holes.push(code === undefined ? token(body) : h("code", {}, unescapeText(code.replace(/<([^<>]+)>/g, (__, inner) => tokenText(inner)))));
    return `\uE000${holes.length - 1}\uE001`;
  });
  const nodes = styled(flat, holes);
  // "today" begins with a capital only where the line begins with it.
  const first = nodes[0];
  if (first?.className === "slack-date") first.textContent = first.textContent.charAt(0).toUpperCase() + first.textContent.slice(1);
  return nodes;
}

function lines(text) {
  const nodes = [];
  let quote = null;
  const parts = text.split("\n");
  parts.forEach((line, index) => {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    if (quoted) {
      if (quote) quote.append(h("br"));
      else nodes.push((quote = h("blockquote", {})));
      quote.append(...inline(line.slice(quoted[0].length)));
      return;
    }
    if (index > 0 && !quote) nodes.push(h("br"));
    quote = null;
    nodes.push(...inline(line));
  });
  return nodes;
}

/** mrkdwn text as a list of nodes. */
export function mrkdwn(text) {
  const clean = String(text ?? "").replace(/[\uE000\uE001]/g, "");
  return clean.split(/```\n?([\s\S]*?)\n?```\n?/).flatMap((part, index) => {
    if (index % 2 === 0) return part ? lines(part) : [];
    return [h("pre", {}, unescapeText(part.replace(/<([^<>\n]+)>/g, (_, body) => tokenText(body))))];
  });
}

/** A text object ({type: plain_text|mrkdwn}) as nodes; plain_text knows emoji but no markup. */
export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return mrkdwn(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  const text = String(object.text ?? "");
  const rows = text.split("\n").map((row) => (object.emoji === false ? [document.createTextNode(row)] : withEmoji(row)));
  return rows.flatMap((row, index) => (index ? [h("br"), ...row] : row));
}

/** Plain words of a text object, for labels and search. */
export const plain = (object) => textObject(object).map((node) => node.textContent).join("");
export const plainMrkdwn = (text) => mrkdwn(text).map((node) => (node.nodeName === "BR" ? " " : node.textContent)).join("");
