"""The account the sandbox starts with: three services, their policies, and the people given."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.pagerduty import ids
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.model import (
    WEEK,
    Policy,
    Priority,
    Rule,
    Schedule,
    Service,
    Team,
    User,
)

WITHOUT_ACCOUNT = frozenset({"dave@example.com"})
"""Somebody whose address in Slack PagerDuty does not know: every company has one."""
UNDER_ANOTHER_ADDRESS: dict[str, Any] = {
    "email": "dave.kim@pager.example", "real_name": "Dave K.", "tz": "Asia/Seoul",
}  # fmt: skip
"""The account that is theirs all the same, for trying to link it."""

PRIORITIES = (
    ("PPRIOR1", "P1", "Critical: public notification and executives involved", "a8171c"),
    ("PPRIOR2", "P2", "Critical: many customers cannot use the product", "eb6016"),
    ("PPRIOR3", "P3", "Minor impact on customers, needs its owner now", "f9b406"),
    ("PPRIOR4", "P4", "No impact on customers, needs doing", "555555"),
    ("PPRIOR5", "P5", "Cosmetic", "555555"),
)
SERVICES = (
    ("PCHECKO", "Checkout API", "Takes orders", "PEPCHKO", 3),
    ("PPAYMNT", "Payments", "Charges cards", "PEPPAYM", 2),
    ("PSEARCH", "Search", "Finds products", "PEPSRCH", 2),
)
HANDOFF_HOUR = 9


def fill(account: Account, people: Iterable[dict[str, Any]]) -> None:
    """Put everything in."""
    now = account.now()
    for person in people:
        add_person(account, person)
    for own, name, description, color in PRIORITIES:
        account.priorities[own] = Priority(own, name, description, color)
    team = Team("PTEAMPL", "Platform")
    account.teams[team.id] = team
    users = account.active_users()
    for index, (own, name, description, policy_id, levels) in enumerate(SERVICES):
        turned = users[index % len(users) :] + users[: index % len(users)] if users else []
        policy = _policy(account, policy_id, name, team, turned, levels, now)
        account.services[own] = Service(own, name, description, policy, team, now - 52 * WEEK)
    add_person(account, UNDER_ANOTHER_ADDRESS)  # after the policies: nobody of these pages them


def add_person(account: Account, person: dict[str, Any]) -> User | None:
    """A login for a person of the workspace; bots, guests and those who left have none."""
    email = str(person.get("email") or "")
    guest = person.get("is_restricted") or person.get("is_ultra_restricted")
    if not email or email in WITHOUT_ACCOUNT or guest or person.get("is_bot"):
        return None
    if person.get("deleted") or account.user_by_email(email):
        return None
    own = ids.stable(email)
    user = User(
        id=own,
        name=str(person.get("real_name") or person.get("name") or email),
        email=email,
        time_zone=str(person.get("tz") or "Etc/UTC"),
        role="user" if account.users else "owner",
        slack_id=str(person.get("id") or ""),
    )
    account.users[own] = user
    return user


def _policy(
    account: Account,
    own: str,
    name: str,
    team: Team,
    users: list[User],
    levels: int,
    now: datetime,
) -> Policy:
    """Level 1 a weekly rotation, the levels above it one person each."""
    schedule = Schedule(
        f"PS{own[3:]}X"[:7], f"{name} primary", "Etc/UTC", users[:3], last_handoff(now)
    )
    account.schedules[schedule.id] = schedule
    rules = [Rule(f"{own[:6]}1", 30, [schedule])]
    rules += [
        Rule(f"{own[:6]}{level}", 30, [users[(level - 1) % len(users)]])
        for level in range(2, levels + 1)
        if users
    ]
    policy = Policy(own, f"{name} escalation", rules, team)
    account.policies[own] = policy
    return policy


def last_handoff(now: datetime) -> datetime:
    """The Monday morning the present shift began."""
    monday = (now - timedelta(days=now.weekday())).replace(
        hour=HANDOFF_HOUR, minute=0, second=0, microsecond=0
    )
    return monday if monday <= now else monday - WEEK
