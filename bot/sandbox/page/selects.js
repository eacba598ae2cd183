/** Every kind of select: static, external, users, channels and conversations, single and multi. */

import { avatar } from "./avatar.js";
import { change, controlData, fieldProps } from "./controls.js";
import * as directory from "./directory.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { matching, openListbox } from "./listbox.js";
import { plain, textObject } from "./mrkdwn.js";

const KINDS = /^(multi_)?(static|external|users|channels|conversations)_select$/;

function fromOption(option, group) {
  return { value: option.value, text: plain(option.text), description: option.description && plain(option.description), group };
}

function staticOptions(element) {
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.flatMap((group) => (group.options ?? []).map((option) => fromOption(option, group.label && plain(group.label))));
}

function people() {
  return directory.users().filter((person) => !person.deleted).map((person) => ({
    value: person.id, text: directory.personName(person.id), description: person.is_bot ? "App" : `@${person.name}`, keywords: person.name, lead: avatar(person.id, 20),
  }));
}

function rooms(element, kind) {
  const include = new Set(element.filter?.include ?? ["public", "private", "im"]);
  const fits = (room) => (kind === "channels" ? !room.is_im && !room.is_private : include.has(room.is_im ? "im" : room.is_private ? "private" : "public"));
  return directory.channels().filter((room) => !room.is_archived && fits(room)).map((room) => ({
    value: room.id, text: room.is_im ? directory.channelName(room.id) : `${room.is_private ? "🔒 " : "# "}${room.name}`, keywords: room.name,
  }));
}

/** What a picked value is called on the button. */
function labelOf(value, kind, element, surface) {
  if (kind === "users") return directory.personName(value);
  if (kind === "channels" || kind === "conversations") {
    const room = directory.channel(value);
    return room && !room.is_im ? `#${room.name}` : directory.channelName(value);
  }
  const known = [...(element.initial_options ?? []), element.initial_option].find((option) => option?.value === value);
  const option = kind === "static" ? staticOptions(element).find((one) => one.value === value)?.text : surface.labels.get(value) ?? known?.text;
  return typeof option === "string" ? option : plain(option ?? known?.text) || String(value);
}

function loader(kind, element, block, surface) {
  if (kind === "static") return (query) => matching(staticOptions(element), query);
  if (kind === "users") return (query) => matching(people(), query);
  if (kind === "external") {
    const minimum = element.min_query_length ?? 3;
    return async (query) => {
      if (query.length < minimum) return [];
      const options = await surface.options(block, element, query);
      return options.map((option) => fromOption(option, option.group && plain(option.group)));
    };
  }
  return (query) => matching(rooms(element, kind), query);
}

/** The button that opens the list, or null when the element is of another kind. */
export function selectElement(element, block, surface, field) {
  const match = KINDS.exec(element?.type ?? "");
  if (!match) return null;
  const [, several, kind] = match;
  const value = () => surface.value(block, element);
  const busy = surface.isBusy(block, element);
  const shown = h("span", { class: "select-text" });
  const node = h("button", {
    type: "button", class: `select${several ? " select-multi" : ""}${busy ? " busy" : ""}`, "aria-haspopup": "listbox", "aria-expanded": "false",
    data: { ...controlData(surface, block, element), value: value() ?? "" }, ...fieldProps(field),
  }, shown, busy ? h("span", { class: "spinner" }) : icon("down", 16));

  // The visible choice has to be part of the name, so the label alone cannot be it.
  if (field?.labelText) node.removeAttribute("aria-labelledby");

  function draw() {
    const picked = [value()].flat().filter((one) => one !== null && one !== undefined && one !== "");
    node.dataset.value = picked.join(",");
    shown.classList.toggle("placeholder", !picked.length);
    if (!picked.length) shown.replaceChildren(...(element.placeholder ? textObject(element.placeholder) : ["Select an item"]));
    else if (several) shown.replaceChildren(...picked.map((one) => h("span", { class: "chip" }, labelOf(one, kind, element, surface))));
    else shown.replaceChildren(labelOf(picked[0], kind, element, surface));
    if (field?.labelText) node.setAttribute("aria-label", `${field.labelText}: ${shown.textContent}`);
  }

  async function pick(option) {
    if (several) {
      const rest = value() ?? [];
      const next = rest.includes(option.value) ? rest.filter((one) => one !== option.value) : [...rest, option.value];
      if (next.length > (element.max_selected_items ?? Infinity)) return;
      surface.set(block, element, next);
      return draw();
    }
    surface.labels.set(option.value, option.text);
    const again = field && !field.required && value() === option.value ? null : option.value;
    draw(void change(surface, block, element, field, again));
  }

  node.addEventListener("click", () => {
    openListbox(node, {
      load: loader(kind, element, block, surface), chosen: () => value(), pick, multi: Boolean(several), wait: kind === "external" ? 200 : 0,
      minimum: kind === "external" ? element.min_query_length ?? 3 : 0, placeholder: kind === "users" ? "Search people" : "Search",
      // A multi select tells the app once, when its list closes.
      onClose: () => several && (!field || field.dispatch) && change(surface, block, element, field, value()),
    });
  });
  draw();
  return node;
}
