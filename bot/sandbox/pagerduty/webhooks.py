"""Signed delivery of V3 webhooks.

https://developer.pagerduty.com/docs/webhooks/webhook-behavior/ and .../webhook-signatures/: one
event per request, five seconds to answer, retried on timeouts, 5xx, 429 and connection errors,
dropped on any other answer; three dropped in a row disable the subscription for a day. Order is
kept per subscription and resource only.
"""

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Literal

import aiohttp

from bot.sandbox.pagerduty import events, ids
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.events import Event
from bot.sandbox.pagerduty.model import Json, Subscription
from bot.sandbox.pagerduty.times import iso

DEADLINE = 5.0
RETRY_AFTER = (0.5, 1, 2, 4, 8, 15, 30)
"""Seconds before the next attempt, the last one over and over. The real one takes up to 48 h."""
GIVE_UP = timedelta(hours=48)
DISABLED_FOR = timedelta(hours=24)
DROPS_UNTIL_DISABLED = 3
AT_ONCE = 20
"""Requests under way at the same time."""
REMEMBERED = 500

Mode = Literal["now", "late", "twice", "never", "reorder"]
State = Literal["waiting", "retrying", "delivered", "dropped", "held", "suppressed"]


@dataclass(eq=False)
class Delivery:
    """One event on its way to one subscription. `id` is X-Webhook-Id: the same on retries."""

    subscription: Subscription
    event: Event
    at: datetime
    id: str = field(default_factory=lambda: ids.long("").lower() + ids.long("").lower())
    state: State = "waiting"
    attempts: int = 0
    answer: int | str | None = None
    copies: int = 1

    def shown(self) -> Json:
        """For the sandbox's page and tests."""
        return {
            "id": self.id,
            "subscription": self.subscription.id,
            "url": self.subscription.url,
            "event_id": self.event.id,
            "event_type": self.event.type,
            "resource": self.event.key,
            "at": iso(self.at),
            "state": self.state,
            "attempts": self.attempts,
            "answer": self.answer,
        }


