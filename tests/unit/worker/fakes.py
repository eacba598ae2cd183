"""Small vendors in memory: they remember what they were asked and fail when they are told to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError

from bot.domain.incident import Status
from bot.domain.postmortem import git_id
from bot.errors import ProviderError, Reason
from bot.metrics import Metrics
from bot.ports import Activity, Channel, Member, OnCall, PagerUser, Ticket, UserGroup
from bot.ports_documents import PullRequest, RepoFile
from bot.ports_pager import Override, Schedule, Shift
from bot.services.action_items import ActionItems
from bot.services.afterwards import Afterwards
from bot.services.drills import Drills
from bot.services.issue_news import IssueFollowing
from bot.services.linking import Linking
from bot.services.moments import MessageTimeline
from bot.services.page_audit import PageAudit
from bot.services.page_links import PageLinks
from bot.services.roster_watch import RosterWatch
from bot.store.effects import Claimed
from bot.worker.loop import Worker
from bot.worker.rooms import Rooms
from bot.worker.runners import EFFECTS
from bot.worker.world import World
from tests.unit.store.house import NOW, Home, a_page, build_home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from bot.domain.effects import EffectKind
    from bot.domain.issue_news import IssueNews
    from bot.domain.page import Page
    from bot.ports import Message
    from bot.worker.world import Settle


def refusal(
    code: str = "", reason: Reason = Reason.INVALID, provider: str = "slack"
) -> ProviderError:
    return ProviderError(provider, reason, code or reason.value, code=code)


def refused_by_slack(code: str) -> SlackApiError:
    """What Slack's own client raises."""
    return SlackApiError("no", {"ok": False, "error": code})  # type: ignore[no-untyped-call]


