"""The command line. Settings that are wrong or missing are all listed at once with how to get each, exit code 2."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from bot.errors import SettingsError, UserError

if TYPE_CHECKING:
    from bot.config_file import Config
    from bot.services.evidence import Exported
    from bot.settings import Settings

# Imports inside the commands: each loads only what it needs, because memory and start-up time are promises.
# ruff: noqa: PLC0415

WRONG_SETTINGS = 2


class Commands(click.Group):
    """Shows settings problems the way people can use them."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; wrong settings end it with exit code 2 and every problem named."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            click.echo("Muster cannot start:\n", err=True)
            for problem in error.problems:
                click.echo(f"  {problem.where}: {problem.what}\n      {problem.mend}", err=True)
            sys.exit(WRONG_SETTINGS)
        except UserError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands)
def main() -> None:
    """Muster, the incident bot for Slack."""


def configured(*, need_slack: bool = True) -> tuple[Settings, Config]:
    """Settings and muster.yml, with logging set up; everything wrong in both is reported together."""
    from bot.config_file import load_all
    from bot.logs import configure

    settings, config = load_all(need_slack=need_slack)
    configure(settings.log.level, settings.log.format, settings.secrets())
    return settings, config


@main.command()
def run() -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    settings, config = configured()
    from bot.app import Muster
    from bot.mapping.router import RuleRouter

    async def serve() -> None:
        router = RuleRouter(config.catalog.pagerduty_routing)
        try:
            muster = Muster(settings, config.catalog, router)
            gc.collect()
            gc.freeze()  # what is loaded by now stays: later collections need not look through it
            await muster.run()
        finally:
            await router.close()

    asyncio.run(serve())


@main.command()
@click.option(
    "--port",
    default=8400,
    show_default=True,
    help="Where the workspace is; the bot listens beside it.",
)
@click.option("--scenario", default=None, help="Play this story.")
@click.option(
    "--exit",
    "leave",
    is_flag=True,
    help="Leave when the story is over; exit code 0 only if it ended well.",
)
def sandbox(port: int, scenario: str | None, leave: bool) -> None:
    """A local workspace in the browser, with PagerDuty and GitHub stand-ins and this bot connected to it."""
    from bot.sandbox.launch import launch

    sys.exit(asyncio.run(launch(port, scenario, leave=leave)))


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings, _ = configured(need_slack=False)
    from bot.store import migrate as migrations
    from bot.store.engine import database_url, open_engine

    engine = open_engine(database_url(settings.database_url))
    done = migrations.upgrade(engine)
    click.echo(f"Database at {migrations.head()}{'' if done else ' already'}.")


@main.command()
@click.argument("event_id")
def replay(event_id: str) -> None:
    """Apply a kept webhook again, by its vendor's id."""
    settings, config = configured(need_slack=False)
    from bot.offline import offline

    async def again() -> int:
        async with offline(settings, config.catalog) as services:
            return await services.inbound.replay(event_id)

    count = asyncio.run(again())
    if not count:
        raise click.ClickException(f"No kept webhook has the id {event_id}.")
    click.echo(f"{count} event(s) will be applied again by the running bot.")


@main.command()
def sync() -> None:
    """Have the running bot compare everything with PagerDuty now."""
    settings, config = configured(need_slack=False)
    from bot.importing import needed_token
    from bot.offline import offline

    needed_token(settings)

    async def ask() -> None:
        async with offline(settings, config.catalog) as services:
            await services.inbound.poll_now()

    asyncio.run(ask())
    click.echo("The running bot compares everything with PagerDuty now.")


@main.command()
@click.argument("path", type=click.Path(dir_okay=False))
def backup(path: str) -> None:
    """Copy the SQLite database to PATH, consistently, while the bot runs."""
    settings, _ = configured(need_slack=False)
    from bot.store.backup import backup as copy
    from bot.terminal import bar

    with bar("Pages") as progress:
        pages = copy(settings.database_url, path, progress.now)
    click.echo(f"Backed up to {path} ({pages} pages).")


@main.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
def report(days: int) -> None:
    """How the last days went, by severity and service (private incidents are not counted)."""
    settings, config = configured(need_slack=False)
    from blocks.report import report_text
    from bot.offline import offline

    async def count() -> str:
        async with offline(settings, config.catalog) as services:
            return report_text(await services.reports.statistics(days))

    click.echo(asyncio.run(count()))


