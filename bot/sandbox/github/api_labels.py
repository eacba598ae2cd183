"""Labels, assignees, locks and history of issues: https://docs.github.com/rest/issues."""

from datetime import datetime

from bot.sandbox.github import errors, issues
from bot.sandbox.github.api_issues import names_of, people_of, shown, text_of
from bot.sandbox.github.calls import Answer, Call, Route
from bot.sandbox.github.model import Json, Label
from bot.sandbox.github.times import iso


def label_list(call: Call, labels: list[Label]) -> list[Json]:
    """Labels as JSON."""
    return [call.desk.render.label(call.repository, label) for label in labels]


def issue_labels(call: Call) -> Answer:
    """GET .../issues/{number}/labels."""
    return label_list(call, call.issue_or_redirect.labels)


def given_labels(call: Call) -> list[str]:
    """The body is `{"labels": [...]}` or the list itself."""
    return names_of(call.body.get("labels") if isinstance(call.body, dict) else call.body)


def add_labels(call: Call) -> Answer:
    """POST .../issues/{number}/labels adds and answers all of them."""
    repository, issue = call.need_push(), call.issue_or_redirect
    call.desk.issues.add_labels(repository, issue, call.by, given_labels(call))
    return label_list(call, issue.labels)


def set_labels(call: Call) -> Answer:
    """PUT .../issues/{number}/labels replaces."""
    repository, issue = call.need_push(), call.issue_or_redirect
    call.desk.issues.set_labels(repository, issue, call.by, given_labels(call))
    return label_list(call, issue.labels)


def clear_labels(call: Call) -> Answer:
    """DELETE .../issues/{number}/labels."""
    call.desk.issues.set_labels(call.need_push(), call.issue_or_redirect, call.by, [])


def remove_label(call: Call) -> Answer:
    """DELETE .../issues/{number}/labels/{name}: 404 when it is not there."""
    repository, issue = call.need_push(), call.issue_or_redirect
    label = repository.label(call.params["name"])
    if label is None or label not in issue.labels:
        raise errors.ApiError(404, "Label does not exist")
    call.desk.issues.remove_label(repository, issue, call.by, label)
    return label_list(call, issue.labels)


def repository_labels(call: Call) -> Answer:
    """GET .../labels."""
    repository = call.repository
    found = sorted(repository.labels.values(), key=lambda label: label.name)
    return call.page(found, lambda label: call.desk.render.label(repository, label))


def label_of(call: Call) -> Label:
    """The label of the path."""
    found = call.repository.label(call.params["name"])
    if found is None:
        raise errors.not_found()
    return found


def show_label(call: Call) -> Answer:
    """GET .../labels/{name}."""
    return call.desk.render.label(call.repository, label_of(call))


def color_of(fields: Json) -> str:
    """Six hexadecimal digits without a #."""
    color = str(fields.get("color") or "ededed")
    if len(color) != 6 or set(color.casefold()) - set("0123456789abcdef"):  # noqa: PLR2004
        raise errors.validation("Label", "color", "invalid")
    return color


def create_label(call: Call) -> Answer:
    """POST .../labels: 422 already_exists."""
    repository, fields = call.need_push(), call.fields
    name = text_of(fields, "Label", "name", issues.MAX_LABEL)
    if repository.label(name) is not None:
        raise errors.validation("Label", "name", "already_exists")
    text = fields.get("description")
    label = call.desk.store.add_label(repository, name, color_of(fields), text)
    return call.desk.render.label(repository, label)


def update_label(call: Call) -> Answer:
    """PATCH .../labels/{name}."""
    repository, fields, label = call.need_push(), call.fields, label_of(call)
    del repository.labels[label.name.casefold()]
    label.name = str(fields.get("new_name") or label.name)
    label.color = color_of(fields) if "color" in fields else label.color
    label.description = fields.get("description", label.description)
    repository.labels[label.name.casefold()] = label
    return call.desk.render.label(repository, label)


def delete_label(call: Call) -> Answer:
    """DELETE .../labels/{name}: it goes off every issue too."""
    repository, label = call.need_push(), label_of(call)
    del repository.labels[label.name.casefold()]
    for issue in repository.issues.values():
        issue.labels = [one for one in issue.labels if one is not label]


# --- assignees, lock, history


