"""A workspace made by hand: every kind of block and element, so that page tests need no bot."""

from __future__ import annotations

import time
from typing import Any

Json = dict[str, Any]

ALICE, BOB, CAROL, BOT = "U0ALICE00", "U0BOB0000", "U0CAROL00", "U0MUSTER00"
INCIDENTS, OPS, SECRET, OLD, APP_DM, BOB_DM, KITCHEN = (
    "C0INC",
    "C0OPS",
    "C0SECRET",
    "C0OLD",
    "D0APP",
    "D0BOB",
    "C0KITCHEN",
)
NAMES = {ALICE: "Alice Nguyen", BOB: "Bob Martin", CAROL: "Carol Okafor", BOT: "Muster"}
NOW = int(time.time())
HOSTILE = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
"""Text that must stay text. Slack stores it escaped, a careless app does not."""


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Json:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def button(label: str, action: str, **more: Any) -> Json:
    """A button."""
    return {"type": "button", "text": plain(label), "action_id": action, "value": "INC-7", **more}


def option(label: str, value: str, **more: Any) -> Json:
    """An option of a select."""
    return {"text": plain(label), "value": value, **more}


def ts(seconds_ago: float, serial: int = 100) -> str:
    """A Slack timestamp."""
    return f"{NOW - int(seconds_ago)}.{serial:06d}"


def message(at: float, user: str, text: str = "", serial: int = 100, **more: Any) -> Json:
    """A message as /api/state shows it."""
    return {
        "ts": ts(at, serial),
        "user": user,
        "username": NAMES[user],
        "text": text,
        "blocks": [],
        "thread_ts": None,
        "reply_count": 0,
        "edited": False,
        "reactions": [],
        "ephemeral": False,
        "metadata": None,
        **more,
    }


def card(number: int, title: str, *, acknowledged: bool = False) -> list[Json]:
    """An incident card, as the bot posts it."""
    confirm = {
        "title": plain(f"Resolve INC-{number}?"),
        "text": mrkdwn("The pager is told and the channel stays open for the *post-mortem*."),
        "confirm": plain("Resolve"),
        "deny": plain("Not yet"),
    }
    started = f"<!date^{NOW - 4000}^{{date_short_pretty}} {{time}}|earlier>"
    acknowledge = [] if acknowledged else [button("Acknowledge", "ack", style="primary")]
    return [
        {
            "type": "header",
            "block_id": f"head-{number}",
            "text": plain(f":red_circle: INC-{number} {title}"),
        },
        {
            "type": "section",
            "block_id": f"fields-{number}",
            "fields": [
                mrkdwn(f"*Status*\n{'Acknowledged' if acknowledged else 'Triggered'}"),
                mrkdwn("*Severity*\n:red_circle: SEV1"),
                mrkdwn("*Service*\nCheckout"),
                mrkdwn(f"*Owner*\n<@{ALICE}>"),
                mrkdwn(f"*Started*\n{started}"),
                mrkdwn("*Duration*\n1 h 6 min"),
            ],
        },
        {
            "type": "context",
            "block_id": f"links-{number}",
            "elements": [
                mrkdwn(
                    f"<#{INCIDENTS}> · <https://pd.example/PABC|PagerDuty #42> · "
                    "<https://gh.example/acme/checkout/issues/3|checkout#3>"
                )
            ],
        },
        {
            "type": "actions",
            "block_id": f"actions-{number}",
            "elements": [
                *acknowledge,
                button("Reassign", "reassign"),
                button("Escalate", "escalate"),
                button("Resolve", "resolve", style="danger", confirm=confirm),
                button("More", "more"),
            ],
        },
    ]


