"""What people do in the fault tests, which vendor calls that makes, and every way a call can fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.stage import BOB, Json, Stage
from tests.workspace import card_of, channel_named

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ERIN = "U0ERIN000"

#: Kinds after which the bot goes on by itself; 401 stops the vendor until its key is taken again.
PASSING = ("timeout", "reset", "429", "500", "garbage", "lost")
KINDS = (*PASSING, "401")


@dataclass(frozen=True)
class Step:
    """Something a person does to the incident of that name; ``after``: what was done before."""

    name: str
    act: Callable[[Stage, str], Awaitable[Json]]
    after: tuple[Step, ...] = ()


def _typed(words: str) -> Callable[[Stage, str], Awaitable[Json]]:
    async def act(s: Stage, name: str) -> Json:
        return await s.command(f"/incident {words.replace('INC', name)}", user=BOB)

    return act


async def _acknowledge(s: Stage, name: str) -> Json:
    """On the card, as most people do."""
    state = await s.state(BOB)
    card, channel = card_of(state, name), channel_named(state, "incidents")
    assert card
    assert channel
    return await s.press("Acknowledge", user=BOB, channel=channel["id"], ts=card["ts"])


async def _nothing(_: Stage, __: str) -> Json:
    return {"ok": True}


DECLARE = Step("declare", _nothing)  # every incident is declared: see ``House.declare``
ACKNOWLEDGE = Step("acknowledge", _acknowledge)
REASSIGN = Step("reassign", _typed("reassign INC @carol you know this one"))
ESCALATE = Step("escalate", _typed("escalate INC 2"))
ASK = Step("ask", _typed("escalate INC @erin please join"))
NOTE = Step("note", _typed("note INC it is the database"))
SEVERITY = Step("severity", _typed("severity INC SEV1 everybody is hit"))
RESOLVE = Step("resolve", _typed("resolve INC rolled back"))
REOPEN = Step("reopen", _typed("reopen INC"), after=(RESOLVE,))
STEPS = (DECLARE, ACKNOWLEDGE, REASSIGN, ESCALATE, ASK, NOTE, SEVERITY, RESOLVE, REOPEN)


@dataclass(frozen=True)
class Call:
    """The ``nth`` call of an operation that a step leads to."""

    step: Step
    target: str
    nth: int = 0

    def __str__(self) -> str:
        nth = f"#{self.nth + 1}" if self.nth else ""
        return f"{self.step.name}-{self.target.replace('/', '.').replace(' ', '')}{nth}"

    @property
    def vendor(self) -> str:
        return self.target.partition(".")[0]

    @property
    def aside(self) -> bool:
        """A look-up beside what the step is about: refusing the key there stops nothing."""
        return self.target.endswith(("/priorities", "/services/*", "/oncalls"))

    @property
    def leaves(self) -> tuple[str, ...]:
        """What may be found besides: a page is opened without its priority rather than late."""
        late = ("Priority changed from", "set the priority to P2")
        return late if self.target.endswith("/priorities") else ()

    @property
    def read_only(self) -> bool:
        """The incident is read again: no step of it, so no card tells of it."""
        return self.step.name == "declare" and "GET /incidents/*" in self.target


ISSUE = "/repos/*/*/issues"
CALLS = (
    Call(DECLARE, "slack.chat.postMessage"),  # the announcement or the card, whichever is first
    Call(DECLARE, "slack.chat.postMessage", 1),
    Call(DECLARE, "slack.chat.update"),
    Call(DECLARE, "slack.conversations.create"),
    Call(DECLARE, "slack.conversations.setTopic"),
    Call(DECLARE, "slack.conversations.setPurpose"),
    Call(DECLARE, "slack.conversations.invite"),
    Call(DECLARE, "slack.pins.add"),
    Call(DECLARE, "slack.bookmarks.add"),
    Call(DECLARE, "slack.bookmarks.add", 2),
    Call(DECLARE, "pagerduty.GET /incidents"),
    Call(DECLARE, "pagerduty.GET /priorities"),
    Call(DECLARE, "pagerduty.POST /incidents"),
    Call(DECLARE, "pagerduty.GET /services/*"),
    Call(DECLARE, "pagerduty.GET /oncalls"),
    Call(DECLARE, "pagerduty.POST /incidents/*/notes"),
    Call(DECLARE, "pagerduty.GET /incidents/*"),
    Call(DECLARE, "pagerduty.GET /incidents/*/log_entries"),
    Call(DECLARE, "pagerduty.GET /incidents/*/notes"),
    Call(DECLARE, f"github.POST {ISSUE}"),
    Call(DECLARE, f"github.PATCH {ISSUE}/*"),
    Call(ACKNOWLEDGE, "slack.chat.postMessage"),
    Call(ACKNOWLEDGE, "slack.chat.update"),
    Call(ACKNOWLEDGE, "slack.conversations.setTopic"),
    Call(ACKNOWLEDGE, "pagerduty.GET /incidents/*"),
    Call(ACKNOWLEDGE, "pagerduty.PUT /incidents/*"),
    Call(ACKNOWLEDGE, f"github.POST {ISSUE}/*/comments"),
    Call(REASSIGN, "slack.conversations.open"),
    Call(REASSIGN, "slack.conversations.invite"),
    Call(REASSIGN, "slack.chat.postMessage"),  # the direct message or the news
    Call(REASSIGN, "slack.chat.postMessage", 1),
    Call(REASSIGN, "pagerduty.PUT /incidents/*"),
    Call(REASSIGN, f"github.POST {ISSUE}/*/comments"),
    Call(ESCALATE, "slack.chat.postMessage"),
    Call(ESCALATE, "pagerduty.PUT /incidents/*"),
    Call(ESCALATE, f"github.POST {ISSUE}/*/comments"),
    Call(ASK, "slack.conversations.open"),
    Call(ASK, "pagerduty.GET /users"),
    Call(ASK, "pagerduty.POST /incidents/*/responder_requests"),
    Call(NOTE, "slack.chat.postMessage"),
    Call(NOTE, "pagerduty.POST /incidents/*/notes"),
    Call(SEVERITY, "pagerduty.PUT /incidents/*"),
    Call(SEVERITY, f"github.PATCH {ISSUE}/*"),
    Call(RESOLVE, "slack.chat.postMessage"),
    Call(RESOLVE, "slack.chat.update"),
    Call(RESOLVE, "pagerduty.PUT /incidents/*"),
    Call(RESOLVE, f"github.PATCH {ISSUE}/*"),
    Call(RESOLVE, f"github.POST {ISSUE}/*/comments"),
    Call(REOPEN, "pagerduty.PUT /incidents/*"),
    Call(REOPEN, f"github.PATCH {ISSUE}/*"),
)


@dataclass(frozen=True)
class Refusal:
    """A call that is refused for good: the step gives up, its card names it so."""

    call: Call
    error: str
    label: str

    def __str__(self) -> str:
        return str(self.call)


def _refused(vendor: str, label: str, step: Step, operation: str, error: str = "") -> Refusal:
    return Refusal(Call(step, f"{vendor}.{operation}"), f"error:{error or 'Not like this'}", label)


REFUSALS = (
    _refused("slack", "Channel", DECLARE, "conversations.create", "too_many_convos_for_team"),
    _refused("slack", "", DECLARE, "chat.postMessage", "restricted_action"),  # whichever is first
    _refused("slack", "Topic", DECLARE, "conversations.setTopic", "restricted_action"),
    _refused("slack", "Purpose", DECLARE, "conversations.setPurpose", "restricted_action"),
    _refused("slack", "Invitations", DECLARE, "conversations.invite", "restricted_action"),
    _refused("slack", "Card pinned", DECLARE, "pins.add", "no_permission"),
    _refused("slack", "Bookmark", DECLARE, "bookmarks.add", "too_many_bookmarks"),
    _refused("slack", "News", ACKNOWLEDGE, "chat.postMessage", "restricted_action"),
    _refused("slack", "Direct message", REASSIGN, "conversations.open", "user_disabled"),
    _refused("pagerduty", "PagerDuty incident", DECLARE, "POST /incidents"),
    _refused("pagerduty", "PagerDuty note", DECLARE, "POST /incidents/*/notes"),
    _refused("pagerduty", "PagerDuty change", ACKNOWLEDGE, "PUT /incidents/*"),
    _refused("pagerduty", "PagerDuty change", REASSIGN, "PUT /incidents/*"),
    _refused("pagerduty", "PagerDuty change", ASK, "POST /incidents/*/responder_requests"),
    _refused("pagerduty", "PagerDuty note", NOTE, "POST /incidents/*/notes"),
    _refused("pagerduty", "PagerDuty change", RESOLVE, "PUT /incidents/*"),
    _refused("github", "GitHub issue", DECLARE, f"POST {ISSUE}"),
    _refused("github", "GitHub issue links", DECLARE, f"PATCH {ISSUE}/*"),
    _refused("github", "GitHub comment", ACKNOWLEDGE, f"POST {ISSUE}/*/comments"),
    _refused("github", "GitHub issue change", RESOLVE, f"PATCH {ISSUE}/*"),
)
