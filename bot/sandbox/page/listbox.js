/** The searchable list behind every select: one or several choices, groups, options fetched while typing. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { popover } from "./layers.js";

let lists = 0;

function optionRow(option, id, chosen, pick) {
  return h("div", { class: "option", role: "option", id, "aria-selected": String(chosen), on: { click: pick, pointerdown: (event) => event.preventDefault() } },
    option.lead, h("span", { class: "option-text" }, option.text, option.description && h("span", { class: "option-description" }, option.description)),
    chosen && icon("check", 16));
}

/**
 * Opens the list under `anchor`. `load(query)` gives (or promises) [{value, text, description, group, lead}];
 * `chosen()` the values picked so far; `pick(option)` is told of each choice. With `multi` it stays open.
 */
export function openListbox(anchor, { load, chosen, pick, multi = false, placeholder = "Search", wait = 0, minimum = 0, onClose }) {
  const id = `listbox-${(lists += 1)}`;
  const rows = h("div", { class: "listbox-rows", role: "listbox", id, "aria-multiselectable": String(multi), "aria-label": "Options" });
  const search = h("input", {
    class: "input listbox-search", placeholder, role: "combobox", "aria-expanded": "true", "aria-controls": id,
    "aria-label": placeholder, autocomplete: "off", spellcheck: "false",
  });
  const opened = popover(anchor, h("div", { class: "listbox" }, h("div", { class: "listbox-top" }, search), rows),
    { className: "popover-listbox", onClose: () => (anchor.setAttribute("aria-expanded", "false"), onClose?.()) });
  anchor.setAttribute("aria-expanded", "true");
  opened.node.style.minWidth = `${Math.max(anchor.offsetWidth, 240)}px`;

  let options = [];
  let active = 0;
  let asked = 0;

  function mark(index) {
    active = Math.max(0, Math.min(index, options.length - 1));
    const nodes = rows.querySelectorAll('[role="option"]');
    nodes.forEach((node, at) => node.classList.toggle("active", at === active));
    nodes[active]?.scrollIntoView({ block: "nearest" });
    if (nodes[active]) search.setAttribute("aria-activedescendant", nodes[active].id);
  }

  function choose(option) {
    if (!option) return;
    pick(option);
    if (multi) draw();
    else opened.close();
  }

  function draw() {
    const picked = new Set([chosen()].flat().filter((value) => value !== null && value !== undefined));
    rows.replaceChildren();
    let group = null;
    options.forEach((option, at) => {
      if (option.group && option.group !== group) rows.append(h("div", { class: "menu-heading" }, (group = option.group)));
      rows.append(optionRow(option, `${id}-${at}`, picked.has(option.value), () => choose(option)));
    });
    if (!options.length) rows.append(h("div", { class: "listbox-empty" }, search.value.length < minimum ? `Type ${minimum} or more characters` : "No results"));
    mark(active);
  }

  async function refresh() {
    const turn = (asked += 1);
    const answer = load(search.value.trim());
    if (answer instanceof Promise) rows.replaceChildren(h("div", { class: "listbox-empty" }, "Loading…"));
    const found = await answer;
    if (turn !== asked) return; // a newer query overtook this one
    options = found ?? [];
    active = Math.max(0, options.findIndex((option) => option.value === chosen()));
    draw();
  }

  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  });
  search.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) (event.preventDefault(), mark(active + step));
    else if (event.key === "Enter") (event.preventDefault(), event.stopPropagation(), choose(options[active]));
    else if (event.key === "Tab") opened.close();
  });
  refresh();
  search.focus({ preventScroll: true });
  return opened;
}

/** Case-insensitive search over ready options. */
export const matching = (options, query) => {
  const wanted = query.toLowerCase();
  return wanted ? options.filter((option) => `${option.text} ${option.keywords ?? ""}`.toLowerCase().includes(wanted)) : options;
};
