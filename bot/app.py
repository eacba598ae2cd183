"""The composition root: settings -> store -> providers -> use cases -> Slack, web, worker; and orderly shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import time
from typing import TYPE_CHECKING, Any

import structlog

from bot import providers
from bot.errors import MusterError, Problem, ProviderError, Reason, SettingsError
from bot.gateway import SlackGateway
from bot.mapping.alerts import AlertMapper
from bot.mapping.boot import wrong_presets
from bot.metrics import Metrics
from bot.ports import SystemClock
from bot.services import rosters
from bot.services.action_items import ActionItems
from bot.services.affected import AffectedServices
from bot.services.afterwards import Afterwards
from bot.services.alert_actions import AlertActions
from bot.services.alerts import AlertIntake
from bot.services.asking import Asking
from bot.services.base import House, Options
from bot.services.drills import Drills
from bot.services.escalating import Escalating
from bot.services.experts import Experts
from bot.services.inbound import InboundEvents
from bot.services.incidents import Incidents
from bot.services.issue_news import IssueFollowing
from bot.services.linking import Linking
from bot.services.merging import Merging
from bot.services.moments import MessageTimeline
from bot.services.native_desk import NativeDesk
from bot.services.page_actions import PageActions
from bot.services.page_audit import PageAudit
from bot.services.page_links import PageLinks
from bot.services.pager_schedules import PagerSchedules
from bot.services.paging import Paging
from bot.services.people import IDENTITY, PeopleDirectory
from bot.services.privacy import Privacy
from bot.services.reminding import Reminding
from bot.services.reports import Reports
from bot.services.roles import Roles
from bot.services.rooms import Rooms as IncidentRooms
from bot.services.roster_editing import RosterEditing
from bot.services.roster_watch import RosterWatch
from bot.services.sightings import Sightings
from bot.services.standing_in import StandingIn
from bot.services.subscribing import CalendarLinks
from bot.services.updates import Updates
from bot.store import migrate
from bot.store.engine import database_url
from bot.store.work import Work
from bot.web import server as web
from bot.web.alerts import AlertWebhooks
from bot.web.calendars import RosterCalendars
from bot.web.health import Health, Readiness
from bot.web.pages import AcknowledgePages
from bot.web.webhooks import Webhooks
from bot.worker.loop import Worker
from bot.worker.rooms import Rooms
from bot.worker.sweeps import Sweeps
from bot.worker.world import GitHub, World
from handlers import Desk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.catalog import Catalog
    from bot.ports import Clock, Pager, Router
    from bot.settings import Settings

log = structlog.get_logger()

#: PRODUCT.md: a clean shutdown finishes what it can within this, seconds.
SHUTDOWN_SECONDS = 10.0


class Muster:
    """One running bot."""

    def __init__(
        self, settings: Settings, catalog: Catalog, router: Router, clock: Clock | None = None
    ) -> None:
        """Build everything; call nobody."""
        self.settings = settings
        self.metrics = Metrics()
        self.work = Work(
            database_url(settings.database_url), clock or SystemClock(), domains=catalog.domains
        )
        self.mapping = AlertMapper(catalog.alerts, getattr(router, "engine", None))
        self.chat = providers.build_slack(
            settings.slack.bot_token.get_secret_value(),
            settings.slack.api_url,
            observe=self._observe("slack"),
        )
        self.pager = self._build_pager()
        self.tickets = self._build_tickets()
        counted = functools.partial(self.metrics.vendor, "alertmanager")
        self.silences = providers.build_silences(catalog.alerts, counted)
        self.calendars = providers.build_calendars(
            observe=functools.partial(self.metrics.vendor, "calendar")
        )
        house = House(work=self.work, catalog=catalog, router=router, options=self._options())
        incidents = Incidents(house)
        people, reports = PeopleDirectory(house), Reports(house)
        updates, reminding = Updates(house), Reminding(house)
        inbound, messages = InboundEvents(house), MessageTimeline(house)
        actions = ActionItems(house)
        afterwards = Afterwards.of(house, incidents)
        drills = Drills(house, incidents, afterwards)
        intake = AlertIntake(house, incidents, self.mapping)
        alerts = AlertActions(house, incidents, intake)
        rooms = Rooms(
            self.work,
            self.chat,
            incidents=settings.slack.incidents_channel,
            admins=settings.slack.admin_channel,
            alerts=catalog.alerts.channel,
            drills=catalog.drills.channel,
        )
        self.standing_in = StandingIn(house, self._links())
        escalating = Escalating(house)
        self.world = World(
            work=self.work,
            catalog=catalog,
            chat=self.chat,
            pager=self.pager,
            tickets=self.tickets,
            incidents=incidents,
            paging=Paging(house, incidents),
            inbound=inbound,
            people=people,
            reports=reports,
            updates=updates,
            reminding=reminding,
            afterwards=afterwards,
            drills=drills,
            rooms=rooms,
            messages=messages,
            actions=actions,
            following=IssueFollowing(house, actions),
            linking=Linking(house),
            privacy=Privacy(house, incidents),
            alerts=alerts,
            alert_intake=intake,
            escalating=escalating,
            links=PageLinks(
                house,
                escalating,
                secret=settings.slack.app_token.get_secret_value(),
                public_url=settings.http.public_url,
            ),
            page_audit=PageAudit(house),
            deadman=providers.build_deadman(settings.watch.deadman_url),
            roster_watch=RosterWatch(house),
            silences=self.silences,
            native=providers.build_native(
                self.work,
                catalog,
                NativeDesk(house, incidents, Asking(house, incidents, people), self.standing_in),
            ),
            calendars=self.calendars,
            from_email=settings.pagerduty.from_email or "",
        )
        self.worker = Worker(
            self.world, self.metrics, budgeted=settings.slack.rate_budget == "slack"
        )
        self.gateway = SlackGateway(
            bot_token=settings.slack.bot_token.get_secret_value(),
            app_token=settings.slack.app_token.get_secret_value(),
            api_url=settings.slack.api_url,
        )
        self.sweeps = Sweeps(
            self.world,
            self.worker,
            poll_seconds=settings.pagerduty.poll_seconds,
            told_by_github=settings.github.webhook_secret is not None,
        )
        desk = Desk(
            incidents=incidents,
            inbound=inbound,
            people=people,
            reports=reports,
            messages=messages,
            alerts=alerts,
            pages=PageActions(house),
            merging=Merging(house),
            rooms=IncidentRooms(house),
            updates=updates,
            reminding=reminding,
            roles=Roles(house, incidents),
            services=AffectedServices(house, incidents),
            asking=Asking(house, incidents, people),
            pager_schedules=PagerSchedules(house),
            standing_in=self.standing_in,
            actions=actions,
            linking=self.world.linking,
            experts=Experts(house),
            afterwards=afterwards,
            roster_editing=RosterEditing(house, file=settings.config_file.name),
            drills=drills,
            privacy=self.world.privacy,
            sightings=Sightings(house, escalating),
            catalog=catalog,
            chat=self.chat,
            views=self.gateway.views,
            open_home=incidents.open_home,
            mirror=self.sweeps.mirror_soon,
            diagnose=self._diagnose,
        )
        self.gateway.register(desk, self.metrics.ack)
        self.server = web.server(self._web(), settings.http.host, settings.http.port)
        self._tasks: list[asyncio.Task[Any]] = []
        self._wrong_presets: str | None = None
        self._unknown_to_slack: str | None = "Slack has not said yet who we are"

    # --- building ----------------------------------------------------------------------------------------------

    def _observe(self, vendor: str) -> Any:
        """Every call is counted, and tells whether its vendor is down."""

        def observe(operation: str, outcome: str, seconds: float) -> None:
            self.metrics.vendor(vendor, operation, outcome, seconds)
            self.sweeps.heard(vendor, outcome)

        return observe

    def _build_pager(self) -> Pager | None:
        own = self.settings.pagerduty
        if own.api_token is None:
            return None
        return providers.build_pagerduty(
            own.api_token.get_secret_value(), own.api_url, observe=self._observe("pagerduty")
        )

    def _build_tickets(self) -> GitHub | None:
        own = self.settings.github
        if own.token is None:
            return None
        return providers.build_github(
            own.token.get_secret_value(), own.api_url, observe=self._observe("github")
        )

    def _options(self) -> Options:
        pagerduty, github = self.settings.pagerduty, self.settings.github
        return Options(
            pagerduty=self.pager is not None,
            pagerduty_service=pagerduty.service_id,
            pagerduty_from=pagerduty.from_email or "",
            github=self.tickets is not None,
            github_owner=github.owner,
            github_repo=github.default_repo,
        )

    def _web(self) -> Any:
        webhooks = Webhooks(
            self.world.inbound,
            self.metrics,
            pagerduty_secrets=[
                s.get_secret_value() for s in self.settings.pagerduty.webhook_secrets
            ],
            github_secrets=self.settings.github.webhook_secrets,
        )
        readiness = Readiness(
            required={
                "database": self._database,
                "worker": self._worker_state,
                "slack": self._slack_state,
            },
            degraded={name: self._vendor_state(name) for name in self._vendors()},
        )
        readiness.degraded["alert presets"] = lambda: self._wrong_presets
        readiness.degraded["announcements"] = lambda: self.world.rooms.problem
        health = Health(self.work, self.metrics, readiness)
        token, alerts_token = self.settings.http.api_token, self.settings.http.alerts_token
        alerts = AlertWebhooks(
            self.world.inbound,
            self.metrics,
            self.mapping,
            token=alerts_token.get_secret_value() if alerts_token else None,
            clock=self.work.clock,
        )
        return web.build(
            self.world.incidents,
            webhooks,
            health,
            api_token=token.get_secret_value() if token else None,
            alerts=alerts,
            calendars=RosterCalendars(self.standing_in, self._links()),
            pages=AcknowledgePages(self.world.links),
        )

    def _links(self) -> CalendarLinks:
        """Signed with API_TOKEN, or with what is never missing: whoever changes that ends all addresses."""
        http = self.settings.http
        secret = http.api_token or self.settings.slack.bot_token
        return CalendarLinks(secret.get_secret_value(), http.public_url)

    async def _diagnose(self) -> str:
        """What ``/incident doctor`` answers."""
        from bot import doctor  # noqa: PLC0415 - rarely asked, not kept in memory
        from bot.examination import context_of  # noqa: PLC0415

        context = context_of(
            self.settings,
            self.world.catalog,
            self.work,
            chat=self.chat,
            pager=self.pager,
            tickets=self.tickets,
            silences=self.silences,
        )
        return doctor.render(await doctor.diagnose(context))

    def _vendors(self) -> list[str]:
        vendors = {"pagerduty": self.pager, "github": self.tickets}
        return [name for name, vendor in vendors.items() if vendor is not None]

    # --- what /readyz says -------------------------------------------------------------------------------------

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(3):
                await self.work.read(lambda tx: tx.value("alive"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the database is not up
            return f"the database does not answer ({type(error).__name__})"
        return None

    async def _worker_state(self) -> str | None:
        age = time.monotonic() - self.worker.last_look if self.worker.last_look else None
        if age is None:
            return "the worker has not started yet"
        return None if age < 15 else f"the worker has not looked for {age:.0f} s"  # noqa: PLR2004

    async def _slack_state(self) -> str | None:
        return self.gateway.problem or self._unknown_to_slack or self.world.stopped.get("slack")

    def _vendor_state(self, name: str) -> Any:
        return lambda: self.world.stopped.get(name) or self.sweeps.down.get(name)

    # --- running -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Migrate, then start everything; nothing waits for a vendor."""
        listening = web.listen(self.settings.http.host, self.settings.http.port)
        try:
            await self._migrate()
            await self._rosters_are_clear()
        except BaseException:
            listening.close()
            raise
        remembered = await self.work.read(lambda tx: tx.value(IDENTITY))
        self._we_are(remembered or {})
        self._tasks = [
            asyncio.create_task(self.worker.run(), name="worker"),
            asyncio.create_task(self.server.serve(sockets=[listening]), name="web"),
            asyncio.create_task(self._identify(), name="identify"),
        ]
        if self.settings.http.alerts_token or self.world.catalog.alerts.sources:
            self._tasks.append(asyncio.create_task(self._check_presets(), name="presets"))
        self.gateway.start()
        await self.sweeps.start()
        log.info("muster.started", settings=self.settings.redacted())

    async def _check_presets(self) -> None:
        """Alerts are taken all the same: what a preset maps wrongly is kept and can be applied again."""
        if wrong := await wrong_presets():
            self._wrong_presets = "; ".join(wrong[:3])
            log.error("alerts.preset_wrong", problems=wrong)

    async def _migrate(self) -> None:
        """A database that is not up yet is waited for."""
        while True:
            try:
                if await asyncio.to_thread(migrate.upgrade, self.work.engine):
                    log.info("database.migrated", to=migrate.head())
            except Exception as error:
                words = str(error).splitlines()[
                    0
                ]  # the drivers' errors differ; only their words tell
                if "unable to open" in words or "readonly" in words:
                    raise _unusable("DATABASE_URL", words) from None
                if "connect" not in words.lower():
                    raise
                log.warning("database.waiting", error=type(error).__name__)
                await asyncio.sleep(1)
            else:
                return

    async def _rosters_are_clear(self) -> None:
        """Two rosters of one name, and policies that name none: only the database knows those made in Slack.

        How those of muster.yml are now is kept, so that who was on call before an edit can be told after it.
        """
        file, catalog = self.settings.config_file.name, self.world.catalog
        found = await self.work.read(
            lambda tx: [*rosters.clashes(tx, catalog, file), *rosters.unknown(tx, catalog, file)]
        )
        if found:
            raise SettingsError(found)
        await self.work.write(lambda tx: rosters.keep_file(tx, catalog))

    async def _identify(self) -> None:
        """Learn who we are and where announcements go; tried until Slack answers."""
        wait, told = 0.5, dict[str, Any]()
        while True:
            try:
                told = dict(await self.chat.identity())
                self._unknown_to_slack = None
                break
            except ProviderError as error:
                self._unknown_to_slack = f"Slack does not take SLACK_BOT_TOKEN: {error.detail}"
                if error.reason is Reason.AUTH:
                    self.world.stopped["slack"] = error.detail
                log.warning(
                    "slack.unknown_identity", reason=error.reason.value, detail=error.detail
                )
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)
        identity = {k: v for k, v in told.items() if isinstance(v, str)}
        self._we_are(identity)
        with contextlib.suppress(MusterError):
            await self.work.write(lambda tx: tx.set_value(IDENTITY, identity))
            await self.world.rooms.announcements()

    def _we_are(self, identity: Mapping[str, str]) -> None:
        """Who we are at Slack, also from memory: work taken up after a restart needs the same links at once."""
        self.world.bot_user = identity.get("user_id", "")
        self.world.workspace_url = identity.get("url", "")
        self.gateway.identified(dict(identity))

    async def run(self) -> None:
        """Start, serve until SIGTERM or SIGINT, stop in order."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await self.start()
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, *self._tasks[:2]], return_when=asyncio.FIRST_COMPLETED)
        failed = [t for t in self._tasks[:2] if t.done()]
        waiting.cancel()
        await self.stop()
        for task in failed:
            task.result()

    async def stop(self) -> None:
        """Take nothing new, finish what is under way within ten seconds, close."""
        began = time.monotonic()
        log.info("muster.stopping", under_way=self.worker.under_way)
        self.server.should_exit = True
        await self.gateway.stop()
        await self.sweeps.stop()
        left = await self.worker.drain(SHUTDOWN_SECONDS - 3)
        for task in self._tasks:
            if task.get_name() != "web":
                task.cancel()
        if self._tasks:  # none when the start was given up
            await asyncio.wait(self._tasks, timeout=2)
        vendors = (self.chat, self.pager, self.tickets, self.calendars, *self.silences.values())
        for vendor in vendors:
            close = getattr(vendor, "aclose", None) or getattr(vendor, "close", None)
            if close is not None:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(close(), timeout=1)
        await self.mapping.close()
        await asyncio.to_thread(self.work.close)
        log.info("muster.stopped", left=left, seconds=round(time.monotonic() - began, 2))


def _unusable(where: str, why: str) -> SettingsError:
    return SettingsError(
        [Problem(where, f"cannot be used: {why}.", "Check the path, its folder and its rights.")]
    )
