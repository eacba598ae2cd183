"""Post-mortems: the newest draft of each incident. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.domain.postmortem import Postmortem
from bot.store import sql
from bot.store.convert import storable

if TYPE_CHECKING:
    from bot.store.tx import Tx

_P = sql.POSTMORTEM.c
#: What is kept beside the text, as small JSON values.
_LISTS = ("written", "messages")
_PLAIN = (
    "canvas",
    "canvas_channel",
    "canvas_begun",
    "repo",
    "pull",
    "pull_url",
    "told",
)


def find(tx: Tx, number: int) -> Postmortem | None:
    """The draft; whoever changes it has locked the incident."""
    row: Any = tx.session.execute(select(sql.POSTMORTEM).where(_P.incident == number)).first()
    if row is None:
        return None
    state: dict[str, Any] = row.state or {}
    place = state.get("place")
    return Postmortem(
        incident=number,
        revision=row.revision,
        drafted_at=row.drafted_at,
        summary=row.summary,
        impact=row.impact,
        markdown=row.markdown,
        place=(place[0], place[1]) if place else None,
        **_kept(state),
    )


def _kept(state: dict[str, Any]) -> dict[str, Any]:
    lists = {name: tuple(state.get(name) or ()) for name in _LISTS}
    return lists | {name: state[name] for name in _PLAIN if state.get(name)}


def exists(tx: Tx, number: int) -> bool:
    """Whether one was drafted."""
    query = select(_P.incident).where(_P.incident == number)
    return tx.session.execute(query).first() is not None


def save(tx: Tx, post: Postmortem) -> None:
    """Keep the draft as it is now."""
    state: dict[str, Any] = {name: list(getattr(post, name)) for name in _LISTS}
    state |= {name: value for name in _PLAIN if (value := getattr(post, name))}
    if post.place:
        state["place"] = list(post.place)
    row = {
        "incident": post.incident,
        "revision": post.revision,
        "drafted_at": post.drafted_at,
        "summary": storable(post.summary),
        "impact": storable(post.impact),
        "markdown": storable(post.markdown),
        "state": state,
    }
    sql.upsert(tx.session, sql.POSTMORTEM, [row])
