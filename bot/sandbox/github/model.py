"""What GitHub holds, named as GitHub names it: https://docs.github.com/rest."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]
Access = Literal["none", "read", "write"]


@dataclass(eq=False)
class Account:
    """A user, a bot or an organization."""

    id: int
    login: str
    name: str = ""
    email: str | None = None
    type: Literal["User", "Organization", "Bot"] = "User"


@dataclass(eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass(eq=False)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(eq=False)
class Happening:
    """An entry of an issue's timeline other than a comment."""

    id: int
    event: str
    actor: Account
    at: datetime
    label: Label | None = None
    assignee: Account | None = None


@dataclass(frozen=True)
class Version:
    """What search knows of an issue since a time."""

    at: datetime
    title: str
    body: str
    state: str
    labels: frozenset[str]


@dataclass(eq=False)
class Pull:
    """What makes an issue a pull request."""

    head: str
    base: str
    head_sha: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_sha: str | None = None


@dataclass(eq=False)
class Issue:
    """An issue, or a pull request when `pull` is set: they share numbers."""

    id: int
    number: int
    title: str
    body: str | None
    user: Account
    created_at: datetime
    updated_at: datetime
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    lock_reason: str | None = None
    deleted: bool = False
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    pull: Pull | None = None
    moved: "tuple[Repository, Issue] | None" = None  # where it was transferred to


@dataclass(eq=False)
class Commit:
    """A commit with the whole tree it leads to: path to blob sha."""

    sha: str
    message: str
    author: Account
    at: datetime
    parents: list[str]
    tree: dict[str, str]

    @property
    def tree_sha(self) -> str:
        """The sha of the tree."""
        return sha1("tree", repr(sorted(self.tree.items())).encode())


@dataclass(eq=False)
class Deployment:
    """A deployment of a ref to an environment."""

    id: int
    sha: str
    ref: str
    environment: str
    description: str | None
    creator: Account
    at: datetime
    state: str = "success"


@dataclass(eq=False)
class Release:
    """A published release."""

    id: int
    tag: str
    name: str
    body: str
    author: Account
    at: datetime


@dataclass(eq=False)
class Hook:
    """A webhook of a repository."""

    id: int
    url: str
    secret: str | None
    events: list[str]
    created_at: datetime
    updated_at: datetime
    content_type: str = "json"
    insecure_ssl: str = "0"
    active: bool = True
    last_code: int | None = None
    last_status: str = "unused"


@dataclass(eq=False)
class Repository:
    """A repository; `access` is what the bot's tokens may do with it."""

    id: int
    owner: Account
    name: str
    description: str
    created_at: datetime
    access: Access = "write"
    has_issues: bool = True
    private: bool = True
    default_branch: str = "main"
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    hooks: dict[int, Hook] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"

    def head(self, branch: str) -> Commit | None:
        """The newest commit of a branch."""
        sha = self.refs.get(f"refs/heads/{branch}")
        return self.commits[sha] if sha else None

    def label(self, name: str) -> Label | None:
        """A label by name, which ignores case."""
        return self.labels.get(name.casefold())


def sha1(kind: str, data: bytes) -> str:
    """A git object id."""
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()  # noqa: S324 - git's
