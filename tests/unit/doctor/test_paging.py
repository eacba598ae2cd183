"""What the doctor says about pages beyond Slack: wrong addresses, and who has Slack alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bot.doctor import paging
from bot.domain.catalog import (
    Address,
    Catalog,
    EscalationPolicy,
    Level,
    Notification,
    Person,
    Roster,
    RosterLayer,
)
from bot.providers import beyond
from bot.settings import load

SECRET = "a-secret-nobody-sees"


@dataclass
class Context:
    """As far as this area looks."""

    catalog: Catalog
    environ: dict[str, str]

    @staticmethod
    def usable(url: str) -> bool:
        return beyond.usable(url)

    @property
    def settings(self) -> Any:
        return load(self.environ, env_file=None, need_slack=False)


def person(name: str, *urls: str) -> Person:
    return Person(email=f"{name}@example.com", notify=tuple(Address(url) for url in urls))


def catalog(*people: Person, first: tuple[str, ...] = (), **more: Any) -> Catalog:
    second = Level(notify=("person:boss@example.com",))
    policies = {"default": EscalationPolicy(name="default", levels=(Level(notify=first), second))}
    by_email = {each.email: each for each in people}
    return Catalog(people=by_email, policies=policies if first else {}, **more)


async def told(built: Catalog, **environ: str) -> dict[str, tuple[str, str]]:
    found = await paging.check(Context(built, environ))  # type: ignore[arg-type]
    assert SECRET not in str(found)
    return {each.name: (each.state, each.text) for each in found}


@pytest.mark.parametrize(
    ("url", "good"),
    [
        (f"json://u:{SECRET}@127.0.0.1/x", True),
        (f"mailto://ana:{SECRET}@gmail.com", True),
        (f"nosuch://{SECRET}", False),
        (f"tgram://{SECRET}", False),
        ("json://", False),
        ("", False),
    ],
)
async def test_an_address_apprise_cannot_use_is_named_by_its_place(url: str, good: bool) -> None:
    found = await told(catalog(person("ana", "json://127.0.0.1/ok", url)))
    if good:
        assert found["addresses"] == ("ok", "2 Apprise addresses can be used.")
    else:
        assert "addresses" not in found
        state, text = found["people.ana@example.com.notify[2]"]
        assert (state, text) == ("fail", "is no address Apprise can use: nothing reaches it.")


async def test_addresses_of_notifications_are_looked_at_as_well() -> None:
    found = await told(catalog(notifications=(Notification(url="nosuch://x"),)))
    assert found["notifications[1]"][0] == "fail"


async def test_who_is_paged_first_and_has_slack_alone_is_named() -> None:
    layers = (RosterLayer(people=("Ben@example.com", "cy@example.com")),)
    rosters = {"primary": Roster(name="primary", layers=layers)}
    first = ("person:ana@example.com", "roster:primary", "group:x", "channel:ops", "roster:gone")
    people = (person("ana"), person("cy", "json://127.0.0.1/c"))
    found = await told(catalog(*people, first=first, rosters=rosters))
    state, text = found["ways"]
    assert state == "skip"
    assert text.startswith("ana@example.com, ben@example.com: paged first")
    assert "boss" not in text
    whole = (person("ana", "json://a"), person("ben", "json://b"), people[1])
    assert (await told(catalog(*whole, first=first, rosters=rosters)))["ways"][0] == "ok"


async def test_the_link_needs_the_public_address() -> None:
    built = catalog(person("ana", "json://127.0.0.1/a"), first=("person:ana@example.com",))
    assert (await told(built))["acknowledge link"][0] == "skip"
    public = await told(built, PUBLIC_URL="https://muster.example.com")
    assert public["acknowledge link"][0] == "ok"


async def test_nothing_configured_is_no_problem() -> None:
    found = await told(Catalog())
    assert {state for state, _ in found.values()} == {"skip"}
