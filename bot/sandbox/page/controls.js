/** What all controls of blocks share: confirmation, identity across rebuilds, and telling the app of a change. */

import { confirmDialog } from "./layers.js";
import { plain, textObject } from "./mrkdwn.js";

/** Asks when the element carries a confirm object; true when the person agrees or nothing has to be asked. */
export async function agreed(element) {
  const ask = element.confirm;
  if (!ask) return true;
  return confirmDialog({
    title: plain(ask.title) || "Are you sure?",
    text: textObject(ask.text),
    yes: plain(ask.confirm) || "Yes",
    no: plain(ask.deny) || "Cancel",
    danger: ask.style === "danger",
  });
}

/** What a control needs to be found again after a rebuild. */
export const controlData = (surface, block, element) => ({ focus: surface.key(block, element), action: element.action_id });

/**
 * Remembers a new value, and tells the app when the control is one that acts: outside input blocks always,
 * inside them only with dispatch_action. Answers whether the change was kept.
 */
export async function change(surface, block, element, field, value) {
  const before = surface.value(block, element);
  surface.set(block, element, value);
  if (field && !field.dispatch) return true;
  if (value === null || value === "") return true;
  if (!(await agreed(element))) {
    surface.set(block, element, before);
    surface.reset(block);
    return false;
  }
  await surface.press(block, element, { choose: value });
  return true;
}

/** Attributes that tie a field to its label, hint and error. */
export const fieldProps = (field) => ({
  id: field?.id ?? null,
  "aria-labelledby": field?.labelId ?? null,
  "aria-describedby": field?.describedBy || null,
  "aria-invalid": field?.error ? "true" : null,
  "aria-required": field?.required ? "true" : null,
});
