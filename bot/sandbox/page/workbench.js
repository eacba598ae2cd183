/** The Sandbox panel: how slow and how broken the services are, and what the bot did wrong. */

import { get, post, remove } from "./api.js";
import { fill, h } from "./dom.js";
import * as store from "./state.js";
import { timeline, vendorSelect } from "./vendor.js";

const SERVICES = [["slack_latency_ms", "Slack"], ["pagerduty_latency_ms", "PagerDuty"], ["github_latency_ms", "GitHub"]];
const KINDS = ["500", "429", "401", "timeout", "reset", "lost", "garbage", "slow", "hold_before", "hold_after", "error:channel_not_found", "error:name_taken", "error:restricted_action"];
const TARGETS = ["slack.*", "slack.chat.postMessage", "slack.conversations.create", "pagerduty.*", "pagerduty.POST /incidents", "github.*", "github.POST /repos/*/*/issues"];
const PAUSE_MS = 1200;

const settings = (body) => post("/api/settings", body).then(store.settled);

function latencyRow([key, label], snapshot) {
  const value = snapshot.settings?.[key] ?? snapshot.limits?.[key] ?? 0;
  const field = h("input", { class: "input input-small", type: "number", min: 0, step: 50, value: String(value), "aria-label": `${label} latency in milliseconds`, data: { focus: key }, on: { change: () => settings({ [key]: Number(field.value) || 0 }) } });
  return h("label", { class: "bench-row" }, h("span", {}, label), h("span", { class: "bench-unit" }, field, "ms"));
}

function toggleRow(label, on, changed, focus) {
  const box = h("input", { type: "checkbox", role: "switch", class: "switch", checked: on, data: { focus }, on: { change: () => changed(box.checked) } });
  return h("label", { class: "bench-row" }, h("span", {}, label), box);
}

function faultForm() {
  const target = h("input", { class: "input input-small", list: "fault-targets", placeholder: "slack.chat.postMessage", "aria-label": "What fails" });
  const names = h("datalist", { id: "fault-targets" }, TARGETS.map((one) => h("option", { value: one })));
  let kind = KINDS[0];
  const times = h("input", { class: "input input-small", type: "number", min: 1, value: "1", "aria-label": "How many times" });
  const add = async (event) => {
    event.preventDefault();
    if (!target.value.trim()) return target.focus();
    const answer = await post("/api/faults", { target: target.value.trim(), kind, times: Number(times.value) || 1 });
    if (store.settled(answer).ok !== false) target.value = "";
  };
  return h("form", { class: "fault-form", on: { submit: add } }, target, names, vendorSelect("Fails with", KINDS.map((one) => [one, one]), kind, (value) => (kind = value)),
    h("label", { class: "vendor-select" }, h("span", { class: "muted" }, "Times"), times), h("button", { type: "submit", class: "btn btn-small" }, "Add fault"));
}

const faultText = (fault) => (typeof fault === "string" ? fault : [fault.target, fault.kind, fault.times !== undefined && `×${fault.times}`, fault.skip && `after ${fault.skip}`].filter(Boolean).join(" · "));
const problemText = (problem) => (typeof problem === "string" ? problem : [problem.kind ?? problem.operation ?? problem.vendor, problem.message ?? problem.text ?? problem.problem ?? problem.error ?? problem.detail].filter(Boolean).join(": ") || JSON.stringify(problem));
const asList = (answer, name) => (Array.isArray(answer) ? answer : answer?.[name] ?? []);

export function createWorkbench() {
  const live = h("div", { class: "bench" });
  const faults = h("div", { class: "bench" });
  const problems = h("div", { class: "bench", "aria-live": "polite" });
  const calls = h("div", { class: "bench-calls" });
  const root = h("div", { class: "vendor" },
    h("p", { class: "vendor-empty" }, "Everything here is a local stand-in, in memory. Nothing reaches Slack, PagerDuty or GitHub."),
    h("h3", {}, "Services"), live,
    h("h3", {}, "Faults"), faultForm(), faults,
    h("h3", {}, "Problems"), problems,
    h("details", { class: "vendor-oncall" }, h("summary", {}, "Last calls of the bot"), calls));
  let last = 0;
  let timer = null;
  let seen = null;

  async function look() {
    last = Date.now();
    const [found, made] = await Promise.all([get("/api/problems"), get("/api/calls")]);
    const list = asList(found, "problems");
    fill(problems, list.length ? h("ul", { class: "problem-list" }, list.slice(-50).reverse().map((problem) => h("li", {}, problemText(problem)))) : h("p", { class: "all-good" }, "✓ Nothing the real services would refuse."));
    fill(calls, timeline(asList(made, "calls").slice(-40).reverse().map((call) => ({ at: call.at, text: `${call.operation ?? call.vendor ?? ""} → ${call.status ?? ""} ${call.error ?? ""} ${call.ms !== undefined ? `${Math.round(call.ms)} ms` : ""}` }))));
  }

  function render(snapshot) {
    const sign = JSON.stringify([snapshot.limits, snapshot.settings, snapshot.faults]);
    if (sign !== seen) {
      seen = sign;
      fill(live, SERVICES.map((one) => latencyRow(one, snapshot)),
        toggleRow("Rate limits as in Slack", snapshot.limits?.on !== false, (on) => settings({ limits: on }), "limits"),
        toggleRow("Send webhooks", snapshot.settings?.webhooks !== false, (on) => settings({ webhooks: on }), "webhooks"));
      const list = snapshot.faults ?? [];
      fill(faults, list.map((fault) => h("div", { class: "fault" }, faultText(fault))),
        list.length > 0 && h("div", { class: "vendor-buttons" },
          h("button", { type: "button", class: "btn btn-small", on: { click: () => post("/api/faults/release", {}).then(store.settled) } }, "Release held"),
          h("button", { type: "button", class: "btn btn-small", on: { click: () => remove("/api/faults").then(store.settled) } }, "Clear all")));
    }
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(0, last + PAUSE_MS - Date.now()));
  }

  return { root, render };
}
