/** The middle of the page: header, messages and composer of the conversation, and the thread beside it. */

import { avatar } from "./avatar.js";
import { createComposer } from "./composer.js";
import * as directory from "./directory.js";
import { fill, h, signature } from "./dom.js";
import { createHeader } from "./header.js";
import { icon } from "./icons.js";
import { senderName } from "./message.js";
import { createMessageList } from "./messages.js";
import { mrkdwn, plainMrkdwn } from "./mrkdwn.js";
import * as store from "./state.js";

const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** Replies by the ts of their root, oldest first. */
function threadsOf(messages) {
  const threads = new Map();
  for (const message of messages) {
    if (!isReply(message)) continue;
    if (!threads.has(message.thread_ts)) threads.set(message.thread_ts, []);
    threads.get(message.thread_ts).push(message);
  }
  return threads;
}

function introOf(room) {
  const person = room.is_im && (directory.imPartner(room) ?? store.me());
  const picture = person ? avatar(person, 72) : h("span", { class: "intro-sign" }, icon(room.is_private ? "lock" : "hash", 36));
  const words = person
    ? ["This conversation is just between you and ", h("b", {}, directory.personName(person)), "."]
    : [room.purpose ? mrkdwn(room.purpose) : ["This is the very beginning of ", h("b", {}, `#${room.name}`), "."]];
  return h("div", { class: "intro" }, picture, h("h2", {}, person ? directory.personName(person) : `${room.is_private ? "🔒" : "#"} ${room.name}`), h("p", {}, words));
}

/** Instead of the composer where the person cannot write. */
function gate(room) {
  if (!room) return null;
  if (room.is_archived) return h("div", { class: "gate" }, h("span", {}, "You are viewing an archived channel."), h("button", { type: "button", class: "btn", on: { click: () => store.act("/api/unarchive", { channel: room.id }) } }, "Unarchive"));
  if (!room.is_im && !room.members?.includes(store.me())) {
    return h("div", { class: "gate" }, h("b", {}, `#${room.name}`), h("button", { type: "button", class: "btn btn-primary", on: { click: () => store.act("/api/join", { channel: room.id }) } }, "Join Channel"));
  }
  return null;
}

export function createChannel() {
  const list = createMessageList({ label: "Messages" });
  const composer = createComposer({ place: () => ({ channel: store.at().channel }) });
  const header = createHeader({ reveal: list.reveal });
  const gateSlot = h("div", { class: "gate-slot" });
  const root = h("section", { class: "channel", "aria-label": "Conversation" }, header.root, list.root, gateSlot, composer.root);
  const live = document.getElementById("announcer");
  let newSince = null;
  let place = null;
  let introDrawn = null;
  let lastTs = null;
  let marking = null;

  /** The first message the person had not read when they came here; it keeps its line until they leave. */
  function arrive(room, messages) {
    place = `${store.me()}/${room.id}`;
    newSince = room.unread ? messages.filter((message) => message.user !== store.me() && !message.ephemeral).slice(-room.unread)[0]?.ts ?? null : null;
    lastTs = messages.at(-1)?.ts ?? null;
    if (window.matchMedia("(min-width: 768px)").matches) setTimeout(composer.focus);
  }

  function markRead(room) {
    const looking = document.visibilityState === "visible" && store.at().view === "channel" && list.atBottom();
    if (!room.unread || !looking || marking === store.state().version) return;
    marking = store.state().version;
    store.act("/api/read", { channel: room.id });
  }

  function announce(messages) {
    const fresh = messages.filter((message) => lastTs !== null && Number(message.ts) > Number(lastTs) && message.user !== store.me());
    lastTs = messages.at(-1)?.ts ?? lastTs;
    if (fresh.length && live) live.textContent = fresh.map((message) => `${senderName(message)}: ${plainMrkdwn(message.text)}`).join(". ").slice(0, 400);
  }

  function render() {
    const room = store.currentChannel();
    header.render();
    if (!room) return;
    const all = store.messagesOf(room.id);
    const messages = all.filter((message) => !isReply(message) || message.reply_broadcast);
    if (place !== `${store.me()}/${room.id}`) arrive(room, messages);
    announce(messages);
    const sign = signature(room.id, room.name, room.purpose, directory.version());
    if (sign !== introDrawn) fill(list.intro, introOf(room));
    introDrawn = sign;
    list.render(messages, { channel: room.id, replies: threadsOf(all), pins: new Set(room.pins ?? []), newSince });
    const barrier = gate(room);
    gateSlot.replaceChildren(...(barrier ? [barrier] : []));
    composer.root.hidden = Boolean(barrier);
    composer.render();
    markRead(room);
  }

  return { root, render };
}

/** The right-hand pane with one thread. */
export function createThread() {
  const list = createMessageList({ label: "Thread", inThread: true });
  const composer = createComposer({ place: () => ({ channel: store.at().channel, thread: store.at().thread }), inThread: true });
  const where = h("span", { class: "muted" });
  const close = () => store.go({ thread: null });
  const root = h("section", { class: "thread", "aria-label": "Thread", hidden: true },
    h("header", { class: "thread-head" }, h("div", {}, h("b", {}, "Thread"), " ", where), h("button", { type: "button", class: "icon-btn", "aria-label": "Close thread", on: { click: close } }, icon("close"))),
    list.root, composer.root);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
  let open = null;

  function render(_, ui) {
    const room = store.currentChannel();
    root.hidden = !ui.thread || ui.view !== "channel" || !room;
    if (root.hidden) return void (open = null);
    where.textContent = room.is_im ? directory.channelName(room.id) : `#${room.name}`;
    const messages = store.messagesOf(room.id).filter((message) => message.ts === ui.thread || message.thread_ts === ui.thread);
    list.render(messages, { channel: room.id, pins: new Set(room.pins ?? []), root: ui.thread });
    composer.root.hidden = Boolean(gate(room));
    composer.render();
    if (open !== ui.thread) setTimeout(composer.focus);
    open = ui.thread;
  }

  return { root, render };
}
