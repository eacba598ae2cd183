"""Slack: tokens, scopes, the announcement channel, what the workspace allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from bot.doctor.findings import Report
from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.doctor.context import Context
    from bot.doctor.findings import Finding
    from bot.ports import Channel

REINSTALL = "Slack app > OAuth & Permissions > Reinstall to Workspace"
BOT_MEND = {Reason.AUTH: f"{REINSTALL}, then copy the Bot User OAuth Token to SLACK_BOT_TOKEN."}
APP_MEND = (
    "Slack app > Basic Information > App-Level Tokens > Generate with connections:write, copy it to "
    "SLACK_APP_TOKEN; Slack app > Socket Mode > Enable."
)
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")
#: Slack's answers when the workspace does not let this app create channels.
CREATION = (
    "Slack > workspace settings > Permissions > Channel Management: let everyone (and apps) create "
    "public channels. Until then incidents run in the thread of their announcement."
)
#: Seconds the clock may be wrong: the dates on cards are noticeable first, certificates later.
SKEW_WARN, SKEW_FAIL = 30, 300


async def check(context: Context) -> list[Finding]:
    """All of Slack; without a working bot token the rest is not asked."""
    report = Report("Slack")
    identity = None
    if context.settings.slack.bot_token.get_secret_value():
        identity = await report.ask("bot token", context.chat.identity(), BOT_MEND)
    else:
        mend = "Slack app > OAuth & Permissions > Bot User OAuth Token, copy it to SLACK_BOT_TOKEN."
        report.fail("bot token", "SLACK_BOT_TOKEN is not set.", mend)
    if identity is not None:
        who = f"{identity.get('team') or identity.get('team_id')}"
        report.ok("bot token", f"works in {who} as {identity.get('user') or 'the bot'}.")
    date = await _socket(context, report)
    if date is not None:
        _clock(context, date, report)
    if identity is None:
        return report.findings
    scopes = {str(scope) for scope in identity.get("scopes") or ()}
    _scopes(context.manifest, scopes, report)
    await _room(context, context.settings.slack.incidents_channel, report)
    await _admins(context, report)
    _private(scopes, report)
    await _emails(context, scopes, report)
    report.skip(
        "command",
        "Slack does not tell whether /incident is installed.",
        "Type /incident help in Slack. Unknown there: Slack app > App Manifest, paste manifest.yml, "
        f"then {REINSTALL}.",
    )
    return report.findings


async def _socket(context: Context, report: Report) -> datetime | None:
    if not context.settings.slack.app_token.get_secret_value():
        report.fail("app token", "SLACK_APP_TOKEN is not set.", APP_MEND)
        return None
    if context.open_socket is None:
        report.skip("app token", "not looked at here.", "Run muster doctor on the machine.")
        return None
    try:
        date = await context.open_socket()
    except ProviderError as error:
        refused = {Reason.AUTH: APP_MEND, Reason.INVALID: APP_MEND, Reason.NOT_FOUND: APP_MEND}
        report.refused("app token", error, refused)
        return None
    report.ok("app token", "opens Socket Mode connections.")
    return date


def _clock(context: Context, date: datetime, report: Report) -> None:
    skew = (context.clock.now() - date).total_seconds()
    text = f"{abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} Slack."
    mend = "Switch time synchronisation on (timedatectl set-ntp true)."
    if abs(skew) >= SKEW_FAIL:
        report.fail("clock", text, mend)
    elif abs(skew) >= SKEW_WARN:
        report.warn("clock", text, mend)
    else:
        report.ok("clock", "agrees with Slack's.")


def wanted_scopes(manifest: Path) -> set[str] | None:
    """The scopes the manifest asks for; None when the file is not there (an installed wheel)."""
    if not manifest.is_file():
        return None
    loaded: Any = YAML(typ="safe", pure=True).load(manifest)
    return set(loaded["oauth_config"]["scopes"]["bot"])


def _scopes(manifest: Path, scopes: set[str], report: Report) -> None:
    wanted = wanted_scopes(manifest)
    if wanted is None or not scopes:
        missing_what = "manifest.yml is not here" if wanted is None else "Slack did not name them"
        report.skip("scopes", f"not compared: {missing_what}.")
        return
    missing = sorted(wanted - scopes)
    if missing:
        mend = f"Slack app > App Manifest: paste manifest.yml, Save, then {REINSTALL}."
        report.fail("scopes", f"missing: {', '.join(missing)}.", mend)
        return
    report.ok("scopes", f"all {len(wanted)} of the manifest.")
    if extra := sorted(scopes - wanted):
        mend = "Slack app > OAuth & Permissions > Scopes: remove them if nothing else needs them."
        report.warn("scopes", f"more than are used: {', '.join(extra)}.", mend)


async def _room(context: Context, wanted: str, report: Report) -> None:
    """The announcement channel, made as a start would make it when it is not there."""
    name = "announcement channel"
    try:
        found = await find(context, wanted)
        if found is None:
            found = await context.chat.create_channel(wanted)
            report.ok(name, f"#{wanted} was not there and is created.")
            return
    except ProviderError as error:
        _unseen(wanted, error, report)
        return
    if found.is_archived:
        mend = f"Unarchive #{found.name} in Slack, or set SLACK_INCIDENTS_CHANNEL to another."
        report.fail(name, f"#{found.name} is archived.", mend)
    elif found.is_private and not found.is_member:
        report.fail(name, f"#{found.name} is private and I am not in it.", _invite(found.name))
    elif found.is_member:
        report.ok(name, f"#{found.name}, and I am in it.")
    else:
        report.ok(name, f"#{found.name}; I join it when I start.")


async def find(context: Context, wanted: str) -> Channel | None:
    """A channel by its id or name."""
    if CHANNEL_ID.fullmatch(wanted):
        return await context.chat.channel_info(wanted)
    return await context.chat.find_channel(wanted)


def _unseen(wanted: str, error: ProviderError, report: Report) -> None:
    name = "announcement channel"
    if error.code in {"name_taken", "channel_not_found"} or error.reason is Reason.NOT_FOUND:
        text = f"there is a channel {_shown(wanted)} that I cannot see."
        if error.code != "name_taken":
            text = f"there is no channel {_shown(wanted)} that I can see."
        report.fail(name, text, _invite(wanted))
    elif error.reason is Reason.INVALID:
        report.fail(name, f"#{wanted} cannot be created ({error.code}).", CREATION)
    else:
        report.refused(name, error, BOT_MEND)


def _shown(wanted: str) -> str:
    return wanted if CHANNEL_ID.fullmatch(wanted) else f"#{wanted}"


def _invite(channel: str) -> str:
    where = _shown(channel)
    return f"Type /invite @Muster in {where}, or set SLACK_INCIDENTS_CHANNEL to another channel."


async def _admins(context: Context, report: Report) -> None:
    wanted = context.settings.slack.admin_channel
    if not wanted:
        mend = "Set SLACK_ADMIN_CHANNEL to a channel of the people who run Muster."
        report.skip("admin channel", "none: vendors' refusals show in the log only.", mend)
        return
    try:
        found = await find(context, wanted)
    except ProviderError as error:
        if error.reason is not Reason.NOT_FOUND:
            report.refused("admin channel", error, BOT_MEND)
            return
        found = None
    if found is None or found.is_archived:
        mend = f"Create {_shown(wanted)} and invite the bot, or correct SLACK_ADMIN_CHANNEL."
        report.fail("admin channel", f"{_shown(wanted)} is not there or I cannot see it.", mend)
    elif not found.is_member:
        mend = f"Type /invite @Muster in #{found.name}."
        report.warn("admin channel", f"I am not in #{found.name} yet.", mend)
    else:
        report.ok("admin channel", f"#{found.name}, and I am in it.")


def _private(scopes: set[str], report: Report) -> None:
    if not scopes or "groups:write" in scopes:
        text = "I may create them; whether the workspace lets apps do it shows at the first one."
        report.skip("private channels", text)
        return
    mend = f"Slack app > OAuth & Permissions > Scopes: add groups:write, then {REINSTALL}."
    report.fail("private channels", "private incidents cannot be opened.", mend)


async def _emails(context: Context, scopes: set[str], report: Report) -> None:
    """E-mail addresses are how one person is the same at Slack, PagerDuty and in muster.yml."""
    members = await report.ask("e-mail addresses", context.chat.members(), BOT_MEND)
    if members is None:
        return
    people = [m for m in members if not (m.deleted or m.is_bot or m.is_guest)]
    named = sum(1 for member in people if member.email)
    if people and not named:
        mend = f"Slack app > OAuth & Permissions > Scopes: add users:read.email, then {REINSTALL}."
        if "users:read.email" in scopes:
            mend = (
                "Slack > workspace settings > Permissions > Email display: show e-mail addresses."
            )
        report.fail("e-mail addresses", "none can be read.", mend)
    else:
        report.ok("e-mail addresses", f"known of {named} of {len(people)} members.")
