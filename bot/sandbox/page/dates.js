/** Dates and times as Slack writes them, in the zone of the person looking. */

import { zone } from "./directory.js";
import { h } from "./dom.js";

const formats = new Map();

function format(date, options) {
  const key = JSON.stringify([options, zone()]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-US", { timeZone: zone(), ...options }));
  return formats.get(key).format(date);
}

/** A moment from a Slack timestamp ("1718000000.000100"), Unix seconds or an ISO text. */
export function moment(value) {
  if (value instanceof Date) return value;
  const seconds = Number(value);
  return new Date(Number.isFinite(seconds) ? seconds * 1000 : value);
}

const valid = (date) => !Number.isNaN(date.getTime());
export const clock = (value) => format(moment(value), { hour: "numeric", minute: "2-digit" });
export const clockShort = (value) => clock(value).replace(/\s?[AP]M$/, "");
export const dayKey = (value) => format(moment(value), { year: "numeric", month: "2-digit", day: "2-digit" });
export const full = (value) => format(moment(value), { dateStyle: "full", timeStyle: "long" });

function ordinal(day) {
  const tail = day % 100 > 10 && day % 100 < 14 ? 0 : day % 10;
  return `${day}${["th", "st", "nd", "rd"][tail] ?? "th"}`;
}

function relativeDay(date, now = new Date()) {
  const day = dayKey(date);
  for (const [word, shift] of [["today", 0], ["yesterday", -1], ["tomorrow", 1]]) {
    if (dayKey(new Date(now.getTime() + shift * 86_400_000)) === day) return word;
  }
  return null;
}

function longDate(date, weekday) {
  const day = ordinal(Number(format(date, { day: "numeric" })));
  const month = format(date, { month: "long" });
  const year = format(date, { year: "numeric" });
  return `${weekday ? `${format(date, { weekday: "long" })}, ` : ""}${month} ${day}, ${year}`;
}

const shortDate = (date) => format(date, { month: "short", day: "numeric", year: "numeric" });

/** Heading between two days of messages. */
export function dayHeading(value) {
  const word = relativeDay(moment(value));
  if (word === "today" || word === "yesterday") return word[0].toUpperCase() + word.slice(1);
  const date = moment(value);
  return `${format(date, { weekday: "long" })}, ${format(date, { month: "long" })} ${ordinal(Number(format(date, { day: "numeric" })))}`;
}

/** "3 minutes ago"; the exact moment belongs in a tooltip. */
export function ago(value, now = Date.now()) {
  const seconds = Math.round((now - moment(value).getTime()) / 1000);
  const words = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  if (size < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (size < 86_400) return words.format(-Math.round(seconds / 3600), "hour");
  return words.format(-Math.round(seconds / 86_400), "day");
}

const TOKENS = {
  date_num: (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }).replace(/(\d+)\/(\d+)\/(\d+)/, "$3-$1-$2"),
  date_slash: (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: (date) => longDate(date, false),
  date_long: (date) => longDate(date, true),
  date_short: shortDate,
  date_pretty: (date) => relativeDay(date) ?? longDate(date, false),
  date_short_pretty: (date) => relativeDay(date) ?? shortDate(date),
  date_long_pretty: (date) => relativeDay(date) ?? longDate(date, true),
  day_divider_pretty: (date) => dayHeading(date),
  time: clock,
  time_secs: (date) => format(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Slack's <!date^unix^{tokens}^link|fallback>; the fallback when the moment makes no sense. */
export function slackDate(unix, pattern, fallback) {
  const date = moment(unix);
  if (!valid(date)) return document.createTextNode(fallback ?? String(unix));
  const text = String(pattern ?? "").replace(/\{(\w+)\}/g, (whole, name) => (TOKENS[name] ? TOKENS[name](date) : whole));
  return h("time", { class: "slack-date", datetime: date.toISOString(), title: full(date) }, text);
}
