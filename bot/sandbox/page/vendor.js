/** What the PagerDuty, GitHub and Sandbox panels share: forms, selects and short timelines. */

import * as dates from "./dates.js";
import { h } from "./dom.js";
import { dialog } from "./layers.js";

/** A small labelled select. */
export function vendorSelect(label, options, value, changed) {
  const node = h("select", { class: "input input-small", "aria-label": label, data: { focus: `select/${label}` }, on: { change: () => changed(node.value) } },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return h("label", { class: "vendor-select" }, h("span", { class: "muted" }, label), node);
}

/** Lines of {at, who, text}. */
export const timeline = (entries) => h("ul", { class: "vendor-timeline" }, entries.map((entry) => h("li", {},
  entry.at && h("time", { class: "muted", title: dates.full(entry.at) }, `${dates.clock(entry.at)} `), entry.who && h("b", {}, `${entry.who}: `), h("span", {}, entry.text ?? ""))));

/** A form in a dialog; resolves to its values or null. Fields: {name, label, value, options, multiline, type}. */
export function askForm({ title, fields, yes = "Save" }) {
  return new Promise((resolve) => {
    let answer = null;
    dialog({
      title,
      onClose: () => resolve(answer),
      build: (close) => {
        const controls = fields.map((field) => {
          const props = { class: "input", name: field.name, id: `form-${field.name}` };
          if (field.options) return h("select", props, field.options.map(([key, text]) => h("option", { value: key, selected: key === field.value }, text)));
          return h(field.multiline ? "textarea" : "input", { ...props, type: field.multiline ? null : field.type ?? "text", value: field.value ?? "", rows: field.multiline ? 3 : null });
        });
        const done = (event) => {
          event.preventDefault();
          answer = Object.fromEntries(controls.map((control) => [control.name, control.value]));
          close();
        };
        setTimeout(() => controls[0]?.focus());
        return [h("form", { on: { submit: done } },
          fields.map((field, index) => h("div", { class: "form-row" }, h("label", { class: "label", for: `form-${field.name}` }, field.label), controls[index])),
          h("div", { class: "dialog-buttons" }, h("button", { type: "button", class: "btn", on: { click: close } }, "Cancel"), h("button", { type: "submit", class: "btn btn-primary" }, yes)))];
      },
    });
  });
}
