/** Puts the page together and keeps it in line with the sandbox. */

import { createChannel, createThread } from "./channel.js";
import { h } from "./dom.js";
import { createHome } from "./home.js";
import * as modal from "./modal.js";
import { createPanel } from "./panel.js";
import { createRail } from "./rail.js";
import { createSidebar } from "./sidebar.js";
import * as store from "./state.js";

const REDRAW_MS = 30_000; // "3 minutes ago" grows old

const app = document.getElementById("app");
const parts = { rail: createRail(), sidebar: createSidebar(), home: createHome(), channel: createChannel(), thread: createThread(), panel: createPanel() };
const offline = h("div", { class: "offline", role: "status", hidden: true }, "Connecting to the sandbox…");

app.replaceChildren(offline, parts.rail.root,
  h("div", { class: "shell" }, parts.sidebar.root, h("main", { class: "main" }, parts.home.root, parts.channel.root), parts.thread.root, parts.panel.root));

store.subscribe((snapshot, ui) => {
  app.dataset.pane = ui.pane;
  app.dataset.panel = ui.panel ?? "";
  app.dataset.thread = ui.thread && ui.view === "channel" ? "yes" : "";
  parts.home.root.hidden = ui.view !== "home";
  parts.channel.root.hidden = ui.view !== "channel";
  offline.hidden = ui.connected;
  parts.rail.render(snapshot, ui);
  parts.sidebar.render(snapshot, ui);
  if (ui.view === "home") parts.home.render(snapshot);
  else parts.channel.render(snapshot, ui);
  parts.thread.render(snapshot, ui);
  parts.panel.render(snapshot, ui);
  modal.render(snapshot);
  const unread = (snapshot.channels ?? []).reduce((sum, room) => sum + (room.mentions ?? 0), 0);
  document.title = `${unread ? `(${unread}) ` : ""}Muster sandbox`;
});

// #channel in any text leads there.
document.addEventListener("click", (event) => {
  const mention = event.target.closest?.("button.mention-channel");
  if (mention) store.openChannel(mention.dataset.channel);
});

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && store.refresh());
setInterval(store.emit, REDRAW_MS);

await store.start();
if (store.at().view === "home") store.openHome();