def rich_text() -> Json:
    """A rich_text block with every inline element."""
    bold = {"type": "text", "text": "bold", "style": {"bold": True}}
    return {
        "type": "rich_text",
        "block_id": "rich",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Rich "},
                    bold,
                    {"type": "text", "text": " and "},
                    {"type": "text", "text": "code", "style": {"code": True}},
                    {"type": "text", "text": " by "},
                    {"type": "user", "user_id": BOB},
                    {"type": "text", "text": " in "},
                    {"type": "channel", "channel_id": OPS},
                    {"type": "text", "text": " for "},
                    {"type": "usergroup", "usergroup_id": "S0ONCALL0"},
                    {"type": "text", "text": " "},
                    {"type": "broadcast", "range": "here"},
                    {"type": "text", "text": " "},
                    {"type": "emoji", "name": "fire"},
                    {"type": "text", "text": " "},
                    {"type": "link", "url": "https://example.com/run", "text": "runbook"},
                    {"type": "text", "text": " "},
                    {"type": "color", "value": "#d6224f"},
                    {"type": "text", "text": " since "},
                    {"type": "date", "timestamp": NOW, "format": "{time}", "fallback": "now"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "First"}]},
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "Second"}]},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "indent": 1,
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "Deeper"}]}
                ],
            },
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "A quote"}]},
            {
                "type": "rich_text_preformatted",
                "elements": [{"type": "text", "text": "SELECT 1;\n-- two lines"}],
            },
        ],
    }


def chart(kind: str, block_id: str) -> Json:
    """A chart block."""
    if kind == "pie":
        segments = [("SEV1", 3), ("SEV2", 8), ("SEV3", 14), ("SEV4", 5)]
        data: Json = {
            "type": "pie",
            "segments": [{"label": label, "value": value} for label, value in segments],
        }
    else:
        days = ["Mon", "Tue", "Wed", "Thu", "Fri"]
        values = {"Opened": [4, 7, 3, 9, 6], "Resolved": [3, 6, 5, 7, 8]}
        data = {
            "type": kind,
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": day, "value": value}
                        for day, value in zip(days, numbers, strict=True)
                    ],
                }
                for name, numbers in values.items()
            ],
            "axis_config": {"categories": days, "y_label": "Incidents"},
        }
    title = f"Incidents, {kind}"
    return {"type": "data_visualization", "block_id": block_id, "title": title, "chart": data}


def data_table() -> Json:
    """A data_table with more rows than fit a page."""

    def text(value: str) -> Json:
        return {"type": "raw_text", "text": value}

    def number(value: int) -> Json:
        return {"type": "raw_number", "value": value, "text": f"{value} min"}

    rows = [[text("Incident"), text("Minutes")]]
    rows += [[text(f"INC-{index}"), number(index * 7 % 40)] for index in range(1, 13)]
    return {
        "type": "data_table",
        "block_id": "dtable",
        "caption": "Time to resolve",
        "rows": rows,
        "page_size": 5,
    }


def every_block() -> list[Json]:
    """One of each kind of layout block."""
    raw = {"type": "raw_text", "text": "Service"}
    return [
        {
            "type": "section",
            "block_id": "sec",
            "text": mrkdwn(
                "*Bold* _italic_ ~gone~ `code_with_*stars*` <https://example.com/a_b_c|a link>"
                f" <@{ALICE}> <#{OPS}> <!subteam^S0ONCALL0> <!here> :rotating_light: a &lt; b &amp;"
                " c\n> quoted\n```pre *not bold*```"
            ),
            "accessory": {
                "type": "overflow",
                "action_id": "over",
                "options": [option("Merge", "merge"), option("Make private", "private")],
            },
        },
        {"type": "divider", "block_id": "div"},
        {
            "type": "image",
            "block_id": "img",
            "image_url": "http://127.0.0.1:9/none.png",
            "alt_text": "A graph that cannot be loaded",
            "title": plain("Latency"),
        },
        rich_text(),
        {
            "type": "markdown",
            "block_id": "md",
            "text": "# Timeline\n\n**09:12** first *page*\n\n- [x] ack\n- [ ] fix\n\n"
            "| who | what |\n|---|---:|\n| Alice | `deploy` |\n\n> calm\n\n```\nraw\n```",
        },
        {
            "type": "table",
            "block_id": "table",
            "column_settings": [{"align": "left"}, {"align": "right"}],
            "rows": [
                [raw, {"type": "raw_text", "text": "Open"}],
                [rich_text_cell("Checkout"), {"type": "raw_text", "text": "3"}],
            ],
        },
        data_table(),
        chart("bar", "chart-bar"),
        chart("line", "chart-line"),
        chart("area", "chart-area"),
        chart("pie", "chart-pie"),
        {
            "type": "container",
            "block_id": "box",
            "title": plain("Alerts (2)"),
            "subtitle": plain("From Alertmanager"),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [
                {"type": "section", "block_id": "in-box", "text": mrkdwn("Inside the *container*")}
            ],
        },
        {
            "type": "card",
            "block_id": "card",
            "title": mrkdwn("*INC-12* looks the same"),
            "subtitle": mrkdwn("Open for 20 minutes"),
            "body": mrkdwn("Checkout answers slowly."),
            "actions": [button("Join it", "join")],
        },
        {"type": "alert", "block_id": "al", "level": "warning", "text": plain("Not saved yet")},
        {"type": "from_the_future", "block_id": "new"},
    ]


