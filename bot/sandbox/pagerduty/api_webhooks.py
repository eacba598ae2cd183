"""Webhook subscriptions: https://developer.pagerduty.com/api-reference/ (Webhooks)."""

import ipaddress
import secrets
from urllib.parse import urlsplit

from bot.sandbox.pagerduty import errors, events, ids
from bot.sandbox.pagerduty.calls import Answer, Call, Route
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.model import Json, Subscription

FILTERS = ("account_reference", "service_reference", "team_reference")
LOCAL = {"127.0.0.1", "localhost", "::1"}


def shown(desk: Desk, subscription: Subscription, *, secret: bool = False) -> Json:
    """A subscription. The secret is shown once, header values never."""
    headers = [{"name": one["name"], "value": "-- redacted --"} for one in subscription.headers]
    return {
        "id": subscription.id,
        "type": "webhook_subscription",
        "active": subscription.active,
        "delivery_method": {
            "id": subscription.delivery_id,
            "type": "http_delivery_method",
            "url": subscription.url,
            "secret": subscription.secret if secret else None,
            "temporarily_disabled": desk.webhooks.disabled(subscription),
            "custom_headers": headers,
        },
        "description": subscription.description,
        "events": list(subscription.events),
        "filter": dict(subscription.filter),
    }


def subscription_of(call: Call) -> Subscription:
    """The subscription of the path."""
    found = call.desk.account.subscriptions.get(call.params["id"])
    if found is None:
        raise errors.not_found()
    return found


def check_url(desk: Desk, url: object) -> str:
    """Https and a name. For trying things out, the sandbox also takes http on this machine."""
    parts = urlsplit(str(url or ""))
    host = parts.hostname or ""
    if desk.allow_local_webhooks and host in LOCAL and parts.scheme in {"http", "https"}:
        return str(url)
    if parts.scheme != "https" or not host:
        raise errors.invalid("Delivery method url must be a valid HTTPS URL")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return str(url)
    raise errors.invalid("Delivery method url must not be an IP address")


def check_events(given: object) -> list[str]:
    """At least one known event, none twice."""
    if not isinstance(given, list) or not given:
        raise errors.invalid("Events can't be blank")
    unknown = sorted(set(map(str, given)) - events.EVENT_TYPES)
    if unknown:
        raise errors.invalid(f"Events contains invalid values: {', '.join(unknown)}")
    if len(set(given)) != len(given):
        raise errors.invalid("Events must be unique")
    return [str(one) for one in given]


def check_filter(given: object) -> Json:
    """An account, or one service or team."""
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(given, dict) or kind not in FILTERS:
        raise errors.invalid("Filter type is invalid")
    if kind == "account_reference":
        return {"type": kind, "id": None}
    if not given.get("id"):
        raise errors.invalid("Filter id can't be blank")
    return {"type": kind, "id": given["id"]}


def find(call: Call) -> Answer:
    """GET /webhook_subscriptions."""
    kind, wanted = call.query.get("filter_type"), call.query.get("filter_id")
    found = [
        one
        for one in call.desk.account.subscriptions.values()
        if (not kind or one.filter["type"] == f"{kind}_reference")
        and (not wanted or one.filter.get("id") == wanted)
    ]
    return call.page("webhook_subscriptions", found, lambda one: shown(call.desk, one))


def show(call: Call) -> Answer:
    """GET /webhook_subscriptions/{id}."""
    return {"webhook_subscription": shown(call.desk, subscription_of(call))}


def create(call: Call) -> Answer:
    """POST /webhook_subscriptions: the only answer with the secret in it."""
    given = call.wrapped("webhook_subscription")
    method = given.get("delivery_method")
    if not isinstance(method, dict) or method.get("type") != "http_delivery_method":
        raise errors.invalid("Delivery method type must be http_delivery_method")
    subscription = Subscription(
        id=ids.short(),
        delivery_id=ids.short(),
        url=check_url(call.desk, method.get("url")),
        secret=secrets.token_urlsafe(48),
        description=str(given.get("description") or ""),
        events=check_events(given.get("events")),
        filter=check_filter(given.get("filter")),
        headers=list(method.get("custom_headers") or []),
        active=given.get("active", True) is not False,
    )
    call.desk.account.subscriptions[subscription.id] = subscription
    return {"webhook_subscription": shown(call.desk, subscription, secret=True)}


def update(call: Call) -> Answer:
    """PUT /webhook_subscriptions/{id}: everything but the delivery method."""
    subscription, given = subscription_of(call), call.wrapped("webhook_subscription")
    if "events" in given:
        subscription.events = check_events(given["events"])
    if "filter" in given:
        subscription.filter = check_filter(given["filter"])
    if "description" in given:
        subscription.description = str(given["description"] or "")
    if "active" in given:
        subscription.active = bool(given["active"])
    return {"webhook_subscription": shown(call.desk, subscription)}


def delete(call: Call) -> Answer:
    """DELETE /webhook_subscriptions/{id}."""
    del call.desk.account.subscriptions[subscription_of(call).id]
    return None


def enable(call: Call) -> Answer:
    """POST /webhook_subscriptions/{id}/enable: after PagerDuty switched it off."""
    subscription = subscription_of(call)
    subscription.disabled_until, subscription.dropped_in_a_row = None, 0
    return {"webhook_subscription": shown(call.desk, subscription)}


def ping(call: Call) -> Answer:
    """POST /webhook_subscriptions/{id}/ping: 202, then a `pagey.ping` event."""
    desk, subscription = call.desk, subscription_of(call)
    now = desk.account.now()
    event = events.envelope(desk.render, "pagey.ping", events.ping(), None, now, None)
    desk.webhooks.ping(subscription, event)
    return None


ALL, ONE = "/webhook_subscriptions", "/webhook_subscriptions/{id}"
ROUTES = (
    Route("GET", ALL, find),
    Route("POST", ALL, create),
    Route("GET", ONE, show),
    Route("PUT", ONE, update),
    Route("DELETE", ONE, delete, 204),
    Route("POST", f"{ONE}/enable", enable),
    Route("POST", f"{ONE}/ping", ping, 202),
)
