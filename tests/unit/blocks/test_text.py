"""Outside text: unescaped once, escaped once, cut nowhere it hurts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks import text
from bot.domain.incident import Actor
from tests.unit.blocks.limits import check_markup, units
from tests.unit.blocks.strategies import texts

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@settings(deadline=None)
@given(texts, st.integers(10, 500))
def test_anything_is_safe_and_fits(anything: str, limit: int) -> None:
    for safe in (
        text.inline(anything, limit),
        text.prose(anything, limit),
        text.quote(anything, limit),
        text.link(anything, anything),
        text.mention(Actor(name=anything, slack_id=anything)),
        text.channel_link(anything, fallback=anything),
    ):
        check_markup(safe, known=())
    assert units(text.inline(anything, limit)) <= limit
    assert units(text.prose(anything, limit)) <= limit
    assert units(text.one_line(anything, limit)) <= limit
    assert text.one_line(anything, limit).strip()
    assert "\n" not in text.inline(anything, limit)


@settings(deadline=None)
@given(st.text(alphabet="ab&<>;\u0301👍🏽🇩🇪\u200d ", max_size=80), st.integers(1, 40))
def test_truncate_never_cuts_in_two(words: str, limit: int) -> None:
    cut = text.truncate(text.escape(words), limit)
    assert units(cut) <= limit
    check_markup(cut)
    assert cut == text.escape(words) or cut.endswith("…")


@given(st.text(alphabet="ab &<>\n👍🏽", max_size=300), st.integers(8, 40))
def test_chunks_lose_nothing(words: str, limit: int) -> None:
    escaped = text.escape(words)
    parts = text.chunks(escaped, limit)
    assert all(0 < units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(escaped.split())
    for part in parts:
        check_markup(part)


@given(st.text(max_size=200))
def test_unescape_undoes_escape(words: str) -> None:
    entities = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert text.unescape(entities) == words


@pytest.mark.parametrize(
    ("raw", "readable"),
    [
        ("R&amp;D &lt;b&gt; &amp;lt;", "R&D <b> &lt;"),
        ("<@U1|ana> asks <@U2>", "@ana asks @U2"),
        ("in <#C1|general> and <#C2>", "in #general and #C2"),
        ("<!here> <!channel|channel> <!subteam^S1|@ops>", "@here channel @ops"),
        ("<https://x.example/?a=1&amp;b=2>", "https://x.example/?a=1&b=2"),
        ("<http://x.example|x.example>", "http://x.example"),
        ("<https://x.example/1|the graph>", "the graph (https://x.example/1)"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("a < b > c", "a < b > c"),
    ],
)
def test_plain(raw: str, readable: str) -> None:
    assert text.plain(raw) == readable


def test_mentioned_users() -> None:
    assert text.mentioned_users("<@U2|ben> <@U1> <@U2> &lt;@U3&gt;") == ("U2", "U1")


def test_mention_only_from_a_slack_id() -> None:
    assert text.mention(Actor(name="Ana", slack_id="U1")) == "<@U1>"
    assert text.mention(Actor(name="<@U1> @here")) == "&lt;@U1&gt; @\u200bhere"
    assert text.mention(Actor(name="x", slack_id="U1>|<!here")) == "x"
    assert text.mention(None) == "nobody yet"


def test_marks_in_titles_are_shown_not_obeyed() -> None:
    assert text.inline("*down* in a_b_c").replace("\u200b", "·") == "*·down* in a_b_c"
    assert text.prose("*down*") == "*down*", "people may format what they write at length"


def test_addresses_in_prose_are_links() -> None:
    assert text.prose("see https://x.example/a?b=1&c=2.") == (
        "see <https://x.example/a?b=1&amp;c=2>."
    )


def test_right_to_left_stays_by_itself() -> None:
    assert text.inline("\u05d0\u05d1") == "\u2068\u05d0\u05d1\u2069"
    assert text.inline("\u202eevil") == "evil"


@pytest.mark.parametrize("nothing", ["", " \n", "\x00", "\u200b\u200d"])
def test_nothing_has_a_name(nothing: str) -> None:
    assert text.inline(nothing) == "(no title)"
    assert not text.shows(nothing)


def test_times() -> None:
    assert text.date(AT) == ("<!date^1772366400^{date_short_pretty} {time}|2026-03-01 12:00 UTC>")
    east = AT.astimezone(timezone(timedelta(hours=9)))
    assert text.date(east) == text.date(AT), "the fallback says UTC and means it"
    assert text.ago(AT, AT) == "just now"
    assert text.ago(AT - timedelta(minutes=12), AT) == "12 min ago"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (11100, "3 h 05 min"),
        (86400, "1 d"),
        (187200, "2 d 4 h"),
    ],
)
def test_duration(seconds: float, said: str) -> None:
    assert text.duration(seconds) == said


def test_plural() -> None:
    assert text.plural(1, "entry", "entries") == "1 entry"
    assert text.plural(1234, "incident") == "1,234 incidents"


def test_links() -> None:
    assert text.link("https://x.example/a|b", "l|<b>") == ("<https://x.example/a%7Cb|l¦&lt;b&gt;>")
    assert text.link("javascript:alert(1)", "x") == "x"
    assert text.link(None, "x") == "x"
