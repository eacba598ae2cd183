"""What the doctor says about alerts: the presets' examples, and which ways in are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.doctor import alerts
from bot.domain.alert_sources import AlertAuth, Alerts, AlertSource
from bot.domain.catalog import Catalog, EscalationPolicy, Rule, Service
from bot.errors import ProviderError, Reason
from bot.settings import load

if TYPE_CHECKING:
    import pytest


@dataclass
class Context:
    """As far as this area looks."""

    environ: dict[str, str]
    catalog: Catalog = field(default_factory=Catalog)
    silences: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Any:
        return load(self.environ, env_file=None, need_slack=False)


async def told(context: Context) -> dict[str, tuple[str, str]]:
    found = await alerts.check(context)  # type: ignore[arg-type]
    return {each.name: (each.state, each.text) for each in found}


async def test_presets_and_ways_in() -> None:
    own = AlertSource(name="backups", auth=AlertAuth(kind="bearer", secret="s"), fields={})
    sentry = AlertSource(name="sentry", preset="sentry", auth=AlertAuth(kind="hmac", secret="s"))
    sources = {each.name: each for each in (own, sentry)}
    catalog = Catalog(alerts=Alerts(sources=sources))
    found = await told(Context({"ALERTS_TOKEN": "x" * 32}, catalog))
    assert found["presets"] == ("ok", "6 sources map their examples as they should.")
    assert found["backups"][1].endswith("opens with its bearer secret (fields of its own).")
    assert "hmac secret (preset sentry)" in found["sentry"][1]
    assert found["ALERTS_TOKEN"][1] == "opens alertmanager, grafana, datadog, dynatrace, newrelic."


async def test_without_a_token_the_presets_are_shut() -> None:
    state, text = (await told(Context({})))["ALERTS_TOKEN"]
    assert state == "skip"
    assert "sentry refuse everybody" in text


async def test_a_wrong_preset_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "wrong_examples", lambda: ["grafana, one: title is 'x'"])
    assert (await told(Context({})))["presets"] == ("fail", "grafana, one: title is 'x'.")


class Silences:
    """Answers, or refuses for a reason."""

    def __init__(self, reason: Reason | None = None) -> None:
        self.reason = reason

    async def find(self, mark: str) -> list[Any]:
        assert mark == alerts.NOBODYS
        if self.reason:
            raise ProviderError("alertmanager", self.reason, "it went wrong")
        return []


async def test_every_alertmanager_that_takes_silences_is_asked() -> None:
    silences = {"a": Silences(), "b": Silences(Reason.AUTH), "c": Silences(Reason.UNAVAILABLE)}
    found = await alerts.check(Context({}, silences=silences))  # type: ignore[arg-type]
    told = {each.name: (each.state, each.mend) for each in found if "silences" in each.name}
    assert told["a, silences"] == ("ok", "")
    assert told["b, silences"][0] == told["c, silences"][0] == "fail"
    assert "user and password" in told["b, silences"][1]
    assert "Start Alertmanager" in told["c, silences"][1]


async def test_rules_that_page_need_a_policy_of_ours_whoever_pages_for_incidents() -> None:
    pages = Alerts(routing=(Rule(when="true", do="page", line=7), Rule(when="true", do="announce")))
    web = {"web": Service(id="web", title="Web", escalation_policy="own", pagerduty_service="PWEB")}
    own = {"own": EscalationPolicy(name="own", levels=())}
    default = {"default": EscalationPolicy(name="default", levels=())}
    state, text = (await told(Context({}, Catalog(alerts=pages))))["routing"]
    assert state == "warn"
    assert "rules say page (line 7), but no escalation policy covers alerts at all" in text
    found = await told(Context({}, Catalog(alerts=pages, services=web, policies=own)))
    assert "covers alerts of most services" in found["routing"][1]
    assert "routing" not in await told(Context({}, Catalog(alerts=pages, policies=default)))
    assert "routing" not in await told(Context({}, Catalog()))
