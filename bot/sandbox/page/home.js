/** The app's Home tab, and beside it the direct messages with the app. */

import { avatar } from "./avatar.js";
import { blockNode } from "./blocks.js";
import * as directory from "./directory.js";
import { h, reconcile, signature } from "./dom.js";
import * as store from "./state.js";
import { Surface } from "./surface.js";

const surface = new Surface({ where: "home" });
surface.changed = store.emit;

/** The conversation between the person and the app, once there is one. */
export function botRoom() {
  const bot = directory.bot();
  return bot && directory.channels().find((room) => room.is_im && (room.members?.includes(bot.id) || room.user === bot.id));
}

export function createHome() {
  const title = h("div", { class: "home-title" });
  const messagesTab = h("button", { type: "button", class: "tab", on: { click: () => botRoom() && store.openMessages(botRoom().id) } }, "Messages");
  const blocks = h("div", { class: "home-blocks" });
  const empty = h("div", { class: "home-empty" });
  const back = h("button", { type: "button", class: "icon-btn only-phone", "aria-label": "Back to channels", on: { click: () => store.go({ pane: "list" }) } }, "‹");
  const root = h("section", { class: "home", "aria-label": "App Home" },
    h("header", { class: "home-head" }, back, title, h("nav", { class: "tabs" }, h("button", { type: "button", class: "tab active", "aria-current": "page" }, "Home"), messagesTab)),
    h("div", { class: "home-scroll" }, empty, blocks));
  let name = null;

  function render(snapshot) {
    const bot = directory.bot();
    const sign = signature(bot?.id, bot?.real_name);
    if (sign !== name) {
      name = sign;
      title.replaceChildren(avatar(bot?.id ?? "app", 28), h("b", {}, bot ? directory.personName(bot.id) : "App"), h("span", { class: "badge-app" }, "APP"));
    }
    messagesTab.hidden = !botRoom();
    const shown = snapshot.home?.blocks ?? [];
    empty.hidden = shown.length > 0;
    empty.textContent = snapshot.ready ? "This app has not published its Home yet." : "No app is connected yet. Start the bot and open Home again.";
    surface.blocks = () => shown;
    surface.held = snapshot.home?.state;
    surface.prune(shown);
    reconcile(blocks, shown.map((block, index) => ({
      key: block.block_id ?? `#${index}`,
      sig: signature(block, surface.looks(block), directory.version()),
      make: () => blockNode(block, surface),
    })));
  }

  return { root, render };
}