def rich_text_cell(text: str) -> Json:
    """A table cell with formatting."""
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": text, "style": {"bold": True}}],
    }
    return {"type": "rich_text", "elements": [section]}


def every_element() -> list[Json]:
    """One of each interactive element, outside input blocks."""
    severities = [option("SEV1", "sev1"), option("SEV2", "sev2"), option("SEV3", "sev3")]
    return [
        {
            "type": "actions",
            "block_id": "els",
            "elements": [
                button("Plain", "plain"),
                button("Open page", "url", url="https://example.com"),
                {
                    "type": "static_select",
                    "action_id": "sev",
                    "placeholder": plain("Severity"),
                    "options": severities,
                },
                {"type": "users_select", "action_id": "who", "placeholder": plain("Who?")},
                {"type": "channels_select", "action_id": "room", "placeholder": plain("Where?")},
                {
                    "type": "external_select",
                    "action_id": "ext",
                    "placeholder": plain("Service"),
                    "min_query_length": 1,
                },
                {"type": "datepicker", "action_id": "day", "initial_date": "2026-03-01"},
                {"type": "timepicker", "action_id": "hour", "initial_time": "09:30"},
                {"type": "datetimepicker", "action_id": "when", "initial_date_time": 1767225600},
                {
                    "type": "multi_static_select",
                    "action_id": "many",
                    "placeholder": plain("Several"),
                    "options": severities,
                },
            ],
        },
        {
            "type": "actions",
            "block_id": "ticks",
            "elements": [
                {
                    "type": "radio_buttons",
                    "action_id": "radio",
                    "initial_option": severities[0],
                    "options": severities,
                },
                {"type": "checkboxes", "action_id": "check", "options": severities[:2]},
            ],
        },
    ]


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    """An input block."""
    element.setdefault("action_id", "value")
    block = {"type": "input", "block_id": block_id, "label": plain(label), "element": element}
    return block | more


def declare_view() -> Json:
    """The declare form."""
    return {
        "id": "V1",
        "title": "Declare an incident",
        "submit": "Declare",
        "close": "Cancel",
        "callback_id": "declare",
        "errors": {},
        "pending": False,
        "blocks": [
            field(
                "title",
                "Title",
                {"type": "plain_text_input", "max_length": 150, "placeholder": plain("In short")},
                dispatch_action=True,
            ),
            field(
                "severity",
                "Severity",
                {
                    "type": "static_select",
                    "initial_option": option("SEV2", "SEV2"),
                    "options": [option(f"SEV{n}", f"SEV{n}") for n in range(1, 5)],
                },
            ),
            field(
                "service",
                "Service",
                {"type": "external_select", "min_query_length": 0},
                optional=True,
            ),
            field(
                "what",
                "What is happening?",
                {"type": "plain_text_input", "multiline": True},
                optional=True,
                hint=plain("Customers first, causes later."),
            ),
            field(
                "private",
                "Private incident",
                {"type": "checkboxes", "options": [option("Only invited people", "yes")]},
                optional=True,
            ),
        ],
    }


def thread() -> list[Json]:
    """A thread of two replies under a question."""
    root = message(3000, BOB, "Did the *deploy* cause it?", reply_count=2)
    return [
        root,
        message(2900, ALICE, "Looks like it.", thread_ts=root["ts"]),
        message(2800, CAROL, "Rolling back now :rewind:", thread_ts=root["ts"]),
    ]