class Vendor:
    """Remembers calls; ``fail`` holds errors by method, used up one by one."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fail: dict[str, list[Exception]] = defaultdict(list)

    def asked(self, name: str, *facts: Any) -> None:
        self.calls.append((name, *facts))
        if self.fail[name]:
            raise self.fail[name].pop(0)

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [c for c in self.calls if c[0] == name]


class FakeChat(Vendor):
    """``Chat`` as far as the runners use it."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: dict[str, str] = {}
        self.channels: dict[str, Channel] = {}
        self.marks: dict[str, str] = {}
        self.texts: list[str] = []
        self.canvases: dict[str, str] = {}
        self.written: dict[str, str] = {}
        self.heard: datetime | None = None
        self.inside: dict[str, list[str]] = {}
        self.threads: dict[str, list[dict[str, Any]]] = {}

    async def canvas_of(self, channel: str) -> str | None:
        self.asked("canvas_of", channel)
        return self.canvases.get(channel)

    async def create_canvas(self, channel: str, title: str, markdown: str) -> str:
        self.asked("create_canvas", channel, title)
        self.canvases[channel] = canvas = f"F{len(self.written)}"
        self.written[canvas] = markdown
        return canvas

    async def replace_canvas(self, canvas: str, markdown: str) -> None:
        self.asked("replace_canvas", canvas)
        self.written[canvas] = markdown

    async def last_said(self, channel: str, *, since: datetime) -> datetime | None:
        self.asked("last_said", channel, since)
        return self.heard

    async def identity(self) -> dict[str, Any]:
        self.asked("identity")
        return {"user_id": "UBOT"}

    async def member(self, user: str) -> Member:
        raise refusal("user_not_found", Reason.NOT_FOUND)

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None = None
    ) -> str:
        self.asked("post", channel, key, thread)
        self.texts.append(message.text)
        self.posted[key] = f"{1000 + len(self.posted)}.0001"
        return self.posted[key]

    async def find_posted(
        self, channel: str, key: str, *, since: datetime, thread: str | None = None
    ) -> str | None:
        self.asked("find_posted", channel, key, thread)
        assert since < NOW
        return self.posted.get(key)

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        self.asked("update", channel, ts, key)
        self.texts.append(message.text)

    async def tell(
        self, channel: str, user: str, message: Message, *, thread: str | None = None
    ) -> None:
        self.asked("tell", channel, user, message.text, thread)

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        self.asked("respond", response_url, message.text, replace)

    async def direct(self, user: str) -> str:
        self.asked("direct", user)
        return f"D{user}"

    async def create_channel(self, name: str, *, private: bool = False) -> Channel:
        self.asked("create_channel", name, private)
        if name in self.channels:
            raise refusal("name_taken", Reason.CONFLICT)
        self.channels[name] = Channel(
            id=f"C{len(self.channels)}", name=name, is_private=private, creator="UBOT",
            created=NOW, is_member=True,
        )  # fmt: skip
        return self.channels[name]

    async def find_channel(self, name: str) -> Channel | None:
        self.asked("find_channel", name)
        return self.channels.get(name)

    async def channel_info(self, channel: str) -> Channel:
        self.asked("channel_info", channel)
        for known in self.channels.values():
            if known.id == channel:
                return known
        raise refusal("channel_not_found", Reason.NOT_FOUND)

    async def join(self, channel: str) -> None:
        self.asked("join", channel)

    async def set_topic(self, channel: str, topic: str) -> None:
        self.asked("set_topic", channel, topic)

    async def set_purpose(self, channel: str, purpose: str) -> None:
        self.asked("set_purpose", channel, purpose)

    async def invite(self, channel: str, users: Sequence[str]) -> tuple[str, ...]:
        self.asked("invite", channel, tuple(users))
        return ()

    async def channel_members(self, channel: str) -> list[str]:
        self.asked("channel_members", channel)
        return self.inside.get(channel, [])

    async def private_channels(self) -> frozenset[str]:
        self.asked("private_channels")
        return frozenset(c.id for c in self.channels.values() if c.is_private)

    async def replies(self, channel: str, ts: str) -> list[dict[str, Any]]:
        self.asked("replies", channel, ts)
        return self.threads.get(ts, [])

    async def delete(self, channel: str, ts: str) -> None:
        self.asked("delete", channel, ts)

    async def archive(self, channel: str) -> None:
        self.asked("archive", channel)

    async def pin(self, channel: str, ts: str) -> None:
        self.asked("pin", channel, ts)

    async def bookmarks(self, channel: str) -> dict[str, str]:
        self.asked("bookmarks", channel)
        return self.marks

    async def add_bookmark(self, channel: str, title: str, link: str, *, emoji: str = "") -> None:
        self.asked("add_bookmark", channel, title, link, emoji)
        self.marks[title] = "B1"

    async def publish_home(self, user: str, view: Any) -> None:
        self.asked("publish_home", user, view)

    async def members(self) -> list[Member]:
        self.asked("members")
        return [Member(id="U0ANA", name="ana", real_name="Ana", email="ana@example.com")]

    async def user_groups(self) -> list[UserGroup]:
        self.asked("user_groups")
        return [UserGroup(id="S1", handle="ops", users=("U0ANA", "U0BEN"))]

    async def set_group(self, group_id: str, users: Sequence[str]) -> UserGroup:
        self.asked("set_group", group_id, tuple(users))
        return UserGroup(id=group_id, handle="ops", users=tuple(users))


