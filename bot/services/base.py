"""What every use case is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.incident import PagerKind, PagerLink, TicketLink

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog, Service
    from bot.ports import Router
    from bot.store.work import Work


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which providers are on, and their defaults."""

    pagerduty: bool = False
    pagerduty_service: str | None = None
    pagerduty_from: str = ""
    github: bool = False
    github_owner: str | None = None
    github_repo: str | None = None


@dataclass(frozen=True)
class SlackUser:
    """Who pressed or typed, as Slack's payload says."""

    id: str
    name: str = ""
    stranger: bool = False  # of another workspace, through a shared channel


@dataclass(frozen=True, kw_only=True)
class House:
    """The shared parts of all use cases: database, what muster.yml says, routing rules, options."""

    work: Work
    catalog: Catalog
    router: Router
    options: Options

    def pager_for(self, service: Service | None) -> PagerLink:
        """Exactly one pager per incident (PRODUCT.md, "Precisely")."""
        service_id = (
            service.pagerduty_service if service else None
        ) or self.options.pagerduty_service
        if self.options.pagerduty and service_id:
            return PagerLink(kind=PagerKind.PAGERDUTY, service_id=service_id)
        policy = self.catalog.policy_for(service)
        if policy:
            return PagerLink(kind=PagerKind.NATIVE, policy_name=policy.name)
        return PagerLink(kind=PagerKind.NOBODY)

    def repo_of(self, service: Service) -> str | None:
        """``owner/name`` of the repository a service is kept in, as configured or as it is named."""
        owner = self.options.github_owner
        repo = service.repo or (owner and service.title.strip().lower().replace(" ", "-"))
        if repo and "/" not in repo:
            repo = f"{owner}/{repo}" if owner else None
        return repo or None

    def ticket_for(
        self, service: Service | None, name: str | None, *, private: bool
    ) -> TicketLink | None:
        """The repository the issue goes to: the service's, else one named like the service, else the default.

        A service that muster.yml does not know has a repository of its lower-cased name with ``-`` for spaces only
        when nothing else is configured as default, because guessing wrong would lose the issue.
        """
        if not self.options.github:
            return None
        repo = service.repo if service else None
        if private:
            repo = service.private_repo if service else None
            return TicketLink(repo=repo) if repo else None
        if repo is None and name and self.options.github_owner:
            repo = f"{self.options.github_owner}/{name.strip().lower().replace(' ', '-')}"
        repo = repo or self.options.github_repo
        if repo and "/" not in repo and self.options.github_owner:
            repo = f"{self.options.github_owner}/{repo}"
        return TicketLink(repo=repo) if repo and "/" in repo else None
