/** Elements a person types or ticks: text, numbers, dates, times, radio buttons, checkboxes. */

import { change, controlData, fieldProps } from "./controls.js";
import { zone } from "./directory.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";

const TYPING_PAUSE_MS = 350;

function textField(element, block, surface, field) {
  const rich = element.type === "rich_text_input";
  const multiline = element.multiline || rich;
  const type = { number_input: "number", email_text_input: "email", url_text_input: "url" }[element.type] ?? "text";
  const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const start = surface.value(block, element);
  const node = h(multiline ? "textarea" : "input", {
    class: `input${rich ? " input-rich" : ""}`, type: multiline ? null : type, value: richToText(start), placeholder: plain(element.placeholder),
    maxlength: element.max_length, minlength: element.min_length, min: element.min_value, max: element.max_value,
    step: type === "number" && element.is_decimal_allowed ? "any" : null, rows: multiline ? element.min_lines ?? 4 : null,
    autocomplete: "off", data: { ...controlData(surface, block, element), autofocus: element.focus_on_load ? "yes" : null }, ...fieldProps(field),
  });
  let timer;
  node.addEventListener("input", () => {
    surface.set(block, element, rich ? textToRich(node.value) : node.value);
    counter?.(node.value);
    if (!field?.dispatch || !when.includes("on_character_entered")) return;
    clearTimeout(timer);
    timer = setTimeout(() => change(surface, block, element, field, surface.value(block, element)), TYPING_PAUSE_MS);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || multiline) return;
    if (!field?.dispatch || !when.includes("on_enter_pressed")) return;
    event.preventDefault(); // Enter tells the app here; it must not submit the form as well
    change(surface, block, element, field, surface.value(block, element));
  });
  const [left, counter] = countdown(element, node);
  return left ? h("div", { class: "input-wrap" }, node, left) : node;
}

/** Slack shows how many characters are left once a limit comes near. */
function countdown(element, node) {
  if (!element.max_length) return [null, null];
  const left = h("span", { class: "input-left", "aria-hidden": "true" });
  const show = (text) => {
    const rest = element.max_length - text.length;
    left.textContent = rest <= Math.min(100, element.max_length / 4) ? String(rest) : "";
  };
  show(node.value);
  return [left, show];
}

const textToRich = (text) => (text ? { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] } : null);

function richToText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  return (value.elements ?? []).map((part) => (part.elements ?? []).map((one) => one.text ?? "").join("")).join("\n");
}

function datepicker(element, block, surface, field) {
  const node = h("input", {
    class: "input", type: "date", value: surface.value(block, element) ?? "", "aria-label": plain(element.placeholder) || "Date",
    data: controlData(surface, block, element), ...fieldProps(field), on: { change: () => change(surface, block, element, field, node.value || null) },
  });
  return picker("calendar", node);
}

function timepicker(element, block, surface, field) {
  const node = h("input", {
    class: "input", type: "time", value: surface.value(block, element) ?? "", "aria-label": plain(element.placeholder) || "Time",
    data: controlData(surface, block, element), ...fieldProps(field), on: { change: () => change(surface, block, element, field, node.value || null) },
  });
  return picker("clock", node);
}

/** A date or time field with its sign; a click anywhere opens the browser's own picker. */
function picker(sign, node) {
  node.addEventListener("click", () => {
    try {
      node.showPicker();
    } catch {
      // not allowed without a gesture, or unknown to the browser: typing still works
    }
  });
  return h("span", { class: "picker" }, icon(sign, 16), node);
}

/** Minutes by which the zone is ahead of UTC at that moment. */
function offsetMinutes(date) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone(), hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" }).formatToParts(date);
  const at = Object.fromEntries(parts.map((part) => [part.type, Number(part.value)]));
  return Math.round((Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute) - date.getTime()) / 60_000);
}

/** Unix seconds to the local text of a datetime-local field in the person's zone, and back. */
export function toLocal(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() + offsetMinutes(date) * 60_000).toISOString().slice(0, 16);
}

export function fromLocal(text) {
  const wall = Date.parse(`${text}:00Z`);
  const first = new Date(wall - offsetMinutes(new Date(wall)) * 60_000);
  // Near a clock change the first guess may carry the other side's offset, so ask once more there.
  return Math.round((wall - offsetMinutes(first) * 60_000) / 1000);
}

function datetimepicker(element, block, surface, field) {
  const start = surface.value(block, element);
  const node = h("input", {
    class: "input", type: "datetime-local", value: start ? toLocal(Number(start)) : "", "aria-label": "Date and time",
    data: controlData(surface, block, element), ...fieldProps(field),
    on: { change: () => change(surface, block, element, field, node.value ? fromLocal(node.value) : null) },
  });
  return picker("calendar", node);
}

function choices(element, block, surface, field, several) {
  const name = `choice-${surface.key(block, element)}`;
  const selected = () => [surface.value(block, element)].flat();
  const tick = (option, on) => {
    if (!several) return change(surface, block, element, field, option.value);
    const rest = selected().filter((value) => value !== option.value && value !== null);
    const next = on ? [...rest, option.value] : rest;
    return change(surface, block, element, field, next);
  };
  const row = (option) => {
    const box = h("input", {
      type: several ? "checkbox" : "radio", name, checked: selected().includes(option.value),
      data: { focus: `${surface.key(block, element)}/${option.value}`, value: option.value }, on: { change: () => tick(option, box.checked) },
    });
    return h("label", { class: "choice" }, box, h("span", {}, textObject(option.text), option.description && h("span", { class: "option-description" }, textObject(option.description))));
  };
  return h("div", { class: "choices", role: several ? "group" : "radiogroup", data: { action: element.action_id }, ...fieldProps(field) }, (element.options ?? []).map(row));
}

function fileInput(element, block, surface, field) {
  return h("div", { class: "file-note", ...fieldProps(field) }, "Files cannot be uploaded in the sandbox.");
}

const INPUTS = {
  plain_text_input: textField,
  rich_text_input: textField,
  number_input: textField,
  email_text_input: textField,
  url_text_input: textField,
  datepicker,
  timepicker,
  datetimepicker,
  radio_buttons: (element, block, surface, field) => choices(element, block, surface, field, false),
  checkboxes: (element, block, surface, field) => choices(element, block, surface, field, true),
  file_input: fileInput,
};

/** The control for an input element, or null when it is of another kind. */
export const inputElement = (element, block, surface, field) => INPUTS[element?.type]?.(element, block, surface, field) ?? null;
