/** What the person sees now: the last snapshot of the sandbox plus where on the page they are. */

import { openStream, post, readState } from "./api.js";
import * as directory from "./directory.js";
import { toast } from "./layers.js";

const address = new URL(window.location.href);
let snapshot = null;
let closeStream = null;
let reading = false;
let again = false;
const listeners = new Set();
const seenNotices = new Set();
const dismissed = new Set();

const ui = {
  view: address.searchParams.get("view") === "home" ? "home" : "channel",
  channel: address.searchParams.get("channel"),
  thread: address.searchParams.get("thread"),
  panel: address.searchParams.get("panel"),
  pane: "list", // which column a phone shows: list, main or panel
  connected: true,
};

export const state = () => snapshot;
export const at = () => ui;
export const me = () => snapshot?.me ?? address.searchParams.get("user");
export const subscribe = (listener) => listeners.add(listener);

let scheduled = false;
/** Draws everything once, soon: many changes in one turn cost one pass. */
export function emit() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    if (snapshot) for (const listener of listeners) listener(snapshot, ui);
  });
}

function remember() {
  const url = new URL(window.location.href);
  const wanted = { user: me(), view: ui.view === "home" ? "home" : null, channel: ui.channel, thread: ui.thread, panel: ui.panel };
  for (const [name, value] of Object.entries(wanted)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  window.history.replaceState(null, "", url);
}

/** Moves on the page: {view, channel, thread, panel, pane}. */
export function go(patch) {
  Object.assign(ui, patch);
  remember();
  emit();
}

export const openChannel = (id) => go({ view: "channel", channel: id, thread: null, pane: "main" });
export const openThread = (channel, ts) => go({ view: "channel", channel, thread: ts, pane: "main" });
export const togglePanel = (name) => go(ui.panel === name && ui.pane !== "list" ? { panel: null, pane: "main" } : { panel: name, pane: "panel" });

export function openHome() {
  go({ view: "home", thread: null, pane: "main" });
  post("/api/open_home", { user: me() }).then(settled);
}

/** The app's Messages tab: the app hears that somebody looks. */
export function openMessages(room) {
  openChannel(room);
  post("/api/open_messages", { user: me() }).then(settled);
}

export const currentChannel = () => directory.channel(ui.channel);
export const messagesOf = (id) => (snapshot?.messages?.[id] ?? []).filter((message) => !(message.ephemeral && dismissed.has(message.ts)));

/** Ephemeral messages live on the reader's screen only, so hiding one is no business of the server. */
export function dismiss(ts) {
  dismissed.add(ts);
  emit();
}

let modalNotice = null;
/** What Slack says while a modal is open belongs into the modal; it is handed out once. */
export function takeModalNotice() {
  const text = modalNotice;
  modalNotice = null;
  return text;
}

function pickChannel() {
  if (directory.channel(ui.channel)) return;
  const rooms = directory.channels().filter((room) => !room.is_archived && !room.is_im && room.members?.includes(snapshot.me));
  const first = rooms.find((room) => room.name === "incidents") ?? rooms.find((room) => room.unread) ?? rooms[0] ?? directory.channels()[0];
  ui.channel = first?.id ?? null;
  ui.thread = null;
}

function showNotices(first) {
  for (const notice of snapshot.notices ?? []) {
    if (seenNotices.has(notice.id)) continue;
    seenNotices.add(notice.id);
    if (first) continue;
    if (snapshot.views?.length) modalNotice = notice.text;
    else toast(notice.text, "error");
  }
}

/** Reads the state again, one request at a time; a change meanwhile asks for one more. */
export async function refresh({ whole = false } = {}) {
  if (reading) return void (again = true);
  reading = true;
  const first = snapshot === null;
  const answer = await readState(me(), first || whole ? undefined : snapshot.version);
  reading = false;
  if (answer.ok === false) {
    ui.connected = false;
    emit();
    setTimeout(refresh, 2000);
    return;
  }
  ui.connected = true;
  if (answer.users) {
    snapshot = answer;
    directory.load(snapshot);
    pickChannel();
    showNotices(first);
    if (first) remember();
  }
  emit();
  if (again) {
    again = false;
    refresh();
  }
}

/** What every action does with its answer: says what went wrong and looks at the result. */
export function settled(answer) {
  // Slack's own words for a timeout come as a notice in the state.
  if (answer?.ok === false && answer.error !== "operation_timeout") toast(explain(answer), "error");
  refresh();
  return answer;
}

const WORDS = {
  not_ready: "No app is connected. Start the bot, then try again.",
  operation_timeout: "The app did not answer within 3 seconds (operation_timeout).",
  is_archived: "This channel is archived.",
  not_in_channel: "You are not in this channel.",
  name_taken: "That name is already taken.",
  unknown_command: "That is not a valid command. In Slack, too, nothing would happen.",
};

function explain(answer) {
  const error = typeof answer.error === "string" ? answer.error : answer.error?.message ?? JSON.stringify(answer.error);
  return WORDS[error] ?? answer.message ?? error ?? "Something went wrong";
}

/** A person acts through the sandbox API; the answer is explained and the state read again. */
export const act = (path, body) => post(path, { user: me(), ...body }).then(settled);

/** Becomes somebody else: everything is read anew, as if they had opened their own Slack. */
export async function switchUser(id) {
  const url = new URL(window.location.href);
  url.searchParams.set("user", id);
  window.history.replaceState(null, "", url);
  address.searchParams.set("user", id);
  snapshot = null;
  dismissed.clear();
  seenNotices.clear();
  Object.assign(ui, { thread: null });
  await start();
}

/** Reads the first state and follows the changes. */
export async function start() {
  closeStream?.();
  await refresh();
  closeStream = openStream(me() ?? "", () => refresh(), (up) => {
    ui.connected = up;
    emit();
    if (up) refresh(); // what changed before the stream was open would go unnoticed
  });
}
