/** What can be completed at the caret: slash commands and their words, people, channels, emoji. */

import { avatar } from "./avatar.js";
import * as directory from "./directory.js";
import { emoji, search } from "./emoji.js";
import * as store from "./state.js";

const LIMIT = 10;

/**
 * The first words of a command, read from its usage hint: "declare [SEVn] <title> | ack | help" gives
 * declare, ack and help, each with the rest as its hint.
 */
export function subcommands(usageHint) {
  // A bar inside brackets offers values of one word, not another word.
  const parts = String(usageHint ?? "").split(/\s*[|·,]\s*(?![^[(<]*[\])>])/);
  return parts.flatMap((part) => {
    const match = /^([a-z][a-z-]*)\b\s*(.*)$/i.exec(part.trim().replace(/^\[([^\]]*)\]$/, "$1"));
    return match ? [{ word: match[1], rest: match[2] }] : [];
  });
}

function commandChoices(text) {
  const commands = store.state().commands ?? [];
  const [, name, space, rest] = /^(\/\S*)(\s*)(.*)$/s.exec(text) ?? [];
  if (!name) return null;
  if (!space) {
    const found = commands.filter((one) => one.command.startsWith(name.toLowerCase()));
    return { from: 0, title: "Commands", items: found.map((one) => ({ insert: `${one.command} `, label: one.command, hint: [one.usage_hint, one.description].filter(Boolean).join("  ·  ") })) };
  }
  const command = commands.find((one) => one.command === name);
  if (!command || /\s/.test(rest)) return null;
  const found = subcommands(command.usage_hint).filter((one) => one.word.startsWith(rest.toLowerCase()) && one.word !== rest);
  return { from: text.length - rest.length, title: command.command, items: found.map((one) => ({ insert: `${one.word} `, label: one.word, hint: one.rest })) };
}

function personChoices(query) {
  const wanted = query.toLowerCase();
  const people = directory.users().filter((one) => !one.deleted && `${one.name} ${one.real_name}`.toLowerCase().includes(wanted));
  const groups = directory.groups().filter((one) => one.handle.toLowerCase().includes(wanted));
  return [
    ...people.map((one) => ({ insert: `@${one.name} `, label: one.real_name || one.name, hint: `@${one.name}${one.is_bot ? " · App" : ""}`, lead: avatar(one.id, 20) })),
    ...groups.map((one) => ({ insert: `@${one.handle} `, label: `@${one.handle}`, hint: `${one.name} · ${one.users?.length ?? 0} people` })),
  ];
}

function channelChoices(query) {
  const rooms = directory.channels().filter((one) => !one.is_im && !one.is_archived && one.name.includes(query.toLowerCase()));
  return rooms.map((one) => ({ insert: `#${one.name} `, label: `${one.is_private ? "🔒" : "#"} ${one.name}`, hint: one.topic || one.purpose }));
}

const emojiChoices = (query) => search(query, LIMIT).map((name) => ({ insert: `:${name}: `, label: `:${name}:`, lead: emoji(name) }));

const SIGNS = { "@": personChoices, "#": channelChoices, ":": emojiChoices };

/** {from, title, items} for the text before the caret, or null. */
export function completions(before) {
  if (before.startsWith("/")) {
    const found = commandChoices(before);
    if (found?.items.length) return found;
  }
  const match = /(?:^|[\s(])([@#:])([\p{L}\p{N}._+-]*)$/u.exec(before);
  if (!match || (match[1] === ":" && match[2].length < 2)) return null;
  const items = SIGNS[match[1]](match[2]).slice(0, LIMIT);
  return items.length ? { from: before.length - match[2].length - 1, title: { "@": "People", "#": "Channels", ":": "Emoji" }[match[1]], items } : null;
}
