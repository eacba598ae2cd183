/** The list of messages of a channel or a thread: keeps place, marks days and what is new, shows the hover tools. */

import * as dates from "./dates.js";
import * as directory from "./directory.js";
import { h, reconcile, signature } from "./dom.js";
import { icon } from "./icons.js";
import { hideToolbar, keepingToolbar, showToolbar } from "./toolbar.js";
import { isSystem, messageNode, surfaceOf } from "./message.js";
import * as store from "./state.js";

const GROUP_SECONDS = 300;
const NEAR_BOTTOM = 48;

const divider = (label, kind) => h("div", { class: `day ${kind}`, role: "separator" }, h("span", {}, label));

function follows(previous, message) {
  return Boolean(previous) && previous.user === message.user && previous.username === message.username && previous.ephemeral === message.ephemeral && !message.ephemeral &&
    !isSystem(previous) && !isSystem(message) && !message.reply_broadcast && Number(message.ts) - Number(previous.ts) < GROUP_SECONDS &&
    dates.dayKey(previous.ts) === dates.dayKey(message.ts);
}

/** Rows for reconcile(): day headings, the line above what is new, and messages. */
function rowsOf(messages, { channel, replies, pins, newSince, inThread, root }) {
  const rows = [];
  let previous = null;
  for (const message of messages) {
    if (!inThread && (!previous || dates.dayKey(previous.ts) !== dates.dayKey(message.ts))) {
      const label = dates.dayHeading(message.ts);
      rows.push({ key: `day-${dates.dayKey(message.ts)}`, sig: label, make: () => divider(label, "") });
    }
    if (newSince && message.ts === newSince) rows.push({ key: "new", sig: "", make: () => divider("New", "new") });
    const compact = follows(previous, message) && message.ts !== newSince && previous.ts !== root;
    const own = replies?.get(message.ts) ?? [];
    const pinned = pins.has(message.ts);
    const surface = surfaceOf(channel, message);
    rows.push({
      key: message.ts,
      sig: signature(message, compact, pinned, own.length, own.at(-1)?.ts, surface.revision, directory.version()),
      make: () => messageNode(message, { channel, compact, replies: own, pinned, inThread }),
    });
    if (message.ts === root && messages.length > 1) {
      const label = `${messages.length - 1} ${messages.length === 2 ? "reply" : "replies"}`;
      rows.push({ key: "replies", sig: label, make: () => divider(label, "replies") });
    }
    previous = message;
  }
  return rows;
}

/** Builds the scrolling list; `render(messages, options)` updates it in place. */
export function createMessageList({ label, inThread = false }) {
  const intro = h("div", { class: "intro-slot" });
  const list = h("div", { class: "messages", role: "log", "aria-label": label, "aria-live": "off" });
  const inner = h("div", { class: "messages-inner" }, intro, list);
  const scroller = h("div", { class: "scroller" }, inner);
  const jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => toBottom() } }, "New messages", icon("down", 14));
  const root = h("div", { class: "message-list" }, scroller, jump);
  let pinnedToBottom = true;
  let shown = null;
  let count = 0;
  let context = {};

  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  function toBottom() {
    scroller.scrollTop = scroller.scrollHeight;
    pinnedToBottom = true;
    jump.hidden = true;
  }

  scroller.addEventListener("scroll", () => {
    pinnedToBottom = distance() < NEAR_BOTTOM;
    if (pinnedToBottom) jump.hidden = true;
  }, { passive: true });
  // Pictures and folded containers change the height later: stay at the end if the reader was there.
  new ResizeObserver(() => pinnedToBottom && toBottom()).observe(inner);
  new ResizeObserver(() => pinnedToBottom && toBottom()).observe(scroller);

  const rowUnder = (event) => event.target.closest?.(".message");
  const contextOf = (ts) => {
    const message = context.messages?.find((one) => one.ts === ts);
    return message && { channel: context.channel, message, pinned: context.pins?.has(ts), inThread };
  };
  const tools = (event) => {
    const row = rowUnder(event);
    const found = row && contextOf(row.dataset.ts);
    if (found) showToolbar(row, found);
  };
  list.addEventListener("mousemove", tools);
  list.addEventListener("focusin", tools);
  list.addEventListener("click", tools);
  list.addEventListener("mouseleave", hideToolbar);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!step || !event.target.matches(".message")) return;
    let row = event.target[step];
    while (row && !row.matches(".message")) row = row[step];
    if (!row) return;
    event.preventDefault();
    row.focus();
  });

  function render(messages, options) {
    const place = `${options.channel}/${options.root ?? ""}/${store.me()}`;
    const moved = place !== shown;
    shown = place;
    context = { ...options, messages };
    if (moved) list.rows = void list.replaceChildren();
    const grew = messages.length > count && !moved;
    count = messages.length;
    keepingToolbar(list, () => reconcile(list, rowsOf(messages, { ...options, inThread })), contextOf);
    const rows = list.querySelectorAll(".message");
    rows.forEach((row, index) => (row.tabIndex = index === rows.length - 1 ? 0 : -1));
    if (moved || pinnedToBottom) toBottom();
    else if (grew) jump.hidden = false;
  }

  /** Brings a message into view and lights it up for a moment. */
  function reveal(ts) {
    const row = list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!row) return;
    pinnedToBottom = false;
    row.scrollIntoView({ block: "center" });
    row.classList.add("flash");
    setTimeout(() => row.classList.remove("flash"), 2000);
  }

  return { root, render, reveal, intro, atBottom: () => pinnedToBottom };
}
