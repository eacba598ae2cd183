"""What Muster says to one person, and in one line to everybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from inline_snapshot import snapshot

from blocks import notices
from blocks.home import Duty, home_view
from blocks.ids import DeclareButton
from blocks.notices import CommandHelp
from bot.domain.incident import Places, Status
from bot.errors import AlreadyDone, Busy, ProviderError, Reason, UserError
from tests.unit.blocks.limits import all_texts, buttons
from tests.unit.blocks.samples import ANA, BEN, BUSY, CONTEXT, NOW, QUIET, incident
from tests.unit.blocks.shown import shown, told


def test_already_done_names_the_person_and_the_time() -> None:
    error = AlreadyDone(
        "INC-12 is acknowledged already: Ana did that.",
        who="Ana",
        slack_id="UANA",
        at=datetime(2026, 3, 1, 11, 58, tzinfo=UTC),
    )
    assert told(notices.error_message(error).text) == snapshot(
        "✋ INC-12 is acknowledged already: <@UANA> did that, {time}11:58."
    )


def test_already_done_by_somebody_the_sentence_does_not_name() -> None:
    error = AlreadyDone("It is with them already.", who="Ben", slack_id=None, at=NOW)
    assert "(Ben)" in notices.error_message(error).text


def test_errors_to_people() -> None:
    assert "Please press again" in notices.error_message(Busy()).text
    assert notices.error_message(UserError("No <b>")).text == "⚠️ No &lt;b&gt;"
    assert [
        notices.provider_error(ProviderError("pagerduty", reason, "why", retry_after=90)).text
        for reason in Reason
    ] == snapshot(
        [
            "PagerDuty refused the key (401). Ask an admin to renew it; I stopped retrying. why",
            "PagerDuty asks me to wait for 1 min. I go on by myself. why",
            "PagerDuty does not know it. why",
            "PagerDuty says it is in another state already. why",
            "PagerDuty does not take it. why",
            "PagerDuty does not answer. I keep trying. why",
            "PagerDuty did not say whether it worked. I look before I try again. why",
        ]
    )
    assert "ref 7F3A" in notices.bug("7F3A").text


def test_admins_are_told_once_what_stopped() -> None:
    assert told(notices.admin_provider_stopped("pagerduty", "401 Unauthorized").text) == snapshot(
        """\
⛔ *PagerDuty refused my key*, so I stopped calling it. Renew the key and restart me
  (`muster doctor` checks it); what waits is then done. 401 Unauthorized\
"""
    )


def test_help_and_unknown_words() -> None:
    message = notices.help_message(
        [
            CommandHelp(usage="declare [SEVn] <title>", description="Declare an incident"),
            CommandHelp(usage="ack", description="Acknowledge"),
        ]
    )
    assert shown(message.blocks) == snapshot("""\
*What I can do.* In an incident channel `INC-n` may be left out.
`/incident declare [SEVn] &lt;title&gt;` Declare an incident
`/incident ack` Acknowledge\
""")
    assert told(notices.unknown_command("acknowlege", "ack").text) == snapshot(
        """\
🤷 I do not know `acknowlege`, so nothing was done. Did you mean `/incident ack`?
  `/incident help` lists everything.\
"""
    )
    assert "Did you mean" not in notices.unknown_command("xyz").text


def test_list() -> None:
    many = [incident(number=n, title=f"Outage {n}") for n in range(1, 40)]
    message = notices.incident_list(many, total=45, title="Open incidents", now=NOW)
    assert "25 more" in shown(message.blocks)
    two = [incident(), incident(number=13, private=True, title="SECRET", places=Places())]
    message = notices.incident_list(two, total=2, title="Open incidents", now=NOW)
    assert shown(message.blocks) == snapshot("""\
*Open incidents* (2)
INC-12 <#C0INCIDENT> *Checkout is down* · 🚨 Triggered · SEV1 · <@UANA> · started 12
  min ago
🔒 INC-13 *SECRET* · 🚨 Triggered · SEV1 · <@UANA> · started 12 min ago\
""")
    assert "SECRET" not in message.text
    nothing = notices.incident_list([], total=0, title="Open incidents", now=NOW)
    assert nothing.text == "Open incidents: none"


def test_details_and_welcome() -> None:
    assert buttons(notices.incident_details(incident(), CONTEXT).blocks) == ["More"]
    hello = notices.welcome(incident(), CONTEXT)
    assert "Welcome to *INC-12*" in shown(hello.blocks)


def test_declared() -> None:
    assert told(notices.declared(incident()).text) == snapshot(
        """\
📣 *INC-12* is declared: Checkout is down · <#C0INCIDENT> ·
  <https://acme.slack.com/archives/C0ANNOUNCE/p1|announcement>\
