"""Which side effects follow from drafting a post-mortem: pure, names keys, lanes and ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.domain.postmortem import Postmortem


def publish(
    incident: Incident, post: Postmortem, *, on_github: bool, replaces: bool
) -> tuple[Effect, ...]:
    """Put this draft into the canvas (or, where there is none, the channel) and into the repository."""
    effects = [
        _effect(
            incident,
            EffectKind.WRITE_CANVAS,
            f"canvas@{post.revision}",
            "canvas",
            revision=post.revision,
            replaces=replaces,
        )
    ]
    if on_github:
        effects.append(
            _effect(
                incident,
                EffectKind.PROPOSE_POSTMORTEM,
                f"github@{post.revision}",
                "github",
                revision=post.revision,
            )
        )
    return (*effects, *plan.refresh(incident))


def share(incident: Incident, post: Postmortem, count: int) -> tuple[Effect, ...]:
    """The draft as messages: a headline, its parts after it, in this order."""
    first = _name(incident, f"message@{post.revision}/0")
    return tuple(
        _effect(
            incident, EffectKind.SHARE_POSTMORTEM, f"message@{post.revision}/{part}", "messages",
            after=first if part else None, revision=post.revision, part=part,
        )
        for part in range(count)
    )  # fmt: skip


def _name(incident: Incident, name: str) -> str:
    return f"{incident.name}/postmortem/{name}"


def _effect(
    incident: Incident,
    kind: EffectKind,
    name: str,
    lane: str,
    *,
    after: str | None = None,
    **payload: object,
) -> Effect:
    return Effect(
        kind=kind,
        key=_name(incident, name),
        lane=_name(incident, lane),
        incident=incident.number,
        payload=payload,
        rank=Rank.FOLLOW,
        after=after,
    )
