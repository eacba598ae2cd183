"""How GitHub is called through PyGithub: a few threads, a timeout, errors.

PyGithub blocks, so every call runs on a few threads of its own and the wait for it ends after ``timeout`` seconds. Its
retries and its pauses between requests are off.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import ProviderError, Reason
from bot.providers.github.errors import NAME, NotReadableError, provider_error
from bot.providers.http import Observe, lost

if TYPE_CHECKING:
    from collections.abc import Callable

    from github import Github
    from github.Repository import Repository

T = TypeVar("T")

THREADS = 4
PAGE = 100
_REPO = re.compile(r"[\w.-]+/(?!\.+$)[\w.-]+")


class GitHubCalls:
    """One client, made on first use. Never retries, calls nothing when it is made."""

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.github.com",
        timeout: float = 5.0,
        observe: Observe | None = None,
    ) -> None:
        """Keep the facts; nothing is imported, started or called yet."""
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._observe = observe
        self._github: Github | None = None
        self._threads: ThreadPoolExecutor | None = None

    async def aclose(self) -> None:
        """Let go of the connections and threads, without waiting for a call that hangs."""
        hub, self._github = self._github, None
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        if hub is not None:
            hub.close()

    def _hub(self) -> Github:
        """The client, made on first use in a thread: importing it costs 20 MB and a second."""
        if self._github is None:
            from github import Auth, Github  # noqa: PLC0415

            self._github = Github(
                auth=Auth.Token(self._token),
                base_url=self._base_url,
                timeout=max(1, math.ceil(self._timeout)),
                retry=None,
                per_page=PAGE,
                seconds_between_requests=0,
                seconds_between_writes=0,
                lazy=True,
                user_agent="muster-incident-bot",
            )
        return self._github

    def repository_of(self, repo: str) -> Repository:
        """PyGithub's repository, not read yet; to be used inside ``run``."""
        if not _REPO.fullmatch(repo):
            raise ProviderError(NAME, Reason.INVALID, f"'{repo[:100]}' is no owner/name")
        return self._hub().get_repo(repo)

    async def run(self, operation: str, work: Callable[[], T], *, write: bool = False) -> T:
        """Run ``work`` on one of our threads, within the timeout, and turn errors into reasons."""
        threads = self._threads = self._threads or ThreadPoolExecutor(
            THREADS, thread_name_prefix="github"
        )
        if self._github is None:  # importing it takes a second that is not the vendor's
            await asyncio.get_running_loop().run_in_executor(threads, self._hub)
        started, outcome = time.monotonic(), "ok"
        running = threads.submit(work)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(running), self._timeout)
        except TimeoutError:
            # A call that is still queued was taken back: nothing was sent.
            reason = Reason.UNAVAILABLE if running.cancelled() else lost(write=write)
            outcome = reason.value
            detail = f"no answer within {self._timeout:g} seconds"
            raise ProviderError(NAME, reason, detail) from None
        except Exception as error:  # noqa: BLE001 - PyGithub and requests fail in many ways
            known = provider_error(error, self._token, write=write)
            outcome = known.reason.value
            raise known from None
        finally:
            if self._observe:
                self._observe(operation, outcome, time.monotonic() - started)


def readable(value: Any, kind: type[T]) -> T:
    """``value`` when it is of that kind; else the answer cannot be read."""
    if isinstance(value, kind):
        return value
    raise NotReadableError
