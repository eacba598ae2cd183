/** The PagerDuty stand-in as a person sees it: incidents, who is on call, and everything a human does there. */

import { post } from "./api.js";
import * as dates from "./dates.js";
import * as directory from "./directory.js";
import { fill, h, link, reconcile, signature } from "./dom.js";
import { icon } from "./icons.js";
import { askText, menu, toast } from "./layers.js";
import * as store from "./state.js";
import { askForm, timeline, vendorSelect } from "./vendor.js";

const expanded = new Set();
let actingAs; // an e-mail address; null acts as an integration or PagerDuty itself

function who(snapshot) {
  if (actingAs !== undefined) return actingAs;
  const mine = directory.me()?.email;
  return (snapshot.pagerduty?.users ?? []).some((user) => user.email === mine) ? mine : null;
}

async function act(action, more = {}) {
  const answer = await post("/api/pagerduty", { as: who(store.state()), action, ...more });
  store.settled(answer);
  return answer;
}

const STATUS = { triggered: "Triggered", acknowledged: "Acknowledged", resolved: "Resolved" };
const numberOf = (incident) => incident.incident_number ?? incident.number;
const names = (stamps, field) => (stamps ?? []).map((stamp) => stamp[field]?.summary ?? stamp.summary).filter(Boolean).join(", ");
const priorityName = (incident) => incident.priority?.summary ?? incident.priority?.name ?? null;

async function say(incident, action, title, label, key = "text") {
  const text = await askText({ title, label, multiline: true, yes: "Save" });
  if (text) act(action, { incident: incident.id, [key]: text });
}

const userItems = (snapshot, run) => (snapshot.pagerduty.users ?? []).map((user) => ({ label: user.name ?? user.summary, hint: user.email, run: () => run(user) }));

function levels(snapshot, incident) {
  const policies = snapshot.pagerduty.escalation_policies ?? [];
  const policy = policies.find((one) => one.id === incident.escalation_policy?.id);
  const rules = policy?.escalation_rules ?? [{}, {}, {}];
  return rules.map((rule, index) => ({
    label: `Level ${index + 1}`, hint: (rule.targets ?? []).map((target) => target.summary).join(", "), run: () => act("escalate", { incident: incident.id, level: index + 1 }),
  }));
}

function moreMenu(anchor, incident) {
  const snapshot = store.state();
  const id = incident.id;
  const priorities = snapshot.pagerduty.priorities ?? ["P1", "P2", "P3", "P4", "P5"].map((name) => ({ name }));
  const low = incident.urgency === "low";
  menu(anchor, [
    incident.status === "acknowledged" && { label: "Unacknowledge", run: () => act("unacknowledge", { incident: id }) },
    { label: low ? "Raise urgency to high" : "Lower urgency to low", run: () => act("urgency", { incident: id, value: low ? "high" : "low" }) },
    { label: "Ask a responder…", run: () => menu(anchor, userItems(snapshot, (user) => act("responder", { incident: id, to: user.email })), { label: "Responder", align: "end" }) },
    { label: "Publish a status update…", run: () => say(incident, "status_update", "Status update", "What do stakeholders need to know?") },
    "-",
    { heading: "Priority" },
    ...priorities.map((one) => ({ label: one.name, hint: one.description, run: () => act("priority", { incident: id, name: one.name }) })),
  ].filter(Boolean), { label: "More", align: "end" });
}

function buttons(incident) {
  const id = incident.id;
  const one = (label, run, kind = "") => h("button", { type: "button", class: `btn btn-small ${kind}`, data: { focus: `${id}/${label}` }, on: { click: (event) => run(event.currentTarget) } }, label);
  const open = incident.status !== "resolved";
  return h("div", { class: "vendor-buttons" },
    incident.status === "triggered" && one("Acknowledge", () => act("acknowledge", { incident: id }), "btn-primary"),
    open && one("Resolve", () => act("resolve", { incident: id })),
    open && one("Reassign", (anchor) => menu(anchor, userItems(store.state(), (user) => act("reassign", { incident: id, to: user.email })), { label: "Reassign to" })),
    open && one("Escalate", (anchor) => menu(anchor, levels(store.state(), incident), { label: "Escalate to" })),
    !open && one("Reopen", () => act("reopen", { incident: id })),
    one("Note", () => say(incident, "note", "Add a note", "Note")),
    open && h("button", { type: "button", class: "btn btn-small btn-icon", "aria-label": "More PagerDuty actions", data: { focus: `${id}/more` }, on: { click: (event) => moreMenu(event.currentTarget, incident) } }, icon("more", 14)));
}

function responders(incident) {
  return (incident.incidents_responders ?? []).map((one) => h("div", { class: "vendor-line" }, `Responder ${one.user?.summary}: ${one.state}`,
    one.state === "pending" && ["accepted", "declined"].map((state) => h("button", { type: "button", class: "link", on: { click: () => act("responder_reply", { incident: incident.id, to: one.user?.id, state }) } }, state === "accepted" ? "Accept" : "Decline"))));
}

