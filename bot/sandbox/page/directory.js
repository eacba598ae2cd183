/** Who and what the ids in messages stand for, for the person looking. Filled by state.js on every snapshot. */

const EMPTY = { users: new Map(), channels: new Map(), groups: new Map(), me: null };
let current = EMPTY;
let fingerprint = "";
let generation = 0;

/** Takes over a snapshot; `version()` moves only when a name or zone changed, so rows can be kept. */
export function load(snapshot) {
  current = {
    users: new Map((snapshot.users ?? []).map((user) => [user.id, user])),
    channels: new Map((snapshot.channels ?? []).map((channel) => [channel.id, channel])),
    groups: new Map((snapshot.usergroups ?? []).map((group) => [group.id, group])),
    me: snapshot.me,
  };
  const names = [
    (snapshot.users ?? []).map((user) => [user.id, user.name, user.real_name, user.deleted]),
    (snapshot.channels ?? []).map((channel) => [channel.id, channel.name, channel.is_private]),
    (snapshot.usergroups ?? []).map((group) => [group.id, group.handle]),
    snapshot.me,
    zone(),
  ];
  const print = JSON.stringify(names);
  if (print !== fingerprint) {
    fingerprint = print;
    generation += 1;
  }
}

export const version = () => generation;
export const user = (id) => current.users.get(id);
export const users = () => [...current.users.values()];
export const channel = (id) => current.channels.get(id);
export const channels = () => [...current.channels.values()];
export const group = (id) => current.groups.get(id);
export const groups = () => [...current.groups.values()];
export const me = () => current.users.get(current.me);
export const bot = () => users().find((person) => person.is_bot && !person.deleted && person.id !== "USLACKBOT");

/** The zone of the person looking: Slack shows every time in the reader's own. */
export function zone() {
  const name = current.users.get(current.me)?.tz;
  try {
    if (name) new Intl.DateTimeFormat("en-US", { timeZone: name });
    return name || undefined;
  } catch {
    return undefined; // an unknown zone falls back to the browser's
  }
}

export const personName = (id) => {
  const person = current.users.get(id);
  return person?.real_name || person?.name || id || "Unknown";
};

/** Name of a conversation as the sidebar shows it; a direct message carries the other person's name. */
export function channelName(id) {
  const room = current.channels.get(id);
  if (!room) return id;
  if (!room.is_im) return room.name;
  const other = (room.members ?? []).find((member) => member !== current.me) ?? room.user ?? current.me;
  return personName(other);
}

export const imPartner = (room) => (room.members ?? []).find((member) => member !== current.me) ?? room.user;
