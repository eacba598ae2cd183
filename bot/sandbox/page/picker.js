/** The small emoji picker for reactions and the composer. */

import { h } from "./dom.js";
import { pickerNames, search, unicode } from "./emoji.js";
import { popover } from "./layers.js";

export function openEmojiPicker(anchor, pick) {
  const grid = h("div", { class: "emoji-grid" });
  const field = h("input", { class: "input", placeholder: "Search emoji", "aria-label": "Search emoji" });
  const opened = popover(anchor, h("div", { class: "emoji-picker" }, field, grid), { align: "end", label: "Emoji", className: "popover-emoji" });
  const choose = (name) => (opened.close(), pick(name));
  const draw = () => {
    const names = field.value.trim() ? search(field.value.trim().replace(/^:|:$/g, ""), 48) : pickerNames();
    grid.replaceChildren(...names.map((name) => h("button", { type: "button", class: "emoji-button", "aria-label": name, title: `:${name}:`, on: { click: () => choose(name) } }, unicode(name))));
  };
  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    grid.querySelector("button")?.click();
  });
  draw();
  field.focus();
}
