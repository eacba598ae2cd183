"""What the sandbox starts with: six repositories of acme, with some code and recent changes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.github import gitcode
from bot.sandbox.github.model import (
    Access,
    Account,
    Deployment,
    Hook,
    Issue,
    Label,
    Pull,
    Release,
    Repository,
)
from bot.sandbox.github.store import Store

ORGANIZATION = "acme"
BOT = "muster-bot"
GHOST = "ghost"
DEFAULT_LABELS = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)
REPOSITORIES: tuple[tuple[str, str, Access, bool, bool], ...] = (
    # name, description, access of the bot, issues, private
    ("checkout-api", "Takes orders", "write", True, True),
    ("payments", "Charges cards", "write", True, True),
    ("search", "Finds products", "write", True, True),
    ("incidents", "Incidents and post-mortems", "write", True, True),
    ("no-issues", "Somebody switched issues off here", "write", False, True),
    ("read-only", "The bot may look, not touch", "read", True, False),
)
WITH_CODE = ("checkout-api", "payments", "search")


def fill(store: Store, people: Iterable[dict[str, Any]]) -> Account:
    """Put everything in; the bot's own account."""
    owner = Account(store.new_id(), ORGANIZATION, "Acme", type="Organization")
    store.add_account(owner)
    bot = store.add_account(Account(store.new_id(), BOT, "Muster", type="User"))
    # What GitHub shows for somebody who deleted their account.
    store.add_account(Account(10137, GHOST, "Deleted user"))
    humans = [found for person in people if (found := add_person(store, person))]
    for name, description, access, has_issues, private in REPOSITORIES:
        made = Repository(
            store.new_id(),
            owner,
            name,
            description,
            store.now() - timedelta(days=700),
            access=access,
            has_issues=has_issues,
            private=private,
        )
        store.add_repository(made)
        for label, color, text in DEFAULT_LABELS:
            made.labels[label] = Label(store.new_id(), label, color, text, default=True)
        _code(store, made, humans or [bot])
    return bot


def add_person(store: Store, person: dict[str, Any]) -> Account | None:
    """An account for a person of the workspace, called like the first half of their address."""
    email = str(person.get("email") or "")
    if not email or person.get("is_bot") or person.get("deleted"):
        return None
    login = email.partition("@")[0].replace(".", "-").replace("_", "-")
    name = str(person.get("real_name") or person.get("name") or login)
    return store.add_account(Account(store.new_id(), login, name, email))


def add_hook(store: Store, repository: Repository, url: str, secret: str) -> None:
    """A webhook that is there already."""
    now = store.now()
    hook = Hook(store.new_id(), url, secret, ["issues", "issue_comment"], now, now)
    repository.hooks[hook.id] = hook


def _code(store: Store, repository: Repository, people: list[Account]) -> None:
    """A README; in repositories with code also recent commits, a merge, a deployment, a release."""
    now = store.now()
    readme = gitcode.blob(repository, f"# {repository.name}\n".encode())
    first, when = people[0], now - timedelta(days=30)
    gitcode.commit(repository, "main", "First commit", first, when, {"README.md": readme})
    if repository.name not in WITH_CODE:
        return
    second = people[1 % len(people)]
    hours = (50, 26, 3)
    subjects = ("Log slow requests", "Raise the connection pool to 40", "Retry the card gateway")
    for hour, subject in zip(hours, subjects, strict=True):
        at = now - timedelta(hours=hour)
        text = gitcode.blob(repository, f"# {subject}\n".encode())
        gitcode.commit(repository, "main", subject, second, at, {"service/config.py": text})
    _merged_pull(store, repository, second, now - timedelta(hours=2))
    sha = repository.refs["refs/heads/main"]
    for ago, environment in ((1.9, "staging"), (1.5, "production")):
        at = now - timedelta(hours=ago)
        repository.deployments.append(
            Deployment(store.new_id(), sha, "main", environment, None, second, at)
        )
    repository.refs["refs/tags/v1.4.0"] = sha
    repository.releases.append(
        Release(store.new_id(), "v1.4.0", "v1.4.0", "Retries.", first, now - timedelta(hours=1.5))
    )


def _merged_pull(store: Store, repository: Repository, author: Account, at: datetime) -> None:
    """A pull request merged shortly before the sandbox started."""
    base = repository.refs["refs/heads/main"]
    repository.refs["refs/heads/faster-timeouts"] = base
    text = gitcode.blob(repository, b"TIMEOUT = 2\n")
    change: dict[str, str | None] = {"service/timeouts.py": text}
    head = gitcode.commit(repository, "faster-timeouts", "Shorter timeouts", author, at, change)
    merged = gitcode.commit(
        repository, "main", "Merge pull request #1", author, at, change, head.sha
    )
    pull = Pull("faster-timeouts", "main", head.sha, base, False, at, author, merged.sha)
    repository.issues[1] = Issue(
        store.new_id(),
        1,
        "Shorter timeouts",
        "Two seconds are enough.",
        author,
        at - timedelta(hours=5),
        at,
        state="closed",
        closed_at=at,
        closed_by=author,
        pull=pull,
    )
