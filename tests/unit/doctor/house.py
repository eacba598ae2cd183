"""A healthy installation to spoil, one thing at a time: the vendors as small stand-ins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from bot.doctor import Context, Database, diagnose
from bot.doctor.context import MANIFEST
from bot.doctor.slack import wanted_scopes
from bot.doctor.webhook import EVENTS
from bot.domain.catalog import Catalog, Person, Service
from bot.ports import Channel, Member, PagerUser, Subscription, UserGroup
from bot.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from bot.doctor import Finding

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
URL = "https://muster.example.com/webhooks/pagerduty"
GITHUB_URL = "https://muster.example.com/webhooks/github"
ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SLACK_ADMIN_CHANNEL": "ops",
    "PAGERDUTY_API_TOKEN": "key-of-pagerduty",
    "PAGERDUTY_FROM_EMAIL": "bot@example.com",
    "PAGERDUTY_SERVICE_ID": "PDEFAULT",
    "PAGERDUTY_WEBHOOK_SECRET": "old-secret",
    "GITHUB_TOKEN": "ghp_1",
    "GITHUB_DEFAULT_REPO": "acme/incidents",
    "PUBLIC_URL": "https://muster.example.com",
    "API_TOKEN": "0123456789abcdef",
    "ALERTS_TOKEN": "0123456789abcdef",
    "STATUSPAGE_WEBHOOK_TOKEN": "0123456789abcdef",
    "GITHUB_WEBHOOK_SECRET": "0123456789abcdef",
}


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Vendor:
    """Answers from attributes; an attribute that is an exception is raised."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _give(self, value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value


@dataclass
class FakeChat(Vendor):
    who: Any = field(
        default_factory=lambda: {
            "team": "Acme",
            "user": "muster",
            "scopes": sorted(wanted_scopes(MANIFEST) or ()),
        }
    )
    channels: dict[str, Any] = field(
        default_factory=lambda: {
            name: Channel(id=f"C0{name.upper()}", name=name, is_member=True)
            for name in ("incidents", "ops")
        }
    )
    created: Any = None
    groups: Any = field(default_factory=lambda: [UserGroup(id="S1", handle="oncall")])
    people: Any = field(
        default_factory=lambda: [
            Member(id="U1", name="alice", email="alice@example.com"),
            Member(id="U2", name="bot", is_bot=True),
        ]
    )

    async def identity(self) -> Any:
        return self._give(self.who)

    async def find_channel(self, name: str) -> Any:
        return self._give(self.channels.get(name))

    async def channel_info(self, channel: str) -> Any:
        return self._give(self.channels[channel])

    async def create_channel(self, name: str) -> Any:
        self.calls.append(("create_channel", name))
        return self._give(self.created or Channel(id="CNEW", name=name, is_member=True))

    async def members(self) -> Any:
        return self._give(self.people)

    async def user_groups(self) -> Any:
        return self._give(self.groups)


@dataclass
class FakePager(Vendor):
    may: Any = ("urgencies", "coordinated_responding")
    account: Any = True
    accounts: Any = field(
        default_factory=lambda: {
            email: PagerUser(id=email[:1], name=email.partition("@")[0].title(), email=email)
            for email in ("bot@example.com", "alice@example.com", "bob.b@example.com")
        }
    )
    services_there: Any = field(
        default_factory=lambda: {"PDEFAULT": "Default", "PCHECKO": "Checkout"}
    )
    names: Any = ("P1", "P2", "P3", "P4")
    subscribed: Any = field(
        default_factory=lambda: [
            Subscription(id="S1", url=URL, active=True, events=EVENTS, description="Muster")
        ]
    )
    made: Any = None

    async def abilities(self) -> Any:
        return self._give(self.may)

    async def is_account_key(self) -> Any:
        return self._give(self.account)

    async def user_by_email(self, email: str) -> Any:
        return self._give(self.accounts).get(email)

    async def users(self) -> Any:
        return list(self._give(self.accounts).values())

    async def services(self) -> Any:
        return self._give(self.services_there)

    async def priorities(self) -> Any:
        return self._give(self.names)

    async def subscriptions(self) -> Any:
        return self._give(self.subscribed)

    async def subscribe(self, url: str, events: Any) -> Any:
        self.calls.append(("subscribe", url, tuple(events)))
        made = Subscription(id="SNEW", url=url, active=True, events=tuple(events), secret="new-one")
        return self._give(self.made or made)

    async def enable(self, subscription_id: str) -> None:
        self.calls.append(("enable", subscription_id))

    async def unsubscribe(self, subscription_id: str) -> None:
        self.calls.append(("unsubscribe", subscription_id))

    async def ping(self, subscription_id: str) -> None:
        self.calls.append(("ping", subscription_id))


