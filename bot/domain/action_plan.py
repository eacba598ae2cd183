"""Which side effects follow from an action item: its message in the channel, its GitHub issue, a word to one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Actor, Incident


def lane_of(incident: Incident, item: ActionItem) -> str:
    """``INC-12/action/5``; every key about the item begins so."""
    return f"{incident.name}/action/{item.id}"


def show(incident: Incident, item: ActionItem) -> Effect:
    """Post its one message, or edit it to say how it stands; waiting ones are one."""
    lane, places = f"{lane_of(incident, item)}/show", incident.places
    where = f"{places.channel or places.announcement_ts}:{places.card_ts}"
    return Effect(
        kind=EffectKind.SHOW_ACTION,
        key=f"{lane}@{item.version}:{where}:{item.ts}",
        lane=lane,
        merge=lane,
        incident=incident.number,
        payload={"item": item.id},
    )


def open_issue(incident: Incident, item: ActionItem) -> Effect:
    """Open its issue; in the lane of the incident's own issue, so that the two can be linked."""
    again = f"@{item.version}" if item.version else ""  # it was withdrawn before there was one
    return _github(incident, item, EffectKind.OPEN_ACTION, f"open{again}")


def change_issue(incident: Incident, item: ActionItem, verb: str) -> Effect:
    """Make the issue's ``state`` or ``owner`` equal to the item's (judged when it is sent)."""
    name = f"{verb}@{item.version}"
    return _github(incident, item, EffectKind.CHANGE_ACTION, name, verb=verb)


def _github(
    incident: Incident, item: ActionItem, kind: EffectKind, name: str, **payload: Any
) -> Effect:
    verb = payload.get("verb")
    return Effect(
        kind=kind,
        key=f"{lane_of(incident, item)}/{name}",
        lane=f"{incident.name}/ticket",
        merge=f"{lane_of(incident, item)}/{verb}" if verb else None,
        incident=incident.number,
        payload={"item": item.id, **payload},
    )


def tell_unknown_login(incident: Incident, owner: Actor, by: Actor) -> Effect | None:
    """Whoever gave it to somebody unknown at GitHub is told once, with the line that mends it."""
    if by.slack_id is None:
        return None
    if owner.email:
        mend = (
            "To have it assigned there next time, add this to muster.yml:\n"
            f"people:\n  {owner.email}: {{github: THEIR-LOGIN}}\nThey can also link it themselves: /incident link."
        )
    else:
        mend = "Slack does not tell me their e-mail address, so I cannot look them up in muster.yml either."
    text = f"I do not know {owner.name}'s GitHub account, so the issue of the action item is assigned to nobody. {mend}"
    who = owner.slack_id or owner.name
    return Effect(
        kind=EffectKind.TELL,
        key=f"{incident.name}/no-login/{who}/{by.slack_id}",
        lane=f"tell/{by.slack_id}",
        incident=incident.number,
        payload={"channel": incident.places.channel, "user": by.slack_id, "text": text},
        rank=Rank.ANSWER,
    )


def tell_kept(incident: Incident, item: ActionItem, by: Actor) -> Effect | None:
    """The mark is gone but the item stays: whoever took it away learns why."""
    if by.slack_id is None:
        return None
    text = (
        f"The action item “{item.text[:200]}” stays: somebody has worked on it already. "
        "Mark it done in its message, or in /incident actions."
    )
    return Effect(
        kind=EffectKind.TELL,
        key=f"{lane_of(incident, item)}/kept/{by.slack_id}@{item.version}",
        lane=f"tell/{by.slack_id}",
        incident=incident.number,
        payload={"channel": incident.places.channel, "user": by.slack_id, "text": text},
        rank=Rank.ANSWER,
    )


def poll_issues(repo: str, slot: str, looks: int = 0) -> Effect:
    """Read which issues of a repository changed, and have ``looks`` others looked at; waiting ones are one."""
    lane = f"poll/github/{repo}"
    return Effect(
        kind=EffectKind.POLL_ISSUES,
        key=f"{lane}/{slot}",
        lane=lane,
        merge=lane,
        payload={"repo": repo, "looks": looks},
        rank=Rank.INBOUND,
    )


def look_at_issue(repo: str, number: int, poll: str) -> Effect:
    """Look whether an issue is still there; ``poll`` is the key of the look at its repository this is part of."""
    lane = f"poll/github/{repo}"
    return Effect(
        kind=EffectKind.LOOK_AT_ISSUE,
        key=f"{poll}/{number}",
        lane=lane,
        merge=f"{lane}/{number}",
        payload={"repo": repo, "number": number},
        rank=Rank.INBOUND,
    )