function details(incident) {
  const notes = (incident.notes ?? []).map((note) => ({ at: note.created_at, who: note.user?.summary, text: note.content ?? note.text }));
  const log = (incident.log ?? incident.log_entries ?? []).map((entry) => ({ at: entry.at ?? entry.created_at, text: entry.summary, who: entry.agent?.summary }));
  return h("div", { class: "vendor-details" },
    h("div", { class: "vendor-line muted" }, incident.escalation_policy?.summary ? `Policy ${incident.escalation_policy.summary}` : "", incident.html_url && [" · ", link(incident.html_url, "Open its page")]),
    responders(incident),
    notes.length ? [h("h4", {}, "Notes"), timeline(notes)] : null,
    (incident.status_updates ?? []).length ? [h("h4", {}, "Status updates"), timeline(incident.status_updates.map((one) => ({ at: one.created_at, who: one.sender?.summary, text: one.message })))] : null,
    (incident.alerts ?? []).length ? [h("h4", {}, "Alerts"), incident.alerts.map((alert) => h("div", { class: "vendor-line" }, `${alert.severity ?? ""} ${alert.summary} (${alert.status})`))] : null,
    log.length ? [h("h4", {}, "Log"), timeline(log)] : null);
}

function incidentNode(incident) {
  const open = expanded.has(incident.id);
  const toggle = () => (open ? expanded.delete(incident.id) : expanded.add(incident.id), store.emit());
  const priority = priorityName(incident);
  return h("article", { class: `vendor-card status-${incident.status}`, data: { incident: incident.id }, "aria-label": `Incident ${numberOf(incident)}` },
    h("div", { class: "vendor-tags" }, h("span", { class: `tag tag-${incident.status}` }, STATUS[incident.status] ?? incident.status), h("span", { class: `tag tag-${incident.urgency}` }, `${incident.urgency} urgency`),
      priority && h("span", { class: "tag tag-priority" }, priority), h("span", { class: "grow" }), h("time", { class: "muted", title: dates.full(incident.created_at) }, dates.ago(incident.created_at))),
    h("button", { type: "button", class: "vendor-title", "aria-expanded": String(open), data: { focus: `${incident.id}/title` }, on: { click: toggle } }, icon(open ? "down" : "right", 14), h("span", { class: "muted" }, `#${numberOf(incident)}`), h("span", {}, incident.title ?? incident.summary)),
    h("div", { class: "vendor-line muted" }, incident.service?.summary ?? "", " · ", names(incident.assignments, "assignee") ? ["Assigned to ", h("b", {}, names(incident.assignments, "assignee"))] : "Assigned to nobody"),
    open && details(incident),
    buttons(incident));
}

async function triggerForm(snapshot) {
  const services = (snapshot.pagerduty.services ?? []).map((service) => [service.id, service.name ?? service.summary]);
  const priorities = (snapshot.pagerduty.priorities ?? []).map((one) => [one.name, one.name]);
  const values = await askForm({
    title: "Trigger an incident in PagerDuty", yes: "Trigger",
    fields: [
      { name: "title", label: "Title", value: "Checkout latency above 2 s" },
      { name: "service", label: "Service", options: services },
      { name: "urgency", label: "Urgency", options: [["high", "High"], ["low", "Low"]] },
      { name: "priority", label: "Priority", options: [["", "None"], ...priorities] },
      { name: "by", label: "Triggered by", options: [["service", "A monitoring integration (with an alert)"], ["person", "The person chosen above"]] },
    ],
  });
  if (!values) return;
  const { by, priority, ...rest } = values;
  const answer = await act("trigger", { ...rest, ...(priority ? { priority } : {}), ...(by === "service" ? { as: null } : {}) });
  if (answer.ok) toast(`Triggered #${numberOf(answer.incident ?? {}) ?? ""}`);
}

function oncallRows(snapshot) {
  const rows = (snapshot.pagerduty?.oncalls ?? []).map((one) => [one.escalation_policy?.summary, one.escalation_level, one.user?.summary]);
  const seen = new Map();
  for (const [policy, level, user] of rows) {
    const key = `${policy} · level ${level}`;
    seen.set(key, [...(seen.get(key) ?? []), user].filter(Boolean));
  }
  return [...seen].slice(0, 12).map(([key, people]) => h("div", { class: "vendor-line" }, h("span", { class: "muted" }, key, ": "), [...new Set(people)].join(", ") || "nobody"));
}

export function createPagerDuty() {
  const top = h("div", { class: "vendor-top" });
  const list = h("div", { class: "vendor-list" });
  const empty = h("p", { class: "vendor-empty" }, "No incidents. Trigger one, or declare one in the chat.");
  const foot = h("details", { class: "vendor-oncall" }, h("summary", {}, "Who is on call"), h("div", {}));
  const root = h("div", { class: "vendor" }, top, empty, list, foot);
  let drawn = null;

  function render(snapshot) {
    const data = snapshot.pagerduty ?? {};
    const sign = signature(who(snapshot), (data.users ?? []).map((user) => user.email), snapshot.me);
    if (sign !== drawn) {
      drawn = sign;
      const options = [...(data.users ?? []).map((user) => [user.email, user.name ?? user.summary]), ["", "Nobody (the service itself)"]];
      fill(top, vendorSelect("Act as", options, who(snapshot) ?? "", (value) => ((actingAs = value || null), store.emit())),
        h("button", { type: "button", class: "btn btn-small", data: { focus: "trigger" }, on: { click: () => triggerForm(store.state()) } }, icon("plus", 14), "Trigger"));
    }
    const incidents = data.incidents ?? [];
    empty.hidden = incidents.length > 0;
    reconcile(list, incidents.map((incident) => ({ key: incident.id, sig: signature(incident, expanded.has(incident.id), dates.ago(incident.created_at)), make: () => incidentNode(incident) })));
    fill(foot.lastChild, oncallRows(snapshot));
  }

  return { root, render };
}
