/** The list of conversations: the app, channels, direct messages, what is archived. */

import { avatar } from "./avatar.js";
import * as directory from "./directory.js";
import { fill, h, signature } from "./dom.js";
import { icon } from "./icons.js";
import { botRoom } from "./home.js";
import { askText, menu } from "./layers.js";
import { openListbox } from "./listbox.js";
import * as store from "./state.js";

const folded = new Set(["archived"]);

const member = (room) => room.members?.includes(store.me());
const byName = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });

function row({ key, active, lead, name, room = {}, open, muted }) {
  const unread = Boolean(room.unread);
  const count = room.mentions || (room.is_im ? room.unread : 0);
  return h("button", {
    type: "button", class: `side-row${active ? " active" : ""}${unread ? " unread" : ""}${muted ? " muted" : ""}`, "aria-current": active ? "page" : null,
    "aria-label": `${name}${unread ? `, ${room.unread} unread` : ""}${room.mentions ? `, ${room.mentions} mentions` : ""}`, data: { focus: key, room: room.id }, on: { click: open },
  }, h("span", { class: "side-lead" }, lead), h("span", { class: "side-name" }, name), count ? h("span", { class: "badge" }, count > 99 ? "99+" : String(count)) : null);
}

function section(key, title, rows, tools) {
  if (!rows.length && !tools) return null;
  const shut = folded.has(key);
  const toggle = () => (shut ? folded.delete(key) : folded.add(key), store.emit());
  // A folded section still shows what is unread, as Slack does.
  const visible = shut ? rows.filter((one) => one.classList.contains("unread") || one.classList.contains("active")) : rows;
  return h("div", { class: "side-section" },
    h("div", { class: "side-heading" }, h("button", { type: "button", class: "side-fold", "aria-expanded": String(!shut), data: { focus: `fold/${key}` }, on: { click: toggle } }, icon(shut ? "right" : "down", 14), title), tools),
    visible);
}

function channelRow(room, ui) {
  return row({
    key: room.id, room, active: ui.view === "channel" && ui.channel === room.id, muted: room.is_archived, name: room.name,
    lead: icon(room.is_archived ? "archive" : room.is_private ? "lock" : "hash", 16), open: () => store.openChannel(room.id),
  });
}

function personRow(room, ui) {
  const id = directory.imPartner(room) ?? store.me();
  return row({ key: room.id, room, active: ui.view === "channel" && ui.channel === room.id, name: directory.personName(id), lead: avatar(id, 20), open: () => store.openChannel(room.id) });
}

async function create() {
  const name = await askText({ title: "Create a channel", label: "Name", yes: "Create" });
  if (!name) return;
  const answer = await store.act("/api/create_channel", { channel: name, name });
  const id = answer.channel?.id ?? answer.channel;
  await store.refresh();
  if (id) store.openChannel(id);
}

function browse(anchor) {
  openListbox(anchor, {
    placeholder: "Find a channel", chosen: () => null, pick: (option) => store.openChannel(option.value),
    load: (query) => directory.channels().filter((room) => !room.is_im && room.name.includes(query.toLowerCase())).sort(byName)
      .map((room) => ({ value: room.id, text: `${room.is_private ? "🔒" : "#"} ${room.name}`, description: [member(room) && "Joined", room.is_archived && "archived", room.topic || room.purpose].filter(Boolean).join(" · ") })),
  });
}

/** Writing to a person opens the conversation with them. */
function writeTo(anchor) {
  openListbox(anchor, {
    placeholder: "Find a person", chosen: () => null,
    load: (query) => directory.users().filter((one) => !one.deleted && `${one.name} ${one.real_name}`.toLowerCase().includes(query.toLowerCase()))
      .map((one) => ({ value: one.id, text: directory.personName(one.id), description: `@${one.name}`, lead: avatar(one.id, 20) })),
    pick: async (option) => {
      await store.act("/api/read", { channel: `@${directory.user(option.value).name}` });
      await store.refresh({ whole: true });
      const room = directory.channels().find((one) => one.is_im && directory.imPartner(one) === option.value);
      if (room) store.openChannel(room.id);
    },
  });
}

const addMenu = (event) => {
  const anchor = event.currentTarget;
  menu(anchor, [{ label: "Create a channel", icon: icon("plus", 16), run: create }, { label: "Browse channels", icon: icon("search", 16), run: () => browse(anchor) }], { label: "Add channels" });
};

export function createSidebar() {
  const list = h("nav", { class: "side-list", "aria-label": "Conversations" });
  const find = h("button", { type: "button", class: "icon-btn", "aria-label": "Find a channel", title: "Find a channel", on: { click: (event) => browse(event.currentTarget) } }, icon("search"));
  const ready = h("span", { class: "ready" });
  const root = h("aside", { class: "sidebar", "aria-label": "Workspace" },
    h("div", { class: "side-head" }, h("div", {}, h("div", { class: "side-title" }, "Muster sandbox"), ready), find), list);
  let drawn = null;

  function render(snapshot, ui) {
    const sign = signature(snapshot.ready, ui.view, ui.channel, [...folded], directory.version(),
      directory.channels().map((room) => [room.id, room.unread, room.mentions, room.is_archived, room.is_private, member(room)]));
    if (sign === drawn) return;
    drawn = sign;
    ready.className = `ready ${snapshot.ready ? "on" : "off"}`;
    ready.textContent = snapshot.ready ? "App connected" : "No app connected";
    const bot = directory.bot();
    const rooms = directory.channels();
    const mine = rooms.filter((room) => !room.is_im && member(room));
    const people = rooms.filter((room) => room.is_im && room !== botRoom());
    const appRoom = botRoom();
    const app = bot && row({ key: "app", room: { ...appRoom, id: "app" }, active: ui.view === "home" || (ui.view === "channel" && ui.channel === appRoom?.id), name: directory.personName(bot.id), lead: avatar(bot.id, 20), open: () => store.openHome() });
    const add = h("button", { type: "button", class: "side-row side-more", data: { focus: "add" }, on: { click: addMenu } }, h("span", { class: "side-lead" }, icon("plus", 16)), "Add channels");
    fill(list,
      section("channels", "Channels", mine.filter((room) => !room.is_archived).sort(byName).map((room) => channelRow(room, ui))),
      add,
      section("dms", "Direct messages", people.map((room) => personRow(room, ui)),
        h("button", { type: "button", class: "side-add", "aria-label": "Write to someone", title: "Write to someone", data: { focus: "write" }, on: { click: (event) => writeTo(event.currentTarget) } }, icon("plus", 14))),
      section("apps", "Apps", app ? [app] : []),
      section("archived", "Archived", mine.filter((room) => room.is_archived).sort(byName).map((room) => channelRow(room, ui))));
  }

  return { root, render };
}
