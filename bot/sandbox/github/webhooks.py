"""Signed webhooks of repositories.

https://docs.github.com/webhooks: `X-Hub-Signature-256` over the raw body, ten seconds to answer, no
retries (only redelivery on request, which keeps the delivery id), no promise about order.
"""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.github.model import Account, Hook, Json, Repository
from bot.sandbox.github.render import Render
from bot.sandbox.github.store import Store
from bot.sandbox.github.times import iso

DEADLINE = 10.0
REMEMBERED = 300
AT_ONCE = 20
Mode = Literal["now", "late", "twice", "never", "reorder"]


@dataclass(eq=False)
class Delivery:
    """One event to one hook."""

    id: int
    repository: Repository
    hook: Hook
    event: str
    payload: Json
    at: datetime
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    redelivery: bool = False
    state: Literal["waiting", "sent", "held", "suppressed"] = "waiting"
    code: int = 0
    status: str = "pending"

    def shown(self) -> Json:
        """As GET /repos/{o}/{r}/hooks/{id}/deliveries shows it."""
        return {
            "id": self.id,
            "guid": self.guid,
            "delivered_at": iso(self.at),
            "redelivery": self.redelivery,
            "duration": 0.01,
            "status": self.status,
            "status_code": self.code,
            "event": self.event,
            "action": self.payload.get("action"),
            "installation_id": None,
            "repository_id": self.repository.id,
            "throttled_at": None,
        }


class Webhooks:
    """Sends events to the hooks that want them."""

    def __init__(self, store: Store, render: Render, changed: Callable[[], None]) -> None:
        """Nothing is sent yet."""
        self.store, self.render, self.changed = store, render, changed
        self.on = True
        self.mode: Mode = "now"
        self.deliveries: deque[Delivery] = deque(maxlen=REMEMBERED)
        self.held: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    def publish(
        self, repository: Repository, event: str, action: str | None, sender: Account, data: Json
    ) -> None:
        """Tell every hook of the repository."""
        if not self.on:
            return
        wanting = [
            hook
            for hook in repository.hooks.values()
            if hook.active and ("*" in hook.events or event in hook.events)
        ]
        for hook in wanting:
            payload = self.payload(repository, action, sender, data)
            self._route(self._new(repository, hook, event, payload))

    def payload(
        self, repository: Repository, action: str | None, sender: Account, data: Json
    ) -> Json:
        """The body: what happened, then where and by whom."""
        first: Json = {"action": action} if action else {}
        return (
            first
            | data
            | {
                "repository": self.render.repository(repository, push=True),
                "organization": self.render.organization(repository.owner),
                "sender": self.render.account(sender),
            }
        )

    def ping(self, repository: Repository, hook: Hook, sender: Account) -> None:
        """The first event of a new hook. It has no action."""
        data = {
            "zen": "Practicality beats purity.",
            "hook_id": hook.id,
            "hook": self.render.hook(repository, hook),
        }
        payload = self.payload(repository, None, sender, data)
        self._send(self._new(repository, hook, "ping", payload))

    def redeliver(self, delivery: Delivery) -> None:
        """Send one again, under the same id."""
        again = self._new(delivery.repository, delivery.hook, delivery.event, delivery.payload)
        again.guid, again.redelivery = delivery.guid, True
        self._send(again)

    def _new(self, repository: Repository, hook: Hook, event: str, payload: Json) -> Delivery:
        now = self.store.now()
        delivery = Delivery(self.store.new_id(), repository, hook, event, payload, now)
        self.deliveries.append(delivery)
        return delivery

    def _route(self, delivery: Delivery) -> None:
        """Send it now, or as the person acting asked."""
        match self.mode:
            case "never":
                delivery.state = "suppressed"
            case "late" | "reorder":
                delivery.state = "held"
                self.held.append(delivery)
            case "twice":
                self._send(delivery)
                self.redeliver(delivery)
            case "now":
                self._send(delivery)

    def release(self, *, shuffle: bool = False) -> None:
        """Send everything held, newest first when shuffled."""
        waiting, self.held = self.held, []
        for delivery in reversed(waiting) if shuffle else waiting:
            self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        async with self._gate:
            delivery.code, delivery.status = await self._post(delivery)
        delivery.state = "sent"
        hook = delivery.hook
        hook.last_code, hook.last_status = delivery.code or None, delivery.status
        self.changed()

    async def _post(self, delivery: Delivery) -> tuple[int, str]:
        """One attempt, and there is only one."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
        raw, kind = body_of(delivery)
        headers = {
            "Content-Type": kind,
            "User-Agent": "GitHub-Hookshot/0a1b2c3",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(delivery.hook.id),
            "X-GitHub-Hook-Installation-Target-ID": str(delivery.repository.id),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
        } | signatures(delivery.hook.secret, raw)
        try:
            async with self._session.post(
                delivery.hook.url, data=raw, headers=headers, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status, "OK" if answer.ok else str(answer.reason)
        except TimeoutError:
            return 0, "timed out"
        except aiohttp.ClientError:
            return 0, "failed to connect to host"

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


def body_of(delivery: Delivery) -> tuple[bytes, str]:
    """The bytes and their content type: JSON, or a form with the JSON as `payload`."""
    text = json.dumps(delivery.payload, separators=(",", ":"), ensure_ascii=False)
    if delivery.hook.content_type == "json":
        return text.encode(), "application/json"
    return urlencode({"payload": text}).encode(), "application/x-www-form-urlencoded"


def signatures(secret: str | None, raw: bytes) -> dict[str, str]:
    """Both signature headers; none for a hook without a secret."""
    if not secret:
        return {}
    return {
        "X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256="
        + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest(),
    }
