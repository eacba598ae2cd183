"""PagerDuty: the key, the From address, services, priorities, people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.findings import Report, listed
from bot.doctor.webhook import check_webhook
from bot.domain.identities import Vendor, configured
from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding
    from bot.domain.catalog import Catalog
    from bot.ports import Pager

KEY = "PagerDuty > Integrations > API Access Keys > Create New API Key, copy it to PAGERDUTY_API_TOKEN"
TOKEN = {
    Reason.AUTH: f"{KEY}. EU accounts also set PAGERDUTY_API_URL=https://api.eu.pagerduty.com."
}
#: What the bot does with an ability of the plan, and what is missing without it.
ABILITIES = {
    "urgencies": "every incident has high urgency, so every one opens a channel",
    "coordinated_responding": "/incident page cannot ask for further responders at PagerDuty",
}


async def check(context: Context) -> list[Finding]:
    """All of PagerDuty; without a working key the rest is not asked."""
    report = Report("PagerDuty")
    pager = context.pager
    if pager is None:
        report.skip("token", "off: PAGERDUTY_API_TOKEN is not set.", f"To switch it on: {KEY}.")
        return report.findings
    abilities = await report.ask("token", pager.abilities(), TOKEN)
    if abilities is None:
        return report.findings
    report.ok("token", "works.")
    await _kind(pager, report)
    for ability, without in ABILITIES.items():
        if ability not in abilities:
            mend = "PagerDuty > Account Settings > Billing shows what your plan includes."
            report.warn("plan", f"no {ability}: {without}.", mend)
    await _from(context, pager, report)
    await _services(context, pager, report)
    await _priorities(context, pager, report)
    await _people(context, pager, report)
    await check_webhook(context, pager, report)
    return report.findings


async def _kind(pager: Pager, report: Report) -> None:
    account = await report.ask("kind of key", pager.is_account_key(), TOKEN)
    if account is False:
        text = "this is one person's token: everything is done in their name and ends with them."
        report.warn("kind of key", text, f"{KEY} (an account key, not a user token).")
    elif account:
        report.ok("kind of key", "an account key.")


async def _from(context: Context, pager: Pager, report: Report) -> None:
    email = context.settings.pagerduty.from_email or ""
    try:
        user = await pager.user_by_email(email)
    except ProviderError as error:
        report.refused("From address", error, TOKEN)
        return
    if user:
        report.ok("From address", f"{email} is {user.name}.")
    else:
        mend = "Set PAGERDUTY_FROM_EMAIL to the login e-mail of a PagerDuty user (People > Users)."
        report.fail("From address", f"PagerDuty knows no user {email}.", mend)


async def _services(context: Context, pager: Pager, report: Report) -> None:
    services = await report.ask("services", pager.services(), TOKEN)
    if services is None:
        return
    default = context.settings.pagerduty.service_id
    address = "the last part of its address at PagerDuty > Services"
    if default and default in services:
        report.ok("default service", f"{services[default]} ({default}).")
    elif default:
        mend = f"Set PAGERDUTY_SERVICE_ID to {address}."
        report.fail("default service", f"there is no service {default}.", mend)
    else:
        mend = f"Set PAGERDUTY_SERVICE_ID to {address}."
        report.warn("default service", "incidents without a service page nobody there.", mend)
    named = [s for s in context.catalog.services.values() if s.pagerduty_service]
    unknown = [s for s in named if s.pagerduty_service not in services]
    for service in unknown:
        text = f"{service.id} names {service.pagerduty_service}, which is not there."
        report.fail("services", text, f"muster.yml: set pagerduty_service to {address}.")
    if named and not unknown:
        report.ok("services", f"all {len(named)} of muster.yml are there.")


async def _priorities(context: Context, pager: Pager, report: Report) -> None:
    wanted = [s.pagerduty_priority for s in context.catalog.severities if s.pagerduty_priority]
    names = await report.ask("priorities", pager.priorities(), TOKEN)
    if names is None or not wanted:
        return
    known = {name.casefold() for name in names}
    missing = [name for name in wanted if name.casefold() not in known]
    if not names:
        mend = "PagerDuty > Service Standards > Incident Priority: switch it on (plan permitting)."
        report.warn("priorities", "the account has none: severities stay in Slack.", mend)
    elif missing:
        mend = "muster.yml: correct pagerduty_priority of the severity, or add it at PagerDuty."
        report.warn("priorities", f"not there: {listed(missing)}.", mend)
    else:
        report.ok("priorities", f"{listed(wanted)} are there.")


async def _people(context: Context, pager: Pager, report: Report) -> None:
    """Those muster.yml counts on: everybody else may well have no account."""
    wanted = _counted_on(context.catalog)
    users = await report.ask("people", pager.users(), TOKEN)
    if users is None or not wanted:
        return
    known = {user.email.casefold() for user in users if user.active}
    said, linked = configured(context.catalog), {}
    if context.linked is not None:
        linked = dict(await context.linked())

    def has_account(email: str) -> bool:
        named = said.at(Vendor.PAGERDUTY, email)
        places = [named] if named else [*said.domains.equal(email), linked.get(email, "")]
        return not known.isdisjoint(places)

    missing = sorted(email for email in wanted if not has_account(email))
    if missing:
        text = f"{listed(missing)} have no account: what they do is done as the From address."
        mend = (
            "PagerDuty > People > Users > Add, or muster.yml: people: <e-mail>: {pagerduty: ...}."
        )
        report.warn("people", text, mend)
    else:
        report.ok("people", f"all {len(wanted)} in muster.yml have an account.")


def _counted_on(catalog: Catalog) -> set[str]:
    people = set(catalog.people)
    for roster in catalog.rosters.values():
        people.update(email for layer in roster.layers for email in layer.people)
    for policy in catalog.policies.values():
        for level in policy.levels:
            people.update(
                who.removeprefix("person:") for who in level.notify if who.startswith("person:")
            )
    for service in catalog.services.values():
        people.update(owner for owner in service.owners if "@" in owner)
    return people