class FakePager(Vendor):
    """``Pager`` as far as the runners use it; every page is ``self.now``."""

    def __init__(self) -> None:
        super().__init__()
        self.now: Page = a_page(changed_at=NOW)
        self.opened: list[Page] = []
        self.recent: list[Page] = []
        self.touched: list[str] = []
        self.notes: dict[str, str] = {}
        self.duty: list[OnCall] = []
        self.stand_ins: list[Override] = []
        self.accounts = [PagerUser(id="PANA", name="Ana", email="ana@example.com")]

    async def open(self, request: Any, *, key: str, by: str) -> Page:
        self.asked("open", request, key, by)
        return replace(self.now, key=key)

    async def acknowledge(self, page_id: str, *, by: str) -> Page:
        self.asked("acknowledge", page_id, by)
        return replace(self.now, status=Status.ACKNOWLEDGED)

    async def resolve(self, page_id: str, *, by: str, resolution: str = "") -> Page:
        self.asked("resolve", page_id, by, resolution)
        return replace(self.now, status=Status.RESOLVED)

    async def reopen(self, page_id: str, *, by: str) -> Page:
        self.asked("reopen", page_id, by)
        return self.now

    async def reassign(self, page_id: str, user_id: str, *, by: str) -> Page:
        self.asked("reassign", page_id, user_id, by)
        return self.now

    async def escalate(
        self, page_id: str, *, by: str, level: int | None = None, policy_id: str | None = None
    ) -> Page:
        self.asked("escalate", page_id, by, level, policy_id)
        return self.now

    async def set_priority(self, page_id: str, priority: str, *, by: str) -> Page:
        self.asked("set_priority", page_id, priority, by)
        return replace(self.now, priority=priority)

    async def priorities(self) -> list[str]:
        self.asked("priorities")
        return ["P1", "P2"]

    async def set_title(self, page_id: str, title: str, *, by: str) -> Page:
        self.asked("set_title", page_id, title, by)
        return self.now

    async def request_responder(
        self, page_id: str, target_id: str, *, by: str, message: str = "", policy: bool = False
    ) -> None:
        self.asked("request_responder", page_id, target_id, by, message, *([policy] * policy))

    async def add_note(self, page_id: str, text: str, *, by: str) -> str:
        self.asked("add_note", page_id, text, by)
        self.notes[text] = f"N{len(self.notes)}"
        return self.notes[text]

    async def publish(self, page_id: str, message: str, *, by: str) -> str:
        self.asked("publish", page_id, message, by)
        return "U1"

    async def find_note(self, page_id: str, text: str) -> str | None:
        self.asked("find_note", page_id, text)
        return self.notes.get(text)

    async def page(self, page_id: str, *, history: bool = True) -> Page:
        self.asked("page", page_id, history)
        return self.now

    async def open_pages(self) -> list[Page]:
        self.asked("open_pages")
        return self.opened

    async def pages_since(self, since: datetime, *, until: datetime | None = None) -> list[Page]:
        del until
        self.asked("pages_since", since)
        return self.recent

    async def changed_since(self, since: datetime) -> list[str]:
        self.asked("changed_since", since)
        return self.touched

    async def users(self) -> list[PagerUser]:
        self.asked("users")
        return self.accounts

    async def user_by_email(self, email: str) -> PagerUser | None:
        self.asked("user_by_email", email)
        return next((u for u in self.accounts if u.email == email), None)

    async def policies(self) -> dict[str, tuple[str, int]]:
        self.asked("policies")
        return {"E2": ("Database", 3), "E1": ("Ops", 2)}

    async def schedules(self) -> list[Schedule]:
        self.asked("schedules")
        return [Schedule(id="PS1", name="Ops primary"), Schedule(id="PS2", name="Night")]

    async def shifts(self, schedule_id: str, since: datetime, until: datetime) -> list[Shift]:
        self.asked("shifts", schedule_id, since)
        return [Shift(since=since, until=until, users=tuple(one.user for one in self.duty))]

    async def overrides(self, schedule_id: str, since: datetime, until: datetime) -> list[Override]:
        self.asked("overrides", schedule_id)
        return self.stand_ins

    async def override(
        self, schedule_id: str, user_id: str, since: datetime, until: datetime, *, by: str
    ) -> Override:
        self.asked("override", schedule_id, user_id, since, until)
        person = next(one for one in self.accounts if one.id == user_id)
        self.stand_ins.append(Override(id="Q1", user=person, since=since, until=until))
        return self.stand_ins[-1]

    async def remove_override(self, schedule_id: str, override_id: str, *, by: str) -> None:
        self.asked("remove_override", schedule_id, override_id)
        left = [one for one in self.stand_ins if one.id != override_id]
        if len(left) == len(self.stand_ins):
            raise refusal("Not Found", Reason.NOT_FOUND, "pagerduty")
        self.stand_ins = left

    async def on_call(
        self, service_id: str | None = None, *, at: datetime | None = None
    ) -> list[OnCall]:
        self.asked("on_call", service_id, *([at] if at else []))
        return self.duty

    async def abilities(self) -> list[str]:
        self.asked("abilities")
        return []


