/** Modals: the stack of views the app opened for this person. */

import { post } from "./api.js";
import { blockNode } from "./blocks.js";
import * as directory from "./directory.js";
import { h, reconcile, signature } from "./dom.js";
import { icon } from "./icons.js";
import { focusable, push } from "./layers.js";
import { plain } from "./mrkdwn.js";
import * as store from "./state.js";
import { eachElement, Surface } from "./surface.js";

const surfaces = new Map();
let shown = null; // {view, surface, nodes…} of the dialog on the screen

function surfaceOf(view) {
  if (!surfaces.has(view.id)) {
    const surface = new Surface({ where: "view" });
    surface.changed = store.emit;
    surfaces.set(view.id, surface);
  }
  return surfaces.get(view.id);
}

const label = (text, otherwise) => (typeof text === "string" ? text : plain(text)) || otherwise;

/** What Slack itself checks before the app hears of it. */
function complaint(block, element, value) {
  const empty = value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
  if (empty) return block.optional || element.type === "file_input" ? null : "Please complete this required field.";
  if (element.min_length && String(value).length < element.min_length) return `Please enter at least ${element.min_length} characters.`;
  if (element.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(value)) return "Please enter a valid email address.";
  if (element.type === "url_text_input" && !/^[a-z]+:\/\/\S+$/i.test(value)) return "Please enter a valid URL.";
  if (element.type !== "number_input") return null;
  if (!Number.isFinite(Number(value))) return "Please enter a number.";
  if (element.min_value !== undefined && Number(value) < Number(element.min_value)) return `Please enter ${element.min_value} or more.`;
  if (element.max_value !== undefined && Number(value) > Number(element.max_value)) return `Please enter ${element.max_value} or less.`;
  return null;
}

function check(view, surface) {
  const errors = {};
  eachElement(view.blocks, (block, element) => {
    if (block.type !== "input" || errors[block.block_id]) return;
    const wrong = complaint(block, element, surface.value(block, element));
    if (wrong) errors[block.block_id] = wrong;
  });
  return errors;
}

function showErrors(surface, errors) {
  surface.errors = errors;
  store.emit();
  if (Object.keys(errors).length) setTimeout(() => shown?.box.querySelector(".has-error input, .has-error textarea, .has-error button")?.focus());
}

async function submit(event) {
  event.preventDefault();
  const { view, surface } = shown;
  if (surface.sending) return;
  surface.trouble = null;
  surface.mended.clear();
  const wrong = check(view, surface);
  if (Object.keys(wrong).length) return showErrors(surface, (surface.checked = wrong));
  surface.checked = null;
  surface.sending = true;
  store.emit();
  const answer = await post("/api/submit", { user: store.me(), values: surface.collect(view.blocks) });
  surface.sending = false;
  // A timeout comes as a notice in the state; what the fields say stands beside them.
  if (answer.ok === false && !["operation_timeout", "client_validation"].includes(answer.error)) surface.trouble = String(answer.error);
  if (answer.errors) showErrors(surface, answer.errors);
  await store.refresh();
  store.emit();
}

async function close() {
  if (!shown || shown.surface.closing) return;
  shown.surface.closing = true;
  await store.act("/api/close", {});
  if (shown) shown.surface.closing = false;
}

function build(view, surface, depth) {
  const body = h("div", { class: "modal-body" });
  const title = h("h2", { class: "modal-title", id: "modal-title" });
  const foot = h("div", { class: "modal-foot" });
  const trouble = h("div", { class: "modal-trouble", role: "alert", hidden: true });
  const back = h("button", { type: "button", class: "icon-btn", "aria-label": "Back", on: { click: close } }, icon("back"));
  const box = h("form", { class: "modal", role: "dialog", "aria-modal": "true", "aria-labelledby": "modal-title", novalidate: true, on: { submit } },
    h("div", { class: "modal-head" }, depth > 1 && back, h("span", { class: "modal-app", "aria-hidden": "true" }, icon("bolt", 16)), title,
      h("button", { type: "button", class: "icon-btn modal-close", "aria-label": "Close", on: { click: close } }, icon("close"))),
    body, trouble, foot);
  const shade = h("div", { class: "shade" }, box);
  document.body.append(shade);
  const before = document.activeElement;
  const off = push({ node: box, close, trap: true });
  const remove = () => {
    off();
    shade.remove();
    if (before?.isConnected && !document.querySelector(".modal")) before.focus({ preventScroll: true });
  };
  return { view, surface, depth, box, body, title, foot, trouble, remove };
}

function drawFoot({ view, surface, foot }) {
  const hasInput = view.blocks?.some((block) => block.type === "input");
  const submitLabel = view.submit ? label(view.submit) : hasInput ? "Submit" : null;
  const waiting = surface.sending || view.pending;
  const sign = signature(submitLabel, view.close, waiting, view.submit_disabled);
  if (foot.sign === sign) return;
  foot.sign = sign;
  const focused = foot.contains(document.activeElement);
  foot.replaceChildren(
    h("button", { type: "button", class: "btn btn-large", on: { click: close } }, label(view.close, submitLabel ? "Cancel" : "Close")),
    ...(submitLabel ? [h("button", { type: "submit", class: `btn btn-large btn-primary${waiting ? " busy" : ""}`, disabled: Boolean(waiting || view.submit_disabled), "aria-busy": waiting ? "true" : null },
      h("span", { class: "btn-text" }, submitLabel), waiting && h("span", { class: "spinner" }))] : []),
  );
  if (focused) focusable(foot).at(-1)?.focus();
}

function draw() {
  const { view, surface, title, body, trouble } = shown;
  title.textContent = label(view.title, "");
  surface.blocks = () => shown?.view.blocks ?? view.blocks;
  surface.prune(view.blocks);
  // Blocks are updated one by one: what is being typed in the others is not touched.
  reconcile(body, (view.blocks ?? []).map((block, index) => ({
    key: block.block_id ?? `#${index}`,
    sig: signature(block, surface.looks(block), directory.version()),
    make: () => blockNode(block, surface),
  })));
  trouble.hidden = !surface.trouble;
  trouble.textContent = surface.trouble ?? "";
  drawFoot(shown);
}

/** Brings the dialog in line with the state. */
export function render(snapshot) {
  const stack = snapshot.views ?? [];
  const top = stack.at(-1);
  for (const id of surfaces.keys()) if (!stack.some((view) => view.id === id)) surfaces.delete(id);
  if (!top) {
    shown?.remove();
    shown = null;
    return;
  }
  const surface = surfaceOf(top);
  const fresh = !shown || shown.view.id !== top.id || shown.depth !== stack.length;
  if (fresh) {
    const old = shown;
    shown = build(top, surface, stack.length);
    old?.remove();
  }
  shown.view = top;
  surface.held = top.state;
  surface.trouble = store.takeModalNotice() ?? surface.trouble;
  surface.errors = surface.checked ?? top.errors ?? {};
  draw();
  if (!fresh) return;
  const first = shown.body.querySelector('[data-autofocus="yes"], input, textarea, .select, button') ?? shown.foot.querySelector("button:last-child");
  first?.focus({ preventScroll: true });
}
