"""What is wrong in muster.yml is told with its line, all at once, and without secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config_file import load_config
from bot.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.errors import Problem


def test_everything_wrong_comes_at_once_in_the_order_of_the_file(
    wrong: Callable[..., list[str]],
) -> None:
    told = wrong(
        "severitys: []\n"
        "services:\n"
        "  a: {depends_on: [bb], escalation_policy: defaultt}\n"
        "  b:\n"
        "    runbook: not an address\n"
        "escalation_policies:\n"
        "  default: {levels: [{notify: [roster:gone], wait: soon}]}\n"
    )
    assert [line.partition(":")[0] for line in told] == ["1", "3", "3", "5", "7"]
    assert told[0] == "1: unknown key 'severitys'. Did you mean 'severities'?"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "1: the file is a list. Write keys."),
        ("a: [", "1: is not YAML:"),
        ("a: 1\n---\nb: 2", "2: is not YAML:"),
        ("services:\n  a: {}\n  a: {}", "3: 'a' is there twice."),
        ("channel_name: x\nchannel_name: y", "2: 'channel_name' is there twice."),
        ("channel_name: [a]", "1: channel_name is a list. Write a single value."),
        ("channel_name: inc", "1: channel_name gives every incident the same name."),
        ("channel_name: '{number.__class__}'", "1: channel_name holds the unknown"),
        ("channel_name: '{number!r}'", "1: channel_name holds the unknown"),
        ("channel_name: 'x{'", "1: channel_name is 'x{'."),
        (
            "severities: [{name: A}, {name: a}]",
            "1: severities[2].name is the severity 'a' a second",
        ),
        ("severities: [{emoji: x}]", "1: severities[1] has no 'name'. Add name."),
        ("severities: []", "1: severities is empty."),
        (
            "identities:\n  domains:\n  - [a.de, b.de]\n  - [A.de, c.de]",
            "4: identities.domains[2][1] is the domain 'a.de' a second time (first in line 3).",
        ),
        (
            "identities:\n  domains:\n  - [example.com]",
            "3: identities.domains[1] names one domain only. Write at least two",
        ),
        (
            "identities: {domains: [[a.de, no domain]]}",
            "1: identities.domains[1][2] is 'no domain'. Write the part behind the @",
        ),
        ("identities: {domains: [a.de, b.de]}", "1: identities.domains[1] is a single value."),
        ("identities: {domain: []}", "1: unknown key 'domain' in identities. Did you mean 'do"),
        ("permissions: {link: [role:nobody]}", "1: permissions.link[1] names the unknown role"),
        ("reactions: {timeline: a b}", "1: reactions.timeline is 'a b', which is no emoji."),
        ("reactions: {timeline: zap}", "1: reactions gives :zap: two meanings."),
        ("reactions: {pin: x}", "1: unknown key 'pin' in reactions."),
        ("severities: [{name: two words}]", "1: severities[1].name is 'two words'."),
        ("severities: [{name: A, update_every: 0m}]", "1: severities[1].update_every is '0m'."),
        ("severities: [{name: A, update_every: 5 m}]", "1: severities[1].update_every is '5 m'."),
        (
            "severities: [{name: A, urgency: lwo}]",
            "1: severities[1].urgency is 'lwo', which it cannot be. Did you mean 'low'?",
        ),
        ("roles: [{name: a, brief: x}]", "1: unknown key 'brief' in roles[1]. Did you mean 'brief"),
        (
            "routing: {pagerduty: [{when: .a, do: channell}]}",
            "1: routing.pagerduty[1].do is 'channell'",
        ),
        ("routing: {pagerduty: [{do: channel}]}", "1: routing.pagerduty[1] has no 'when'."),
        (
            "routing: {alerts: [{when: .a, do: page, policy: PDPOLICY}]}",
            "1: unknown key 'policy' in routing.alerts[1].",
        ),
        ("routing: {alerts: [{when: .a, do: PDPOLICY}]}", "1: routing.alerts[1].do is 'PDPOLICY'"),
        (
            "services: {web: {escalation_policy: PDPOLICY}}",
            "1: services.web.escalation_policy names the unknown escalation policy 'PDPOLICY'",
        ),
        ("routing: {alerts: [{when: .a, do: page, severity: SEV9}]}", "1: routing.alerts[1].sever"),
        (
            "routing:\n  pagerduty:\n  - when: '.a |'\n    do: ignore",
            "3: routing.pagerduty[1].when",
        ),
        (
            "routing: {pagerduty: [{when: nosuch, do: ignore}]}",
            "1: routing.pagerduty[1].when is not",
        ),
        ("services: {a: {depends_on: [a]}}", "1: services.a.depends_on[1] names the unknown serv"),
        ("services: {a: {repo: x y}}", "1: services.a.repo is 'x y'."),
        ("services: {a: {repo: x}}", "1: services.a.repo is 'x'. Write owner/name"),
        ("services: {a: {owners: [bob]}}", "1: services.a.owners[1] is 'bob'."),
        ("services: {a: {title: B}, b: {}}", "1: services.b is the service 'b' a second time"),
        (
            "services:\n  a: {pagerduty_service: P1}\n  b: {pagerduty_service: P1}",
            "3: services.b.pagerduty_service is the PagerDuty service 'P1' a second time (first in",
        ),
        ("people: {bob: {}}", "1: people.bob is not an e-mail address."),
        ("people: {a@x.de: {}, A@x.de: {}}", "1: people.A@x.de is there twice"),
        ("people: {a@x.de: {notify: [x]}}", "1: people.a@x.de.notify[1] is 'x'."),
        (
            "people:\n  a@x.de:\n    notify:\n      - {urgency: [high]}",
            "4: people.a@x.de.notify[1] has no 'url'.",
        ),
        (
            "people:\n  a@x.de:\n    notify:\n      - url: json://x\n        urgency: [hihg]",
            "5: people.a@x.de.notify[1].urgency[1] is 'hihg', which it cannot be. Did you mean 'high",
        ),
        (
            "people: {a@x.de: {notify: [{url: 'json://x', urgency: []}]}}",
            "1: people.a@x.de.notify[1].urgency is empty. Name high, low or both",
        ),
        (
            "people: {a@x.de: {notify: [{url: 'json://x', after: 2}]}}",
            "1: people.a@x.de.notify[1].after is '2'. Write a duration",
        ),
        (
            "people: {a@x.de: {notify: [{url: 'json://x', after: 2d}]}}",
            "1: people.a@x.de.notify[1].after is longer than a day. Write up to 1d.",
        ),
        (
            "people: {a@x.de: {notify: [{url: 'json://x', when: 2m}]}}",
            "1: unknown key 'when' in people.a@x.de.notify[1].",
        ),
        (
            "people:\n  a@x.de:\n    quiet_hours: {from: '22:00'}",
            "3: people.a@x.de.quiet_hours has no 'to'. Add to.",
        ),
        (
            "people: {a@x.de: {quiet_hours: {from: '25:00', to: '07:00'}}}",
            "1: people.a@x.de.quiet_hours.from is '25:00'. Write a time of day",
        ),
        (
            "people: {a@x.de: {quiet_hours: {from: '24:00', to: '00:00'}}}",
            "1: people.a@x.de.quiet_hours begins and ends at the same time. Correct from or to.",
        ),
        (
            "people: {a@x.de: {time_zone: Europe/Berlim}}",
            "1: people.a@x.de.time_zone is 'Europe/Berlim', which is no time zone. Did you mean 'E",
        ),
        ("rosters: {r: {}}", "1: rosters.r needs either layers or ical."),
        (
            "rosters:\n  r:\n    time_zone: Europe/Berlim\n    ical: https://x.de/a.ics",
            "3: rosters.r.time_zone is 'Europe/Berlim', which is no time zone. Did you mean 'Euro",
        ),
        ("rosters: {r: {ical: file:///etc/passwd}}", "1: rosters.r.ical is 'file:///etc/passwd'."),
        ("escalation_policies: {d: {}}", "1: escalation_policies.d has no 'levels'."),
        ("escalation_policies: {d: {levels: []}}", "1: escalation_policies.d.levels has 0 levels."),
        ("permissions: {declare: [role:boss]}", "1: permissions.declare[1] names the unknown role"),
        (
            "permissions: {declare: [nobody]}",
            "1: permissions.declare[1] is 'nobody'. It can be: ev",
        ),
        ("alerts: {sources: {x: {auth: {bearer: t}}}}", "1: alerts.sources.x says neither"),
        ("alerts: {sources: {grafana: {}}}", "1: alerts.sources.grafana has no 'auth'."),
        (
            "alerts: {sources: {Prod G: {preset: grafana, auth: {bearer: t}}}}",
            "1: alerts.sources.Prod G has the name",
        ),
        (
            "alerts: {sources: {x: {preset: sentry, auth: {basic: t}}}}",
            "1: alerts.sources.x.auth has a basic secret",
        ),
        (
            "alerts: {sources: {x: {preset: sentry, auth: {bearer: t, hmac: u}}}}",
            "1: alerts.sources.x.auth names not",
        ),
        (
            "alerts: {sources: {x: {preset: sentry, auth: {bearer: t, header: X}}}}",
            "1: alerts.sources.x.auth names a",
        ),
        (
            "alerts: {sources: {x: {preset: sentry, auth: {hmac: t, header: 'X: y'}}}}",
            "1: alerts.sources.x.auth.header",
        ),
        (
            "alerts: {sources: {x: {auth: {bearer: t}, fields: {title: .a}}}}",
            "1: alerts.sources.x.fields has no 'ext",
        ),
        ("alerts: {resolve_incident_when_all_resolved: 'yes'}", "1: alerts.resolve_incident_when"),
        ("alerts: {group_by: '['}", "1: alerts.group_by is not a usable jq expression"),
        ("reminders: {stale: never}", "1: reminders.stale is 'never'."),
        ("reminders: {no_comander: 5m}", "1: unknown key 'no_comander' in reminders. Did you mean"),
        ("drills: {schedule: monthly, channel: x}", "1: drills.schedule is 'monthly'."),
        ("drills: {schedule: '99 10 1 * *'}", "1: drills.schedule is '99 10 1 * *': "),
        ("drills: {schedule: '0 10 1 * 1'}", "1: drills.schedule is '0 10 1 * 1': give the day of"),
        ("drills: {schedule: '0 10 30 2 *'}", "1: drills.schedule is '0 10 30 2 *': no such day"),
        ("drills: {schedule: '0 10 1 * *', service: x}", "1: drills.service is 'x'"),
        ("drills: {schedule: '0 10 1 * *', page: maybe}", "1: drills.page is 'maybe'."),
        ("drills: {schedule: '0 10 1 * *', time_zone: Mars}", "1: drills.time_zone is 'Mars'"),
        ("drills: {page: true}", "1: drills.page is for drills that come by a schedule"),
        ("drills: {end_after: soon}", "1: drills.end_after is 'soon'."),
        (
            "drills: {acknowledge_after: 1h}",
            "1: drills.acknowledge_after is '1h', when the drill is over.",
        ),
        ("drills: {pages: true}", "1: unknown key 'pages' in drills. Did you mean"),
        ("digest: {weekly: '09:00', channel: x}", "1: digest.weekly is '09:00', without a day."),
        ("notifications: [{events: [declared]}]", "1: notifications[1] has no 'url'."),
    ],
)
def test_a_wrong_place_is_told_with_its_line(
    wrong: Callable[..., list[str]], text: str, told: str
) -> None:
    lines = wrong(text)
    assert any(line.startswith(told) for line in lines), lines


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ("{people: []}", "people is empty"),
        ("{people: [a@x.de]}", "has no 'start'"),
        ("{people: [a@x.de], start: soon}", "start is 'soon'"),
        ("{people: [a@x.de], start: 2026-01-05, rotate: sometimes}", "rotate is 'sometimes'"),
        ("{people: [a@x.de], start: 2026-01-05, handover: '9:00'}", "handover is '9:00'"),
        ("{people: [a@x.de], start: 2026-01-05, only: {days: [Sunday]}}", "Did you mean 'Sun'"),
        ("{people: [a@x.de], start: 2026-01-05, only: {from: '25:00'}}", "only.from is '25:00'"),
    ],
)
def test_a_wrong_layer_is_told(wrong: Callable[..., list[str]], layer: str, told: str) -> None:
    assert told in "\n".join(wrong(f"rosters:\n  r:\n    layers:\n      - {layer}\n"))


def test_an_override_must_end_after_it_begins(wrong: Callable[..., list[str]]) -> None:
    override = "{person: a@x.de, from: 2026-12-27T09:00, until: 2026-12-24T09:00}"
    told = wrong(f"rosters:\n  r:\n    ical: https://x.de/a\n    overrides:\n      - {override}\n")
    assert told == ["5: rosters.r.overrides[1] ends before it begins. Correct from or until."]


def test_a_secret_is_never_repeated(wrong: Callable[..., list[str]]) -> None:
    told = wrong(
        'reminders: {stale: "${SECRET}"}\n'
        'notifications: [{url: "${SECRET}"}]\n'
        "alerts: {group_by: '.a == \"${SECRET}\" |'}\n",
        SECRET="hunter2",
    )
    assert len(told) == 3
    assert "hunter2" not in "".join(told)
    assert "${SECRET}" in "".join(told)


TOP: tuple[str, ...] = (
    "severities",
    "roles",
    "channel_name",
    "services",
    "people",
    "rosters",
    "permissions",
)
TOP += ("escalation_policies", "alerts", "reminders", "notifications", "drills", "digest")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "notify", "levels", "layers", "people", "url", "auth", "a"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(tree=st.dictionaries(st.sampled_from(TOP), TREES, max_size=4))
def test_any_structure_gives_a_catalog_or_problems_with_lines(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    file = tmp_path_factory.mktemp("any") / "muster.yml"
    file.write_text(json.dumps(tree, indent=1))
    found: tuple[Problem, ...] = ()
    try:
        load_config(file, {})
    except SettingsError as error:
        found = error.problems
    assert all(p.where.startswith("muster.yml:") and p.what for p in found)