class FakeTickets(Vendor):
    """``Tickets`` as far as the runners use it."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, Ticket] = {}
        self.commented: dict[str, str] = {}
        self.repos: set[str] | None = None
        self.logins = {"octo": "Octo"}
        self.news: list[IssueNews] = []
        self.found: dict[tuple[str, int], IssueNews] = {}  # by looking at one issue
        self.branches = {"main": "c0"}
        self.files: dict[str, str] = {}  # by branch: the id of the one file
        self.pulls: dict[str, PullRequest] = {}
        self.lose = ""  # the next call of that name is done, its answer never arrives

    def _done(self, name: str) -> None:
        if self.lose == name:
            self.lose = ""
            raise refusal("", Reason.UNKNOWN_OUTCOME, "github")

    async def default_branch(self, repo: str) -> str:
        self.asked("default_branch", repo)
        return "main"

    async def branch_head(self, repo: str, branch: str) -> str | None:
        self.asked("branch_head", repo, branch)
        return self.branches.get(branch)

    async def create_branch(self, repo: str, branch: str, commit: str) -> None:
        self.asked("create_branch", repo, branch, commit)
        self.branches[branch] = commit
        self._done("create_branch")

    async def file(self, repo: str, path: str, branch: str) -> RepoFile | None:
        self.asked("file", repo, path, branch)
        found = self.files.get(branch)
        return RepoFile(path=path, sha=found) if found else None

    async def write_file(
        self, repo: str, path: str, branch: str, text: str, *, message: str, replaces: str | None
    ) -> None:
        self.asked("write_file", repo, path, branch, message, replaces)
        self.files[branch] = git_id(text)
        self._done("write_file")

    async def pull_of(self, repo: str, branch: str) -> PullRequest | None:
        self.asked("pull_of", repo, branch)
        return self.pulls.get(branch)

    async def open_pull(
        self, repo: str, branch: str, into: str, *, title: str, body: str
    ) -> PullRequest:
        self.asked("open_pull", repo, branch, into, title, body)
        self.pulls[branch] = PullRequest(number=7, url=f"https://gh/{repo}/pull/7")
        self._done("open_pull")
        return self.pulls[branch]

    async def open(
        self, repo: str, *, title: str, body: str, labels: Sequence[str], key: str
    ) -> Ticket:
        self.asked("open", repo, title, body, tuple(labels), key)
        if self.repos is not None and repo not in self.repos:
            raise refusal("404", Reason.NOT_FOUND, "github")
        self.issues[key] = Ticket(repo=repo, number=4, url=f"https://github.com/{repo}/issues/4")
        return self.issues[key]

    async def find(self, repo: str, key: str, *, since: datetime) -> Ticket | None:
        self.asked("find", repo, key)
        assert since < NOW
        return self.issues.get(key)

    async def edit_body(self, ticket: Ticket, body: str, *, key: str) -> None:
        self.asked("edit_body", ticket.number, body, key)

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        self.asked("comment", ticket.number, text, key)
        self.commented[key] = text

    async def has_comment(self, ticket: Ticket, key: str) -> bool:
        self.asked("has_comment", ticket.number, key)
        return key in self.commented

    async def withdraw(self, ticket: Ticket, *, title: str, body: str, key: str) -> None:
        self.asked("withdraw", ticket.repo, ticket.number, title, body, key)

    async def set_state(self, ticket: Ticket, *, is_open: bool, planned: bool = True) -> Ticket:
        self.asked("set_state", ticket.number, is_open, planned)
        return replace(ticket, updated_at=NOW)

    async def assign(self, ticket: Ticket, login: str | None) -> Ticket:
        self.asked("assign", ticket.number, login)
        return replace(ticket, assignees=(login,) if login else (), updated_at=NOW)

    async def changed(self, repo: str, since: datetime) -> tuple[list[IssueNews], datetime | None]:
        self.asked("changed", repo, since)
        return self.news, max((one.at for one in self.news), default=None)

    async def look(self, repo: str, number: int, *, now: datetime) -> IssueNews:
        self.asked("look", repo, number)
        return replace(self.found[repo, number], at=now)

    async def recent(self, repo: str) -> Activity:
        self.asked("recent", repo)
        return Activity(url=f"https://github.com/{repo}")

    async def account(self, login: str) -> str | None:
        self.asked("account", login)
        return self.logins.get(login.casefold())

    async def login(self) -> str:
        self.asked("login")
        return "muster"


@dataclass
class Shop:
    """A house with vendors, a worker that is not running, and its metrics."""

    home: Home
    chat: FakeChat
    pager: FakePager
    tickets: FakeTickets
    world: World
    worker: Worker
    metrics: Metrics

    async def run(self, kind: EffectKind, incident: int | None = 1, **more: Any) -> Settle | None:
        """Carry out one effect as if it had been claimed, and settle it."""
        settle = await EFFECTS[kind](self.world, claimed(kind, incident, **more))
        if settle is not None:
            await self.home.work.write(settle)
        return settle


def claimed(kind: EffectKind, incident: int | None = 1, **more: Any) -> Claimed:
    facts = {
        "id": 77,
        "key": f"key/{kind.value}",
        "lane": "lane",
        "payload": {},
        "merge": None,
        "attempt": 1,
        "created_at": NOW,
        "first_tried_at": NOW,
        "deadline": None,
        "external_ref": None,
        "last_reason": None,
    }
    return Claimed(kind=kind, incident=incident, **{**facts, **more})


def build_shop(folder: Path, **more: Any) -> Shop:
    home = build_home(folder, **more)
    chat, pager, tickets = FakeChat(), FakePager(), FakeTickets()
    actions = ActionItems(home.house)
    afterwards = Afterwards.of(home.house, home.incidents)
    world = World(
        work=home.work,
        catalog=home.catalog,
        chat=chat,  # type: ignore[arg-type]
        pager=pager,  # type: ignore[arg-type]
        tickets=tickets,  # type: ignore[arg-type]
        incidents=home.incidents,
        paging=home.paging,
        inbound=home.inbound,
        people=home.people,
        reports=home.reports,
        updates=home.updates,
        reminding=home.reminding,
        afterwards=afterwards,
        drills=Drills(home.house, home.incidents, afterwards),
        rooms=Rooms(home.work, chat, incidents="incidents", admins="admins"),  # type: ignore[arg-type]
        messages=MessageTimeline(home.house),
        actions=actions,
        following=IssueFollowing(home.house, actions),
        linking=Linking(home.house),
        privacy=home.privacy,
        alerts=home.alerts,
        alert_intake=home.intake,
        escalating=home.escalating,
        links=PageLinks(home.house, home.escalating, secret="xapp-1", public_url=None),
        page_audit=PageAudit(home.house),
        roster_watch=RosterWatch(home.house),
        from_email="bot@example.com",
        workspace_url="https://acme.slack.com/",
        bot_user="UBOT",
    )
    metrics = Metrics()
    worker = Worker(world, metrics, budgeted=False)
    return Shop(home, chat, pager, tickets, world, worker, metrics)
