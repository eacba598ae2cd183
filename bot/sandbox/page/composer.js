/** The box people type in: messages and slash commands, with completion, formatting and drafts per place. */

import { completions } from "./completion.js";
import * as directory from "./directory.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./layers.js";
import { openEmojiPicker } from "./picker.js";
import { openShortcuts } from "./shortcuts.js";
import * as store from "./state.js";

const drafts = new Map();
let composers = 0;

const FORMATS = [["bold", "Bold", "*"], ["italic", "Italic", "_"], ["strike", "Strikethrough", "~"], ["code", "Code", "`"]];

/** Sends what was typed; a slash command goes to its app, not to the channel. */
function send(text, { channel, thread }) {
  const command = /^\/[a-z]\S*/i.exec(text)?.[0];
  if (command && thread) return toast(`${command} is not supported in threads. Sorry!`, "error");
  if (command) return store.act("/api/command", { channel, text });
  return store.act("/api/message", { channel, text, ...(thread ? { thread_ts: thread } : {}) });
}

/** `place()` tells where the text goes: {channel, thread}. */
export function createComposer({ place, inThread = false }) {
  const id = `completion-${(composers += 1)}`;
  const field = h("textarea", {
    class: "composer-field", rows: 1, role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id,
    autocomplete: "off", data: { composer: inThread ? "thread" : "channel" },
  });
  const list = h("div", { class: "completion", id, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const sendButton = h("button", { type: "button", class: "send", "aria-label": "Send now", disabled: true }, icon("send", 16));
  const tool = (name, label, run) => h("button", { type: "button", class: "composer-tool", "aria-label": label, title: label, on: { click: run, mousedown: (event) => event.preventDefault() } }, icon(name, 16));
  const root = h("div", { class: "composer" }, list,
    h("div", { class: "composer-formats" }, FORMATS.map(([name, label, mark]) => tool(name, label, () => wrap(mark)))),
    field,
    h("div", { class: "composer-tools" },
      !inThread && h("button", { type: "button", class: "composer-tool composer-plus", "aria-label": "Shortcuts", title: "Shortcuts", on: { click: (event) => openShortcuts(event.currentTarget) } }, icon("plus", 16)),
      tool("smile", "Emoji", (event) => openEmojiPicker(event.currentTarget, (name) => insert(`:${name}: `))),
      tool("at", "Mention someone", () => insert("@")),
      !inThread && tool("bolt", "Slash command", () => insert("/", true)),
      h("span", { class: "grow" }), sendButton));
  let found = null;
  let active = 0;
  let shownFor = null;

  const draftKey = () => `${store.me()}/${place().channel}/${place().thread ?? ""}`;

  function grow() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
    sendButton.disabled = !field.value.trim();
  }

  function changed() {
    drafts.set(draftKey(), field.value);
    grow();
    suggest();
  }

  function insert(text, replaceAll = false) {
    const from = replaceAll ? 0 : field.selectionStart;
    const gap = !replaceAll && from > 0 && /\S$/.test(field.value.slice(0, from)) ? " " : "";
    field.setRangeText(gap + text, from, replaceAll ? field.value.length : field.selectionEnd, "end");
    field.focus();
    changed();
  }

  function wrap(mark) {
    const [from, to] = [field.selectionStart, field.selectionEnd];
    field.setRangeText(mark + field.value.slice(from, to) + mark, from, to, "end");
    if (from === to) field.setSelectionRange(from + 1, from + 1);
    field.focus();
    changed();
  }

  function suggest() {
    found = document.activeElement === field ? completions(field.value.slice(0, field.selectionStart)) : null;
    active = 0;
    draw();
  }

  function draw() {
    list.hidden = !found;
    field.setAttribute("aria-expanded", String(Boolean(found)));
    if (!found) return field.removeAttribute("aria-activedescendant");
    const rows = found.items.map((item, at) => h("div", {
      class: `option${at === active ? " active" : ""}`, role: "option", id: `${id}-${at}`, "aria-selected": String(at === active),
      on: { mousedown: (event) => (event.preventDefault(), accept(item)) },
    }, item.lead, h("span", { class: "completion-label" }, item.label), item.hint && h("span", { class: "completion-hint" }, item.hint)));
    list.replaceChildren(h("div", { class: "menu-heading" }, found.title), ...rows);
    rows[active]?.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", `${id}-${active}`);
  }

  function accept(item) {
    field.setRangeText(item.insert, found.from, field.selectionStart, "end");
    field.focus();
    changed();
  }

  function submit() {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    drafts.delete(draftKey());
    found = null;
    draw();
    grow();
    send(text, place());
  }

  field.addEventListener("input", changed);
  field.addEventListener("click", suggest);
  field.addEventListener("blur", () => ((found = null), draw()));
  sendButton.addEventListener("click", () => (submit(), field.focus()));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found && step) {
      event.preventDefault();
      active = (active + step + found.items.length) % found.items.length;
      draw();
    } else if (found && event.key === "Escape") {
      event.preventDefault();
      found = null;
      draw();
    } else if (found && (event.key === "Tab" || (event.key === "Enter" && !complete()))) {
      event.preventDefault();
      accept(found.items[active]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });

  /** Enter sends at once when the suggestion would add nothing but its closing space. */
  function complete() {
    const typed = field.value.slice(found.from, field.selectionStart);
    return found.items[active].insert.trim() === typed;
  }

  /** Follows the reader to another place: swaps drafts and the hint. */
  function render() {
    const key = draftKey();
    const { channel } = place();
    const room = directory.channel(channel);
    const target = room?.is_im ? directory.channelName(channel) : `#${room?.name ?? ""}`;
    field.placeholder = inThread ? "Reply…" : `Message ${target}`;
    field.setAttribute("aria-label", inThread ? "Reply in thread" : `Message to ${target}`);
    if (key === shownFor) return;
    shownFor = key;
    field.value = drafts.get(key) ?? "";
    found = null;
    draw();
    grow();
  }

  return { root, render, focus: () => field.focus() };
}
