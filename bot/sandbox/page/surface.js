/**
 * Where blocks live (a message, a modal, the Home tab): remembers what the person typed or opened there,
 * apart from the DOM, so that an update from the app never loses it.
 */

import { post } from "./api.js";
import { toast } from "./layers.js";
import * as store from "./state.js";

const STATEFUL = new Set([
  "plain_text_input", "rich_text_input", "number_input", "email_text_input", "url_text_input", "static_select",
  "external_select", "users_select", "channels_select", "conversations_select", "multi_static_select", "multi_external_select",
  "multi_users_select", "multi_channels_select", "multi_conversations_select", "datepicker", "timepicker", "datetimepicker",
  "radio_buttons", "checkboxes",
]);

/** What an element holds before anybody touched it, in the form the sandbox API takes. */
export function initialValue(element) {
  const value = (option) => option?.value;
  return (
    element.initial_value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation ?? element.initial_date ??
    element.initial_time ?? element.initial_date_time ?? value(element.initial_option) ?? element.initial_users ??
    element.initial_channels ?? element.initial_conversations ?? element.initial_options?.map(value) ??
    (element.type === "checkboxes" || element.type.startsWith("multi_") ? [] : null)
  );
}

/** What the sandbox holds for an element (view.state), in the same form; undefined when it holds nothing. */
function heldValue(held) {
  if (!held) return undefined;
  if ("selected_option" in held) return held.selected_option?.value ?? null;
  if ("selected_options" in held) return (held.selected_options ?? []).map((option) => option.value);
  const key = Object.keys(held).find((name) => name !== "type");
  return key ? held[key] : undefined;
}

const controlKey = (block, element) => `${block.block_id ?? ""}/${element.action_id ?? element.type}`;

export class Surface {
  /** `address` is what /api/press needs to find the place: {where, channel?, ts?}. */
  constructor(address) {
    this.address = address;
    this.values = new Map();
    this.labels = new Map();
    this.open = new Map();
    this.busy = new Set();
    this.errors = {};
    this.mended = new Set(); // fields that were changed since they were found wrong
    this.resets = new Map();
    this.changed = () => {};
  }

  key(block, element) {
    return controlKey(block, element);
  }

  /**
   * The first value an element had stays its starting point until its block_id changes: that is how Slack
   * treats initial_* on views.update. What the sandbox already holds comes first (the page was reloaded).
   */
  value(block, element) {
    const key = controlKey(block, element);
    if (!this.values.has(key)) {
      const held = this.held?.[block.block_id]?.[element.action_id];
      for (const option of [held?.selected_option, ...(held?.selected_options ?? [])]) if (option) this.labels.set(option.value, option.text);
      this.values.set(key, heldValue(held) ?? initialValue(element));
    }
    return this.values.get(key);
  }

  set(block, element, value) {
    this.values.set(controlKey(block, element), value);
    if (!this.error(block)) return;
    this.mended.add(block.block_id);
    this.changed();
  }

  /** What is wrong with a field, until somebody changes it. */
  error(block) {
    return this.mended.has(block.block_id) ? undefined : this.errors[block.block_id];
  }

  /** Draws a block again from the remembered values, after its control showed something that was not kept. */
  reset(block) {
    this.resets.set(block.block_id, (this.resets.get(block.block_id) ?? 0) + 1);
    this.changed();
  }

  /** Everything besides the block itself that changes how it looks. */
  looks(block) {
    const busy = [...this.busy].filter((key) => key.startsWith(`${block.block_id ?? ""}/`));
    return [busy, this.error(block), this.resets.get(block.block_id)];
  }

  /** Forgets controls that are gone, so that a block that comes back starts fresh. */
  prune(blocks) {
    const present = new Set();
    eachElement(blocks, (block, element) => present.add(controlKey(block, element)));
    for (const key of this.values.keys()) if (!present.has(key)) this.values.delete(key);
  }

  /** Values by block_id, as /api/submit and /api/press take them; by action_id too where a block has several. */
  collect(blocks) {
    const found = new Map();
    eachElement(blocks, (block, element) => {
      if (!STATEFUL.has(element.type) || !block.block_id) return;
      const value = this.value(block, element);
      found.set(block.block_id, [...(found.get(block.block_id) ?? []), [element.action_id, value === "" ? null : value]]);
    });
    const values = [...found].map(([id, pairs]) => [id, pairs.length === 1 ? pairs[0][1] : Object.fromEntries(pairs)]);
    return Object.fromEntries(values);
  }

  isBusy(block, element) {
    return this.busy.has(controlKey(block, element));
  }

  /** Presses a control for the person; `extra` carries label, choose or values. */
  async press(block, element, extra = {}) {
    const key = controlKey(block, element);
    if (this.busy.has(key)) return null;
    const body = { user: store.me(), ...this.address, ...extra };
    if (block.block_id) body.block_id = block.block_id;
    if (element.action_id) body.action_id = element.action_id;
    if (this.blocks && this.address.where !== "message") body.values = this.collect(this.blocks());
    this.busy.add(key);
    this.changed();
    const answer = await post("/api/press", body);
    this.busy.delete(key);
    this.changed();
    store.settled(answer);
    return answer;
  }

  /** Options of an external select. */
  async options(block, element, query) {
    const answer = await post("/api/options", { user: store.me(), ...this.address, action_id: element.action_id, block_id: block.block_id, value: query });
    if (answer.ok === false) toast(answer.error ?? "The options could not be loaded", "error");
    const payload = answer.ack ?? answer;
    const options = payload.options ?? (payload.option_groups ?? []).flatMap((group) => group.options.map((option) => ({ ...option, group: group.label })));
    for (const option of options) this.labels.set(option.value, option.text);
    return options;
  }
}

/** Visits every interactive element with the block that owns it, inside containers too. */
export function eachElement(blocks, visit) {
  for (const block of blocks ?? []) {
    if (block.element) visit(block, block.element);
    if (block.accessory) visit(block, block.accessory);
    if (block.type === "actions") for (const element of block.elements ?? []) visit(block, element);
    if (block.child_blocks) eachElement(block.child_blocks, visit);
  }
}