def incidents_channel() -> list[Json]:
    """What is in #incidents."""
    seen = [{"name": "eyes", "users": [BOB, CAROL]}, {"name": "+1", "users": [ALICE]}]
    return sorted(
        [
            message(90_000, BOB, "Quiet night :zzz:"),
            message(5000, CAROL, "Customers report errors at checkout <@U0ALICE00>"),
            message(4990, CAROL, "Status page says nothing yet"),
            message(
                4000,
                BOT,
                "INC-7 Checkout latency above 2 s",
                blocks=card(7, "Checkout latency above 2 s"),
                reactions=seen,
                edited=True,
            ),
            *thread(),
            message(
                600,
                BOT,
                "You are now an owner of INC-7.",
                ephemeral=True,
                blocks=[
                    {
                        "type": "section",
                        "block_id": "eph",
                        "text": mrkdwn("You own *INC-7* now. `/incident ack` says you have it."),
                    }
                ],
            ),
            message(300, BOB, f"hostile {HOSTILE.replace('<', '&lt;').replace('>', '&gt;')}"),
            message(
                200,
                BOT,
                "x",
                blocks=[
                    {
                        "type": "section",
                        "block_id": "bad",
                        "text": mrkdwn(f"{HOSTILE} <javascript:alert(1)|click> {HOSTILE}"),
                    },
                    {
                        "type": "markdown",
                        "block_id": "bad2",
                        "text": f"[x](javascript:a) {HOSTILE}",
                    },
                ],
            ),
        ],
        key=lambda one: float(one["ts"]),
    )


def pagerduty() -> Json:
    """The PagerDuty stand-in's part."""
    people = [
        {"id": "PALICE", "name": "Alice Nguyen", "summary": "Alice Nguyen"},
        {"id": "PBOB", "name": "Bob Martin", "summary": "Bob Martin"},
    ]
    emails = ("alice@example.com", "bob@example.com")
    users = [person | {"email": mail} for person, mail in zip(people, emails, strict=True)]
    service = {"id": "PCHECKO", "name": "Checkout", "summary": "Checkout"}
    policy = {"id": "PEP", "name": "Checkout on call", "summary": "Checkout on call"}
    rules = [{"targets": [users[0]]}, {"targets": [users[1]]}]
    common = {"service": service, "escalation_policy": policy, "incidents_responders": []}
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 4000))
    return {
        "users": users,
        "services": [service],
        "priorities": [{"name": "P1", "description": "Critical"}, {"name": "P2"}],
        "escalation_policies": [policy | {"escalation_rules": rules}],
        "oncalls": [{"escalation_policy": policy, "escalation_level": 1, "user": users[0]}],
        "incidents": [
            {
                "id": "PINC42",
                "incident_number": 42,
                "title": "Checkout latency above 2 s",
                "status": "triggered",
                "urgency": "high",
                "priority": {"summary": "P1"},
                "created_at": created,
                "assignments": [{"assignee": users[0]}],
                "notes": [
                    {"content": "Channel: #incidents", "user": users[0], "created_at": created}
                ],
                "log": [{"at": created, "type": "trigger_log_entry", "summary": "Triggered"}],
                **common,
            },
            {
                "id": "PINC41",
                "incident_number": 41,
                "title": "Disk almost full",
                "status": "resolved",
                "urgency": "low",
                "priority": None,
                "created_at": created,
                "assignments": [],
                "notes": [],
                "log": [],
                **common,
            },
        ],
    }


