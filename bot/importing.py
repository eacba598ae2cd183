"""``muster import pagerduty``: what happened before Muster came, read within the vendor's limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from bot import providers
from bot.domain.budget import IMPORT_LIMITS, REQUESTS
from bot.domain.effects import EffectKind
from bot.errors import Problem, ProviderError, Reason, SettingsError, UserError
from bot.mapping.router import RuleRouter
from bot.ports import SystemClock
from bot.services.base import House, Options
from bot.services.incidents import Incidents
from bot.services.paging import Paging
from bot.services.past import Past, Taken
from bot.store import migrate
from bot.store.engine import database_url
from bot.store.work import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.catalog import Catalog
    from bot.ports import Page, Pager
    from bot.settings import Settings

T = TypeVar("T")

#: PagerDuty was founded in 2009; an earlier date is a slip of the finger.
FIRST_YEAR = 2009
#: Incidents are listed for so long at once; PagerDuty answers 100 of them per request.
WINDOW, LISTED = timedelta(days=30), 100
#: How often a request that found nobody is made again, and after how many seconds (doubled each time).
TRIES, PAUSE = 6, 1.0
#: When a refusal for its number of calls names no time, seconds.
UNNAMED_LIMIT = 30.0


WORDS = {
    Taken.KNOWN: "known already",
    Taken.IGNORED: "left out by the routing rules",
    Taken.GONE: "deleted there meanwhile",
}


class Progress(Protocol):
    """Where people see how far it is."""

    def found(self, count: int) -> None:
        """So many more are to be read."""
        ...

    def done(self) -> None:
        """One of them was."""
        ...


@dataclass
class Result:
    """How many pages became of what."""

    counts: Counter[Taken] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The last line people read."""
        imported = self.counts[Taken.IMPORTED]
        told = [f"{imported:,} incident{'' if imported == 1 else 's'} imported"]
        told += [
            f"{self.counts[each]:,} {words}" for each, words in WORDS.items() if self.counts[each]
        ]
        return f"{', '.join(told)}."


def since_when(words: str, now: datetime) -> datetime:
    """The date (or moment, UTC unless it says otherwise) somebody wrote. UserError when it is none or not past."""
    try:
        since = datetime.fromisoformat(words.strip())
        since = since.replace(tzinfo=UTC) if since.tzinfo is None else since.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{words!r} is no date. Write --since 2026-01-31, or --since 2026-01-31T08:00 (UTC)."
        raise UserError(msg) from None
    if since >= now:
        msg = f"{words} is not over yet. Write a date in the past, like --since {now - WINDOW:%Y-%m-%d}."
        raise UserError(msg)
    if since.year < FIRST_YEAR:
        msg = f"PagerDuty knows nothing from before {FIRST_YEAR}. Write a later date."
        raise UserError(msg)
    return since


async def import_pagerduty(
    settings: Settings, catalog: Catalog, since: datetime, progress: Progress
) -> Result:
    """Take over every incident created since then; one that is here already stays as it is.

    Each is one transaction, oldest first: interrupted at any point, the same command goes on where it was. UserError
    when PagerDuty refuses the key or does not answer.
    """
    token = needed_token(settings)
    pager = providers.build_pagerduty(token, settings.pagerduty.api_url)
    work = Work(database_url(settings.database_url), SystemClock(), domains=catalog.domains)
    router = RuleRouter(catalog.pagerduty_routing)
    try:
        await asyncio.to_thread(migrate.upgrade, work.engine)
        house = House(work=work, catalog=catalog, router=router, options=_options(settings))
        past = Past(house, Paging(house, Incidents(house)))
        return await Importer(pager, past, progress).run(since, work.clock.now())
    finally:
        await router.close()
        await pager.aclose()
        work.close()


def _options(settings: Settings) -> Options:
    """As far as an incident of the pager is concerned: where its issue goes once somebody opens its channel."""
    github = settings.github
    return Options(
        pagerduty=True,
        github=github.token is not None,
        github_owner=github.owner,
        github_repo=github.default_repo,
    )


def needed_token(settings: Settings) -> str:
    """PagerDuty's key; SettingsError says how to get one."""
    token = settings.pagerduty.api_token
    if token is None:
        what = "is missing, and without it PagerDuty cannot be asked."
        mend = "In PagerDuty: Integrations, API Access Keys, Create New API Key."
        raise SettingsError([Problem("PAGERDUTY_API_TOKEN", what, mend)])
    return token.get_secret_value()


class Importer:
    """Lists month by month, reads each unknown page with its history, and keeps it."""

    def __init__(
        self,
        pager: Pager,
        past: Past,
        progress: Progress,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``sleep`` is how it waits."""
        self._pager = pager
        self._past = past
        self._progress = progress
        self._sleep = sleep

    async def run(self, since: datetime, until: datetime) -> Result:
        """Everything created since ``since``, where ``until`` is now."""
        result = Result()
        start = since
        while start < until:
            end = min(start + WINDOW, until)
            pages = await self._listed(start, end if end < until else None)
            unknown = await self._past.unknown(pages)
            result.counts[Taken.KNOWN] += len(pages) - len(unknown)
            self._progress.found(len(unknown))
            for page in unknown:
                result.counts[await self._take(page)] += 1
                self._progress.done()
            start = end
        return result

    async def _listed(self, start: datetime, end: datetime | None) -> list[Page]:
        await self._room(1)
        pages = await self._asked(lambda: self._pager.pages_since(start, until=end))
        if more := len(pages) // LISTED:
            await self._room(more)
        return list(pages)

    async def _take(self, page: Page) -> Taken:
        await self._room(REQUESTS[EffectKind.READ_PAGE])
        try:
            whole = await self._asked(lambda: self._pager.page(page.id))
        except ProviderError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            return Taken.GONE
        return await self._past.take(whole)

    async def _room(self, calls: int) -> None:
        """Wait until so many calls fit into what the key allows, counted together with a running bot's."""
        while wait := await self._past.wait_for_room(IMPORT_LIMITS, calls):
            await self._sleep(wait)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer; UserError when there is none for long, or PagerDuty refuses."""
        attempt = 1
        while True:
            try:
                return await ask()
            except ProviderError as error:
                if error.reason is Reason.NOT_FOUND:
                    raise
                wait = _pause(error, attempt)
                if wait is None:
                    raise UserError(_explained(error)) from None
                attempt += 1
                await self._sleep(wait)


def _pause(error: ProviderError, attempt: int) -> float | None:
    """Seconds until asking again is worth it; None when it is not."""
    if attempt >= TRIES:
        return None
    if error.reason is Reason.RATE_LIMITED:
        return UNNAMED_LIMIT if error.retry_after is None else error.retry_after
    return PAUSE * 2.0 ** (attempt - 1) if error.reason is Reason.UNAVAILABLE else None


def _explained(error: ProviderError) -> str:
    goes_on = "What was imported stays; the same command goes on from there."
    why = error.detail or error.reason.value
    if error.reason is Reason.AUTH:
        return f"PagerDuty refused the key: {why}. Check PAGERDUTY_API_TOKEN. {goes_on}"
    if error.reason is Reason.UNAVAILABLE:
        return f"PagerDuty does not answer: {why}. {goes_on}"
    return f"PagerDuty refused: {why}. {goes_on}"