class Webhooks:
    """Sends events to every subscription that wants them."""

    def __init__(
        self, account: Account, changed: Callable[[], None], *, retry_scale: float = 1.0
    ) -> None:
        """`retry_scale` stretches or shrinks the pauses between attempts."""
        self.account, self.changed, self.retry_scale = account, changed, retry_scale
        self.on = True
        self.mode: Mode = "now"
        self.deliveries: deque[Delivery] = deque(maxlen=REMEMBERED)
        self.held: list[Delivery] = []
        self._overtaken: dict[tuple[str, str], list[Delivery]] = {}
        self._lines: dict[tuple[str, str], deque[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    # --- choosing

    def publish(self, event: Event) -> None:
        """Send an event to whoever subscribed to it."""
        if not self.on:
            return
        for subscription in self.account.subscriptions.values():
            if self._wants(subscription, event):
                self._route(Delivery(subscription, event, self.account.now()))

    def ping(self, subscription: Subscription, event: Event) -> None:
        """Send a test event to one subscription."""
        self._enqueue(self._remember(Delivery(subscription, event, self.account.now())))

    def _wants(self, subscription: Subscription, event: Event) -> bool:
        if not subscription.active or event.type not in subscription.events:
            return False
        if self.disabled(subscription):
            return False
        kind, wanted = subscription.filter["type"], subscription.filter.get("id")
        if kind == "account_reference" or event.service is None:
            return True
        own = event.service.id if kind == "service_reference" else event.service.team.id
        return bool(own == wanted)

    def disabled(self, subscription: Subscription) -> bool:
        """Whether PagerDuty has switched it off for a while."""
        until = subscription.disabled_until
        return until is not None and self.account.now() < until

    def _remember(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        return delivery

    def _route(self, delivery: Delivery) -> None:
        """Send it now, or as the person acting asked."""
        self._remember(delivery)
        line = (delivery.subscription.id, delivery.event.key)
        overtaken = self._overtaken.pop(line, [])
        match self.mode:
            case "never":
                delivery.state = "suppressed"
            case "late":
                delivery.state = "held"
                self.held.append(delivery)
            case "reorder":
                # The next event about the same incident goes first.
                delivery.state = "held"
                self._overtaken[line] = [*overtaken, delivery]
                return
            case "twice":
                delivery.copies = 2
                self._enqueue(delivery)
            case "now":
                self._enqueue(delivery)
        for earlier in overtaken:
            self._enqueue(earlier)

    def held_count(self) -> int:
        """How many deliveries wait to be released."""
        return len(self.held) + sum(map(len, self._overtaken.values()))

    def release(self, *, shuffle: bool = False) -> int:
        """Send everything held, newest first when shuffled."""
        waiting = self.held + list(chain.from_iterable(self._overtaken.values()))
        self.held, self._overtaken = [], {}
        for delivery in reversed(waiting) if shuffle else waiting:
            self._enqueue(delivery)
        return len(waiting)

    # --- sending

    def _enqueue(self, delivery: Delivery) -> None:
        """Put it in line behind earlier events about the same resource."""
        delivery.state = "waiting"
        key = (delivery.subscription.id, delivery.event.key)
        line = self._lines.get(key)
        if line is not None:
            line.append(delivery)
            return
        self._lines[key] = deque([delivery])
        task = asyncio.get_running_loop().create_task(self._work_off(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, key: tuple[str, str]) -> None:
        line = self._lines[key]
        while line:
            delivery = line.popleft()
            for _ in range(delivery.copies):
                await self._deliver(delivery)
            self.changed()
        del self._lines[key]

    async def _deliver(self, delivery: Delivery) -> None:
        """Try until it is taken, refused, or two days old."""
        pauses = chain(RETRY_AFTER, repeat(RETRY_AFTER[-1]))
        for pause in pauses:
            if delivery.subscription.id not in self.account.subscriptions:
                delivery.state = "dropped"
                return
            delivery.attempts += 1
            async with self._gate:
                delivery.answer = await self._post(delivery)
            if self._settled(delivery):
                return
            if self.account.now() - delivery.at > GIVE_UP:
                self._dropped(delivery)
                return
            delivery.state = "retrying"
            self.changed()
            await asyncio.sleep(pause * self.retry_scale)

    def _settled(self, delivery: Delivery) -> bool:
        """Whether the answer is final."""
        answer = delivery.answer
        if isinstance(answer, str) or answer is None or answer >= 500 or answer == 429:  # noqa: PLR2004
            return False
        if 200 <= answer < 300:  # noqa: PLR2004
            delivery.state = "delivered"
            delivery.subscription.dropped_in_a_row = 0
        else:
            self._dropped(delivery)
        return True

    def _dropped(self, delivery: Delivery) -> None:
        delivery.state = "dropped"
        subscription = delivery.subscription
        subscription.dropped_in_a_row += 1
        if subscription.dropped_in_a_row >= DROPS_UNTIL_DISABLED:
            subscription.disabled_until = self.account.now() + DISABLED_FOR

    async def _post(self, delivery: Delivery) -> int | str:
        """One attempt: the status, or what went wrong."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
        raw = json.dumps(delivery.event.body, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-PagerDuty-Signature": signature(delivery.subscription.secret, raw),
            "X-Webhook-Id": delivery.id,
            "X-Webhook-Subscription": delivery.subscription.id,
        } | {one["name"]: one["value"] for one in delivery.subscription.headers}
        try:
            async with self._session.post(
                delivery.subscription.url, data=raw, headers=headers, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status
        except TimeoutError:
            return "timeout"
        except aiohttp.ClientError as error:
            return type(error).__name__

    async def idle(self) -> None:
        """Wait until nothing is under way: for tests."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None


def signature(secret: str, raw: bytes) -> str:
    """The value of X-PagerDuty-Signature for these bytes."""
    return "v1=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


ALL_EVENTS = sorted(events.EVENT_TYPES)
