"""The stand-in as one thing: routes, what the page shows, what people do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from bot.sandbox.pagerduty import (
    acts,
    api_account,
    api_incidents,
    api_oncalls,
    api_overrides,
    api_webhooks,
    errors,
    page,
    seed,
)
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.calls import Answer, Call, Route, endpoint
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.fields import Fields
from bot.sandbox.pagerduty.journal import Journal
from bot.sandbox.pagerduty.lifecycle import Lifecycle
from bot.sandbox.pagerduty.limits import Limits
from bot.sandbox.pagerduty.model import Incident, Json, Subscription
from bot.sandbox.pagerduty.render import Render
from bot.sandbox.pagerduty.teamwork import Teamwork
from bot.sandbox.pagerduty.times import iso
from bot.sandbox.pagerduty.webhooks import ALL_EVENTS, Webhooks

ROUTES: tuple[Route, ...] = (
    *api_incidents.ROUTES,
    *api_account.ROUTES,
    *api_oncalls.ROUTES,
    *api_overrides.ROUTES,
    *api_webhooks.ROUTES,
)
PAGE_LOG = 30
PAGE_INCIDENTS = 200
PAGE_DELIVERIES = 100


class PagerDuty:
    """A PagerDuty account in memory.

    The real service refuses webhook addresses that are plain http or an IP address; with
    `allow_local_webhooks` (the default here) http on this machine is taken as well.
    `retry_scale` shortens the pauses between attempts to deliver a webhook.
    """

    def __init__(  # noqa: PLR0913 - all by keyword
        self,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        people: list[dict[str, Any]],
        base_url: str,
        webhook_url: str | None,
        webhook_secret: str,
        allow_local_webhooks: bool = True,
        retry_scale: float = 1.0,
    ) -> None:
        """Seed the account; with `webhook_url` there is a subscription for the bot already."""
        account, render = Account(clock), Render(base_url)
        webhooks = Webhooks(account, changed, retry_scale=retry_scale)
        journal = Journal(account, render, webhooks.publish)
        lifecycle = Lifecycle(account, journal)
        self.desk = Desk(
            account=account,
            render=render,
            journal=journal,
            lifecycle=lifecycle,
            fields=Fields(account, journal),
            teamwork=Teamwork(account, journal, lifecycle),
            webhooks=webhooks,
            limits=Limits(clock),
            changed=changed,
            allow_local_webhooks=allow_local_webhooks,
        )
        seed.fill(account, people)
        if webhook_url is not None:
            url = f"{webhook_url.rstrip('/')}/webhooks/pagerduty"
            account.subscriptions["PSANDBX"] = Subscription(
                id="PSANDBX",
                delivery_id="PSANDBD",
                url=url,
                secret=webhook_secret,
                description="Made by the sandbox for the bot",
                events=list(ALL_EVENTS),
                filter={"type": "account_reference", "id": None},
            )

    @property
    def limits(self) -> bool:
        """Whether rate limits are enforced; the headers are always there."""
        return self.desk.limits.on

    @limits.setter
    def limits(self, on: bool) -> None:
        self.desk.limits.on = on

    @property
    def webhooks(self) -> bool:
        """Whether webhooks are sent at all."""
        return self.desk.webhooks.on

    @webhooks.setter
    def webhooks(self, on: bool) -> None:
        self.desk.webhooks.on = on

    def add_routes(self, app: web.Application, prefix: str) -> None:
        """Put every operation and the pages under a prefix."""
        prefix = prefix.rstrip("/")
        for route in ROUTES:
            app.router.add_route(route.method, prefix + route.path, endpoint(self.desk, route))
        app.router.add_get(f"{prefix}/ui/{{kind}}/{{id}}", partial(page.show, self.desk))
        app.router.add_get(
            f"{prefix}/ui/{{kind}}/{{id}}/{{rest:.*}}", partial(page.show, self.desk)
        )
        rest = Route("*", "/{rest:.*}", unknown)
        app.router.add_route("*", prefix + rest.path, endpoint(self.desk, rest))

    def snapshot(self) -> Json:
        """What the sandbox's page shows: newest incidents first."""
        account, render = self.desk.account, self.desk.render
        newest = list(account.incidents.values())[::-1][:PAGE_INCIDENTS]
        now = account.now()
        deliveries = list(self.desk.webhooks.deliveries)[::-1][:PAGE_DELIVERIES]
        return {
            "incidents": [self._shown(incident) for incident in newest],
            "incident_count": len(account.incidents),
            "users": [render.user(user) for user in account.active_users()],
            "services": [render.service(service) for service in account.services.values()],
            "oncalls": [
                entry
                for policy in account.policies.values()
                for entry in api_oncalls.policy_oncalls(render, policy, now, now + timedelta(0))
            ],
            "escalation_policies": [render.policy(one) for one in account.policies.values()],
            "priorities": [render.full(one) for one in account.priorities.values()],
            "webhooks": {
                "subscriptions": [
                    api_webhooks.shown(self.desk, one) for one in account.subscriptions.values()
                ],
                "deliveries": [one.shown() for one in deliveries],
                "held": self.desk.webhooks.held_count(),
            },
        }

    def _shown(self, incident: Incident) -> Json:
        render = self.desk.render
        return render.incident(incident) | {
            "notes": [render.note(note) for note in reversed(incident.notes)],
            "alerts": [render.alert(alert) for alert in incident.alerts],
            "status_updates": [render.status_update(one) for one in incident.status_updates],
            "log": [
                {"at": iso(entry.at), "type": entry.type, "summary": entry.summary}
                for entry in incident.log[::-1][:PAGE_LOG]
            ],
        }

    async def act(self, body: Json) -> Json:
        """Somebody acts in PagerDuty: see `acts`."""
        answer = await acts.perform(self.desk, body)
        self.desk.changed()
        return answer

    async def idle(self) -> None:
        """Wait until every webhook under way is settled."""
        await self.desk.webhooks.idle()

    async def close(self) -> None:
        """Stop sending webhooks."""
        await self.desk.webhooks.close()


def unknown(call: Call) -> Answer:  # noqa: ARG001
    """Whatever this stand-in does not have is not found, as JSON."""
    raise errors.not_found()