"""
    )
    assert notices.declared(incident(places=Places()), again=True).text == snapshot(
        "📣 *INC-12* was declared already, here it is: Checkout is down · its channel is on the way"
    )
    assert "SECRET" not in notices.declared(incident(private=True, title="SECRET")).text


def test_similar_question() -> None:
    same = [incident(), incident(number=14, private=True, title="SECRET")]
    message = notices.similar_question("checkout is DOWN", same, severity="SEV2", asked="t1")
    assert shown(message.blocks) == snapshot("""\
Nothing is declared yet: *checkout is DOWN*
*INC-12* looks the same: join it?
Checkout is down · 🚨 Triggered
[Join INC-12]
[Declare anyway]\
""")
    assert "SECRET" not in str(message)
    (anyway,) = (e for b in message.blocks for e in b.get("elements", ()) if "value" in e)
    assert DeclareButton.decode(anyway["value"]) == DeclareButton(
        title="checkout is DOWN", severity="SEV2", asked="t1"
    )


def test_a_title_too_long_for_a_button_is_not_cut_in_silence() -> None:
    message = notices.similar_question("x" * 3000, [incident()])
    assert "Declare anyway" not in buttons(message.blocks)
    assert "too long for a button" in shown(message.blocks)


def test_storm_summary() -> None:
    listed = [incident(number=n, title=f"Low {n}") for n in (20, 21)]
    message = notices.summary_message(listed, total=70, waiting=40, wait_seconds=130, channels=12)
    assert shown(message.blocks) == snapshot("""\
🌪️ *A storm of incidents.* High urgency is announced one by one.
*70 low-urgency incidents listed here only:*
🚨 INC-20 <#C0INCIDENT> Low 20
🚨 INC-21 <#C0INCIDENT> Low 21
(68 more: `/incident list open`)
(⏳ 40 announcements and 12 channels wait for Slack's limits, about 3 min)\
""")
    calm = notices.summary_message(listed, total=2)
    assert "wait" not in shown(calm.blocks)


@pytest.mark.parametrize(
    ("count", "seconds", "said"),
    [
        (1, 20, "1 message waits for Slack's limits, about 20 s"),
        (12, 121, "12 messages wait for Slack's limits, about 3 min"),
    ],
)
def test_waiting_line(count: int, seconds: float, said: str) -> None:
    assert notices.waiting_line(count, seconds) == said


def test_direct_messages() -> None:
    handed = notices.handed_over(incident(), "reassign", BEN, "your turn")
    assert shown(handed.blocks) == snapshot("""\
👉 Ben &lt;b&gt; assigned it to you.
INC-12 <#C0INCIDENT> *Checkout is down* · SEV1 · 🚨 Triggered
> your turn
[Acknowledge] [More]\
""")
    mine = incident(status=Status.ACKNOWLEDGED)
    assert buttons(notices.handed_over(mine, "reassign", BEN).blocks) == ["More"]
    secret = notices.handed_over(incident(private=True, title="SECRET"), "reassign", BEN)
    assert "SECRET" not in json.dumps([secret.text, *secret.blocks])


def test_home() -> None:
    view = home_view(
        mine=[incident()],
        open_incidents=[incident(), incident(number=13, status=Status.ACKNOWLEDGED)],
        open_total=2,
        statistics=BUSY,
        now=NOW,
        on_call=[Duty(label="Checkout API", people=(ANA, BEN), until=NOW), Duty(label="Nights")],
    )
    assert shown(view["blocks"]) == snapshot("""\
*Muster* · 2 open incidents
[Declare an incident]
---
*My incidents*
INC-12 <#C0INCIDENT> *Checkout is down* · 🚨 Triggered · SEV1 · <@UANA> · started 12
  min ago
[Acknowledge] [Join] [More]
---
*Open incidents*
INC-13 <#C0INCIDENT> *Checkout is down* · 👀 Acknowledged · SEV1 · <@UANA> · started
  12 min ago
[Join] [More]
---
*On call*
Checkout API: <@UANA>, Ben &lt;b&gt; until {time}12:00
Nights: ⚠️ nobody
*The last 30 days*
[Charts]
*Declared:* 4
*Still open:* 1
*Mean time to acknowledge:* 1 min
*Mean time to resolve:* none yet
SEV1: 3, acknowledged in 1 min, resolved in 1 h
no severity: 1, none acknowledged yet, none resolved yet
Checkout API: 3, none acknowledged yet, none resolved yet
&lt;b&gt;: 1, none acknowledged yet, none resolved yet
(As of {time}12:00)\
""")


def test_home_of_a_quiet_day() -> None:
    view = home_view(mine=[], open_incidents=[], open_total=0, statistics=QUIET, now=NOW)
    texts = list(all_texts(view))
    assert {"*Muster* · no open incidents", "You have none.", "All quiet."} <= set(texts)
