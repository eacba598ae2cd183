"""How issues change, and what webhooks and timelines say about it.

https://docs.github.com/rest/issues and
https://docs.github.com/webhooks/webhook-events-and-payloads#issues.
"""

from collections.abc import Iterable

from bot.sandbox.github import errors
from bot.sandbox.github.model import (
    Account,
    Comment,
    Happening,
    Issue,
    Json,
    Label,
    Pull,
    Repository,
    Version,
)
from bot.sandbox.github.render import Render
from bot.sandbox.github.store import Store
from bot.sandbox.github.webhooks import Webhooks

MAX_TITLE = 256
MAX_BODY = 65_536
MAX_LABEL = 50
MAX_ASSIGNEES = 10
REASONS = {"completed", "not_planned", "duplicate", "reopened"}


class Issues:
    """The changes of issues and their comments."""

    def __init__(self, store: Store, render: Render, webhooks: Webhooks) -> None:
        """Keep what is needed."""
        self.store, self.render, self.webhooks = store, render, webhooks

    # --- issues

    def open(
        self,
        repository: Repository,
        by: Account,
        title: str,
        body: str | None,
        labels: Iterable[str] = (),
        assignees: Iterable[Account] = (),
        pull: Pull | None = None,
    ) -> Issue:
        """Open an issue: `opened`, then one `labeled` per label and one `assigned` per person."""
        now = self.store.now()
        number = self.store.next_number(repository)
        issue = Issue(self.store.new_id(), number, title, body, by, now, now, pull=pull)
        issue.labels = [self.label(repository, name) for name in dict.fromkeys(labels)]
        issue.assignees = list(assignees)
        repository.issues[number] = issue
        self._tell(repository, issue, "opened", by)
        for label in issue.labels:
            self._happened(issue, "labeled", by, label=label)
            self._tell(repository, issue, "labeled", by, label=self.render.label(repository, label))
        for one in issue.assignees:
            self._happened(issue, "assigned", by, assignee=one)
            self._tell(repository, issue, "assigned", by, assignee=self.render.account(one))
        self._indexed(issue)
        return issue

    def edit(
        self, repository: Repository, issue: Issue, by: Account, title: str, body: str | None
    ) -> None:
        """Change title and body."""
        changes: Json = {}
        if title != issue.title:
            changes["title"] = {"from": issue.title}
            self._happened(issue, "renamed", by)
        if body != issue.body:
            changes["body"] = {"from": issue.body or ""}
        if changes:
            issue.title, issue.body = title, body
            self._touch(issue)
            self._tell(repository, issue, "edited", by, changes=changes)

    def close(self, repository: Repository, issue: Issue, by: Account, reason: str) -> None:
        """Close it; closing it again only changes the reason."""
        was_open = issue.state == "open"
        issue.state, issue.state_reason = "closed", reason
        if was_open:
            issue.closed_at, issue.closed_by = self.store.now(), by
            self._touch(issue)
            self._happened(issue, "closed", by)
            self._tell(repository, issue, "closed", by)

    def reopen(self, repository: Repository, issue: Issue, by: Account) -> None:
        """Open it again."""
        if issue.state == "closed":
            issue.state, issue.state_reason = "open", "reopened"
            issue.closed_at, issue.closed_by = None, None
            self._touch(issue)
            self._happened(issue, "reopened", by)
            self._tell(repository, issue, "reopened", by)

    def lock(self, issue: Issue, by: Account, *, locked: bool, reason: str | None = None) -> None:
        """Lock or unlock the conversation."""
        issue.locked, issue.lock_reason = locked, reason if locked else None
        self._happened(issue, "locked" if locked else "unlocked", by)

    def delete(self, repository: Repository, issue: Issue, by: Account) -> None:
        """Delete it: only people can, on the web."""
        self._tell(repository, issue, "deleted", by)
        issue.deleted = True

    def transfer(self, repository: Repository, issue: Issue, by: Account, to: Repository) -> Issue:
        """Move it to another repository: a new issue there, and this one leads to it.

        Comments and assignees are retained, labels the other repository does not have are not
        (https://docs.github.com/issues/tracking-your-work-with-issues, "Transferring an issue").
        """
        labels = [label.name for label in issue.labels if to.label(label.name)]
        new = self.open(to, by, issue.title, issue.body, labels, issue.assignees)
        new.user, new.created_at, new.comments = issue.user, issue.created_at, issue.comments
        new.state, new.state_reason = issue.state, issue.state_reason
        new.closed_at, new.closed_by = issue.closed_at, issue.closed_by
        changes = {
            "new_issue": self.render.issue(to, new),
            "new_repository": self.render.repository(to, push=True),
        }
        self._touch(issue)
        self._tell(repository, issue, "transferred", by, changes=changes)
        issue.deleted, issue.moved = True, (to, new)
        return new

    # --- labels and assignees

    def label(self, repository: Repository, name: str) -> Label:
        """A label of the repository; one that is missing is made."""
        found = repository.label(name)
        if found is None:
            if len(name) > MAX_LABEL:
                raise errors.too_long("Label", "name", MAX_LABEL)
            found = self.store.add_label(repository, name)
        return found

    def add_labels(
        self, repository: Repository, issue: Issue, by: Account, names: Iterable[str]
    ) -> None:
        """Add labels."""
        for name in names:
            label = self.label(repository, name)
            if label not in issue.labels:
                issue.labels.append(label)
                self._touch(issue)
                self._happened(issue, "labeled", by, label=label)
                shown = self.render.label(repository, label)
                self._tell(repository, issue, "labeled", by, label=shown)

    def remove_label(self, repository: Repository, issue: Issue, by: Account, label: Label) -> None:
        """Take a label off."""
        issue.labels.remove(label)
        self._touch(issue)
        self._happened(issue, "unlabeled", by, label=label)
        shown = self.render.label(repository, label)
        self._tell(repository, issue, "unlabeled", by, label=shown)

    def set_labels(
        self, repository: Repository, issue: Issue, by: Account, names: Iterable[str]
    ) -> None:
        """Replace the labels."""
        wanted = [self.label(repository, name) for name in names]
        for label in [one for one in issue.labels if one not in wanted]:
            self.remove_label(repository, issue, by, label)
        self.add_labels(repository, issue, by, [label.name for label in wanted])

    def set_assignees(
        self, repository: Repository, issue: Issue, by: Account, wanted: list[Account]
    ) -> None:
        """Replace the assignees."""
        for action, people in (
            ("unassigned", [one for one in issue.assignees if one not in wanted]),
            ("assigned", [one for one in wanted if one not in issue.assignees]),
        ):
            for one in people:
                if action == "assigned":
                    issue.assignees.append(one)
                else:
                    issue.assignees.remove(one)
                self._touch(issue)
                self._happened(issue, action, by, assignee=one)
                self._tell(repository, issue, action, by, assignee=self.render.account(one))

    # --- comments

    def comment(self, repository: Repository, issue: Issue, by: Account, body: str) -> Comment:
        """Add a comment."""
        now = self.store.now()
        comment = Comment(self.store.new_id(), by, body, now, now)
        issue.comments.append(comment)
        self._touch(issue)
        self._tell_comment(repository, issue, comment, "created", by)
        return comment

    def edit_comment(
        self, repository: Repository, issue: Issue, comment: Comment, by: Account, body: str
    ) -> None:
        """Change a comment."""
        changes = {"body": {"from": comment.body}}
        comment.body, comment.updated_at = body, self.store.now()
        self._touch(issue)
        self._tell_comment(repository, issue, comment, "edited", by, changes=changes)

    def delete_comment(
        self, repository: Repository, issue: Issue, comment: Comment, by: Account
    ) -> None:
        """Remove a comment."""
        issue.comments.remove(comment)
        self._touch(issue)
        self._tell_comment(repository, issue, comment, "deleted", by)

    # --- what is left behind

    def _touch(self, issue: Issue) -> None:
        issue.updated_at = self.store.now()
        self._indexed(issue)

    def _indexed(self, issue: Issue) -> None:
        """Note down what search will know of it, some time from now."""
        words = [issue.body or "", *(comment.body for comment in issue.comments)]
        labels = frozenset(label.name.casefold() for label in issue.labels)
        version = Version(self.store.now(), issue.title, "\n".join(words), issue.state, labels)
        issue.versions = [*issue.versions[-20:], version]

    def _happened(
        self,
        issue: Issue,
        event: str,
        by: Account,
        label: Label | None = None,
        assignee: Account | None = None,
    ) -> None:
        now = self.store.now()
        issue.happenings.append(Happening(self.store.new_id(), event, by, now, label, assignee))

    def _tell(
        self, repository: Repository, issue: Issue, action: str, by: Account, **more: object
    ) -> None:
        if issue.pull:
            return
        data = {"issue": self.render.issue(repository, issue)} | more
        self.webhooks.publish(repository, "issues", action, by, data)

    def _tell_comment(
        self,
        repository: Repository,
        issue: Issue,
        comment: Comment,
        action: str,
        by: Account,
        **more: object,
    ) -> None:
        data = {
            "issue": self.render.issue(repository, issue),
            "comment": self.render.comment(repository, issue, comment),
        } | more
        self.webhooks.publish(repository, "issue_comment", action, by, data)
