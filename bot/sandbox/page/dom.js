/**
 * Small DOM toolkit. Everything on the page is built here with text nodes and properties: text that came
 * from outside never passes through an HTML parser, so hostile messages stay text.
 */

const SVG_NS = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "readOnly", "required", "multiple", "selected", "tabIndex"]);
const SAFE_PROTOCOLS = new Set(["http:", "https:", "mailto:", "tel:"]);

/** The address itself when following it cannot run code, otherwise null (javascript:, data:, …). */
export function safeUrl(address) {
  try {
    const url = new URL(String(address ?? ""), window.location.href);
    return SAFE_PROTOCOLS.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function setProperty(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "class") node.setAttribute("class", value);
  else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  else if (name === "data") for (const [key, item] of Object.entries(value)) item != null && (node.dataset[key] = item);
  else if (name === "css") for (const [key, item] of Object.entries(value)) node.style.setProperty(key, item);
  else if (name === "href" || name === "src") {
    const address = safeUrl(value);
    if (address) node.setAttribute(name, address);
  } else if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

function appendAll(node, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) appendAll(node, child);
    else node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Builds an element: h("button", {class: "x", on: {click}}, "Label"). */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProperty(node, name, value);
  appendAll(node, children);
  return node;
}

/** The same for SVG elements. */
export function svg(tag, props, ...children) {
  const node = document.createElementNS(SVG_NS, tag);
  for (const [name, value] of Object.entries(props ?? {})) setProperty(node, name, value);
  appendAll(node, children);
  return node;
}

/** A link that opens elsewhere; plain text when the address is not safe to follow. */
export function link(address, ...children) {
  const url = safeUrl(address);
  if (!url) return h("span", {}, ...children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Replaces all children, keeping the keyboard focus where it was when the same control still exists. */
export function fill(container, ...children) {
  keepingFocus(container, () => {
    container.replaceChildren();
    appendAll(container, children);
    return container;
  });
}

/**
 * Runs a change that rebuilds part of the page and puts focus and caret back afterwards. Controls are
 * recognised by data-focus, which is stable across rebuilds.
 */
export function keepingFocus(root, change) {
  const active = document.activeElement;
  const key = active && root.contains(active) ? active.dataset.focus : null;
  const caret = key && "selectionStart" in active ? readCaret(active) : null;
  const next = change();
  if (!key) return;
  const control = next.querySelector(`[data-focus="${CSS.escape(key)}"]`);
  if (!control) return;
  control.focus({ preventScroll: true });
  if (caret) writeCaret(control, caret);
}

function readCaret(field) {
  try {
    return [field.selectionStart, field.selectionEnd];
  } catch {
    return null; // number and email fields have no caret to ask for
  }
}

function writeCaret(field, [start, end]) {
  try {
    field.setSelectionRange(start, end);
  } catch {
    // see readCaret
  }
}

/**
 * Keyed update of a long list: `items` are {key, sig, make}. A row is rebuilt only when its signature
 * changed, so hundreds of messages cost nothing when one of them is edited.
 */
export function reconcile(container, items) {
  const known = container.rows ?? new Map();
  const wanted = new Set(items.map((item) => item.key));
  for (const [key, row] of known) if (!wanted.has(key)) row.node.remove();
  const rows = new Map();
  let cursor = container.firstChild;
  for (const item of items) {
    let row = known.get(item.key);
    if (row && row.sig !== item.sig) {
      const node = item.make();
      const old = row.node;
      if (cursor === old) cursor = node;
      keepingFocus(old, () => (old.replaceWith(node), node));
      row = { sig: item.sig, node };
    } else if (!row) row = { sig: item.sig, node: item.make() };
    rows.set(item.key, row);
    if (cursor === row.node) cursor = cursor.nextSibling;
    else container.insertBefore(row.node, cursor);
  }
  container.rows = rows;
}

/** A short text that differs when the data differs. */
export const signature = (...parts) => JSON.stringify(parts);
