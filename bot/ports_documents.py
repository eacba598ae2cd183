"""What Muster needs to put documents where people work on them, as Protocols: canvases, files in repositories.

The rules of ``bot.ports`` hold: ``ProviderError`` and nothing else, no retries, a total timeout for every call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Canvases(Protocol):
    """The canvas of a channel (docs.slack.dev/surfaces/canvases); there is at most one."""

    async def canvas_of(self, channel: str) -> str | None:
        """The id of the channel's canvas, None when it has none."""
        ...

    async def create_canvas(self, channel: str, title: str, markdown: str) -> str:
        """Give the channel its canvas; CONFLICT ``channel_canvas_already_exists``, INVALID where the plan has none."""
        ...

    async def replace_canvas(self, canvas: str, markdown: str) -> None:
        """Write it anew, whatever is in it; NOT_FOUND ``canvas_not_found``."""
        ...


@dataclass(frozen=True, kw_only=True)
class RepoFile:
    """A file on a branch: git's id of its content."""

    path: str
    sha: str


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request: ``state`` is ``open`` or ``closed``."""

    number: int
    url: str
    state: str = "open"
    merged: bool = False


class CodeHost(Protocol):
    """Files, branches and pull requests of a repository (docs.github.com/rest). ``repo`` is ``owner/name``.

    Writing needs the right to; without it INVALID ``403``. A repository that cannot be seen is NOT_FOUND.
    """

    async def default_branch(self, repo: str) -> str:
        """The branch pull requests go into."""
        ...

    async def branch_head(self, repo: str, branch: str) -> str | None:
        """The commit a branch is at, None when there is no such branch."""
        ...

    async def create_branch(self, repo: str, branch: str, commit: str) -> None:
        """Make a branch at that commit; there already is fine."""
        ...

    async def file(self, repo: str, path: str, branch: str) -> RepoFile | None:
        """A file as it is on a branch, None when it is not there."""
        ...

    async def write_file(
        self, repo: str, path: str, branch: str, text: str, *, message: str, replaces: str | None
    ) -> None:
        """Commit a file; ``replaces`` is the id of what it replaces. CONFLICT when that is there no more."""
        ...

    async def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        """The newest pull request from that branch, whatever its state."""
        ...

    async def open_pull(
        self, repo: str, branch: str, into: str, *, title: str, body: str
    ) -> PullRequest:
        """Propose a branch (not idempotent: look with ``pull_of`` first)."""
        ...
