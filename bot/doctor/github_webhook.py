"""GitHub's webhooks: does each repository tell us of its issues, and with ``--fix`` make it so if the token may.

Without them nothing is missed, only seen later: GitHub is asked which issues changed.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.doctor.context import Context
    from bot.doctor.findings import Report
    from bot.ports import Subscription

PATH = "/webhooks/github"
EVENTS = ("issues",)
NAME = "webhook"
ASKED = "GitHub is asked for changed issues every minute instead"
#: What GitHub answers a token that may not see webhooks.
HIDDEN = {"403", "404"}
RIGHT = "the token may not manage webhooks (it would need Webhooks: Read and write)"


class Hooks(Protocol):
    """What the doctor asks GitHub about webhooks."""

    async def hooks(self, repo: str) -> Sequence[Subscription]:
        """A repository's webhooks; NOT_FOUND when the token may not see them."""
        ...

    async def create(self, repo: str, url: str, secret: str, events: Sequence[str]) -> Subscription:
        """Make one."""
        ...


def clicks(repo: str, url: str) -> str:
    """The way by hand, click by click."""
    return (
        f"GitHub > {repo} > Settings > Webhooks > Add webhook: Payload URL {url}, Content type "
        "application/json, Secret as in GITHUB_WEBHOOK_SECRET, Let me select individual events: only Issues, "
        "Add webhook"
    )


async def check_webhook(context: Context, repos: Iterable[str], report: Report) -> None:
    """Everything between GitHub and our endpoint, as far as it can be seen from here."""
    public = context.settings.http.public_url
    known = context.settings.github.webhook_secrets
    if not public:
        shut = "" if known else f" GITHUB_WEBHOOK_SECRET is not set: {PATH} refuses everybody."
        mend = "For changes at once set PUBLIC_URL to this bot's https address and run muster doctor --fix."
        report.skip(NAME, f"off; {ASKED}.{shut}", mend)
        return
    url, secret = f"{public}{PATH}", known[0] if known else ""
    if not secret and not (context.fix and context.hooks):
        mend = (
            "Run muster doctor --fix, or make a secret up (openssl rand -hex 32), set it as GITHUB_WEBHOOK_SECRET, "
            f"restart, and: {clicks('a repository (or the organisation)', url)}."
        )
        text = f"GITHUB_WEBHOOK_SECRET is not set: {PATH} refuses everybody; {ASKED}."
        report.warn("webhook secret", text, mend)
        return
    if context.hooks is None:
        report.skip(NAME, "not looked at here.", "Run muster doctor on the machine.")
        return
    new = "" if secret else secrets.token_hex(32)
    made = [repo for repo in repos if await _repository(context, repo, url, secret or new, report)]
    if new and made and context.tell:
        context.tell(f"GITHUB_WEBHOOK_SECRET={new}")
        mend = (
            "Add the line shown above to .env and restart; until then its deliveries are refused."
        )
        report.warn("webhook secret", "the new one is not in use yet.", mend)


async def _repository(context: Context, repo: str, url: str, secret: str, report: Report) -> bool:
    """Look at one repository; True when its webhook was made just now."""
    name = f"{NAME} of {repo}"
    assert context.hooks is not None  # noqa: S101 - the caller looked
    try:
        found = [each for each in await context.hooks.hooks(repo) if each.url == url]
    except ProviderError as error:
        if error.code not in HIDDEN:
            report.refused(name, error, {})
            return False
        mend = f"If it has none yet (nor its organisation): {clicks(repo, url)}."
        report.skip(name, f"{RIGHT}, so I cannot look.", mend)
        return False
    good = next((each for each in found if each.active and set(EVENTS) & {*each.events}), None)
    good = good or next((each for each in found if each.active and "*" in each.events), None)
    if good is not None:
        _answered(repo, url, good, report)
        return False
    if found:
        mend = f"GitHub > {repo} > Settings > Webhooks > {url} > Edit: tick Issues and Active, Update webhook."
        report.warn(name, "is there, but switched off or without the event Issues.", mend)
        return False
    if not context.fix:
        mend = f"Run muster doctor --fix, or: {clicks(repo, url)}."
        report.warn(name, f"there is none for {url}; {ASKED}.", mend)
        return False
    return await _create(context, repo, url, secret, report)


def _answered(repo: str, url: str, hook: Subscription, report: Report) -> None:
    name = f"{NAME} of {repo}"
    if hook.description == "401":
        mend = (
            f"GitHub > {repo} > Settings > Webhooks > {url} > Edit > Secret: enter GITHUB_WEBHOOK_SECRET "
            "again, Update webhook."
        )
        report.fail(name, "its last delivery was refused here: the secrets differ.", mend)
    else:
        report.ok(name, f"{url} is told of issues.")


async def _create(context: Context, repo: str, url: str, secret: str, report: Report) -> bool:
    name = f"{NAME} of {repo}"
    assert context.hooks is not None  # noqa: S101 - the caller looked
    try:
        await context.hooks.create(repo, url, secret, EVENTS)
    except ProviderError as error:
        if error.code not in HIDDEN:
            odd = {Reason.INVALID: "PUBLIC_URL must be an address GitHub can reach, with https."}
            report.refused(name, error, odd)
            return False
        report.warn(name, f"not created: {RIGHT}; {ASKED}.", f"{clicks(repo, url)}.")
        return False
    report.ok(name, f"created for {url}.")
    return True
