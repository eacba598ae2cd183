/** Block elements that act at once: buttons, overflow menus, images, feedback; the rest is in inputs.js and selects.js. */

import { agreed, controlData } from "./controls.js";
import { h, link, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { inputElement } from "./inputs.js";
import { menu } from "./layers.js";
import { plain, textObject } from "./mrkdwn.js";
import { selectElement } from "./selects.js";

function button(element, block, surface) {
  const busy = surface.isBusy(block, element);
  const style = { primary: "btn-primary", danger: "btn-danger" }[element.style] ?? "";
  const press = async () => {
    if (!(await agreed(element))) return;
    if (element.url && safeUrl(element.url)) window.open(safeUrl(element.url), "_blank", "noopener");
    surface.press(block, element, { label: element.text?.text });
  };
  return h("button", {
    type: "button", class: `btn ${style}${busy ? " busy" : ""}`, "aria-label": element.accessibility_label, "aria-busy": busy ? "true" : null,
    data: { ...controlData(surface, block, element), value: element.value }, on: { click: press },
  }, h("span", { class: "btn-text" }, textObject(element.text)), element.url && h("span", { class: "sr" }, " (opens a page)"), busy && h("span", { class: "spinner" }));
}

function overflow(element, block, surface) {
  const choose = async (option) => {
    if (!(await agreed(element))) return;
    if (option.url && safeUrl(option.url)) window.open(safeUrl(option.url), "_blank", "noopener");
    surface.press(block, element, { choose: option.value ?? plain(option.text) });
  };
  const open = (event) => menu(event.currentTarget, (element.options ?? []).map((option) => ({
    label: textObject(option.text), hint: option.description && plain(option.description), run: () => choose(option),
  })), { align: "end", label: "More options" });
  const busy = surface.isBusy(block, element);
  return h("button", { type: "button", class: `btn btn-overflow${busy ? " busy" : ""}`, "aria-label": "More options", "aria-haspopup": "menu", data: controlData(surface, block, element), on: { click: open } },
    icon("more", 16), busy && h("span", { class: "spinner" }));
}

/**
 * A picture. The sandbox works offline and a picture that cannot be loaded says so with its description,
 * as Slack does.
 */
export function image(element, className = "image") {
  const address = safeUrl(element.image_url ?? element.slack_file?.url);
  const alt = element.alt_text ?? "";
  const missing = () => h("span", { class: `${className} image-missing`, role: "img", "aria-label": alt, title: alt }, className === "image" ? alt || "Image" : "🖼");
  if (!address) return missing();
  const node = h("img", { class: className, alt, title: alt, loading: "lazy", referrerpolicy: "no-referrer", src: address });
  node.addEventListener("error", () => node.replaceWith(missing()));
  return node;
}

function feedback(element, block, surface) {
  const one = (side, sign) => side && h("button", { type: "button", class: "btn btn-small", "aria-label": side.accessibility_label,
    on: { click: () => surface.press(block, element, { label: side.text?.text, choose: side.value }) } }, sign, " ", textObject(side.text));
  return h("span", { class: "feedback" }, one(element.positive_button, "👍"), one(element.negative_button, "👎"));
}

const ELEMENTS = {
  button,
  workflow_button: button,
  icon_button: button,
  overflow,
  feedback_buttons: feedback,
  image: (element) => image(element, "image-accessory"),
  url: (element) => link(element.url, element.text ?? element.url),
};

/** Any element of a block; `field` tells an input block's element from one that acts when it changes. */
export function elementNode(element, block, surface, field = null) {
  const make = ELEMENTS[element?.type];
  if (make) return make(element, block, surface);
  const control = selectElement(element, block, surface, field) ?? inputElement(element, block, surface, field);
  return control ?? h("span", { class: "unknown" }, `[${element?.type ?? "nothing"}]`);
}
