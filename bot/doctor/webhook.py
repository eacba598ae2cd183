"""PagerDuty's webhook subscription: is it there and right, and with ``--fix`` make it so.

A new subscription has a new secret that nobody else will ever be told, so nothing is deleted before
a ping signed with it has arrived: until then the old subscription goes on delivering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Report
    from bot.ports import Pager, Subscription

PATH = "/webhooks/pagerduty"
EVENTS = (
    "incident.triggered",
    "incident.acknowledged",
    "incident.unacknowledged",
    "incident.annotated",
    "incident.delegated",
    "incident.escalated",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.status_update_published",
    "service.created",
    "service.updated",
    "service.deleted",
)
NAME = "webhook"
FIX = "Run muster doctor --fix."
TOKEN = {
    Reason.AUTH: "The key may not manage webhooks: use an account key with full access.",
    Reason.INVALID: "PagerDuty refused the address: PUBLIC_URL must be https with a host name.",
}


async def check_webhook(context: Context, pager: Pager, report: Report) -> None:
    """Everything between PagerDuty and our endpoint, as far as it can be seen from here."""
    public, own = context.settings.http.public_url, context.settings.pagerduty
    if not public:
        if own.poll_seconds:
            text = f"off; PagerDuty is asked every {own.poll_seconds} seconds."
            report.skip(
                NAME, text, "For changes at once set PUBLIC_URL to this bot's https address."
            )
        else:
            mend = "Set PUBLIC_URL to this bot's https address, or PAGERDUTY_POLL_SECONDS=60."
            report.fail(NAME, "off, and polling is off too: nothing comes in.", mend)
        return
    if not own.webhook_secrets:
        mend = "Add the line muster doctor --fix prints when it creates the webhook, and restart."
        text = f"PAGERDUTY_WEBHOOK_SECRET is not set: {PATH} refuses everybody."
        report.fail("webhook secret", text, mend)
    subscriptions = await report.ask(NAME, pager.subscriptions(), TOKEN)
    if subscriptions is None:
        return
    url = f"{public}{PATH}"
    good = [s for s in subscriptions if s.url == url and not set(EVENTS) - set(s.events)]
    stale = [s for s in subscriptions if s not in good and _ours(s, url)]
    if good:
        await _enabled(context, pager, report, good[0])
    elif context.fix:
        await _create(context, pager, report, url, stale)
        return
    else:
        _missing(report, url, stale)
        return
    if stale:
        await _replace(context, pager, report, good[0], stale)


def _ours(subscription: Subscription, url: str) -> bool:
    """Made by Muster (it says so in the description), or pointing exactly here."""
    made_by_us = "Muster" in subscription.description and subscription.url.endswith(PATH)
    return made_by_us or subscription.url == url


def _missing(report: Report, url: str, stale: list[Subscription]) -> None:
    same = next((s for s in stale if s.url == url), None)
    if same:
        missing = sorted(set(EVENTS) - set(same.events))
        report.fail(NAME, f"does not send: {', '.join(missing)}.", FIX)
    elif stale:
        report.fail(NAME, f"goes to {stale[0].url}, not to {url}.", FIX)
    else:
        report.fail(NAME, f"PagerDuty has no subscription for {url}.", FIX)


async def _enabled(context: Context, pager: Pager, report: Report, found: Subscription) -> None:
    if found.active and not found.disabled:
        report.ok(NAME, f"{found.url} is subscribed and active.")
        return
    why = (
        "PagerDuty switched it off after failed deliveries." if found.disabled else "Switched off."
    )
    if not context.fix:
        report.fail(NAME, why, FIX)
        return
    try_again = {
        **TOKEN,
        Reason.CONFLICT: "PagerDuty > Integrations > Generic Webhooks: enable it.",
    }
    done = await report.ask(NAME, _done(pager, found.id), try_again)
    if done:
        report.ok(NAME, f"{found.url} was switched off and is enabled again.")


async def _done(pager: Pager, subscription: str) -> bool:
    await pager.enable(subscription)
    return True


async def _create(
    context: Context, pager: Pager, report: Report, url: str, stale: list[Subscription]
) -> None:
    made = await report.ask(NAME, pager.subscribe(url, EVENTS), TOKEN)
    if made is None:
        return
    report.ok(NAME, f"created for {url}.")
    if made.secret and context.tell:
        old = [s.get_secret_value() for s in context.settings.pagerduty.webhook_secrets]
        # The old secret stays valid while the old subscription may still deliver.
        kept = old if stale else []
        context.tell(f"PAGERDUTY_WEBHOOK_SECRET={','.join([made.secret, *kept])}")
        mend = "Put the printed line into .env (it is shown only this once) and restart muster run."
    else:
        mend = "PagerDuty named no secret: delete the subscription there and run this again."
    report.warn("webhook secret", "the new one is not in use yet.", mend)
    if stale:
        await _replace(context, pager, report, made, stale)


async def _replace(
    context: Context, pager: Pager, report: Report, good: Subscription, stale: list[Subscription]
) -> None:
    """Delete what is out of date, once the good one has been seen to deliver."""
    urls = ", ".join(sorted({each.url for each in stale}))
    if not context.fix:
        mend = f"If that is not another installation of Muster: {FIX}"
        report.warn("old webhook", f"{urls} is subscribed as well.", mend)
        return
    if not await _delivers(context, pager, report, good):
        text = f"{urls} is kept: no signed ping came through the new one yet."
        mend = "Add the new secret to .env, restart muster run, then run muster doctor --fix again."
        report.warn("old webhook", text, mend)
        return
    for each in stale:
        await _delete(context, pager, report, each)


async def _delete(context: Context, pager: Pager, report: Report, old: Subscription) -> None:
    if context.agree and not await context.agree(f"Delete the subscription for {old.url}?"):
        report.skip("old webhook", f"{old.url} is kept as you wished.")
        return
    try:
        await pager.unsubscribe(old.id)
    except ProviderError as error:
        report.refused("old webhook", error, TOKEN)
        return
    report.ok("old webhook", f"{old.url} is deleted; the new one delivers.")


async def _delivers(context: Context, pager: Pager, report: Report, good: Subscription) -> bool:
    if context.pinged is None:
        return False
    since = context.clock.now()
    asked = await report.ask("ping", _pinged(pager, good.id), TOKEN)
    return bool(asked) and await context.pinged(since)


async def _pinged(pager: Pager, subscription: str) -> bool:
    await pager.ping(subscription)
    return True