@dataclass
class FakeTickets(Vendor):
    name: Any = "muster-bot"
    repositories: dict[str, Any] = field(
        default_factory=lambda: {
            repo: {"has_issues": True, "archived": False, "permissions": {"push": True}}
            for repo in ("acme/incidents", "acme/checkout")
        }
    )

    async def login(self) -> Any:
        return self._give(self.name)

    async def repository(self, repo: str) -> Any:
        return self._give(self.repositories[repo])


@dataclass
class FakeHooks(Vendor):
    """Webhooks by repository; an exception is what GitHub answers."""

    there: dict[str, Any] = field(
        default_factory=lambda: {
            repo: [Subscription(id="7", url=GITHUB_URL, active=True, events=("issues",))]
            for repo in ("acme/incidents", "acme/checkout")
        }
    )
    making: Any = None

    async def hooks(self, repo: str) -> Any:
        return self._give(self.there[repo])

    async def create(self, repo: str, url: str, secret: str, events: Any) -> Any:
        self.calls.append(("create", repo, url, secret, tuple(events)))
        return self._give(self.making)


CATALOG = Catalog(
    services={
        "checkout": Service(
            id="checkout",
            title="Checkout",
            repo="acme/checkout",
            pagerduty_service="PCHECKO",
            owners=("alice@example.com", "group:oncall"),
        )
    },
    people={"bob@example.com": Person(email="bob@example.com", pagerduty="Bob.B@example.com")},
)


@dataclass
class House:
    """The installation under examination."""

    chat: FakeChat = field(default_factory=FakeChat)
    pager: FakePager = field(default_factory=FakePager)
    tickets: FakeTickets = field(default_factory=FakeTickets)
    hooks: FakeHooks = field(default_factory=FakeHooks)
    environ: dict[str, str] = field(default_factory=lambda: dict(ENVIRON))
    given: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    socket: Any = NOW - timedelta(seconds=1)
    data: Any = field(default_factory=lambda: Database(writable=True, revision="0002", head="0002"))
    reached: str | None = None

    def context(self) -> Context:
        settings = load(self.environ, env_file=None, need_slack=False)
        built = Context(
            settings=settings,
            catalog=CATALOG,
            chat=cast("Any", self.chat),
            pager=cast("Any", self.pager) if settings.pagerduty.api_token else None,
            tickets=cast("Any", self.tickets) if settings.github.token else None,
            hooks=self.hooks,
            clock=FixedClock(),
            open_socket=self._answer(lambda: self.socket),
            database=self._answer(lambda: self.data),
            reach=self._reach,
            tell=self.told.append,
        )
        return replace(built, **self.given)

    def _answer(self, value: Callable[[], Any]) -> Callable[[], Coroutine[Any, Any, Any]]:
        async def answer() -> Any:
            given = value()
            if isinstance(given, Exception):
                raise given
            return given

        return answer

    async def _reach(self, url: str) -> str | None:
        assert url.endswith("/healthz")
        return self.reached

    async def findings(self) -> list[Finding]:
        return await diagnose(self.context())

    async def about(self, area: str, name: str) -> Finding:
        """The first finding of that name."""
        findings = await self.findings()
        return next(f for f in findings if (f.area, f.name) == (area, name))

    async def states(self) -> Mapping[str, str]:
        return {f"{f.area}: {f.name}": f.state for f in await self.findings()}
