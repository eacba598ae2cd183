/** One message: who, when, what, its reactions and its thread. */

import { avatar } from "./avatar.js";
import { blockNodes } from "./blocks.js";
import * as dates from "./dates.js";
import * as directory from "./directory.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { Surface } from "./surface.js";
import * as store from "./state.js";
import { openEmojiPicker } from "./picker.js";

const surfaces = new Map();

/** Typed values and folded parts of a message, kept while the page lives. */
export function surfaceOf(channel, message) {
  const key = `${channel}/${message.ts}`;
  if (!surfaces.has(key)) {
    const surface = new Surface({ where: "message", channel, ts: message.ts });
    surface.revision = 0;
    surface.changed = () => {
      surface.revision += 1;
      store.emit();
    };
    surfaces.set(key, surface);
  }
  return surfaces.get(key);
}

export const isApp = (message) => directory.user(message.user)?.is_bot ?? true;
export const senderName = (message) => message.username || directory.personName(message.user);
const SYSTEM = /^(channel|group)_/;
export const isSystem = (message) => SYSTEM.test(message.subtype ?? "");

function content(message, channel) {
  // What people type is stored as plain rich_text; its mrkdwn form carries the formatting they meant.
  const blocks = isApp(message) ? message.blocks ?? [] : (message.blocks ?? []).filter((block) => block.type !== "rich_text");
  const surface = surfaceOf(channel, message);
  // "<@U1> has joined the channel" stands under the name already.
  const words = isSystem(message) ? message.text.replace(new RegExp(`^<@${message.user}(\\|[^>]*)?>\\s*`), "") : message.text;
  const text = !blocks.length && words ? h("div", { class: "text" }, mrkdwn(words)) : null;
  const attached = (message.attachments ?? []).map((one) => h("div", { class: "attachment", css: /^#?[0-9a-f]{3,8}$/i.test(one.color ?? "") ? { "border-left-color": `#${one.color.replace("#", "")}` } : {} },
    one.title && h("b", {}, mrkdwn(one.title)), one.text && h("div", {}, mrkdwn(one.text)), blockNodes(one.blocks, surface)));
  return h("div", { class: "message-content" }, text, blockNodes(blocks, surface), attached);
}

export function toggleReaction(channel, message, name) {
  const mine = (message.reactions ?? []).some((one) => one.name === name && one.users.includes(store.me()));
  return store.act(mine ? "/api/unreact" : "/api/react", { channel, ts: message.ts, name });
}

function reactions(message, channel) {
  if (!message.reactions?.length) return null;
  const one = (reaction) => {
    const mine = reaction.users.includes(store.me());
    const names = reaction.users.map((id) => (id === store.me() ? "You" : directory.personName(id))).join(", ");
    return h("button", {
      type: "button", class: `reaction${mine ? " mine" : ""}`, "aria-pressed": String(mine), title: `${names} reacted with :${reaction.name}:`,
      "aria-label": `${reaction.name}, ${reaction.users.length}`, data: { focus: `reaction/${reaction.name}` }, on: { click: () => toggleReaction(channel, message, reaction.name) },
    }, emoji(reaction.name), h("span", {}, String(reaction.users.length)));
  };
  const add = h("button", { type: "button", class: "reaction reaction-add", "aria-label": "Add reaction", on: { click: (event) => openEmojiPicker(event.currentTarget, (name) => toggleReaction(channel, message, name)) } }, icon("smile", 16));
  return h("div", { class: "reactions" }, message.reactions.map(one), add);
}

function threadLine(message, channel, replies) {
  const count = Math.max(message.reply_count ?? 0, replies.length);
  if (!count) return null;
  const people = [...new Set(replies.map((reply) => reply.user))].slice(0, 4);
  const last = replies.at(-1);
  return h("button", { type: "button", class: "thread-line", data: { focus: "thread" }, on: { click: () => store.openThread(channel, message.ts) } },
    people.map((id) => avatar(id, 24)), h("span", { class: "thread-count" }, `${count} ${count === 1 ? "reply" : "replies"}`),
    last && h("span", { class: "thread-last" }, `Last reply ${dates.ago(last.ts)}`), icon("right", 14));
}

function head(message) {
  return h("div", { class: "message-head" }, h("span", { class: "sender" }, senderName(message)), isApp(message) && h("span", { class: "badge-app" }, "APP"),
    h("time", { class: "time", datetime: dates.moment(message.ts).toISOString(), title: dates.full(message.ts) }, dates.clock(message.ts)));
}

function onlyYou(message) {
  return h("div", { class: "only-you" }, icon("eye", 14), h("span", {}, "Only visible to you"),
    h("button", { type: "button", class: "link", on: { click: () => store.dismiss(message.ts) } }, "Dismiss"));
}

/**
 * The whole row. `compact` follows a message of the same person within minutes; `replies` are those of its
 * thread; in the thread pane there is no thread line.
 */
export function messageNode(message, { channel, compact = false, replies = [], pinned = false, inThread = false }) {
  const gutter = compact
    ? h("time", { class: "gutter-time", datetime: dates.moment(message.ts).toISOString(), title: dates.full(message.ts) }, dates.clockShort(message.ts))
    : avatar(message.user, 36, message.username);
  const kind = [compact && "compact", message.ephemeral && "ephemeral", pinned && "pinned", isSystem(message) && "system"].filter(Boolean).join(" ");
  return h("article", { class: `message ${kind}`, data: { ts: message.ts, focus: "row" }, tabIndex: -1, "aria-label": `${senderName(message)}, ${dates.clock(message.ts)}` },
    message.ephemeral && h("div", { class: "message-note" }, onlyYou(message)),
    pinned && h("div", { class: "message-note pin-note" }, icon("pin", 12), "Pinned"),
    h("div", { class: "gutter" }, gutter),
    h("div", { class: "message-body" },
      !compact && head(message),
      message.reply_broadcast && !inThread && h("button", { type: "button", class: "link broadcast", on: { click: () => store.openThread(channel, message.thread_ts) } }, "replied to a thread"),
      content(message, channel),
      message.edited && h("span", { class: "edited" }, "(edited)"),
      reactions(message, channel),
      !inThread && threadLine(message, channel, replies)));
}
