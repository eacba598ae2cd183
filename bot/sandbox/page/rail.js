/** The narrow bar at the left (at the bottom on a phone): chats, services, shortcuts and who you are. */

import { avatar } from "./avatar.js";
import * as directory from "./directory.js";
import { h, signature } from "./dom.js";
import { icon } from "./icons.js";
import { openListbox } from "./listbox.js";
import { PANELS } from "./panel.js";
import { openShortcuts } from "./shortcuts.js";
import * as store from "./state.js";

const detail = (person) => [`@${person.name}`, person.tz, person.is_restricted && "guest", person.deleted && "deactivated"].filter(Boolean).join(" · ");

/** Acting as somebody else is what makes one browser enough to try a whole team. */
function switchPerson(anchor) {
  openListbox(anchor, {
    placeholder: "Act as…", chosen: () => store.me(), pick: (option) => store.switchUser(option.value),
    load: (query) => directory.users().filter((person) => !person.is_bot && !person.deleted && `${person.real_name} ${person.name}`.toLowerCase().includes(query.toLowerCase()))
      .map((person) => ({ value: person.id, text: directory.personName(person.id), description: detail(person), lead: avatar(person.id, 28) })),
  });
}

export function createRail() {
  const item = (name, label, picture, run) => h("button", { type: "button", class: "rail-item", data: { rail: name }, on: { click: run } }, h("span", { class: "rail-icon" }, picture), h("span", { class: "rail-label" }, label));
  const chats = item("chats", "Chats", icon("chat", 20), () => store.go({ pane: "list", ...(window.matchMedia("(max-width: 767px)").matches ? {} : { panel: null }) }));
  const panels = PANELS.map(([name, label, sign]) => item(name, label, icon(sign, 20), () => store.togglePanel(name)));
  const plus = h("button", { type: "button", class: "rail-plus", "aria-label": "Shortcuts", title: "Shortcuts", on: { click: (event) => openShortcuts(event.currentTarget) } }, icon("plus", 20));
  const face = h("button", { type: "button", class: "rail-face", "aria-haspopup": "listbox", on: { click: (event) => switchPerson(event.currentTarget) } });
  const root = h("nav", { class: "rail", "aria-label": "Sandbox" }, h("span", { class: "rail-mark", "aria-hidden": "true" }, "M"), chats, panels, h("span", { class: "grow" }), plus, face);
  let drawn = null;

  function render(snapshot, ui) {
    const open = (snapshot.pagerduty?.incidents ?? []).filter((one) => one.status === "triggered").length;
    const sign = signature(ui.panel, ui.pane, snapshot.me, open, directory.version());
    if (sign === drawn) return;
    drawn = sign;
    const name = directory.personName(snapshot.me);
    face.replaceChildren(avatar(snapshot.me, 36), h("span", { class: "rail-name" }, directory.me()?.name ?? ""));
    face.setAttribute("aria-label", `You are ${name}. Switch person`);
    face.title = `You are ${name}. Switch person`;
    for (const button of [chats, ...panels]) {
      const own = button.dataset.rail;
      const active = own === "chats" ? !ui.panel || ui.pane !== "panel" : ui.panel === own;
      button.classList.toggle("active", active);
      button.setAttribute("aria-pressed", String(active));
    }
    panels[0].dataset.count = open ? String(open) : "";
  }

  return { root, render };
}
