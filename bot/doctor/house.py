"""Our own house: settings, routing rules, the database, the address others reach us under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.findings import Report
from bot.errors import ProviderError

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding

MAKE_UP = "make one up (openssl rand -hex 32) and set it"


async def check_settings(context: Context) -> list[Finding]:
    """That they could be loaded says most; here is what is odd, and which endpoints are shut."""
    report = Report("Settings")
    for warning in context.settings.warnings:
        report.warn(warning.where, warning.what, warning.mend)
    if not context.settings.warnings:
        report.ok("environment", "read without complaints.")
    file = context.settings.config_file
    if file.is_file():
        services = len(context.catalog.services)
        report.ok(file.name, f"{services} service{'' if services == 1 else 's'}.")
    else:
        mend = "Copy muster.example.yml to muster.yml for services, rosters and rules."
        report.skip(file.name, "not there: the defaults apply.", mend)
    for problem in context.router_problems:
        report.warn("routing", f"{problem.where}: {problem.what}", problem.mend)
    if not context.router_problems:
        count = len(context.catalog.pagerduty_routing)
        report.ok("routing", f"{count} rule{'' if count == 1 else 's'}, none has failed.")
    return report.findings


async def check_database(context: Context) -> list[Finding]:
    """It can be written to, and its schema is the one this program knows."""
    report = Report("Database")
    if context.database is None:
        report.skip("database", "not looked at here.", "Run muster doctor on the machine.")
        return report.findings
    state = await context.database()
    if not state.writable:
        mend = "Check DATABASE_URL, that the server runs, and that the folder is writable."
        report.fail("writing", f"not possible: {state.problem or 'no reason given'}.", mend)
        return report.findings
    report.ok("writing", "works.")
    migrate = "Run muster migrate (muster run does it too)."
    if state.revision == state.head:
        report.ok("schema", f"at {state.head}.")
    elif state.revision is None:
        report.warn("schema", "the database is empty.", migrate)
    elif state.revision < state.head:
        report.warn("schema", f"at {state.revision}, this program wants {state.head}.", migrate)
    else:
        mend = "Install the newer Muster again: going back needs a backup from before."
        text = f"at {state.revision}, newer than this program's {state.head}."
        report.fail("schema", text, mend)
    return report.findings


async def check_web(context: Context) -> list[Finding]:
    """Which endpoints refuse everybody, and whether the public address leads here."""
    report = Report("Web")
    if context.settings.http.api_token:
        report.ok("/api", "opens with API_TOKEN.")
    else:
        text = "refuses everybody: API_TOKEN is not set."
        report.skip("/api", text, f"To open it: {MAKE_UP} as API_TOKEN.")
    await _public(context, report)
    await _deadman(context, report)
    return report.findings


async def _deadman(context: Context, report: Report) -> None:
    """Whether somebody hears when we fall silent; the address is a secret, and asking is a ping."""
    if context.settings.watch.deadman_url is None:
        text = "not set: nobody hears when Muster falls silent."
        mend = (
            "Make a check that expects a ping every minute (Healthchecks, ...) and set its address."
        )
        report.skip("DEADMAN_URL", text, mend)
        return
    if context.deadman is None:
        report.skip("DEADMAN_URL", "set, not tried.")
        return
    try:
        await context.deadman.ping()
    except ProviderError as error:
        mend = "Check the address, and that this machine may call it."
        report.warn("DEADMAN_URL", f"{error.detail}.", mend)
    else:
        report.ok("DEADMAN_URL", "takes our ping.")


async def _public(context: Context, report: Report) -> None:
    public = context.settings.http.public_url
    if not public:
        report.skip("PUBLIC_URL", "not set: Slack needs none, webhooks cannot reach the bot.")
        return
    url = f"{public}/healthz"
    if context.reach is None:
        report.skip("PUBLIC_URL", "not tried.", f"Open {url} in a browser: it should say ok.")
        return
    problem = await context.reach(url)
    if problem is None:
        report.ok("PUBLIC_URL", f"{url} answers.")
    else:
        mend = (
            f"Start muster run, and lead {public} to HTTP_HOST:HTTP_PORT (reverse proxy or tunnel). "
            "From inside your network it may fail although it works from outside."
        )
        report.warn("PUBLIC_URL", f"{url}: {problem}.", mend)
