/** The GitHub stand-in: repositories with their issues, and what a person does with them. */

import { post } from "./api.js";
import * as dates from "./dates.js";
import * as directory from "./directory.js";
import { fill, h, link, reconcile, signature } from "./dom.js";
import { icon } from "./icons.js";
import { askText } from "./layers.js";
import { markdown } from "./markdown.js";
import * as store from "./state.js";

const expanded = new Set();

async function act(repo, issue, action, more = {}) {
  const answer = await post("/api/github", { as: directory.me()?.email ?? null, action, repo: repo.full_name, number: issue.number, ...more });
  return store.settled(answer);
}

async function comment(repo, issue) {
  const body = await askText({ title: `Comment on #${issue.number}`, label: "Comment", multiline: true, yes: "Comment" });
  if (body) act(repo, issue, "comment", { body });
}

function labelNode(label) {
  const name = typeof label === "string" ? label : label.name;
  const colour = typeof label === "object" && /^[0-9a-f]{6}$/i.test(label.color ?? "") ? `#${label.color}` : null;
  return h("span", { class: "tag tag-label", css: colour ? { "border-color": colour } : {} }, name);
}

function comments(issue) {
  const list = Array.isArray(issue.comments) ? issue.comments : issue.comment_list ?? [];
  return list.map((one) => h("div", { class: "comment" }, h("div", { class: "comment-head" }, h("b", {}, one.user?.login ?? one.user ?? "somebody"), h("time", { class: "muted", title: dates.full(one.created_at) }, ` ${dates.ago(one.created_at)}`)), markdown(one.body)));
}

function assigned(issue) {
  const login = directory.me()?.email?.split("@")[0].replace(/[._]/g, "-");
  return (issue.assignees ?? []).some((person) => (person.login ?? person) === login);
}

/** The files a pull request changes, to be read; Markdown as such. */
function files(issue) {
  return Object.entries(issue.files ?? {}).map(([path, text]) => h("div", { class: "comment" }, h("div", { class: "comment-head" }, h("b", {}, path)), path.endsWith(".md") ? markdown(text) : h("pre", {}, text)));
}

function issueNode(repo, issue) {
  const key = `${repo.full_name}#${issue.number}`;
  const open = expanded.has(key);
  const toggle = () => (open ? expanded.delete(key) : expanded.add(key), store.emit());
  const one = (label, run) => h("button", { type: "button", class: "btn btn-small", data: { focus: `${key}/${label}` }, on: { click: run } }, label);
  const closed = issue.state === "closed";
  const count = comments(issue).length;
  return h("article", { class: `vendor-card issue-${issue.state}`, data: { issue: key }, "aria-label": `Issue ${key}` },
    h("div", { class: "vendor-tags" }, h("span", { class: `tag tag-${issue.state}` }, closed ? "Closed" : "Open"), issue.pull_request && h("span", { class: "tag" }, "Pull request"), (issue.labels ?? []).map(labelNode), h("span", { class: "grow" }), h("time", { class: "muted", title: dates.full(issue.created_at) }, dates.ago(issue.created_at))),
    h("button", { type: "button", class: "vendor-title", "aria-expanded": String(open), data: { focus: `${key}/title` }, on: { click: toggle } }, icon(open ? "down" : "right", 14), h("span", { class: "muted" }, `#${issue.number}`), h("span", {}, issue.title)),
    h("div", { class: "vendor-line muted" }, repo.full_name, ` · ${count} ${count === 1 ? "comment" : "comments"}`, (issue.assignees ?? []).length ? ` · ${issue.assignees.map((person) => person.login ?? person).join(", ")}` : ""),
    open && h("div", { class: "vendor-details" }, issue.body ? h("div", { class: "comment" }, markdown(issue.body)) : h("p", { class: "muted" }, "No description."), files(issue), comments(issue), issue.html_url && link(issue.html_url, "Open its page")),
    h("div", { class: "vendor-buttons" }, closed ? one("Reopen", () => act(repo, issue, "reopen")) : one("Close issue", () => act(repo, issue, "close")), closed ? null : assigned(issue) ? one("Unassign me", () => act(repo, issue, "unassign")) : one("Assign me", () => act(repo, issue, "assign")), one("Comment", () => comment(repo, issue))));
}

export function createGitHub() {
  const list = h("div", { class: "vendor-list" });
  const foot = h("p", { class: "vendor-empty" });
  const root = h("div", { class: "vendor" }, list, foot);

  function render(snapshot) {
    const repositories = snapshot.github?.repositories ?? [];
    const issues = repositories.flatMap((repo) => (repo.issues ?? []).map((issue) => ({ repo, issue })));
    issues.sort((a, b) => String(b.issue.created_at ?? "").localeCompare(String(a.issue.created_at ?? "")) || b.issue.number - a.issue.number);
    reconcile(list, issues.map(({ repo, issue }) => {
      const key = `${repo.full_name}#${issue.number}`;
      return { key, sig: signature(issue, expanded.has(key), dates.ago(issue.created_at)), make: () => issueNode(repo, issue) };
    }));
    const names = repositories.map((repo) => `${repo.full_name}${repo.has_issues === false ? " (issues off)" : ""}`).join(", ");
    fill(foot, issues.length ? "" : "No issues yet. ", names ? `Repositories: ${names}` : "No repositories.");
  }

  return { root, render };
}
