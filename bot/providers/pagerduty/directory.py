"""People, services, policies and webhook subscriptions at PagerDuty.

https://developer.pagerduty.com/api-reference/ (Users, On-Calls, Services, Webhook Subscriptions)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import ProviderError, Reason
from bot.providers.http import HttpError
from bot.providers.pagerduty import parse
from bot.providers.pagerduty.calls import UNKNOWN_FROM, Calls
from bot.providers.pagerduty.values import iso, obj, some, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.ports import OnCall, PagerUser, Subscription

_SUBSCRIPTION = "/webhook_subscriptions/{id}"
_BAD_REQUEST, _PAYMENT_REQUIRED = 400, 402


class Directory(Calls):
    """The part of ``Pager`` that concerns everything but incidents."""

    async def request_responder(
        self, page_id: str, target_id: str, *, by: str, message: str = "", policy: bool = False
    ) -> None:
        """Ask a person (or whoever a policy reaches) to join; INVALID ``402`` when the plan has no responder requests.

        PagerDuty wants the asker's user id here and no From header, so ``by`` is looked up.
        """
        asker = await self.user_by_email(by)
        if asker is None:
            detail = f"PagerDuty does not know the requester {by}"
            raise self._invalid(detail, UNKNOWN_FROM)
        kind = "escalation_policy_reference" if policy else "user_reference"
        target = {"responder_request_target": {"id": target_id, "type": kind}}
        body = {
            "requester_id": asker.id,
            "message": message or "Please help with this incident.",
            "responder_request_targets": [target],
        }
        await self._http.request(
            "POST", "/incidents/{id}/responder_requests", json=body, ids={"id": page_id}
        )

    async def user_by_email(self, email: str) -> PagerUser | None:
        """Exact match, case-insensitive (the vendor's own search is fuzzy)."""
        wanted = email.strip().casefold()
        if not wanted:
            return None
        for one in await self._list("/users", "users", [("query", email.strip())]):
            if text(one.get("email")).strip().casefold() == wanted:
                return parse.user(one)
        return None

    async def users(self) -> Sequence[PagerUser]:
        """Everybody with an account."""
        return [parse.user(one) for one in await self._list("/users", "users")]

    async def on_call(
        self, service_id: str | None = None, *, at: datetime | None = None
    ) -> Sequence[OnCall]:
        """Who is on call now (or ``at`` a moment), for a service's policy or for all, level 1 first.

        PagerDuty names a person once per schedule; here it is once per policy and level. It looks at most 90 days
        ahead.
        """
        params = [("include[]", "users"), ("earliest", "true")]
        if at is not None:
            params += [("since", iso(at)), ("until", iso(at))]
        if service_id is not None:
            policy = await self._policy(service_id)  # its id is enough
            params.append(("escalation_policy_ids[]", text(policy.get("id"))))
        entries = [parse.on_call(one) for one in await self._list("/oncalls", "oncalls", params)]
        entries.sort(key=lambda entry: (entry.policy_name, entry.policy_id, entry.level))
        once: dict[tuple[str, str, int], OnCall] = {}
        for entry in entries:
            once.setdefault((entry.user.id, entry.policy_id, entry.level), entry)
        return list(once.values())

    async def services(self) -> Mapping[str, str]:
        """Id to name."""
        found = await self._list("/services", "services")
        return {
            text(one.get("id")): some(one.get("name")) or text(one.get("summary")) for one in found
        }

    async def policies(self) -> Mapping[str, tuple[str, int]]:
        """Id to (name, number of levels)."""
        found = await self._list("/escalation_policies", "escalation_policies")
        known = [parse.policy(one) for one in found]
        return {policy_id: (name, levels) for policy_id, name, levels in known}

    async def policy_of(self, service_id: str) -> tuple[str, str, int]:
        """(policy id, name, number of levels) of a service."""
        policy = await self._policy(service_id)
        if "escalation_rules" not in policy and (found := some(policy.get("id"))):
            policy = await self._object(
                "GET", "/escalation_policies/{id}", "escalation_policy", ids={"id": found}
            )
        return parse.policy(policy)

    async def _policy(self, service_id: str) -> dict[str, Any]:
        include, ids = [("include[]", "escalation_policies")], {"id": service_id}
        service = await self._object("GET", "/services/{id}", "service", params=include, ids=ids)
        return obj(service.get("escalation_policy"))

    async def priorities(self) -> Sequence[str]:
        """Names, most severe first; empty when the account has none (402)."""
        try:
            found = await self._list("/priorities", "priorities")
        except HttpError as error:
            if error.status == _PAYMENT_REQUIRED:
                return []
            raise
        return [
            name for one in found if (name := some(one.get("name")) or some(one.get("summary")))
        ]

    async def abilities(self) -> Sequence[str]:
        """What the account's plan allows; also the cheapest check of a token."""
        found = await self._http.request("GET", "/abilities", expect="abilities")
        return [text(one) for one in found] if isinstance(found, list) else []

    async def is_account_key(self) -> bool:
        """Whether the token is an account key (``GET /users/me`` answers 400), not a person's."""
        try:
            await self._http.request("GET", "/users/me")
        except HttpError as error:
            if error.status == _BAD_REQUEST:
                return True
            raise
        return False

    async def subscriptions(self) -> Sequence[Subscription]:
        """Webhook subscriptions, the ones PagerDuty switched off too."""
        found = await self._list("/webhook_subscriptions", "webhook_subscriptions")
        return [parse.subscription(one) for one in found]

    async def subscribe(
        self, url: str, events: Sequence[str], *, service_id: str | None = None
    ) -> Subscription:
        """Create one (not idempotent: list them first); its secret is told only this once."""
        watched: dict[str, Any] = {"type": "account_reference"}
        if service_id is not None:
            watched = {"id": service_id, "type": "service_reference"}
        wish = {
            "type": "webhook_subscription",
            "delivery_method": {"type": "http_delivery_method", "url": url},
            "description": "Muster, the incident bot",
            "events": list(events),
            "filter": watched,
        }
        made = await self._object(
            "POST",
            "/webhook_subscriptions",
            "webhook_subscription",
            json={"webhook_subscription": wish},
        )
        return parse.subscription(made)

    async def enable(self, subscription_id: str) -> None:
        """Switch a disabled subscription on again."""
        await self._http.request("POST", f"{_SUBSCRIPTION}/enable", ids={"id": subscription_id})

    async def unsubscribe(self, subscription_id: str) -> None:
        """Delete one; one that is gone already is fine."""
        try:
            await self._http.request("DELETE", _SUBSCRIPTION, ids={"id": subscription_id})
        except ProviderError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise

    async def ping(self, subscription_id: str) -> None:
        """Ask for a ``pagey.ping``."""
        await self._http.request("POST", f"{_SUBSCRIPTION}/ping", ids={"id": subscription_id})
