"""The unit of work: the only place that commits.

``write(fn)`` runs the plain function ``fn(tx)`` in one transaction on a writer thread and commits before it
returns. Because ``fn`` is no coroutine, nothing can be awaited inside a transaction. Functions that arrive while a
commit is under way are taken together into the next one (group commit), each in its own savepoint: one that
raises is rolled back alone. ``read(fn)`` runs on reader threads and sees committed state only.

On SQLite one writer thread serves everybody. On PostgreSQL several do, a commit each, and a function that met a
serialization failure or deadlock is run again; it must therefore have no effect outside its transaction.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from bot import failpoints
from bot.errors import Busy
from bot.store.engine import is_sqlite, open_engine
from bot.store.tx import Tx

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

    from bot.ports import Clock

log = structlog.get_logger()
T = TypeVar("T")

#: How long a write made for a Slack acknowledgement waits for its turn, seconds.
PATIENCE = 2.0
#: Most functions taken into one SQLite commit; bounds how long a press waits behind others.
GROUP = 128
#: How often a write is run again after the database refused it for a passing reason.
TRIES = 6


@dataclass
class _Job:
    fn: Callable[[Tx], Any]
    done: Future[Any]
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

    def __init__(self, url: str, clock: Clock, *, readers: int = 2, writers: int = 4) -> None:
        """Open nothing yet; ``url`` as returned by ``database_url``."""
        self.url = url
        self.clock = clock
        self.engine: Engine = open_engine(url)
        self.on_effects: Callable[[], None] = lambda: None
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
        job = _Job(fn, Future(), give_up_at)
        self._jobs.put(job)
        return await asyncio.wrap_future(job.done)

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on a reader; it must not change anything."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, fn)

    def _read(self, fn: Callable[[Tx], T]) -> T:
        with Session(
            self.engine.execution_options(read=True), expire_on_commit=False, autoflush=False
        ) as session:
            return fn(Tx(session, self.clock.now()))

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
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            while len(group) < self._group:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._jobs.put(None)
                    break
                group.append(more)
            self._commit(group)

    def _commit(self, group: list[_Job]) -> None:
        """Run a group in one transaction; on a passing refusal try again, then job by job, then give up."""
        for attempt in range(TRIES):
            ready = [job for job in group if self._wanted(job)]
            if not ready:
                return
            try:
                self._run(ready)
            except self._passing as error:
                log.warning("database.busy", attempt=attempt, error=type(error.orig).__name__)
                time.sleep(0.02 * 2**attempt)
                continue
            except DBAPIError as error:
                self._fail(ready, error)
                return
            except Exception as error:  # noqa: BLE001 - whatever a commit raises belongs to those who wait for it
                self._fail(ready, error)
                return
            return
        self._fail(group, Busy())

    @staticmethod
    def _wanted(job: _Job) -> bool:
        if job.done.done() or not (job.done.running() or job.done.set_running_or_notify_cancel()):
            return False  # nobody waits any more; from here on it cannot be cancelled
        if job.give_up_at is not None and time.monotonic() > job.give_up_at:
            job.done.set_exception(Busy())
            return False
        return True

    def _run(self, group: list[_Job]) -> None:
        """One transaction for the group; whoever waits is told only after the commit."""
        outcomes: list[_Outcome] = []
        with Session(self.engine, expire_on_commit=False) as session:
            outcomes += [self._try(session, job, alone=len(group) == 1) for job in group]
            failpoints.reach("commit.before")
            session.commit()
            failpoints.reach("commit.after")
        if any(outcome.emitted for outcome in outcomes):
            self.on_effects()
        for outcome in outcomes:
            outcome.tell()

    def _try(self, session: Session, job: _Job, *, alone: bool) -> _Outcome:
        """Run one function, in a savepoint when others share the transaction."""
        tx = Tx(session, self.clock.now())
        try:
            with nullcontext() if alone else session.begin_nested():
                value = job.fn(tx)
                session.flush()
        except self._passing:
            raise
        except Exception as error:  # noqa: BLE001 - belongs to this job alone; handed to whoever waits
            if alone:
                session.rollback()
            return _Outcome(job, error=error)
        return _Outcome(job, value=value, emitted=tx.emitted)

    @staticmethod
    def _fail(group: list[_Job], error: BaseException) -> None:
        for job in group:
            if not job.done.done():
                job.done.set_exception(error)
