"""What people set for themselves: skills, and quiet hours for low urgency. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from bot.domain.person_setting import PersonSetting
from bot.store import sql

if TYPE_CHECKING:
    from bot.store.tx import Tx

_S = sql.PERSON_SETTING.c
_ONE = select(sql.PERSON_SETTING).where(_S.slack_id == bindparam("of"))


def of(tx: Tx, slack_id: str) -> PersonSetting:
    """Somebody's settings; the defaults for who has set nothing."""
    row = tx.session.execute(_ONE, {"of": slack_id}).first()
    return _setting(row) if row else PersonSetting()


def everybody(tx: Tx) -> dict[str, PersonSetting]:
    """Slack id to what that person set."""
    return {row.slack_id: _setting(row) for row in tx.session.execute(select(sql.PERSON_SETTING))}


def save(tx: Tx, slack_id: str, setting: PersonSetting) -> None:
    """Keep what somebody set."""
    row = {
        "slack_id": slack_id,
        "skills": list(setting.skills),
        "quiet_from": setting.quiet[0] if setting.quiet else None,
        "quiet_to": setting.quiet[1] if setting.quiet else None,
        "updated_at": tx.now,
    }
    sql.upsert(tx.session, sql.PERSON_SETTING, [row])


def _setting(row: Any) -> PersonSetting:
    quiet = (row.quiet_from, row.quiet_to) if row.quiet_from and row.quiet_to else None
    return PersonSetting(skills=tuple(row.skills or ()), quiet=quiet)
