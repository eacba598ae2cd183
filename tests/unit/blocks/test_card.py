"""The card: what it shows in each state, and what it keeps to itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from blocks.card import FailedStep, Link, card
from blocks.ids import IncidentButton, StepButton
from bot.domain.incident import Origin, PagerKind, PagerLink, Places, Status, Urgency
from tests.unit.blocks.limits import buttons, check_message
from tests.unit.blocks.samples import ANA, BEN, CONTEXT, NOW, incident, resolved
from tests.unit.blocks.shown import shown, told

FAILED = FailedStep(
    effect_id=4,
    label="GitHub issue",
    reason="acme/x has issues disabled (410)",
    provider="github",
)


def test_triggered_announcement() -> None:
    message = card(incident(), CONTEXT, place="announcement")
    assert shown(message.blocks) == snapshot("""\
# :red_circle: INC-12 Checkout is down
*Status:* 🚨 Triggered
*Severity:* SEV1
*Urgency:* High · P1
*Service:* Checkout API
*Owner:* <@UANA>
*Commander:* nobody yet
*Source:* <https://acme.pagerduty.com/i/P1|PagerDuty #77>
*Started:* {time}11:48
*Duration:* 12 min as of {time}12:00
(💬 <#C0INCIDENT> · <https://acme.pagerduty.com/i/P1|PagerDuty #77> ·
  <https://github.com/acme/checkout-api/4|acme/checkout-api#4>)
[Acknowledge] [Reassign] [Escalate] [Resolve] [More]\
""")
    assert told(message.text) == snapshot(
        """\
🚨 INC-12 SEV1 triggered: Checkout is down · Owner: <@UANA> · Service: Checkout API ·
  Channel: <#C0INCIDENT> · <https://acme.pagerduty.com/i/P1|PagerDuty #77> ·
  <https://github.com/acme/checkout-api/4|acme/checkout-api#4>\
"""
    )


def test_triggered_in_the_channel_with_a_failed_step() -> None:
    context = replace(
        CONTEXT,
        failures=(FAILED, replace(FAILED, effect_id=5, label="PagerDuty", stopped=True)),
        waiting="12 messages wait for Slack's limits, about 3 min",
        links=(Link(label="Runbook", url="https://runbooks.example.com/checkout"),),
    )
    message = card(
        incident(roles={"commander": BEN}, description="Payments fail\nsince 11:48"),
        context,
        place="channel",
    )
    assert shown(message.blocks) == snapshot("""\
# :red_circle: INC-12 Checkout is down
*Status:* 🚨 Triggered
*Severity:* SEV1
*Urgency:* High · P1
*Service:* Checkout API
*Owner:* <@UANA>
*Commander:* Ben &lt;b&gt;
*Source:* <https://acme.pagerduty.com/i/P1|PagerDuty #77>
*Started:* {time}11:48
*Duration:* 12 min as of {time}12:00
> Payments fail
> since 11:48
(<https://acme.slack.com/archives/C0ANNOUNCE/p1|Announcement> ·
  <https://acme.pagerduty.com/i/P1|PagerDuty #77> ·
  <https://github.com/acme/checkout-api/4|acme/checkout-api#4> ·
  <https://runbooks.example.com/checkout|Runbook>)
(⏳ 12 messages wait for Slack's limits, about 3 min)
(⚠️ *GitHub issue:* acme/x has issues disabled (410).)
[Retry] [Dismiss]
(⚠️ *PagerDuty:* acme/x has issues disabled (410). I stopped all calls to GitHub
  until an admin mends it.)
[Retry] [Dismiss]
[Acknowledge] [Reassign] [Escalate] [Resolve] [More]\
""")
    check_message(message)


def test_resolved() -> None:
    message = card(resolved(), replace(CONTEXT, postmortem_available=True), place="channel")
    assert shown(message.blocks) == snapshot("""\
# :red_circle: INC-12 Checkout is down
*Status:* ✅ Resolved
*Severity:* SEV1
*Urgency:* High · P1
*Service:* Checkout API
*Owner:* <@UANA>
*Commander:* nobody yet
*Source:* <https://acme.pagerduty.com/i/P1|PagerDuty #77>
*Started:* {time}11:48
*Duration:* 12 min
✅ *Resolved* by <@UANA> {time}12:00 after 12 min
*What fixed it:*
> Rolled back &lt;v42&gt; &amp; restarted
(<https://acme.slack.com/archives/C0ANNOUNCE/p1|Announcement> ·
  <https://acme.pagerduty.com/i/P1|PagerDuty #77> ·
  <https://github.com/acme/checkout-api/4|acme/checkout-api#4>)
[Reopen] [Post-mortem] [More]\
""")
    assert told(message.text) == snapshot(
        """\
✅ INC-12 SEV1 resolved: Checkout is down · Owner: <@UANA> · Service: Checkout API ·
  Channel: <#C0INCIDENT> · <https://acme.pagerduty.com/i/P1|PagerDuty #77> ·
  <https://github.com/acme/checkout-api/4|acme/checkout-api#4> · What fixed it:
  Rolled back &lt;v42&gt; &amp; restarted\
"""
    )


def test_declared_in_slack_and_nobody_paged() -> None:
    lonely = incident(
        origin=Origin.SLACK,
        reporter=ANA,
        pager=PagerLink(),
        ticket=None,
        owners=(),
        places=Places(),
        severity=None,
        priority=None,
        service=None,
        service_title=None,
    )
    message = card(lonely, CONTEXT, place="announcement")
    assert shown(message.blocks) == snapshot("""\
# :rotating_light: INC-12 Checkout is down
*Status:* 🚨 Triggered
*Severity:* not set
*Urgency:* High
*Service:* none
*Owner:* nobody yet
*Commander:* nobody yet
*Source:* declared by <@UANA>
*Started:* {time}11:48
*Duration:* 12 min as of {time}12:00
🔕 *Nobody is paged* for this incident: its service has no pager and no escalation
  policy. Call people yourself, or use *Reassign*.
[Acknowledge] [Reassign] [Escalate] [Resolve] [More]\
""")
    assert "Nobody is paged" in message.text


@pytest.mark.parametrize(
    ("status", "labels"),
    [
        (Status.TRIGGERED, ["Acknowledge", "Reassign", "Escalate", "Resolve", "More"]),
        (Status.ACKNOWLEDGED, ["Reassign", "Escalate", "Resolve", "More"]),
        (Status.RESOLVED, ["Reopen", "More"]),
    ],
)
def test_buttons_by_state(status: Status, labels: list[str]) -> None:
    for place in ("announcement", "channel"):
        message = card(incident(status=status), CONTEXT, place=place)
        assert buttons(message.blocks) == labels


def test_buttons_that_depend_on_features() -> None:
    context = replace(CONTEXT, postmortem_available=True, subscribe_available=True)
    assert buttons(card(resolved(), context, place="announcement").blocks) == [
        "Reopen",
        "Post-mortem",
        "Subscribe",
        "More",
    ]
    assert "Subscribe" not in buttons(card(incident(), context, place="channel").blocks)


def test_low_urgency_is_announced_with_open_channel() -> None:
    low = incident(urgency=Urgency.LOW, opens_channel=False, places=Places())
    assert "Open channel" in buttons(card(low, CONTEXT, place="announcement").blocks)
    assert "Open channel" not in buttons(card(low, CONTEXT, place="channel").blocks)
    closed = replace(low, status=Status.RESOLVED)
    assert "Open channel" not in buttons(card(closed, CONTEXT, place="announcement").blocks)
    in_thread = replace(low, places=Places(in_thread=True))
    assert "Open channel" not in buttons(card(in_thread, CONTEXT, place="announcement").blocks)


def test_a_channel_waiting_in_a_storm_can_be_opened_now() -> None:
    storm = incident(places=Places())
    assert "Open channel" not in buttons(card(storm, CONTEXT, place="announcement").blocks)
    waiting = replace(CONTEXT, waiting="11 channels wait")
    assert "Open channel" in buttons(card(storm, waiting, place="announcement").blocks)


def test_values_carry_the_ids_they_need() -> None:
    context = replace(CONTEXT, failures=(FAILED,))
    rows = [b for b in card(incident(), context, place="channel").blocks if b["type"] == "actions"]
    assert [StepButton.decode(e["value"]) for e in rows[0]["elements"]] == [
        StepButton(effect_id=4, number=12)
    ] * 2
    assert {IncidentButton.decode(e["value"]) for e in rows[1]["elements"]} == {IncidentButton(12)}
    resolve = next(e for e in rows[1]["elements"] if e["text"]["text"] == "Resolve")
    assert resolve["confirm"]["title"]["text"] == "Resolve INC-12?"


def test_failed_steps_are_for_those_who_work_on_it() -> None:
    context = replace(CONTEXT, failures=(FAILED,) * 3)
    in_channel = incident(places=replace(incident().places, card_ts="1700000000.000100"))
    assert "Retry" not in buttons(card(in_channel, context, place="announcement").blocks)
    without_card = card(incident(), context, place="announcement")
    assert "Retry" in buttons(without_card.blocks), "nothing else could show it"
    nowhere = incident(places=Places())
    message = card(nowhere, context, place="announcement")
    assert buttons(message.blocks).count("Retry") == 1, "one step is told once"
    many = tuple(replace(FAILED, effect_id=n) for n in range(1, 20))
    message = card(incident(), replace(CONTEXT, failures=many), place="channel")
    assert buttons(message.blocks).count("Dismiss") == 5
    assert "14 more failed steps" in shown(message.blocks)


def test_a_private_incident_tells_nothing_outside() -> None:
    secret = resolved(private=True, title="SECRET", description="SECRET")
    secret = replace(secret, resolution="SECRET", service_title="SECRET")
    for place in ("announcement", "channel"):
        assert "SECRET" not in card(secret, CONTEXT, place=place).text
    outside = card(secret, CONTEXT, place="announcement")
    assert "SECRET" not in json.dumps(list(outside.blocks))
    assert buttons(outside.blocks) == []


def test_an_old_card_stays_honest() -> None:
    """The duration of an open incident says as of when, a resolved one's is final."""
    open_card = shown(card(incident(), CONTEXT, place="channel").blocks)
    assert f"*Duration:* 12 min as of {{time}}{NOW:%H:%M}" in open_card
    assert "*Duration:* 12 min\n" in shown(card(resolved(), CONTEXT, place="channel").blocks)


@pytest.mark.parametrize("kind", PagerKind)
def test_resolve_says_whether_the_pager_is_told(kind: PagerKind) -> None:
    message = card(incident(pager=PagerLink(kind=kind)), CONTEXT, place="channel")
    told = "at the pager too" in json.dumps(list(message.blocks))
    assert told is (kind is not PagerKind.NOBODY)
