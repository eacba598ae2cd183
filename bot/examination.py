"""The doctor's examination of this installation, for ``muster doctor`` and ``/incident doctor``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import doctor, providers
from bot.doctor import probes
from bot.ports import SystemClock
from bot.providers import beyond
from bot.providers.github import GitHubHooks
from bot.services import reachability, roster_watch, rosters
from bot.store import identities, migrate, queries
from bot.store.engine import database_url
from bot.store.work import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog import Catalog, Roster
    from bot.ports import Chat, Pager, Silences, Tickets
    from bot.services.reachability import Unreachable
    from bot.settings import Settings

#: How long a signed ping may take to come back through the public address, seconds.
PING_SECONDS = 20


async def database_state(work: Work) -> doctor.Database:
    """Whether a write goes through, and where the schema is."""
    try:
        revision = await asyncio.to_thread(migrate.current, work.engine)
        if revision is None:
            return doctor.Database(writable=True, revision=None, head=migrate.head())
        await work.write(lambda tx: tx.set_value("doctor", {"at": tx.now.isoformat()}), patience=5)
    except Exception as error:  # noqa: BLE001 - the doctor tells what is wrong, whatever it is
        problem = str(error).splitlines()[0][:200]
        return doctor.Database(writable=False, revision=None, head=migrate.head(), problem=problem)
    return doctor.Database(writable=True, revision=revision, head=migrate.head())


async def rosters_state(work: Work, catalog: Catalog) -> Sequence[tuple[str, str | None]] | None:
    """Every roster and what is wrong with it; None while the database is not ready."""
    try:
        if await asyncio.to_thread(migrate.current, work.engine) != migrate.head():
            return None
        return await work.read(lambda tx: rosters.examined(tx, catalog))
    except Exception:  # noqa: BLE001 - "Database" says what is wrong with it
        return None


async def pinged(work: Work, since: datetime) -> bool:
    """Wait until a signed ``pagey.ping`` that came after ``since`` is in the database."""
    for _ in range(PING_SECONDS * 4):
        if await work.read(lambda tx: queries.last_delivery(tx, "pagerduty", "pagey.ping", since)):
            return True
        await asyncio.sleep(0.25)
    return False


async def _migrated(work: Work) -> bool:
    return await asyncio.to_thread(migrate.current, work.engine) == migrate.head()


async def unreachable(work: Work, catalog: Catalog) -> list[Unreachable] | None:
    """Who is counted on and cannot be reached; None while the database is not ours to read."""
    if not await _migrated(work):
        return None
    return await work.read(lambda tx: reachability.everybody_counted_on(tx, catalog))


async def linked(work: Work) -> dict[str, str]:
    """People's addresses at PagerDuty by theirs in Slack."""
    return await work.read(identities.pager_emails) if await _migrated(work) else {}


async def handovers_of(work: Work, catalog: Catalog) -> list[tuple[Roster, str | None]]:
    """All rosters and what Slack refused them; only those of the file while the database is of another version."""
    if not await _migrated(work):
        return [(roster, None) for roster in catalog.rosters.values()]
    return await work.read(lambda tx: roster_watch.kept(tx, catalog))


def context_of(
    settings: Settings,
    catalog: Catalog,
    work: Work,
    *,
    chat: Chat,
    pager: Pager | None,
    tickets: Tickets | None,
    silences: Mapping[str, Silences],
) -> doctor.Context:
    """What the doctor looks at."""
    return doctor.Context(
        settings=settings,
        catalog=catalog,
        chat=chat,
        pager=pager,
        tickets=tickets,
        silences=silences,
        open_socket=lambda: probes.open_socket(
            settings.slack.app_token.get_secret_value(), settings.slack.api_url
        ),
        database=lambda: database_state(work),
        handovers=lambda: handovers_of(work, catalog),
        reach=probes.reach,
        deadman=providers.build_deadman(settings.watch.deadman_url),
        rosters=lambda: rosters_state(work, catalog),
        usable=beyond.usable,
        pinged=lambda since: pinged(work, since),
        unreachable=lambda: unreachable(work, catalog),
        linked=lambda: linked(work),
    )


async def examine(
    settings: Settings,
    catalog: Catalog,
    *,
    fix: bool,
    tell: Callable[[str], None],
    agree: Callable[[str], Awaitable[bool]],
) -> tuple[str, bool]:
    """The report for the terminal, and whether all is well."""
    work = Work(database_url(settings.database_url), SystemClock(), domains=catalog.domains)
    chat = providers.build_slack(
        settings.slack.bot_token.get_secret_value(), settings.slack.api_url
    )
    pagerduty, github = settings.pagerduty, settings.github
    pager = tickets = None
    if pagerduty.api_token is not None:
        pager = providers.build_pagerduty(pagerduty.api_token.get_secret_value(), pagerduty.api_url)
    if github.token is not None:
        tickets = providers.build_github(github.token.get_secret_value(), github.api_url)
    silences = providers.build_silences(catalog.alerts)
    try:
        context = replace(
            context_of(
                settings, catalog, work, chat=chat, pager=pager, tickets=tickets, silences=silences
            ),
            hooks=GitHubHooks(tickets) if tickets is not None else None,
            fix=fix,
            tell=tell,
            agree=agree,
        )
        findings = await doctor.diagnose(context)
        return doctor.render(findings), doctor.exit_code(findings) == 0
    finally:
        for vendor in (chat, pager, tickets, *silences.values()):
            if vendor is not None:
                await vendor.aclose()
        await asyncio.to_thread(work.close)
