"""The command line. Settings that are wrong or missing are all listed at once with how to get each, exit code 2."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from bot.errors import SettingsError

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog
    from bot.settings import Settings

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


@click.group(cls=Commands)
def main() -> None:
    """Muster, the incident bot for Slack."""


def _configured() -> tuple[Settings, Catalog]:
    """Settings and muster.yml, with logging set up; everything wrong in both is reported together."""
    from bot.config_file import load_config  # noqa: PLC0415 - a command loads only what it needs
    from bot.logs import configure  # noqa: PLC0415
    from bot.settings import load, merged_environ  # noqa: PLC0415

    environ = merged_environ()
    settings = load(environ)
    configure(settings.log.level, settings.log.format, settings.secrets())
    return settings, load_config(settings.config_file, environ).catalog


@main.command()
def run() -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    settings, catalog = _configured()
    from bot.app import Muster  # noqa: PLC0415
    from bot.mapping.router import RuleRouter  # noqa: PLC0415

    async def serve() -> None:
        await Muster(settings, catalog, RuleRouter(catalog.pagerduty_routing)).run()

    asyncio.run(serve())


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings, _ = _configured()
    from bot.store import migrate as migrations  # noqa: PLC0415
    from bot.store.engine import open_engine  # noqa: PLC0415

    engine = open_engine(settings.database_url)
    done = migrations.upgrade(engine)
    click.echo(f"Database at {migrations.head()}{'' if done else ' already'}.")
