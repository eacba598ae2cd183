"""The use cases of post-mortems: what is known, drafting, and what became of the draft where it was put."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import moments, plan, plan_postmortem
from bot.domain import postmortem as domain
from bot.domain.incident import MUSTER, Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision, checked_text
from bot.domain.permissions import Right
from bot.domain.postmortem import ActionLine, Material, Postmortem
from bot.errors import UserError
from bot.services.moments import workspace_url
from bot.services.people import IDENTITY
from bot.services.permissions import require
from bot.store import postmortems
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from bot.domain.incident import Actor, Incident
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What whoever writes wants to know: the draft so far, what is known, and where it goes."""

    incident: Incident
    post: Postmortem | None
    summary: str
    impact: str
    repo: str | None = None


class Postmortems:
    """Drafts are made here; the worker puts them into the canvas, the channel and the repository."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work

    async def standing(self, number: int) -> Standing:
        """For the form. UserError when there can be no post-mortem yet."""

        def look(tx: Tx) -> Standing:
            incident = tx.incident(number, lock=False)
            _ready(incident)
            post = postmortems.find(tx, number)
            summary, impact = self._suggested(incident)
            return Standing(
                incident=incident,
                post=post,
                summary=post.summary if post else summary,
                impact=post.impact if post else impact,
                repo=next(iter(self.repositories(incident, post)), None),
            )

        return await self._work.read(look)

    def _suggested(self, incident: Incident) -> tuple[str, str]:
        """Summary and impact as far as the incident itself tells them."""
        severity = self._house.catalog.severity(incident.severity or "")
        impact = domain.suggested_impact(incident, severity.description if severity else "")
        return domain.suggested_summary(incident), impact

    async def draft(
        self,
        number: int,
        *,
        by: SlackUser,
        once: str,
        summary: str | None = None,
        impact: str | None = None,
        replaces: bool = False,
    ) -> Incident:
        """Draft it (again); None keeps what was written or is known. The same press drafts once.

        ``replaces`` writes the canvas anew: what people wrote in it is gone. A file people changed is never touched.
        """
        known = await self.standing(number)
        words = (
            checked_text("summary", known.summary if summary is None else summary),
            checked_text("impact", known.impact if impact is None else impact),
        )

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            require(self._house, tx, Right.ACT, by, incident)
            _ready(incident)
            who = tx.people.actor(by.id, by.name)
            return self._draft(tx, incident, words, who, replaces=replaces)

        return await self._work.write(change, patience=PATIENCE)

    def draft_alone(self, tx: Tx, incident: Incident) -> Incident:
        """Nobody asked: drafted from what is known, inside a transaction of somebody else's."""
        return self._draft(tx, incident, self._suggested(incident), MUSTER, replaces=False)

    def _draft(
        self, tx: Tx, incident: Incident, words: tuple[str, str], who: Actor, *, replaces: bool
    ) -> Incident:
        before = postmortems.find(tx, incident.number)
        markdown = domain.draft(_material(tx, incident, *words, before))
        post = before or Postmortem(incident=incident.number, drafted_at=tx.now)
        post = replace(
            post,
            revision=post.revision + 1,
            drafted_at=tx.now,
            summary=words[0],
            impact=words[1],
            markdown=markdown,
            written=(*post.written, domain.git_id(markdown)),
        )
        postmortems.save(tx, post)
        text = f"draft {post.revision}" if post.revision > 1 else ""
        entry = Entry(
            kind=EntryKind.POSTMORTEM, at=tx.now, actor=who,
            origin=Origin.MUSTER if who is MUSTER else Origin.SLACK, text=text,
        )  # fmt: skip
        after = replace(incident, updated_at=tx.now)
        shared = bool(self.repositories(incident, post))
        effects = plan_postmortem.publish(after, post, on_github=shared, replaces=replaces)
        return tx.record(Decision(incident=after, entries=(entry,), effects=effects))

    def repositories(self, incident: Incident, post: Postmortem | None = None) -> list[str]:
        """Where its file may go, the best first: where it is, the service's repository, the default one.

        A private incident's only into the service's ``private_repo``, a drill's nowhere: nobody has to review it.
        """
        if incident.drill:
            return []
        service = self._house.catalog.service(incident.service or "")
        link = self._house.ticket_for(
            service, incident.service_title or incident.service, private=incident.private
        )
        if incident.private:
            return [link.repo] if link else []
        opened = incident.ticket if incident.ticket and incident.ticket.number else None
        default = self._house.ticket_for(None, None, private=False)
        wanted = [
            post.repo if post else None,
            opened.repo if opened else None,
            link.repo if link else None,
            None if service and service.repo else default.repo if default else None,
        ]
        return list(dict.fromkeys(repo for repo in wanted if repo))

    async def current(self, number: int) -> tuple[Incident, Postmortem | None]:
        """For the worker: the incident and its draft now."""
        return await self._work.read(
            lambda tx: (tx.incident(number, lock=False), postmortems.find(tx, number))
        )

    async def begin_canvas(self, number: int, channel: str) -> None:
        """Written down before the canvas is asked for: a canvas found there later is ours."""

        def change(tx: Tx) -> None:
            tx.incident(number)
            post = postmortems.find(tx, number)
            if post is not None:
                postmortems.save(tx, replace(post, canvas_begun=channel))

        await self._work.write(change)


def _ready(incident: Incident) -> None:
    if incident.merged_into is not None:
        msg = f"{incident.name} was merged into INC-{incident.merged_into}. Write the post-mortem of that one."
        raise UserError(msg)
    if incident.is_open:
        msg = f"{incident.name} is still {incident.status.value}. Resolve it first, then draft its post-mortem."
        raise UserError(msg)


