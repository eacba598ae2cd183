/** The right-hand panel with its three tabs. */

import { h } from "./dom.js";
import { createGitHub } from "./github.js";
import { icon } from "./icons.js";
import { createPagerDuty } from "./pagerduty.js";
import * as store from "./state.js";
import { createWorkbench } from "./workbench.js";

export const PANELS = [["pagerduty", "PagerDuty", "pulse"], ["github", "GitHub", "branch"], ["sandbox", "Sandbox", "sliders"]];

export function createPanel() {
  const parts = { pagerduty: createPagerDuty(), github: createGitHub(), sandbox: createWorkbench() };
  const tabs = PANELS.map(([name, label]) => h("button", { type: "button", class: "tab", role: "tab", id: `tab-${name}`, "aria-controls": "panel-body", on: { click: () => store.go({ panel: name, pane: "panel" }) } }, label));
  const body = h("div", { class: "panel-body", id: "panel-body", role: "tabpanel", tabIndex: 0 });
  const close = h("button", { type: "button", class: "icon-btn", "aria-label": "Close panel", on: { click: () => store.go({ panel: null, pane: "main" }) } }, icon("close"));
  const root = h("aside", { class: "panel", "aria-label": "Services beside the chat", hidden: true }, h("header", { class: "panel-head" }, h("div", { class: "tabs", role: "tablist" }, tabs), close), body);
  let shown = null;

  function render(snapshot, ui) {
    const part = parts[ui.panel];
    root.hidden = !part;
    if (!part) return;
    if (shown !== ui.panel) {
      shown = ui.panel;
      body.replaceChildren(part.root);
      body.scrollTop = 0;
      tabs.forEach((tab, index) => {
        const active = PANELS[index][0] === shown;
        tab.classList.toggle("active", active);
        tab.setAttribute("aria-selected", String(active));
      });
      body.setAttribute("aria-labelledby", `tab-${shown}`);
    }
    part.render(snapshot);
  }

  return { root, render };
}
