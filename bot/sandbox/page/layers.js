/** Things that float above the page: one stack, so Escape and a click outside always close the topmost one. */

import { h } from "./dom.js";

const stack = [];

document.addEventListener("keydown", (event) => {
  const top = stack.at(-1);
  if (!top) return;
  if (event.key === "Escape" && !event.isComposing) {
    event.preventDefault();
    event.stopPropagation();
    top.close();
  } else if (event.key === "Tab" && top.trap) keepInside(top.node, event);
}, true);

document.addEventListener("pointerdown", (event) => {
  const top = stack.at(-1);
  if (top?.light && !top.node.contains(event.target) && !top.anchor?.contains(event.target)) top.close();
}, true);

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), select:not([disabled]), [tabindex="0"]';
export const focusable = (node) => [...node.querySelectorAll(FOCUSABLE)].filter((one) => one.getClientRects().length);

function keepInside(node, event) {
  const controls = focusable(node);
  if (!controls.length) return event.preventDefault();
  const first = controls[0];
  const last = controls.at(-1);
  const outside = !node.contains(document.activeElement);
  if (event.shiftKey && (outside || document.activeElement === first)) (event.preventDefault(), last.focus());
  else if (!event.shiftKey && (outside || document.activeElement === last)) (event.preventDefault(), first.focus());
}

/** Puts a layer on the stack: {node, close, trap, light, anchor}. Returns the function that takes it off again. */
export function push(layer) {
  stack.push(layer);
  return () => {
    const at = stack.indexOf(layer);
    if (at >= 0) stack.splice(at, 1);
  };
}

export const layersOpen = () => stack.length;

/** Floating content near a control; closes on Escape, on a click outside and when the control disappears. */
export function popover(anchor, content, { align = "start", side = "below", className = "", label = null, onClose } = {}) {
  // Inside a dialog the popover belongs to it, or the dialog's focus trap would lock it out.
  const host = anchor.closest('[role="dialog"]') ?? document.body;
  const node = h("div", { class: `popover ${className}`, "aria-label": label, role: label ? "group" : null }, content);
  const before = document.activeElement;
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    off();
    resize.disconnect();
    const inside = node.contains(document.activeElement) || document.activeElement === document.body;
    node.remove();
    if (inside && before?.isConnected) before.focus({ preventScroll: true });
    onClose?.();
  };
  host.append(node);
  const off = push({ node, close, light: true, anchor });
  const resize = new ResizeObserver(() => (anchor.isConnected ? place(node, anchor, align, side) : close()));
  resize.observe(node);
  resize.observe(document.documentElement);
  place(node, anchor, align, side);
  return { node, close };
}

function place(node, anchor, align, side) {
  const at = anchor.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  const room = { width: window.innerWidth, height: window.innerHeight };
  const below = side === "below" ? at.bottom + 4 : at.top - size.height - 4;
  const other = side === "below" ? at.top - size.height - 4 : at.bottom + 4;
  const fits = (top) => top >= 8 && top + size.height <= room.height - 8;
  const top = fits(below) || !fits(other) ? below : other;
  const left = align === "end" ? at.right - size.width : at.left;
  node.style.top = `${Math.max(8, Math.min(top, room.height - size.height - 8))}px`;
  node.style.left = `${Math.max(8, Math.min(left, room.width - size.width - 8))}px`;
}

/** A menu of actions: items are {label, hint, danger, icon, href, run} or "-" for a line, or {heading}. */
export function menu(anchor, items, options = {}) {
  const list = h("div", { class: "menu", role: "menu", "aria-label": options.label ?? "Menu" });
  const opened = popover(anchor, list, options);
  for (const item of items) {
    if (item === "-") list.append(h("div", { class: "menu-line", role: "separator" }));
    else if (item.heading) list.append(h("div", { class: "menu-heading" }, item.heading));
    else {
      const run = () => (opened.close(), item.run?.());
      list.append(h("button", { type: "button", role: "menuitem", class: `menu-item${item.danger ? " danger" : ""}`, on: { click: run } },
        item.icon, h("span", { class: "menu-label" }, item.label), item.hint && h("span", { class: "menu-hint" }, item.hint)));
    }
  }
  list.addEventListener("keydown", (event) => {
    const controls = focusable(list);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    controls[(controls.indexOf(document.activeElement) + step + controls.length) % controls.length]?.focus();
  });
  focusable(list)[0]?.focus();
  return opened;
}

let dialogs = 0;

/** A centred dialog with a focus trap; `build(close)` returns its content. */
export function dialog({ title, build, className = "", onClose }) {
  const before = document.activeElement;
  const id = `dialog-title-${(dialogs += 1)}`;
  const box = h("div", { class: `dialog ${className}`, role: "dialog", "aria-modal": "true", "aria-labelledby": id });
  const shade = h("div", { class: "shade" }, box);
  const close = () => {
    off();
    shade.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
    onClose?.();
  };
  box.append(h("h2", { class: "dialog-title", id }, title), ...build(close));
  document.body.append(shade);
  const off = push({ node: box, close, trap: true });
  focusable(box).at(-1)?.focus();
  return close;
}

/** Asks before acting; resolves to whether the person agreed. */
export function confirmDialog({ title, text, yes = "Confirm", no = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    let answer = false;
    dialog({
      title,
      className: "confirm",
      onClose: () => resolve(answer),
      build: (close) => [
        h("div", { class: "dialog-text" }, text),
        h("div", { class: "dialog-buttons" },
          h("button", { type: "button", class: "btn", on: { click: close } }, no),
          h("button", { type: "button", class: `btn ${danger ? "btn-danger" : "btn-primary"}`, on: { click: () => ((answer = true), close()) } }, yes)),
      ],
    });
  });
}

/** Asks for one line of text; resolves to it, or null when cancelled. */
export function askText({ title, label, value = "", yes = "Save", multiline = false }) {
  return new Promise((resolve) => {
    let answer = null;
    dialog({
      title,
      onClose: () => resolve(answer),
      build: (close) => {
        const field = h(multiline ? "textarea" : "input", { class: "input", value, "aria-label": label, rows: multiline ? 3 : null });
        const done = (event) => (event.preventDefault(), (answer = field.value.trim() || null), close());
        setTimeout(() => field.focus());
        return [h("form", { on: { submit: done } }, h("label", { class: "label" }, label), field,
          h("div", { class: "dialog-buttons" }, h("button", { type: "button", class: "btn", on: { click: close } }, "Cancel"),
            h("button", { type: "submit", class: "btn btn-primary" }, yes)))];
      },
    });
  });
}

/** A short line at the bottom of the screen. */
export function toast(text, kind = "info") {
  const host = document.getElementById("toasts");
  if (!host || [...host.children].some((one) => one.dataset.text === text)) return;
  const close = h("button", { type: "button", class: "icon-btn", "aria-label": "Dismiss", on: { click: () => node.remove() } }, "✕");
  const node = h("div", { class: `toast toast-${kind}`, data: { text } }, h("span", {}, text), close);
  host.append(node);
  setTimeout(() => node.remove(), kind === "error" ? 9000 : 4500);
}
