/** Every layout block of Block Kit as DOM. */

import { chart } from "./charts.js";
import { elementNode, image } from "./elements.js";
import { h, link } from "./dom.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

let fields = 0;

function section(block, surface) {
  const text = block.text && h("div", { class: "section-text" }, textObject(block.text));
  const pairs = block.fields && h("div", { class: "section-fields" }, block.fields.map((field) => h("div", { class: "section-field" }, textObject(field))));
  const accessory = block.accessory && h("div", { class: "section-accessory" }, elementNode(block.accessory, block, surface));
  return h("div", { class: "section" }, h("div", { class: "section-main" }, text, pairs), accessory);
}

function context(block) {
  const one = (element) => (element.type === "image" ? image(element, "image-context") : h("span", { class: "context-text" }, textObject(element)));
  return h("div", { class: "context" }, (block.elements ?? []).map(one));
}

function imageBlock(block) {
  const title = block.title && h("div", { class: "image-title" }, textObject(block.title));
  return h("figure", { class: "image-block" }, title, image(block));
}

function input(block, surface) {
  const id = `field-${(fields += 1)}`;
  const error = surface.error(block);
  const labelText = plain(block.label);
  const field = {
    id, error, labelText, dispatch: Boolean(block.dispatch_action), required: !block.optional, labelId: `${id}-label`,
    describedBy: [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(" "),
  };
  return h("div", { class: `input-block${error ? " has-error" : ""}` },
    h("label", { class: "label", id: `${id}-label`, for: id }, textObject(block.label), block.optional && h("span", { class: "optional" }, " (optional)")),
    elementNode(block.element, block, surface, field),
    error && h("div", { class: "field-error", id: `${id}-error`, role: "alert" }, icon("warning", 14), error),
    block.hint && h("div", { class: "hint", id: `${id}-hint` }, textObject(block.hint)));
}

/** Collapsed or not is the reader's own choice and outlives updates of the message. */
function container(block, surface) {
  const key = `container:${block.block_id ?? plain(block.title)}`;
  const foldable = Boolean(block.is_collapsible);
  const folded = foldable && (surface.open.get(key) ?? block.default_collapsed ?? false);
  const body = h("div", { class: "container-body", hidden: folded }, (block.child_blocks ?? []).map((child) => blockNode(child, surface)));
  const heading = [block.icon && image(block.icon, "image-context"),
    h("span", { class: "container-heading" }, h("span", { class: "container-title" }, block.rich_text_title ? richText(block.rich_text_title) : textObject(block.title)),
      block.subtitle && h("span", { class: "container-subtitle" }, textObject(block.subtitle)))];
  const toggle = (event) => {
    const now = !surface.open.get(key, folded) && !body.hidden;
    surface.open.set(key, now);
    body.hidden = now;
    event.currentTarget.setAttribute("aria-expanded", String(!now));
  };
  const top = foldable
    ? h("button", { type: "button", class: "container-top", "aria-expanded": String(!folded), data: { focus: key }, on: { click: toggle } }, h("span", { class: "container-arrow" }, icon("down", 16)), heading)
    : h("div", { class: `container-top${block.has_header_divider ? " divided" : ""}` }, heading);
  return h("div", { class: `container width-${["narrow", "standard", "wide", "full"].includes(block.width) ? block.width : "standard"}` }, top, body);
}

function card(block, surface) {
  const icons = block.icon ?? block.slack_icon;
  return h("article", { class: "card" },
    block.hero_image && image(block.hero_image, "card-hero"),
    h("div", { class: "card-body" },
      h("div", { class: "card-top" }, icons && image(icons, "image-context"),
        h("div", {}, block.title && h("div", { class: "card-title" }, textObject(block.title)), block.subtitle && h("div", { class: "card-subtitle" }, textObject(block.subtitle)))),
      block.body && h("div", { class: "card-text" }, textObject(block.body)),
      block.subtext && h("div", { class: "card-subtitle" }, textObject(block.subtext)),
      block.actions?.length && h("div", { class: "actions" }, block.actions.map((element) => elementNode(element, block, surface)))));
}

const ALERT_ICONS = { default: "info", info: "info", warning: "warning", error: "warning", success: "check" };

function alertBlock(block) {
  const level = ALERT_ICONS[block.level] ? block.level : "default";
  return h("div", { class: `alert alert-${level}`, role: level === "error" || level === "warning" ? "alert" : "status" }, icon(ALERT_ICONS[level]), h("div", {}, textObject(block.text)));
}

function video(block) {
  return h("div", { class: "card" }, h("div", { class: "card-body" }, h("div", { class: "card-title" }, link(block.title_url ?? block.video_url, plain(block.title))),
    block.description && h("div", { class: "card-text" }, textObject(block.description))));
}

const STATUS_MARKS = { pending: "○", in_progress: "◐", complete: "✓", error: "✕" };

function task(block) {
  return h("div", { class: "task" }, h("span", { class: `task-mark task-${block.status}` }, STATUS_MARKS[block.status] ?? "○"),
    h("div", {}, h("div", { class: "card-title" }, block.title), block.details && richText(block.details), block.output && richText(block.output),
      (block.sources ?? []).map((source) => h("div", {}, link(source.url, source.text)))));
}

const BLOCKS = {
  section,
  header: (block) => h("div", { class: "header", role: "heading", "aria-level": "3" }, textObject(block.text)),
  context,
  divider: () => h("hr", { class: "divider" }),
  actions: (block, surface) => h("div", { class: "actions" }, (block.elements ?? []).map((element) => elementNode(element, block, surface))),
  context_actions: (block, surface) => h("div", { class: "actions" }, (block.elements ?? []).map((element) => elementNode(element, block, surface))),
  image: imageBlock,
  input,
  rich_text: (block) => richText(block),
  markdown: (block) => markdown(block.text),
  table,
  data_table: dataTable,
  data_visualization: chart,
  container,
  card,
  carousel: (block, surface) => h("div", { class: "carousel" }, (block.elements ?? []).map((one) => card(one, surface))),
  alert: alertBlock,
  video,
  task_card: task,
  plan: (block) => h("div", { class: "container" }, h("div", { class: "container-top" }, h("b", {}, block.title)), (block.tasks ?? []).map(task)),
  file: (block) => h("div", { class: "unknown" }, `File ${block.external_id ?? ""}`),
};

/** One block; a kind nobody knows is named instead of being dropped silently. */
export function blockNode(block, surface) {
  const make = BLOCKS[block?.type];
  const inner = make ? make(block, surface) : h("div", { class: "unknown" }, `[${block?.type ?? "?"} block]`);
  return h("div", { class: `block block-${make ? block.type : "unknown"}`, data: { block: block?.block_id } }, inner);
}

export const blockNodes = (blocks, surface) => (blocks ?? []).map((block) => blockNode(block, surface));

/** A place where nothing can be pressed, to render blocks only for their words. */
const QUIET = { open: new Map(), error() {}, labels: new Map(), key: () => "", value: () => null, set() {}, isBusy: () => false, press() {} };

/** Words of a message for previews and notifications when it has no text of its own. */
export const previewOf = (blocks) => blockNodes((blocks ?? []).slice(0, 3), QUIET).map((node) => node.textContent).join(" ");
