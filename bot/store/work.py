"""The unit of work: the only place that commits.

``write(fn)`` runs the plain function ``fn(tx)`` in one transaction on a writer thread and commits before it
returns. Because ``fn`` is no coroutine, nothing can be awaited inside a transaction. Functions that arrive while a
commit is under way are taken together into the next one (group commit), as many as fit into a short while. When
one of them raises, the group is rolled back and run again with a savepoint for each, so that it fails alone.
``read(fn)`` runs on reader threads and sees committed state only.

On SQLite one writer thread serves everybody. On PostgreSQL several do, a commit each, and a function that met a
serialization failure or deadlock is run again. A function must therefore have no effect outside its transaction.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from bot import failpoints
from bot.errors import Busy
from bot.store.engine import is_sqlite, open_engine
from bot.store.tx import NO_DOMAINS, Tx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy.engine import Engine
    from sqlalchemy.exc import DBAPIError

    from bot.domain.identities import Domains
    from bot.ports import Clock
    from bot.store.tx import EntryListener

log = structlog.get_logger()
T = TypeVar("T")

#: How long a write made for a Slack acknowledgement waits for its turn, seconds.
PATIENCE = 2.0
#: Most functions taken into one SQLite commit, and how long one may take them, seconds; both bound how long a press
#: waits behind others.
GROUP = 128
GROUP_SECONDS = 0.1
#: How often a write is run again after the database refused it for a passing reason.
TRIES = 6


@dataclass
class _Job:
    fn: Callable[[Tx], Any]
    done: asyncio.Future[Any]
    give_up_at: float | None


@dataclass
class _Outcome:
    job: _Job
    value: Any = None
    error: BaseException | None = None
    emitted: bool = False

    def tell(self) -> None:
        """Answer whoever waits (they may have gone meanwhile)."""
        if self.job.done.done():
            return
        if self.error is None:
            self.job.done.set_result(self.value)
        else:
            self.job.done.set_exception(self.error)


class Work:
    """Reads and writes of one database. Safe to share between tasks of one event loop."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        readers: int = 2,
        writers: int = 4,
        domains: Domains = NO_DOMAINS,
    ) -> None:
        """Open nothing yet; ``url`` as returned by ``database_url``. Addresses under equal ``domains`` are one."""
        self._domains = domains
        self.url = url
        self.clock = clock
        self.engine: Engine = open_engine(url)
        self.on_effects: Callable[[], None] = lambda: None
        self.entry_listeners: list[EntryListener] = []
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._group = GROUP if is_sqlite(url) else 1
        # Where several write at once, two may insert the same thing: the later one runs again and finds it.
        self._passing: tuple[type[DBAPIError], ...] = (
            (OperationalError,) if is_sqlite(url) else (OperationalError, IntegrityError)
        )
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="db-read")
        self._writers = [
            threading.Thread(target=self._serve, name=f"db-write-{n}", daemon=True)
            for n in range(1 if is_sqlite(url) else writers)
        ]
        self._started = False

    async def write(self, fn: Callable[[Tx], T], *, patience: float | None = None) -> T:
        """Run ``fn`` in one committed transaction and return its value.

        With ``patience`` (seconds) the write is given up with ``Busy`` when its turn has not come by then; a
        write that has begun is always waited for, so an answer is never wrong about what was stored.
        """
        if not self._started:
            self._started = True
            for thread in self._writers:
                thread.start()
        give_up_at = None if patience is None else time.monotonic() + patience
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(fn, done, give_up_at))
        return await done

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on a reader; it must not change anything."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, fn)

    def _read(self, fn: Callable[[Tx], T]) -> T:
        with Session(
            self.engine.execution_options(read=True), expire_on_commit=False, autoflush=False
        ) as session:
            return fn(Tx(session, self.clock.now(), domains=self._domains))

    def close(self) -> None:
        """Finish what was queued and let go of the database."""
        if self._started:
            for _ in self._writers:
                self._jobs.put(None)
            for thread in self._writers:
                thread.join(timeout=5)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    # --- the writer threads ---------------------------------------------------------------------------------

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._commit([job])

    def _joining(self, group: list[_Job]) -> Iterator[_Job]:
        """More functions that wait, while the group has room and time."""
        until = time.monotonic() + GROUP_SECONDS
        while len(group) < self._group and time.monotonic() < until:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is None:  # the end: it is for whoever asks next
                self._jobs.put(None)
                return
            group.append(job)
            if self._ready([job]):
                yield job

    def _commit(self, group: list[_Job]) -> None:
        """Run a group in one transaction; on a passing refusal try again, then give up."""
        apart = False
        last: Exception = Busy()
        for attempt in range(TRIES):
            ready = self._ready(group)
            if not ready:
                return
            try:
                if not apart and not self._run(chain(ready, self._joining(group)), alone=group):
                    apart, ready = True, self._ready(group)
                if apart:
                    self._run(ready)
            except Exception as error:  # noqa: BLE001 - whatever a commit raises belongs to those who wait for it
                if self._passes(error):
                    log.warning("database.busy", attempt=attempt, error=type(error).__name__)
                    time.sleep(0.02 * 2**attempt)
                    # A constraint that is broken again and again is nobody else's write but a mistake of ours.
                    last = error if isinstance(error, IntegrityError) else Busy()
                    continue
                _tell([_Outcome(job, error=error) for job in group])
                return
            return
        _tell([_Outcome(job, error=last) for job in group])

    def _passes(self, error: Exception) -> bool:
        """Whether the database may take the same again in a moment; a disk that is full or a wrong statement do not."""
        if not isinstance(error, self._passing):
            return False
        code: int | None = getattr(error.orig, "sqlite_errorcode", None)
        return code is None or code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

    @staticmethod
    def _ready(group: list[_Job]) -> list[_Job]:
        """Those somebody still waits for; whose patience is over is told so."""
        now = time.monotonic()
        late = [j for j in group if j.give_up_at is not None and now > j.give_up_at]
        _tell([_Outcome(job, error=Busy()) for job in late])
        return [job for job in group if job not in late and not job.done.done()]

    def _run(self, jobs: Iterable[_Job], *, alone: list[_Job] | None = None) -> bool:
        """One transaction; whoever waits is told only after the commit.

        Each job has a savepoint of its own, unless ``alone`` is given, the group as far as it has come: then False
        says that one of several failed, that nothing was stored, and that all must be run again.
        """
        outcomes: list[_Outcome] = []
        with Session(self.engine, expire_on_commit=False) as session:
            for job in jobs:
                outcomes.append(self._try(session, job, apart=alone is None))
                if alone is not None and outcomes[-1].error is not None:
                    session.rollback()
                    if len(alone) > 1:
                        return False
            failpoints.reach("commit.before")
            session.commit()
            failpoints.reach("commit.after")
        if any(outcome.emitted for outcome in outcomes):
            self.on_effects()
        _tell(outcomes)
        return True

    def _try(self, session: Session, job: _Job, *, apart: bool) -> _Outcome:
        """Run one function, in a savepoint when it must fail alone."""
        tx = Tx(session, self.clock.now(), self.entry_listeners, self._domains)
        try:
            with session.begin_nested() if apart else nullcontext():
                value = job.fn(tx)
                tx.flush()
        except Exception as error:
            if self._passes(error):
                raise
            # It belongs to this job alone, and goes to whoever waits for it.
            return _Outcome(job, error=error)
        return _Outcome(job, value=value, emitted=tx.emitted)


def _tell(outcomes: list[_Outcome]) -> None:
    """Answer those who wait, in their event loop (one wake-up for all of them)."""
    loops = {outcome.job.done.get_loop() for outcome in outcomes}
    for loop in loops:
        told = [o for o in outcomes if o.job.done.get_loop() is loop]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_tell_here, told)


def _tell_here(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.tell()
