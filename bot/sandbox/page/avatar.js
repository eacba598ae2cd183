/** Square pictures made from initials, one steady colour a person. */

import * as directory from "./directory.js";
import { h } from "./dom.js";

const COLOURS = ["#1264a3", "#2b7a4b", "#9a3b8c", "#b45309", "#4f46b8", "#0e7490", "#be3455", "#5b6b1f", "#7c4a2d", "#356ac3"];

function steady(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return sum;
}

export function initials(name) {
  const parts = name.trim().split(/[\s._-]+/).filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return letters.map((part) => [...part][0]).join("").toUpperCase() || "?";
}

/** The picture of a user id; `name` overrides the directory (a bot may post under another name). */
export function avatar(id, size = 36, name = null) {
  const person = directory.user(id);
  const label = name || directory.personName(id);
  const bot = person?.is_bot || !person;
  const css = { width: `${size}px`, height: `${size}px`, "font-size": `${Math.round(size * 0.4)}px` };
  if (!bot) css.background = COLOURS[steady(id) % COLOURS.length];
  return h("span", { class: `avatar${bot ? " avatar-app" : ""}`, css, "aria-hidden": "true" }, initials(label));
}
