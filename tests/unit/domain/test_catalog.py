"""What muster.yml says, asked the way the rules ask."""

from __future__ import annotations

import pytest

from bot.domain.catalog import Catalog, EscalationPolicy, Level, Service, Severity

BILLING = Service(
    id="billing", title="Billing API", pagerduty_service="PBILL", escalation_policy="db"
)
CATALOG = Catalog(
    services={"billing": BILLING, "web": Service(id="web", title="Web Shop")},
    policies={
        "default": EscalationPolicy(name="default", levels=(Level(notify=("group:ops",)),)),
        "db": EscalationPolicy(name="db", levels=(Level(notify=("person:a@b.c",)),)),
    },
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("SEV2", "SEV2"), (" sev2 ", "SEV2"), ("2", "SEV2"), ("SEV9", None), ("", None), ("v", None)],
)
def test_a_severity_by_its_name_in_any_case(typed: str, found: str | None) -> None:
    severity = CATALOG.severity(typed)
    assert (severity.name if severity else None) == found


def test_own_severities_replace_the_defaults() -> None:
    own = Catalog(severities=(Severity(name="Critical", pagerduty_priority="p0"),))
    assert own.severity("critical") is not None
    assert own.severity("SEV1") is None
    assert own.severity_of_priority("P0") == "Critical"


@pytest.mark.parametrize(
    ("priority", "severity"),
    [("P1", "SEV1"), ("p4", "SEV4"), ("P5", None), ("", None), (None, None)],
)
def test_a_severity_by_the_vendors_priority(priority: str | None, severity: str | None) -> None:
    assert CATALOG.severity_of_priority(priority) == severity


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("billing", "billing"),
        (" BILLING API ", "billing"),
        ("PBILL", "billing"),
        ("pbill", None),
        ("nothing", None),
    ],
)
def test_a_service_by_id_title_or_vendors_id(name: str, found: str | None) -> None:
    service = CATALOG.service(name)
    assert (service.id if service else None) == found


def test_a_service_has_its_policy_or_the_default() -> None:
    assert CATALOG.policy_for(BILLING) == CATALOG.policies["db"]
    assert CATALOG.policy_for(CATALOG.services["web"]) == CATALOG.policies["default"]
    assert CATALOG.policy_for(None) == CATALOG.policies["default"]
    gone = Service(id="x", title="X", escalation_policy="gone")
    assert CATALOG.policy_for(gone) == CATALOG.policies["default"]
    assert Catalog().policy_for(BILLING) is None
