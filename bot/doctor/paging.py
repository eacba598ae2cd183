"""Pages beyond Slack: addresses Apprise can use, and who can be reached when Slack cannot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.doctor.findings import Report, listed

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding
    from bot.domain.catalog import Catalog

_ADDRESS = (
    "Correct it in muster.yml; https://appriseit.com/services/ shows how an address is written."
)


async def check(context: Context) -> list[Finding]:
    """Every address, everybody on the first level of a policy, and the link to acknowledge without Slack."""
    report, catalog = Report("Paging"), context.catalog
    await _addresses(context, report)
    if not catalog.policies:
        text = "no escalation policy in muster.yml: without PagerDuty nobody is paged."
        report.skip("policies", text, "See escalation_policies in muster.example.yml.")
        return report.findings
    alone = sorted(each for each in first_called(catalog) if not _beyond(catalog, each))
    if alone:
        text = f"{listed(alone)}: paged first, and by Slack alone; when Slack is down nothing reaches them."
        mend = "In muster.yml: people: <e-mail>: {notify: [an Apprise address]}."
        report.skip("ways", text, mend)
    elif first_called(catalog):
        report.ok("ways", "everybody who is paged first has a way beyond Slack.")
    if any(person.notify for person in catalog.people.values()):
        _link(context, report)
    return report.findings


def _link(context: Context, report: Report) -> None:
    if context.settings.http.public_url:
        report.ok("acknowledge link", "pages beyond Slack carry one.")
        return
    text = "pages beyond Slack carry none: PUBLIC_URL is not set."
    mend = "Set PUBLIC_URL, so that a page can be acknowledged while Slack is down."
    report.skip("acknowledge link", text, mend)


async def _addresses(context: Context, report: Report) -> None:
    catalog, usable = context.catalog, context.usable
    urls = [
        (f"people.{email}.notify[{n}]", address.url)
        for email, person in sorted(catalog.people.items())
        for n, address in enumerate(person.notify, 1)
    ]
    urls += [(f"notifications[{n}]", each.url) for n, each in enumerate(catalog.notifications, 1)]
    if not urls or usable is None:
        return
    known = await asyncio.to_thread(lambda: [usable(url) for _, url in urls])
    wrong = [name for (name, _), good in zip(urls, known, strict=True) if not good]
    for name in wrong:
        report.fail(name, "is no address Apprise can use: nothing reaches it.", _ADDRESS)
    if not wrong:
        count = len(urls)
        report.ok("addresses", f"{count} Apprise address{'' if count == 1 else 'es'} can be used.")


def first_called(catalog: Catalog) -> set[str]:
    """E-mail addresses of everybody the first level of a policy names, by themselves or in a roster."""
    found: set[str] = set()
    for policy in catalog.policies.values():
        for target in policy.levels[0].notify if policy.levels else ():
            kind, _, name = target.partition(":")
            if kind == "person":
                found.add(name.casefold())
            roster = catalog.rosters.get(name) if kind == "roster" else None
            for layer in roster.layers if roster else ():
                found.update(email.casefold() for email in layer.people)
    return found


def _beyond(catalog: Catalog, email: str) -> bool:
    person = catalog.people.get(email)
    return bool(person and person.notify)
