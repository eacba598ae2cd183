"""A person (and a judge) in the sandbox: acts by visible label, waits for what should be seen, keeps a transcript."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

#: How long anything may take to be seen, seconds.
PATIENCE = 20.0


class Unexpected(Exception):
    """Something did not end as the story says."""


class Player:
    """Plays people through ``/api`` and tells what is seen."""

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        """``url`` is the sandbox's address; ``say`` takes one line of the transcript at a time."""
        self._url = url
        self._say = say
        self._began = time.monotonic()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection."""
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        if self._http is not None:
            await self._http.close()

    def begin(self) -> None:
        """The story begins now."""
        self._began = time.monotonic()

    def tell(self, line: str) -> None:
        """One line of the transcript, with the seconds since the story began."""
        self._say(f"{time.monotonic() - self._began:6.1f} s  {line}")

    async def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        if self._http is None:
            raise RuntimeError("use the player as a context manager")
        async with self._http.request(method, f"{self._url}/api/{path}", json=body) as answer:
            return await answer.json()

    async def state(self, user: str) -> Json:
        """Everything ``user`` can see."""
        return dict(await self._call("GET", f"state?user={user}"))

    async def do(self, path: str, **body: Any) -> Json:
        """Do something as a person; a refusal ends the story."""
        answer = dict(await self._call("POST", path, body))
        if answer.get("ok") is False:
            raise Unexpected(f"{path} {json.dumps(body)} was answered {json.dumps(answer)[:300]}")
        return answer

    async def fill(self, user: str, title: str, values: Json) -> None:
        """Wait for the form of that title, fill it in and submit it."""
        await self.see(
            f"the form {title}", user, lambda s: [v for v in s["views"] if v["title"] == title]
        )
        await self.do("submit", user=user, values=values)

    async def problems(self) -> list[Json]:
        """What the real services would have refused or punished."""
        found = await self._call("GET", "problems")
        return list(found["problems"] if isinstance(found, dict) else found)

    async def see(self, what: str, user: str, check: Callable[[Json], Any]) -> Any:
        """Wait until ``user`` sees ``what``; returns what ``check`` found."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = check(await self.state(user))
            if found:
                self.tell(f"   seen: {what}")
                return found
            if time.monotonic() > deadline:
                raise Unexpected(f"not seen within {PATIENCE:.0f} s: {what}")
            await asyncio.sleep(0.05)


# --- reading a workspace --------------------------------------------------------------------------------------------


def channel(state: Json, part: str) -> Json | None:
    """The channel whose name contains ``part``."""
    return next((c for c in state["channels"] if part in c["name"]), None)


def texts(state: Json, part: str) -> list[str]:
    """All message texts in that channel."""
    found = channel(state, part)
    return [m["text"] for m in state["messages"].get(found["id"], [])] if found else []


def card(state: Json, part: str = "incidents", name: str = "INC-") -> Json | None:
    """The newest card about ``name`` in that channel, with its channel's id as ``channel``."""
    found = channel(state, part)
    if found is None:
        return None
    cards = [
        m
        for m in state["messages"].get(found["id"], [])
        if any(b["type"] == "header" for b in m.get("blocks") or ())
        and name in json.dumps(m["blocks"])
    ]
    return {**cards[-1], "channel": found["id"]} if cards else None


def buttons(message: Json | None) -> list[str]:
    """The visible labels of a message's buttons."""
    blocks = (message or {}).get("blocks") or ()
    return [e["text"]["text"] for b in blocks if b["type"] == "actions" for e in b["elements"]]


def page(state: Json, title: str) -> Json | None:
    """The PagerDuty incident with that title."""
    return next((i for i in state["pagerduty"]["incidents"] if i["title"] == title), None)


def issue(state: Json, title: str) -> Json | None:
    """The GitHub issue whose title contains ``title``, with its repository as ``repo``."""
    for repository in state["github"]["repositories"]:
        for found in repository["issues"]:
            if title in found["title"]:
                return {**found, "repo": repository["full_name"]}
    return None


def status(state: Json, title: str) -> str:
    """The status of the PagerDuty incident with that title, empty when there is none."""
    return str((page(state, title) or {}).get("status", ""))


def issue_state(state: Json, title: str) -> str:
    """The state of the GitHub issue with that title, empty when there is none."""
    return str((issue(state, title) or {}).get("state", ""))


def expect(condition: object, what: str) -> None:
    """End the story when something is not as it should be."""
    if not condition:
        raise Unexpected(what)
