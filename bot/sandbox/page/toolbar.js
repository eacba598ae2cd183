/** The tools that appear on the message under the pointer; one set, moved from row to row. */

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { menu, toast } from "./layers.js";
import { toggleReaction } from "./message.js";
import { plainMrkdwn } from "./mrkdwn.js";
import { openEmojiPicker } from "./picker.js";
import * as store from "./state.js";

const QUICK = ["white_check_mark", "eyes", "pushpin"];
let bar = null;

function more(anchor, { channel, message, pinned }) {
  const shortcuts = (store.state().shortcuts ?? []).filter((one) => one.type === "message");
  const copy = () => navigator.clipboard?.writeText(plainMrkdwn(message.text)).then(() => toast("Copied"));
  const usual = message.ephemeral
    ? [{ label: "Dismiss", run: () => store.dismiss(message.ts) }]
    : [
        { label: pinned ? "Un-pin from channel" : "Pin to channel", icon: icon("pin", 16), run: () => store.act(pinned ? "/api/unpin" : "/api/pin", { channel, ts: message.ts }) },
        { label: "Copy text", icon: icon("code", 16), run: copy },
      ];
  const apps = message.ephemeral ? [] : shortcuts.map((one) => ({
    label: one.name, hint: one.description, icon: icon("bolt", 16), run: () => store.act("/api/shortcut", { callback_id: one.callback_id, channel, ts: message.ts }),
  }));
  menu(anchor, [...usual, ...(apps.length ? ["-", { heading: "Message shortcuts" }, ...apps] : [])], { align: "end", label: "More actions", side: "above" });
}

function build(context) {
  const { channel, message, inThread } = context;
  const tool = (label, child, run) => h("button", { type: "button", class: "tool", "aria-label": label, title: label, on: { click: (event) => run(event.currentTarget) } }, child);
  const social = message.ephemeral ? [] : [
    ...QUICK.map((name) => tool(`React with ${name}`, emoji(name), () => toggleReaction(channel, message, name))),
    tool("Add reaction", icon("smile"), (anchor) => openEmojiPicker(anchor, (name) => toggleReaction(channel, message, name))),
    !inThread && tool("Reply in thread", icon("thread"), () => store.openThread(channel, message.thread_ts ?? message.ts)),
  ];
  return h("div", { class: "toolbar", role: "toolbar", "aria-label": "Message actions" }, social, tool("More actions", icon("more"), (anchor) => more(anchor, context)));
}

export function showToolbar(row, context) {
  if (bar?.parentNode === row) return;
  // An open menu hangs on the old tools; leave them until it closes.
  if (document.querySelector(".popover")) return;
  bar?.remove();
  bar = build(context);
  row.append(bar);
}

/**
 * Runs an update of a list and puts the tools back when their row was rebuilt meanwhile: the pointer has not
 * moved, so nothing else would bring them back. `contextOf(ts)` describes the message as it is now.
 */
export function keepingToolbar(list, update, contextOf) {
  const ts = bar && list.contains(bar) ? bar.closest(".message").dataset.ts : null;
  const focused = ts && bar.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  update();
  if (!ts || bar.isConnected) return;
  const row = list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  const context = row && contextOf(ts);
  if (!context) return;
  bar = build(context);
  row.append(bar);
  if (focused) bar.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

export function hideToolbar() {
  if (document.querySelector(".popover") || bar?.contains(document.activeElement)) return;
  bar?.remove();
  bar = null;
}
