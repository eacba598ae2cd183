"""Reading who is who: what one vendor refuses or does not answer holds back nothing else."""

from __future__ import annotations

import pytest

from bot.errors import ProviderError, Reason
from bot.services.people import MIRRORED, PAGER_USERS, groups_known
from bot.worker.sweeps import Sweeps
from tests.unit.worker.fakes import Shop, refusal

POLICIES = "pagerduty.policies"


async def known(shop: Shop) -> set[str]:
    """What is known of the workspace and of PagerDuty."""
    return await shop.home.work.read(
        lambda tx: {
            name
            for name, is_known in (
                ("members", tx.value(MIRRORED) is not None),
                ("groups", groups_known(tx)),
                ("users", tx.value(PAGER_USERS) is not None),
                ("policies", tx.value(POLICIES) is not None),
            )
            if is_known
        }
    )


@pytest.fixture
async def fresh(shop: Shop) -> Shop:
    """Nothing is known yet."""

    def forget(tx: object) -> None:
        for name in (PAGER_USERS, POLICIES, MIRRORED):
            tx.set_value(name, None)  # type: ignore[attr-defined]

    await shop.home.work.write(forget)
    assert await known(shop) == set()
    return shop


EVERYTHING = {"members", "groups", "users", "policies"}


@pytest.mark.parametrize(
    ("vendor", "method", "missing"),
    [
        ("chat", "members", {"members", "groups"}),
        ("chat", "user_groups", {"groups"}),
        ("pager", "users", {"users"}),
        ("pager", "policies", {"policies"}),
        ("pager", "on_call", set()),
        ("pager", "schedules", set()),
    ],
)
@pytest.mark.parametrize("reason", [Reason.INVALID, Reason.AUTH, Reason.UNAVAILABLE])
async def test_one_refusal_leaves_the_rest(
    fresh: Shop, vendor: str, method: str, missing: set[str], reason: Reason
) -> None:
    getattr(fresh, vendor).fail[method] = [refusal("unknown_method", reason)]
    mirroring = fresh.world.people.mirror(fresh.chat, fresh.pager)  # type: ignore[arg-type]
    if reason is Reason.INVALID:  # asking again would change nothing
        await mirroring
    else:
        with pytest.raises(ProviderError):
            await mirroring
    assert await known(fresh) == EVERYTHING - missing


async def test_people_are_read_though_channels_are_not_listed(
    fresh: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        assert await known(fresh) == EVERYTHING

    monkeypatch.setattr("bot.worker.sweeps.asyncio.sleep", pause)
    fresh.chat.fail["private_channels"] = [
        refusal("missing_scope", Reason.AUTH),
        refusal("unknown_method", Reason.INVALID),
    ]
    await Sweeps(fresh.world, fresh.worker, poll_seconds=0)._mirror()
    assert waits == [5.0], "tried again once; what is refused for good is not"
