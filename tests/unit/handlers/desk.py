"""A desk with a house of its own, where Slack is a list of what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.services.action_items import ActionItems
from bot.services.affected import AffectedServices
from bot.services.afterwards import Afterwards
from bot.services.asking import Asking
from bot.services.merging import Merging
from bot.services.moments import MessageTimeline
from bot.services.roles import Roles
from bot.services.rooms import Rooms
from bot.services.sightings import Sightings
from bot.services.standing_in import StandingIn
from handlers import turn_of
from handlers.errors import answer_errors
from handlers.turn import Desk
from tests.unit.worker.fakes import FakeChat

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn
    from tests.unit.store.house import Home


class FakeViews:
    """``views.*`` of Slack's client."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fail: list[Exception] = []

    async def _call(self, name: str, facts: dict[str, Any]) -> None:
        self.calls.append((name, facts))
        if self.fail:
            raise self.fail.pop(0)

    async def views_open(self, **facts: Any) -> None:
        await self._call("open", facts)

    async def views_push(self, **facts: Any) -> None:
        await self._call("push", facts)

    async def views_update(self, **facts: Any) -> None:
        await self._call("update", facts)

    @property
    def last(self) -> dict[str, Any]:
        return dict(self.calls[-1][1]["view"])


@dataclass
class Counter:
    """Where people stand: everything they are answered is kept."""

    home: Home
    chat: FakeChat = field(default_factory=FakeChat)
    views: FakeViews = field(default_factory=FakeViews)
    acks: list[dict[str, Any]] = field(default_factory=list)
    mirrored: int = 0
    turns: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(
            incidents=self.home.incidents,
            inbound=self.home.inbound,
            people=self.home.people,
            reports=self.home.reports,
            messages=MessageTimeline(self.home.house),
            alerts=self.home.alerts,
            pages=self.home.pages,
            merging=Merging(self.home.house),
            rooms=Rooms(self.home.house),
            updates=self.home.updates,
            reminding=self.home.reminding,
            roles=Roles(self.home.house, self.home.incidents),
            services=AffectedServices(self.home.house, self.home.incidents),
            asking=Asking(self.home.house, self.home.incidents, self.home.people),
            standing_in=StandingIn(self.home.house),
            actions=ActionItems(self.home.house),
            afterwards=Afterwards.of(self.home.house, self.home.incidents),
            privacy=self.home.privacy,
            sightings=Sightings(self.home.house, self.home.escalating),
            catalog=self.home.catalog,
            chat=self.chat,  # type: ignore[arg-type]
            views=self.views,  # type: ignore[arg-type]
            open_home=self.home.incidents.open_home,
            mirror=self._mirror,
        )

    def _mirror(self) -> None:
        self.mirrored += 1

    async def ack(self, **answer: Any) -> None:
        self.acks.append(answer)

    async def serve(self, kind: str, handler: Handler, body: dict[str, Any]) -> dict[str, Any]:
        """One turn; it is acknowledged exactly once. The acknowledgement's content."""
        before = len(self.acks)
        await answer_errors(self.turn(kind, body), handler)
        assert len(self.acks) == before + 1, "acknowledged exactly once"
        return self.acks[-1]

    def turn(self, kind: str, body: dict[str, Any]) -> Turn:
        return turn_of(self.desk, kind, body, self.ack)  # type: ignore[arg-type]

    async def command(
        self, text: str, *, channel: str = "C0", user: str = "U0ANA", trigger: str | None = None
    ) -> str:
        """What ``/incident text`` is answered with, as plain text."""
        from handlers.commands import incident_command

        self.turns += 1
        body = {
            "text": text,
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": channel,
            "trigger_id": trigger or f"t{self.turns}",
            "response_url": "https://hooks.slack.com/commands/1",
        }
        ack = await self.serve("command", incident_command, body)
        if "text" in ack:
            return str(ack["text"])
        said = self.chat.named("respond")
        return str(said[-1][2]) if said else ""

    def pressed(
        self,
        action: str,
        value: str,
        *,
        view: dict[str, Any] | None = None,
        user: str = "U0ANA",
        ts: str | None = None,
    ) -> dict[str, Any]:
        self.turns += 1
        body: dict[str, Any] = {
            "user": {"id": user, "name": user.lower()},
            "trigger_id": f"t{self.turns}",
            "actions": [
                {"action_id": action, "value": value, "action_ts": ts or f"{self.turns}.1"}
            ],
            "container": {"message_ts": "1.1", "channel_id": "C0"},
            "channel": {"id": "C0"},
            "response_url": "https://hooks.slack.com/actions/1",
        }
        if view is not None:
            body |= {"view": view, "container": {"view_id": view.get("id")}}
            del body["response_url"], body["channel"]
        return body

    async def declare(self, title: str = "Checkout is down", **more: Any) -> Incident:
        return await self.home.declare(title, **more)
