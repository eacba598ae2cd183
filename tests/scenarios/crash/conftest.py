"""PostgreSQL, and bots that start fast, for the crash tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.databases import postgres_cluster, postgres_url
from tests.scenarios.crash.process import forge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.scenarios.crash.process import Forge

__all__ = ["postgres_cluster", "postgres_url", "smithy"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def smithy() -> AsyncIterator[Forge]:
    """Where bots of this module come from."""
    async with forge() as running:
        yield running