def _material(
    tx: Tx, incident: Incident, summary: str, impact: str, before: Postmortem | None
) -> Material:
    entries = moments.visible(tx.entries(incident.number))
    return Material(
        incident=incident,
        entries=entries,
        summary=summary,
        impact=impact,
        action_items=_action_lines(tx, incident),
        links=_links(tx, incident, before),
    )


def _action_lines(tx: Tx, incident: Incident) -> list[ActionLine]:
    """The action items of an incident, without those that were withdrawn."""
    return [
        ActionLine(
            text=item.text,
            owner=item.owner,
            url=(item.ticket.url if item.ticket else None) or item.link or None,
            done=item.done_at is not None,
        )
        for item in tx.action_items(incident.number)
        if item.withdrawn_at is None
    ]


def _links(tx: Tx, incident: Incident, post: Postmortem | None) -> list[tuple[str, str]]:
    places, base = incident.places, workspace_url(tx).rstrip("/")
    ticket, channel = incident.ticket, places.channel
    found = [
        (
            f"Channel #{places.channel_name}",
            f"{base}/archives/{channel}" if base and channel else "",
        ),
        ("Announcement", places.announcement_url or ""),
        ("PagerDuty", incident.pager.url or ""),
        (f"{ticket.repo}#{ticket.number}" if ticket else "", (ticket.url or "") if ticket else ""),
        ("Pull request of this post-mortem", (post.pull_url or "") if post else ""),
    ]
    return [(label, url) for label, url in found if url]


# --- what follows when a step was carried out; run in the transaction that settles its effect ----------------------


def canvas_written(tx: Tx, number: int, channel: str, canvas: str, *, again: bool) -> None:
    """The draft is in the channel's canvas."""
    post = _locked(tx, number)
    if post is None:
        return
    postmortems.save(tx, replace(post, canvas=canvas, canvas_channel=channel, canvas_begun=None))
    url = canvas_url(tx, canvas)
    words = (
        "the new draft is in this channel's canvas" if again else "it is in this channel's canvas"
    )
    _tell(tx, number, f"{words}: {url}" if url else words, url=url)


def canvas_kept(tx: Tx, number: int) -> None:
    """Nobody asked for the canvas to be written anew: it stays as people have it."""
    _tell(
        tx, number,
        "the canvas stays as people have it. To write it anew, draft again and tick Replace the canvas.",
    )  # fmt: skip


def share(tx: Tx, number: int, why: str) -> None:
    """No canvas: the draft comes as messages, and the timeline says why."""
    post = _locked(tx, number)
    if post is None:
        return
    incident = tx.incident(number)
    _tell(tx, number, why)
    count = max(len(domain.parts(post.markdown)) + 1, len(post.messages))
    tx.emit(plan_postmortem.share(incident, post, count))


def message_posted(
    tx: Tx, number: int, part: int, place: tuple[str, str | None], ts: str, url: str
) -> None:
    """One of the messages is there; the first one is linked from the cards."""
    post = _locked(tx, number)
    if post is None:
        return
    kept = [*(post.messages if post.place == place else ()), *([""] * (part + 1))]
    kept[part] = ts
    while kept and not kept[-1]:
        kept.pop()
    postmortems.save(tx, replace(post, messages=tuple(kept), place=place))
    if part == 0 and url and not post.pull_url:
        _link(tx, number, url)


def proposed(tx: Tx, number: int, repo: str, pull: int, url: str) -> None:
    """The pull request is open and has this draft."""
    post = _locked(tx, number)
    if post is None:
        return
    new = post.pull != pull or post.repo != repo
    postmortems.save(tx, replace(post, repo=repo, pull=pull, pull_url=url, told=""))
    if new:
        _tell(tx, number, f"pull request {repo}#{pull}: {url}", url=url)


def left_alone(tx: Tx, number: int, repo: str, why: str, url: str) -> None:
    """At GitHub something is people's own by now: it is not touched, and the channel says what can be done."""
    post = _locked(tx, number)
    if post is not None:
        postmortems.save(tx, replace(post, repo=repo, told=why, pull_url=url or post.pull_url))
        _tell(tx, number, why, url=url or None)


def drafted_by(tx: Tx, number: int) -> str | None:
    """The Slack id of whoever drafted it last."""
    drafts = (e for e in reversed(tx.entries(number)) if e.kind is EntryKind.POSTMORTEM and e.actor)
    return next((e.actor.slack_id for e in drafts if e.actor), None)


def canvas_url(tx: Tx, canvas: str) -> str:
    """The address of a canvas (``/docs/T…/F…``), empty while Slack has not said who we are."""
    identity = tx.value(IDENTITY) or {}
    base, team = workspace_url(tx).rstrip("/"), identity.get("team_id")
    return f"{base}/docs/{team}/{canvas}" if base and team else ""


def _locked(tx: Tx, number: int) -> Postmortem | None:
    tx.incident(number)
    return postmortems.find(tx, number)


def _tell(tx: Tx, number: int, words: str, *, url: str | None = None) -> None:
    """In the timeline (and so in the channel); the cards link it."""
    if url:
        _link(tx, number, url)
    incident = tx.incident(number)
    tx.add_entry(
        incident,
        Entry(kind=EntryKind.POSTMORTEM, at=tx.now, origin=Origin.MUSTER, text=words),
    )


def _link(tx: Tx, number: int, url: str) -> None:
    """A pull request is the better link than a canvas, a canvas than a message."""
    incident = tx.incident(number)
    post = postmortems.find(tx, number)
    best = (post.pull_url if post else None) or url
    if best != incident.places.postmortem_url:
        after = replace(incident, places=replace(incident.places, postmortem_url=best))
        tx.record(Decision(incident=after, effects=plan.refresh(after)))
