"""Everything GitHub knows in the sandbox, and how it is looked up."""

from collections.abc import Callable
from datetime import datetime
from itertools import count

from bot.sandbox.github import errors
from bot.sandbox.github.model import Account, Comment, Issue, Label, Repository


class Store:
    """Accounts and repositories."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Start empty; `seed.fill` puts things in."""
        self.clock = clock
        # Ids go on from the time of the start, so that two runs never share one.
        self._ids = count(int(clock().timestamp()) * 1000)
        self.accounts: dict[str, Account] = {}
        self.repositories: dict[str, Repository] = {}

    def now(self) -> datetime:
        """The time, by the sandbox's clock, in whole seconds as GitHub keeps it."""
        return self.clock().replace(microsecond=0)

    def new_id(self) -> int:
        """An id nothing else has."""
        return next(self._ids)

    def add_account(self, account: Account) -> Account:
        """File an account."""
        self.accounts[account.login.casefold()] = account
        return account

    def account(self, login: str) -> Account:
        """An account by login, which ignores case."""
        found = self.accounts.get(login.casefold())
        if found is None:
            raise errors.not_found()
        return found

    def add_repository(self, repository: Repository) -> Repository:
        """File a repository."""
        self.repositories[repository.full_name.casefold()] = repository
        return repository

    def repository(self, full_name: str) -> Repository:
        """A repository by `owner/name`; one without access is not found."""
        found = self.repositories.get(full_name.casefold())
        if found is None or found.access == "none":
            raise errors.not_found()
        return found

    def issue(self, repository: Repository, number: str | int) -> Issue:
        """An issue or pull request by number."""
        if not str(number).isdigit():
            raise errors.not_found()
        found = repository.issues.get(int(number))
        if found is None or (found.pull is None and not repository.has_issues):
            raise errors.not_found() if found is None else errors.issues_disabled()
        if found.deleted:
            raise errors.not_found() if found.moved else errors.gone()
        return found

    def repository_by_id(self, own: str | int) -> Repository:
        """A repository by its id, which stays when its name changes; one without access is not found."""
        for found in self.repositories.values():
            if str(found.id) == str(own) and found.access != "none":
                return found
        raise errors.not_found()

    def comment(self, repository: Repository, own: str | int) -> tuple[Issue, Comment]:
        """A comment by id, and its issue."""
        for issue in repository.issues.values():
            for comment in issue.comments:
                if str(comment.id) == str(own):
                    return issue, comment
        raise errors.not_found()

    def next_number(self, repository: Repository) -> int:
        """The next number of an issue or pull request."""
        return max(repository.issues, default=0) + 1

    def add_label(
        self, repository: Repository, name: str, color: str = "ededed", text: str | None = None
    ) -> Label:
        """A new label."""
        label = Label(self.new_id(), name, color, text)
        repository.labels[name.casefold()] = label
        return label