def assignees(call: Call) -> Answer:
    """GET .../assignees: who can be assigned."""
    people = [one for one in call.desk.store.accounts.values() if one.type != "Organization"]
    return call.page(people, call.desk.render.account)


def assignable(call: Call) -> Answer:
    """GET .../assignees/{login}: 204 or 404."""
    call.desk.store.account(call.params["login"])


def add_assignees(call: Call) -> Answer:
    """POST .../issues/{number}/assignees. Without push access nothing happens."""
    repository, issue = call.repository, call.issue
    if call.can_push(repository):
        wanted = [*issue.assignees, *people_of(call, call.fields)]
        call.desk.issues.set_assignees(repository, issue, call.by, list(dict.fromkeys(wanted)))
    return shown(call, issue)


def remove_assignees(call: Call) -> Answer:
    """DELETE .../issues/{number}/assignees: 200 with the issue."""
    repository, issue = call.repository, call.issue
    if call.can_push(repository):
        gone = people_of(call, call.fields)
        kept = [one for one in issue.assignees if one not in gone]
        call.desk.issues.set_assignees(repository, issue, call.by, kept)
    return shown(call, issue)


def lock(call: Call) -> Answer:
    """PUT .../issues/{number}/lock."""
    call.need_push()
    reason = call.fields.get("lock_reason")
    call.desk.issues.lock(call.issue, call.by, locked=True, reason=reason)


def unlock(call: Call) -> Answer:
    """DELETE .../issues/{number}/lock."""
    call.need_push()
    call.desk.issues.lock(call.issue, call.by, locked=False)


def happenings(call: Call) -> list[tuple[datetime, Json]]:
    """Labeled, closed, assigned and so on, oldest first."""
    repository, issue, render = call.repository, call.issue, call.desk.render
    found: list[tuple[datetime, Json]] = []
    for one in issue.happenings:
        entry: Json = {
            "id": one.id,
            "node_id": "",
            "url": render.url(repository, f"/issues/events/{one.id}"),
            "actor": render.account(one.actor),
            "event": one.event,
            "commit_id": None,
            "commit_url": None,
            "created_at": iso(one.at),
            "performed_via_github_app": None,
        }
        if one.label:
            entry["label"] = {"name": one.label.name, "color": one.label.color}
        if one.assignee:
            entry["assignee"] = render.account(one.assignee)
        found.append((one.at, entry))
    return found


def events(call: Call) -> Answer:
    """GET .../issues/{number}/events."""
    return call.page([entry for _, entry in happenings(call)], lambda entry: entry)


def timeline(call: Call) -> Answer:
    """GET .../issues/{number}/timeline: events and comments."""
    repository, issue = call.repository, call.issue
    found = happenings(call)
    for one in issue.comments:
        shown_comment = call.desk.render.comment(repository, issue, one)
        actor = call.desk.render.account(one.user)
        found.append((one.created_at, shown_comment | {"event": "commented", "actor": actor}))
    found.sort(key=lambda pair: pair[0])
    return call.page([entry for _, entry in found], lambda entry: entry)


REPO = "/repos/{owner}/{repo}"
ONE, LABEL = f"{REPO}/issues/{{number:[0-9]+}}", f"{REPO}/labels/{{name}}"
ROUTES = (
    Route("GET", f"{ONE}/labels", issue_labels),
    Route("POST", f"{ONE}/labels", add_labels),
    Route("PUT", f"{ONE}/labels", set_labels),
    Route("DELETE", f"{ONE}/labels", clear_labels, 204),
    Route("DELETE", f"{ONE}/labels/{{name}}", remove_label),
    Route("POST", f"{ONE}/assignees", add_assignees, 201),
    Route("DELETE", f"{ONE}/assignees", remove_assignees),
    Route("PUT", f"{ONE}/lock", lock, 204),
    Route("DELETE", f"{ONE}/lock", unlock, 204),
    Route("GET", f"{ONE}/events", events),
    Route("GET", f"{ONE}/timeline", timeline),
    Route("GET", f"{REPO}/labels", repository_labels),
    Route("POST", f"{REPO}/labels", create_label, 201),
    Route("GET", LABEL, show_label),
    Route("PATCH", LABEL, update_label),
    Route("DELETE", LABEL, delete_label, 204),
    Route("GET", f"{REPO}/assignees", assignees),
    Route("GET", f"{REPO}/assignees/{{login}}", assignable, 204),
)
