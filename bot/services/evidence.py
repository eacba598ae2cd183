"""Exports: incidents as evidence, and restoring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain import evidence as chain
from bot.errors import UserError
from bot.store import evidence as kept

if TYPE_CHECKING:
    from bot.services.base import House
    from bot.store.tx import Tx


@dataclass(frozen=True)
class Exported:
    """The document, and the first event that does not fit into the chain (None: it is whole)."""

    document: dict[str, Any]
    broken_at: int | None


@dataclass(frozen=True)
class Evidence:
    """Use cases around exports."""

    house: House

    async def export(self, number: int, *, private: bool = False) -> Exported:
        """One incident with all its events; a private one only when ``private`` says that it is meant."""

        def read(tx: Tx) -> dict[str, Any]:
            if tx.incident(number, lock=False).private and not private:
                msg = f"INC-{number} is private. Say --private to export it all the same, and keep the file safe."
                raise UserError(msg)
            return kept.read(tx, number)

        document = await self.house.work.read(read)
        return Exported(document, chain.broken_at(document["events"]))

    async def restore(self, document: Any) -> int:
        """Verify an export and put its incident back; its number. EvidenceError says what is wrong with it."""
        return await self.house.work.write(lambda tx: kept.restore(tx, document))
