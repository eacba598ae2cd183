"""Files, branches and pull requests through PyGithub, as ``bot.ports_documents.CodeHost``.

https://docs.github.com/rest/repos/contents, /rest/git/refs, /rest/pulls
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import ProviderError, Reason
from bot.ports_documents import PullRequest, RepoFile
from bot.providers.github.calls import GitHubCalls, T, readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from github.PullRequest import PullRequest as Found

    from bot.ports_documents import CodeHost

TITLE_LIMIT = 256
#: What GitHub answers when a file changed since it was read, or is there although we said it is not.
CHANGED = {"409", "422"}


class Code(GitHubCalls):
    """All of ``CodeHost``."""

    async def default_branch(self, repo: str) -> str:
        """As the repository is set."""
        return await self.run(
            "GET repository", lambda: readable(self.repository_of(repo).default_branch, str)
        )

    async def branch_head(self, repo: str, branch: str) -> str | None:
        """None when there is no such branch (GitHub answers 404 to that and to a repository it does not show)."""

        def look() -> str:
            return readable(self.repository_of(repo).get_git_ref(f"heads/{branch}").object.sha, str)

        return await self._found("GET ref", look)

    async def create_branch(self, repo: str, branch: str, commit: str) -> None:
        """There already is fine."""

        def make() -> str:
            made = self.repository_of(repo).create_git_ref(f"refs/heads/{branch}", commit)
            return readable(made.ref, str)

        try:
            await self.run("POST ref", make, write=True)
        except ProviderError as error:
            if error.code != "422" or "already exists" not in error.detail:
                raise

    async def file(self, repo: str, path: str, branch: str) -> RepoFile | None:
        """A directory of that name is no file, and cannot become one."""

        def look() -> RepoFile:
            found: Any = self.repository_of(repo).get_contents(path, ref=branch)
            if isinstance(found, list):
                raise ProviderError("github", Reason.INVALID, f"{path} is a folder on {branch}")
            return RepoFile(path=path, sha=readable(found.sha, str))

        return await self._found("GET contents", look)

    async def write_file(
        self, repo: str, path: str, branch: str, text: str, *, message: str, replaces: str | None
    ) -> None:
        """CONFLICT when somebody was faster: look again."""

        def write() -> str:
            repository = self.repository_of(repo)
            if replaces is None:
                answer = repository.create_file(path, message, text, branch=branch)
            else:
                answer = repository.update_file(path, message, text, replaces, branch=branch)
            return readable(answer["commit"].sha, str)

        try:
            await self.run("PUT contents", write, write=True)
        except ProviderError as error:
            if error.code not in CHANGED:
                raise
            raise ProviderError(
                error.provider, Reason.CONFLICT, error.detail, code=error.code
            ) from None

    async def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        """Looked for by its head, ``owner:branch``."""
        head = f"{repo.partition('/')[0]}:{branch}"

        def look() -> PullRequest | None:
            pulls = self.repository_of(repo).get_pulls(
                state="all", head=head, sort="created", direction="desc"
            )
            return next((_pull(one) for one in pulls), None)

        return await self.run("GET pulls", look)

    async def open_pull(
        self, repo: str, branch: str, into: str, *, title: str, body: str
    ) -> PullRequest:
        """INVALID ``422`` when there is one already."""

        def make() -> PullRequest:
            made = self.repository_of(repo).create_pull(
                base=into, head=branch, title=title[:TITLE_LIMIT], body=body
            )
            return _pull(made)

        return await self.run("POST pulls", make, write=True)

    async def _found(self, operation: str, look: Callable[[], T]) -> T | None:
        try:
            return await self.run(operation, look)
        except ProviderError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            return None


def _pull(found: Found) -> PullRequest:
    # ``merged`` is not in lists and would be asked for again; ``merged_at`` is in both.
    return PullRequest(
        number=readable(found.number, int),
        url=readable(found.html_url, str),
        state=found.state or "open",
        merged=found.merged_at is not None,
    )


def _keeps_the_port(code: Code) -> CodeHost:
    return code  # mypy fails here when the client and the Protocol part ways