def github() -> Json:
    """The GitHub stand-in's part."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 3900))
    issue = {
        "number": 3,
        "title": "INC-7 Checkout latency above 2 s",
        "state": "open",
        "labels": [{"name": "bug", "color": "d73a4a"}, {"name": "incident", "color": "b60205"}],
        "body": "Declared in **Slack**.\n\n- [ ] find the cause",
        "created_at": created,
        "comments": [
            {"user": {"login": "muster"}, "body": "Channel: #incidents", "created_at": created}
        ],
    }
    empty = {"full_name": "acme/payments", "has_issues": True, "issues": []}
    return {
        "repositories": [
            {"full_name": "acme/checkout", "has_issues": True, "issues": [issue]},
            empty,
        ]
    }


def channel(own: str, name: str, **more: Any) -> Json:
    """A channel everybody is in."""
    return {
        "id": own,
        "name": name,
        "is_private": False,
        "is_archived": False,
        "is_im": False,
        "topic": "",
        "purpose": "",
        "members": [ALICE, BOB, CAROL, BOT],
        "pins": [],
        "bookmarks": [],
        "unread": 0,
        "mentions": 0,
        **more,
    }


def person(own: str, name: str, real_name: str, zone: str, **more: Any) -> Json:
    """A member."""
    return {
        "id": own,
        "name": name,
        "real_name": real_name,
        "email": f"{name}@example.com",
        "tz": zone,
        "deleted": False,
        "is_bot": False,
        "is_restricted": False,
        **more,
    }


def home() -> list[Json]:
    """The Home tab."""
    return [
        {"type": "header", "block_id": "h1", "text": plain("Good morning, Alice")},
        {
            "type": "actions",
            "block_id": "h2",
            "elements": [button("Declare an incident", "declare", style="primary")],
        },
        {"type": "divider", "block_id": "h3"},
        {
            "type": "section",
            "block_id": "h4",
            "text": mrkdwn("*INC-7* Checkout latency above 2 s\n:red_circle: SEV1 · triggered"),
            "accessory": button("Open", "open"),
        },
        {"type": "context", "block_id": "h5", "elements": [mrkdwn("On call: <@U0BOB0000>")]},
        chart("bar", "h6"),
    ]


def state(me: str = ALICE) -> Json:
    """The whole answer of /api/state."""
    messages = incidents_channel()
    pinned = next(one["ts"] for one in messages if one["blocks"] and not one["ephemeral"])
    hint = "declare [SEVn] <title> | list [open|mine] | show | ack | resolve [note] | help"
    link = {
        "id": "Bk1",
        "title": "PagerDuty #42",
        "link": "https://pd.example/P",
        "emoji": ":pager:",
    }
    return {
        "version": 1,
        "me": me,
        "ready": True,
        "users": [
            person(ALICE, "alice", "Alice Nguyen", "America/New_York"),
            person(BOB, "bob", "Bob Martin", "Europe/Berlin"),
            person(CAROL, "carol", "Carol Okafor", "Africa/Lagos"),
            person(BOT, "muster", "Muster", "Etc/UTC", is_bot=True, email=""),
        ],
        "usergroups": [{"id": "S0ONCALL0", "handle": "oncall", "name": "On call", "users": [BOB]}],
        "channels": [
            channel(
                INCIDENTS,
                "incidents",
                topic="Declare with `/incident` · be kind",
                purpose="Everything that is on fire",
                pins=[pinned],
                bookmarks=[link],
            ),
            channel(OPS, "ops", unread=3, mentions=1),
            channel(SECRET, "inc-9-leaked-key", is_private=True),
            channel(OLD, "incident-3-dns", is_archived=True),
            channel(KITCHEN, "kitchen-sink"),
            channel("C0NEW", "not-joined", members=[BOB]),
            channel(APP_DM, "", is_im=True, members=[ALICE, BOT]),
            channel(BOB_DM, "", is_im=True, members=[ALICE, BOB], unread=1),
        ],
        "messages": {
            INCIDENTS: messages,
            OPS: [message(100 - index, BOB, f"line {index}", serial=index) for index in range(3)],
            KITCHEN: [
                message(60, BOT, "all blocks", blocks=every_block()),
                message(50, BOT, "all elements", blocks=every_element()),
            ],
        },
        "views": [],
        "home": {"blocks": home()},
        "notices": [],
        "commands": [
            {
                "command": "/incident",
                "description": "Declare and run incidents",
                "usage_hint": hint,
            },
            {"command": "/status", "description": "One honest line", "usage_hint": ""},
        ],
        "shortcuts": [
            {"name": "Declare an incident", "type": "global", "callback_id": "declare"},
            {"name": "Open an incident", "type": "message", "callback_id": "open"},
            {"name": "Add to timeline", "type": "message", "callback_id": "timeline"},
        ],
        "pagerduty": pagerduty(),
        "github": github(),
        "limits": {"on": True},
        "faults": [],
    }
