"""The use cases of being let in to a private incident."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import access
from bot.domain.lifecycle import Decision
from bot.domain.permissions import NotAllowed, Right
from bot.errors import UserError
from bot.services.base import SlackUser
from bot.services.permissions import require
from bot.store import access as kept
from bot.store import members
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from bot.domain.access import Request
    from bot.domain.incident import Incident
    from bot.services.base import House
    from bot.services.privacy import Privacy
    from bot.store.tx import Tx


class Access:
    """Whoever asks learns nothing but the answer of the people in the incident."""

    def __init__(self, house: House, privacy: Privacy) -> None:
        """Given the shared parts, and who sees what."""
        self._house = house
        self._work = house.work
        self._privacy = privacy

    async def ask(self, number: int, *, by: SlackUser) -> None:
        """Ask the people in it, once; of a number that is no private incident nothing follows, and nothing is told.

        NotAllowed for whoever may not be let in to any private incident, whatever the number.
        """

        def change(tx: Tx) -> None:
            require(self._house, tx, Right.PRIVATE, by, None)
            incident = tx.incident_or_none(number)
            if incident is None or self._privacy.sees(tx, incident, by):
                return
            before = kept.request(tx, number, by.id)
            wanted = access.ask(before, incident, by.id, tx.now)
            if wanted is not None:
                kept.keep(tx, wanted)
                tx.emit([access.show(wanted)])

        await self._work.write(change, patience=PATIENCE)

    async def answer(
        self, number: int, slack_id: str, *, let_in: bool, by: SlackUser, once: str
    ) -> Incident:
        """Let somebody in who asked, or decline; AlreadyDone says who answered.

        NotAllowed for a guest in the channel, and when muster.yml does not let that person be let in.
        """

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            require(self._house, tx, Right.ACT, by, incident)
            request = kept.request(tx, number, slack_id)
            if request is None:
                msg = f"Nobody asks to be let in to {incident.name} any more."
                raise UserError(msg)
            return self._answered(tx, incident, request, by, let_in=let_in)

        return await self._work.write(change, patience=PATIENCE)

    def _answered(
        self, tx: Tx, incident: Incident, request: Request, by: SlackUser, *, let_in: bool
    ) -> Incident:
        who, asker = tx.people.actor(by.id, by.name), tx.people.actor(request.slack_id)
        after = access.answer(request, let_in=let_in, by=who, now=tx.now)
        if let_in:
            try:
                require(self._house, tx, Right.PRIVATE, SlackUser(request.slack_id), incident)
            except NotAllowed as refusal:
                msg = f"{asker.name} cannot be let in. {refusal}"
                raise NotAllowed(msg) from None
            members.expect_again(tx, incident, request.slack_id)
        kept.keep(tx, after)
        entry = access.entry(after, asker, who, tx.now)
        effects = access.answered(incident, after)
        return tx.record(Decision(incident=incident, entries=(entry,), effects=effects))

    @staticmethod
    def asked(tx: Tx, number: int, slack_id: str) -> Request | None:
        """What somebody asked, as it is now."""
        return kept.request(tx, number, slack_id)

    @staticmethod
    def shown(tx: Tx, number: int, slack_id: str, channel: str, ts: str) -> None:
        """The message with the question is there."""
        tx.incident(number)
        request = kept.request(tx, number, slack_id)
        if request is not None:
            kept.keep(tx, replace(request, channel=channel, ts=ts))
