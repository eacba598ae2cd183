/** rich_text blocks: sections, lists, quotes and preformatted text with every inline element. */

import { slackDate } from "./dates.js";
import { h, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcastMention, channelMention, groupMention, userMention } from "./mrkdwn.js";

const STYLE_TAGS = { code: "code", bold: "b", italic: "i", strike: "s", underline: "u" };

function textNodes(text) {
  return String(text ?? "").split("\n").flatMap((row, index) => (index ? [h("br"), row] : [row]));
}

function emojiNode(element) {
  if (!element.unicode) return emoji(element.name);
  const glyph = String.fromCodePoint(...element.unicode.split("-").map((code) => parseInt(code, 16) || 0xfffd));
  return h("span", { class: "emoji", role: "img", "aria-label": `${element.name} emoji` }, glyph);
}

function colorNode(value) {
  const swatch = /^#[0-9a-f]{3,8}$/i.test(value) ? h("span", { class: "swatch", css: { background: value } }) : null;
  return h("span", {}, value, swatch);
}

const INLINE = {
  text: (element) => h("span", {}, textNodes(element.text)),
  link: (element) => link(element.url, element.text || element.url),
  user: (element) => userMention(element.user_id),
  channel: (element) => channelMention(element.channel_id),
  usergroup: (element) => groupMention(element.usergroup_id),
  broadcast: (element) => broadcastMention(element.range),
  team: () => h("span", { class: "mention" }, "this workspace"),
  emoji: emojiNode,
  color: (element) => colorNode(String(element.value)),
  date: (element) => {
    const date = slackDate(element.timestamp, element.format, element.fallback);
    return element.url ? link(element.url, date) : date;
  },
};

function inlineNode(element) {
  const make = INLINE[element.type];
  let node = make ? make(element) : h("span", {}, element.text ?? "");
  for (const [style, tag] of Object.entries(STYLE_TAGS)) if (element.style?.[style]) node = h(tag, {}, node);
  return node;
}

const inlineNodes = (elements) => (elements ?? []).map(inlineNode);

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const ordinalStyle = (indent) => ["decimal", "lower-alpha", "lower-roman"][indent % LETTERS.length % 3];

const PARTS = {
  rich_text_section: (part) => h("div", { class: "rt-section" }, inlineNodes(part.elements)),
  rich_text_quote: (part) => h("blockquote", {}, inlineNodes(part.elements)),
  rich_text_preformatted: (part) => h("pre", {}, inlineNodes(part.elements)),
  rich_text_list: (part) => {
    const indent = Math.min(part.indent ?? 0, 8);
    const ordered = part.style === "ordered";
    const css = { "margin-left": `${indent * 22}px`, "list-style-type": ordered ? ordinalStyle(indent) : ["disc", "circle", "square"][indent % 3] };
    return h(ordered ? "ol" : "ul", { css, start: ordered && part.offset ? part.offset + 1 : null, class: part.border ? "rt-border" : null },
      (part.elements ?? []).map((row) => h("li", {}, inlineNodes(row.elements))));
  },
};

/** The nodes of one rich_text block. */
export function richText(block) {
  return h("div", { class: "rich-text" }, (block?.elements ?? []).map((part) => PARTS[part.type]?.(part)));
}

/** Its words alone (for sorting and labels). */
export const richTextPlain = (block) => richText(block).textContent;
