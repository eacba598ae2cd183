"""What all parts of the native pager share: who acts, and how broken rules become errors of a provider."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import AlreadyDone, Busy, NotFound, ProviderError, Reason, UserError
from bot.ports_pager import PagerUser
from bot.store.convert import storable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.catalog import Catalog
    from bot.domain.incident import Actor
    from bot.providers.native.desk import Desk
    from bot.store.work import Work

NAME = "native"
#: The codes PagerDuty has for the same; runners and tests know them.
ALREADY_RESOLVED, NO_SUCH_LEVEL, UNKNOWN_PERSON = "1001", "1006", "1008"


def error(reason: Reason, detail: str, code: str = "") -> ProviderError:
    """An error of this pager."""
    return ProviderError(NAME, reason, detail, code=code)


def not_found(what: str) -> ProviderError:
    """There is none of that id."""
    return error(Reason.NOT_FOUND, f"there is no {what}")


@contextmanager
def told(code: str = "") -> Iterator[None]:
    """A rule that was broken inside is an error of this pager; ``AlreadyDone`` is for whoever asked to judge."""
    try:
        yield
    except AlreadyDone:
        raise
    except NotFound as missing:
        raise error(Reason.NOT_FOUND, str(missing)) from None
    except Busy as busy:
        raise error(Reason.UNAVAILABLE, str(busy)) from None
    except UserError as broken:
        raise error(Reason.INVALID, str(broken), code) from None


class Calls:
    """The database, what muster.yml says, and the use cases."""

    def __init__(self, work: Work, catalog: Catalog, desk: Desk) -> None:
        """Asks nobody yet."""
        self._work = work
        self._catalog = catalog
        self._desk = desk

    async def _person(self, email: str) -> Actor:
        """The member of the workspace with that address, as PagerDuty takes a From header."""
        wanted = email.strip() if storable(email) == email else ""
        found = await self._work.read(lambda tx: tx.people.by_email(wanted))
        if found is None or found.deleted or not wanted:
            raise error(Reason.INVALID, f"nobody in Slack has the address {email}", UNKNOWN_PERSON)
        return found.actor


def user(actor: Actor) -> PagerUser:
    """A person as this pager knows them: by their e-mail address."""
    address = (actor.email or "").lower()
    return PagerUser(id=address or actor.slack_id or actor.name, name=actor.name, email=address)