@main.command()
@click.argument("incident")
@click.option(
    "--format", "form", type=click.Choice(["json", "md"]), default="json", show_default=True
)
@click.option("--private", is_flag=True, help="Export it although it is private.")
def export(incident: str, form: str, private: bool) -> None:
    """Print INCIDENT (INC-12) with all its events as evidence; exit code 1 if their chain is broken."""
    settings, config = configured(need_slack=False)
    import json

    from bot.domain.evidence_text import markdown
    from bot.offline import offline

    number = incident.upper().removeprefix("INC-")
    if not (number.isascii() and number.isdigit()):
        raise click.ClickException(f"{incident} is no incident. Write it as INC-12.")

    async def read() -> Exported:
        async with offline(settings, config.catalog) as services:
            return await services.evidence.export(int(number[:18]), private=private)

    found = asyncio.run(read())
    text = (
        markdown(found.document)
        if form == "md"
        else json.dumps(found.document, indent=2, ensure_ascii=False)
    )
    click.echo(text)
    if found.broken_at:
        raise click.ClickException(
            f"Event {found.broken_at} was changed in the database after it was written."
        )


@main.command("import")
@click.argument("source")
@click.option("--since", metavar="DATE", help="With pagerduty: from when, like 2026-01-31.")
def import_(source: str, since: str | None) -> None:
    """Verify SOURCE, a file that export wrote, and restore its incident; or take over the past.

    muster import pagerduty --since DATE takes over all incidents of PagerDuty since then, with their timelines, as far
    as they are not here yet. Nothing is sent anywhere. Interrupted, the same command goes on.
    """
    if source == "pagerduty":
        _import_pagerduty(since)
    elif since is not None:
        raise click.UsageError("--since belongs to muster import pagerduty.")
    else:
        _import_file(source)


def _import_file(name: str) -> None:
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}.") from None
    settings, config = configured(need_slack=False)
    import json

    from bot.offline import offline

    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise click.ClickException(f"{name} is not JSON. Use what muster export wrote.") from None

    async def put_back() -> int:
        async with offline(settings, config.catalog) as services:
            return await services.evidence.restore(document)

    click.echo(f"INC-{asyncio.run(put_back())} is restored; its chain of events is whole.")


def _import_pagerduty(since: str | None) -> None:
    from datetime import UTC, datetime

    from bot import importing
    from bot.terminal import bar

    if since is None:
        raise click.UsageError("Say from when: muster import pagerduty --since 2026-01-31")
    start = importing.since_when(since, datetime.now(UTC))
    settings, config = configured(need_slack=False)
    with bar("Incidents from PagerDuty") as progress:
        result = asyncio.run(importing.import_pagerduty(settings, config.catalog, start, progress))
    click.echo(str(result))


@main.group()
def mapping() -> None:
    """What becomes of the payloads of alert sources."""


@mapping.command("try")
@click.argument("source")
@click.argument("payload", type=click.File("rb"), default="-")
def try_(source: str, payload: IO[bytes]) -> None:
    """Show the alerts SOURCE yields for a payload (standard input), and which expression failed."""
    _, config = configured(need_slack=False)
    from bot.mapping.trial import trial

    text, worked = asyncio.run(trial(config.catalog.alerts, source, payload.read()))
    click.echo(text)
    sys.exit(0 if worked else 1)


@mapping.command()
@click.argument("source")
def show(source: str) -> None:
    """How to set SOURCE up at its vendor, with the payload to put there."""
    from bot.mapping.trial import instructions

    _, config = configured(need_slack=False)
    click.echo(instructions(config.catalog.alerts, source))


@main.command()
@click.option("--fix", is_flag=True, help="Create and repair PagerDuty's webhook subscription.")
def doctor(fix: bool) -> None:
    """Check every step of the installation and say how to mend what is wrong."""
    settings, config = configured(need_slack=False)
    from bot.examination import examine

    async def agree(question: str) -> bool:
        return await asyncio.to_thread(click.confirm, question, default=False)

    report, healthy = asyncio.run(
        examine(settings, config.catalog, fix=fix, tell=click.echo, agree=agree)
    )
    click.echo(report)
    sys.exit(0 if healthy else 1)
