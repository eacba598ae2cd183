/** The menu of global shortcuts and the list of commands, as under Slack's + button. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { menu } from "./layers.js";
import * as store from "./state.js";

export function openShortcuts(anchor, options = {}) {
  const { shortcuts = [], commands = [] } = store.state();
  const global = shortcuts.filter((one) => one.type === "global");
  const items = [
    { heading: "Shortcuts" },
    ...global.map((one) => ({ label: one.name, hint: one.description, icon: icon("bolt", 16), run: () => store.act("/api/shortcut", { callback_id: one.callback_id }) })),
    ...(global.length ? [] : [{ label: "No shortcuts yet: no app is installed" }]),
    "-",
    { heading: "Commands" },
    ...commands.map((one) => ({ label: one.command, hint: one.description, icon: h("span", { class: "slash" }, "/"), run: () => startCommand(one.command) })),
  ];
  return menu(anchor, items, { label: "Shortcuts", side: "above", className: "popover-wide", ...options });
}

function startCommand(command) {
  const field = document.querySelector('[data-composer="channel"]');
  if (!field) return;
  field.value = `${command} `;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
