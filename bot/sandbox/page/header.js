/** The top of a conversation: name, topic, members, bookmarks, pins. */

import { avatar } from "./avatar.js";
import * as dates from "./dates.js";
import * as directory from "./directory.js";
import { fill, h, link, signature } from "./dom.js";
import { withEmoji, emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { askText, confirmDialog, dialog, menu, popover } from "./layers.js";
import { markdown } from "./markdown.js";
import { senderName } from "./message.js";
import { mrkdwn, plainMrkdwn } from "./mrkdwn.js";
import { previewOf } from "./blocks.js";
import * as store from "./state.js";

function channelMenu(anchor, room) {
  const act = (path, more = {}) => () => store.act(path, { channel: room.id, ...more });
  const rename = async () => {
    const name = await askText({ title: "Rename channel", label: "Name", value: room.name });
    if (name) store.act("/api/rename", { channel: room.id, name });
  };
  const secret = async () => {
    const sure = await confirmDialog({ title: "Make this channel private?", text: `#${room.name} will be visible to its members only. This cannot be undone.`, yes: "Make private", danger: true });
    if (sure) store.act("/api/make_private", { channel: room.id });
  };
  const joined = room.members?.includes(store.me());
  menu(anchor, [
    { label: "Copy channel id", hint: room.id, run: () => navigator.clipboard?.writeText(room.id) },
    "-",
    joined ? { label: "Leave channel", run: act("/api/leave") } : { label: "Join channel", run: act("/api/join") },
    { label: "Rename channel", run: rename },
    !room.is_private && { label: "Make private", run: secret },
    room.is_archived ? { label: "Unarchive channel", run: act("/api/unarchive") } : { label: "Archive channel", danger: true, run: act("/api/archive") },
    { label: "Delete channel", danger: true, run: act("/api/delete_channel") },
  ].filter(Boolean), { label: "Channel" });
}

function members(anchor, room) {
  const people = (room.members ?? []).map((id) => h("div", { class: "member" }, avatar(id, 28), h("div", {}, h("b", {}, directory.personName(id)), directory.user(id)?.is_bot && h("span", { class: "badge-app" }, "APP"),
    h("div", { class: "muted" }, [`@${directory.user(id)?.name ?? id}`, directory.user(id)?.tz, directory.user(id)?.is_restricted && "guest"].filter(Boolean).join(" · ")))));
  popover(anchor, h("div", { class: "members" }, h("div", { class: "menu-heading" }, `${people.length} members`), people), { align: "end", label: "Members" });
}

function pins(anchor, room, reveal) {
  const found = (room.pins ?? []).map((ts) => store.messagesOf(room.id).find((message) => message.ts === ts)).filter(Boolean);
  const list = h("div", { class: "pins" }, h("div", { class: "menu-heading" }, found.length ? `${found.length} pinned` : "Nothing is pinned here yet"));
  const opened = popover(anchor, list, { label: "Pinned messages" });
  list.append(...found.map((message) => h("div", { class: "pin" },
    h("button", { type: "button", class: "pin-open", on: { click: () => (opened.close(), reveal(message.ts)) } },
      h("span", { class: "pin-who" }, senderName(message), " ", h("span", { class: "muted" }, `${dates.dayHeading(message.ts)} at ${dates.clock(message.ts)}`)),
      h("span", { class: "pin-text" }, (plainMrkdwn(message.text) || previewOf(message.blocks)).slice(0, 160))),
    h("button", { type: "button", class: "icon-btn", "aria-label": "Un-pin", on: { click: () => (opened.close(), store.act("/api/unpin", { channel: room.id, ts: message.ts })) } }, icon("close", 14)))));
}

/** The channel's canvas, to be read. */
const openCanvas = (room) => dialog({ title: "Canvas", className: "canvas", build: (close) => [markdown(room.canvas), h("div", { class: "dialog-buttons" }, h("button", { type: "button", class: "btn", on: { click: close } }, "Close"))] });

function bookmark(one) {
  const sign = one.emoji ? emoji(String(one.emoji).replace(/:/g, "")) : icon("bookmark", 14);
  return h("span", { class: "bookmark" }, link(one.link, sign, h("span", {}, withEmoji(one.title ?? one.link))));
}

/** `reveal(ts)` shows a message of the list below. */
export function createHeader({ reveal }) {
  const root = h("header", { class: "channel-head" });
  let drawn = null;

  function render() {
    const room = store.currentChannel();
    const sign = signature(room, directory.version());
    if (sign === drawn) return;
    drawn = sign;
    if (!room) return fill(root);
    const back = h("button", { type: "button", class: "icon-btn only-phone", "aria-label": "Back to channels", on: { click: () => store.go({ pane: "list" }) } }, icon("back"));
    const partner = room.is_im ? directory.imPartner(room) ?? store.me() : null;
    const name = room.is_im
      ? h("h1", { class: "channel-name" }, avatar(partner, 24), directory.channelName(room.id), directory.user(partner)?.is_bot && h("span", { class: "badge-app" }, "APP"))
      : h("h1", { class: "channel-name" }, h("button", { type: "button", class: "channel-button", "aria-haspopup": "menu", data: { focus: "channel" }, on: { click: (event) => channelMenu(event.currentTarget, room) } },
          icon(room.is_private ? "lock" : "hash", 18), h("span", {}, room.name), icon("down", 14)));
    const faces = (room.members ?? []).slice(0, 3).map((id) => avatar(id, 20));
    const count = room.members?.length ?? 0;
    const people = !room.is_im && h("button", { type: "button", class: "head-button members-button", "aria-label": `View all members. ${count} in this channel`, data: { focus: "members" }, on: { click: (event) => members(event.currentTarget, room) } }, faces, String(count));
    const home = partner && directory.user(partner)?.is_bot && h("button", { type: "button", class: "head-button", on: { click: () => store.openHome() } }, "Home");
    const pinned = room.pins?.length ?? 0;
    const bar = h("div", { class: "bookmarks" },
      h("button", { type: "button", class: "bookmark pins-button", data: { focus: "pins" }, on: { click: (event) => pins(event.currentTarget, room, reveal) } }, icon("pin", 14), h("span", {}, `${pinned} Pinned`)),
      room.canvas && h("button", { type: "button", class: "bookmark", data: { focus: "canvas" }, on: { click: () => openCanvas(room) } }, icon("list", 14), h("span", {}, "Canvas")),
      (room.bookmarks ?? []).map(bookmark));
    fill(root, h("div", { class: "head-line" }, back, name, h("div", { class: "topic", title: plainMrkdwn(room.topic) }, mrkdwn(room.topic)), home, people),
      (pinned || room.canvas || room.bookmarks?.length) ? bar : null);
  }

  return { root, render };
}
