"""GitHub: the token, and every repository an issue may be opened in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.findings import Report
from bot.doctor.github_webhook import check_webhook
from bot.errors import Reason

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding
    from bot.ports import Tickets

KEY = (
    "GitHub > Settings > Developer settings > Fine-grained tokens, with Issues: read and write, "
    "copy it to GITHUB_TOKEN"
)
TOKEN = {Reason.AUTH: f"The token is wrong or has expired: {KEY}."}


async def check(context: Context) -> list[Finding]:
    """The token first; without it no repository can be asked for."""
    report = Report("GitHub")
    tickets = context.tickets
    if tickets is None:
        report.skip("token", "off: GITHUB_TOKEN is not set.", f"To switch it on: {KEY}.")
        return report.findings
    login = await report.ask("token", tickets.login(), TOKEN)
    if login is None:
        return report.findings
    report.ok("token", f"works as {login}.")
    github = context.settings.github
    if not github.default_repo:
        mend = "Set GITHUB_DEFAULT_REPO to owner/name."
        report.warn("default repository", "incidents without a repository get no issue.", mend)
    repositories = _repositories(context)
    for repo, where in repositories.items():
        await _repository(tickets, repo, where, report)
    await check_webhook(context, repositories, report)
    return report.findings


def _repositories(context: Context) -> dict[str, str]:
    """Every repository once, with the place that names it."""
    found: dict[str, str] = {}
    if context.settings.github.default_repo:
        found[context.settings.github.default_repo] = "GITHUB_DEFAULT_REPO"
    for service in context.catalog.services.values():
        for repo in (service.repo, service.private_repo):
            if repo:
                found.setdefault(repo, f"muster.yml: services.{service.id}")
    return found


async def _repository(tickets: Tickets, repo: str, where: str, report: Report) -> None:
    unseen = f"Correct {where}, or GitHub > token > Repository access: add {repo}."
    mends = {**TOKEN, Reason.NOT_FOUND: unseen, Reason.INVALID: unseen}
    about = await report.ask(repo, tickets.repository(repo), mends)
    if about is None:
        return
    if about.get("archived"):
        mend = f"Unarchive it (GitHub > {repo} > Settings), or correct {where}."
        report.fail(repo, "is archived: no issue can be opened.", mend)
    elif not about.get("has_issues", True):
        mend = f"GitHub > {repo} > Settings > General > Features: tick Issues."
        report.fail(repo, "has issues switched off.", mend)
    elif not (about.get("permissions") or {}).get("push"):
        mend = f"GitHub > {repo} > Settings > Collaborators: give the token's user the Write role."
        report.warn(repo, "without write access GitHub drops the labels silently.", mend)
    else:
        report.ok(repo, "visible, issues are on, labels can be set.")
