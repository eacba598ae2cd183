"""The draft: every section, whatever was typed, and in pieces for messages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.domain import markdown_text, postmortem
from bot.domain.incident import Actor, Affected, Entry, EntryKind, Incident, Status
from bot.domain.markdown_text import JOINER
from bot.domain.postmortem import ActionLine, Material
from tests.unit.store.house import ANA_ACTOR, NOW, an_incident

READER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
#: What people type to make it mean something, and what happens to be there.
NASTY = st.text(
    alphabet=st.sampled_from("\\`*_{}[]()<>#+-=.!|~&$^:/@'\"% \n\tab1Z\u2028\u202e\u200bäß😀"),
    max_size=60,
)
SNIPPETS = st.sampled_from(
    [
        "# Heading", "- item", "1. one", "> quote", "```", "~~~", "<script>alert(1)</script>", "<!-- x -->",
        "[x](https://evil.test)", "![x](https://evil.test/x.png)", "[ref]: https://evil.test", "@ana", "@acme/ops",
        "#12", "GH-12", "acme/x#3", "www.evil.test", "mailto:a@b.test", "a@b.test", "https://ok.test/a_(b)?q=1|2",
        "<@U0ANA>", "<!channel>", "![](@U0ANA)", "---", "===", "| a | b |", "| --- | --- |", "&lt;b&gt;", "$$x$$",
        "\\", "javascript:alert(1)", "https://x.test/)[y](https://z.test", "    code", "***", "<https://evil.test>",
    ]
)  # fmt: skip
WORDS = st.one_of(NASTY, st.lists(st.one_of(SNIPPETS, NASTY), max_size=6).map("\n".join))
many = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLAIN = {"paragraph_open", "paragraph_close", "inline"}
INSIDE = {"text", "link_open", "link_close", "softbreak", "text_special"}


def flat(markdown: str) -> list[tuple[str, str]]:
    """Every token, with its content or address."""
    found = []
    for token in READER.parse(markdown):
        found.append((token.type, token.content))
        inside = token.children or ()
        found += [(child.type, str(child.attrs.get("href", child.content))) for child in inside]
    return found


def seen(markdown: str) -> str:
    """What a reader sees."""
    shown = [("\n", "text") if kind == "inline" else (text, kind) for kind, text in flat(markdown)]
    return "".join(text for text, kind in shown if kind in {"text", "text_special"})


def harmless(markdown: str) -> None:
    """No mention, no reference, no link but of a whole web address to itself."""
    text = re.sub(r"https?://\S+", "", seen(markdown))
    assert not re.search(r"@[\w-]", text)
    assert not re.search(r"#\d", text)
    assert not re.search(r"\bGH-\d", text, re.IGNORECASE)
    assert not re.search(r"<[!@#]", text)
    tokens = flat(markdown)
    for at, (kind, address) in enumerate(tokens):
        if kind == "link_open":
            label = "".join(t for k, t in tokens[at + 1 : _end(tokens, at)] if k != "link_close")
            assert address.startswith(("http://", "https://")), address
            host = re.match(r"https?://[^/?#]*", label, re.IGNORECASE)
            assert host, label
            assert address.casefold().startswith(host[0].casefold()[:8])


def _end(tokens: list[tuple[str, str]], at: int) -> int:
    return next(n for n in range(at, len(tokens)) if tokens[n][0] == "link_close")


@many
@given(WORDS)
def test_typed_words_are_text_on_one_line(words: str) -> None:
    shown = markdown_text.inline(words, 1000)
    assert "\n" not in shown
    tokens = flat(shown)
    assert {kind for kind, _ in tokens} <= PLAIN | INSIDE
    harmless(shown)
    without = seen(shown).replace(JOINER, "")
    assert without.split() == markdown_text._clean(words).split()


@many
@given(WORDS)
def test_typed_words_stay_in_their_cell(words: str) -> None:
    row = f"| a | b |\n| --- | --- |\n| {markdown_text.inline(words, 1000)} | last |"
    tokens = flat(row)
    assert [kind for kind, _ in tokens].count("td_open") == 2
    assert tokens[-1][0] == "table_close"


@many
@given(WORDS)
def test_typed_paragraphs_are_paragraphs_and_lists(words: str) -> None:
    shown = markdown_text.prose(words)
    lists = {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
    assert {kind for kind, _ in flat(shown)} <= PLAIN | INSIDE | lists
    harmless(shown)


@many
@given(WORDS, WORDS)
def test_a_link_of_ours_leads_where_we_said(label: str, url: str) -> None:
    shown = markdown_text.link(label, "https://ok.test/" + url)
    links = [address for kind, address in flat(shown) if kind == "link_open"]
    assert len(links) <= 1 or all(link.startswith("http") for link in links)
    assert {kind for kind, _ in flat(shown)} <= PLAIN | INSIDE


def an_ended() -> Incident:
    return an_incident(
        status=Status.RESOLVED, severity="SEV2", service="web", service_title="Web", reporter=ANA_ACTOR,
        more_services=(Affected(id="db", title="Data|base"),), owners=(Actor(name="Ben <b>"),),
        roles={"commander": ANA_ACTOR}, acknowledged_at=NOW + timedelta(minutes=4),
        mitigated_at=NOW + timedelta(minutes=30), resolved_at=NOW + timedelta(hours=26), resolved_by=ANA_ACTOR,
    )  # fmt: skip


actors = st.builds(Actor, name=WORDS)
entries = st.builds(
    Entry,
    kind=st.sampled_from(EntryKind),
    at=st.integers(0, 200_000).map(lambda s: NOW + timedelta(seconds=s)),
    actor=st.one_of(st.none(), actors),
    actor_target=st.one_of(st.none(), actors),
    target=WORDS,
    text=WORDS,
    id=st.integers(1, 1000),
)
materials = st.builds(
    Material,
    incident=st.builds(
        lambda title, severity: an_incident(title=title, severity=severity), WORDS, WORDS
    ),
    entries=st.lists(entries, max_size=12),
    summary=WORDS,
    impact=WORDS,
    action_items=st.lists(
        st.builds(
            ActionLine, text=WORDS, owner=st.one_of(st.none(), actors), url=st.one_of(st.none(), WORDS),
            done=st.booleans(),
        ),
        max_size=3,
    ),
    links=st.lists(st.tuples(WORDS, WORDS), max_size=3),
)  # fmt: skip
HEADINGS = [
    "Summary", "Impact", "Times", "Timeline", "Responders", "What went well", "What went wrong",
    "Where we got lucky", "Action items", "Links",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(materials)
def test_whatever_was_typed_the_document_has_our_headings_and_no_others(material: Material) -> None:
    text = postmortem.draft(material)
    tokens = READER.parse(text)
    heads = [
        (t.tag, tokens[at + 1].content) for at, t in enumerate(tokens) if t.type == "heading_open"
    ]
    assert heads[0][0] == "h1"
    assert [words for tag, words in heads if tag == "h2"] == HEADINGS
    assert len(heads) == len(HEADINGS) + 1
    kinds = {kind for kind, _ in flat(text)}
    assert not kinds & {
        "html_block",
        "html_inline",
        "image",
        "code_block",
        "fence",
        "blockquote_open",
        "hr",
    }


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(materials, st.integers(600, 4000))
def test_in_pieces_nothing_is_lost_and_nothing_becomes_a_heading(
    material: Material, limit: int
) -> None:
    text = postmortem.draft(material)
    pieces = postmortem.parts(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    whole = [t for p in pieces for t in READER.parse(p) if t.type == "heading_open"]
    assert len(whole) == len(HEADINGS) + 1
    for line in text.split("\n"):
        if len(line) < limit - 200:
            assert any(line in piece for piece in pieces)


def test_a_long_table_goes_on_with_its_head() -> None:
    told = [Entry(kind=EntryKind.ANNOTATED, at=NOW, text=f"note {n}", id=n) for n in range(80)]
    pieces = postmortem.parts(postmortem.draft(Material(incident=an_ended(), entries=told)), 1500)
    assert len(pieces) > 2
    for piece in pieces:
        for block in piece.split("\n\n"):
            if block.startswith("|"):
                assert "| --- |" in block, "every piece of a table is a table"


def test_the_tables_are_small_enough_for_a_canvas_and_the_oldest_are_counted() -> None:
    told = [
        Entry(kind=EntryKind.ANNOTATED, at=NOW + timedelta(minutes=n), text="x", id=n)
        for n in range(postmortem.MOST_ENTRIES + 5)
    ]
    text = postmortem.draft(Material(incident=an_ended(), entries=told))
    assert "The 5 oldest entries are left out" in text
    for table in (t for t in text.split("\n\n") if t.startswith("|")):
        rows = table.split("\n")
        assert len(rows) * (rows[0].count("|") - 1) <= 300


def test_people_are_named_once_with_everything_they_did() -> None:
    told = [
        Entry(kind=EntryKind.ANNOTATED, at=NOW, actor=ANA_ACTOR, text="x"),
        Entry(kind=EntryKind.ANNOTATED, at=NOW, actor=Actor(name="Cy"), text="y"),
        Entry(kind=EntryKind.MESSAGE, at=NOW, actor=Actor(name="Bystander"), text="z"),
    ]
    text = postmortem.draft(Material(incident=an_ended(), entries=told))
    responders = text.split("## Responders\n\n")[1].split("\n\n")[0].split("\n")
    assert responders == [
        f"- {ANA_ACTOR.name} (commander, declared it, resolved it)",
        f"- Ben \\<{JOINER}b\\> (owner)",
        "- Cy",
    ]


def test_times_and_how_long_they_took() -> None:
    text = postmortem.draft(Material(incident=an_ended()))
    assert "| Mitigated | 2026-03-01 12:30 UTC |" in text
    assert (
        "- 4 min to acknowledge\n- 30 min to mitigate\n- 1 d 2 h to resolve\n- 1 d 2 h in all"
        in text
    )


def test_action_items_are_a_checklist() -> None:
    items = [
        ActionLine(text="Larger pool", owner=ANA_ACTOR, url="https://gh.test/1"),
        ActionLine(text="Alert", done=True),
    ]
    text = postmortem.draft(Material(incident=an_ended(), action_items=items))
    assert f"- [ ] Larger pool ({ANA_ACTOR.name}) [more](https://gh.test/1)\n- [x] Alert" in text


def test_what_is_suggested() -> None:
    incident = an_incident(
        description="Nobody can pay.", resolution="Rolled back", severity="SEV2", service="web",
        service_title="Web", status=Status.RESOLVED, resolved_at=NOW + timedelta(minutes=42),
    )  # fmt: skip
    assert postmortem.suggested_summary(incident) == "Nobody can pay.\n\nWhat fixed it: Rolled back"
    said = postmortem.suggested_impact(incident, "Many customers hurt")
    assert said == "Web affected for 42 min (SEV2: Many customers hurt)."
    assert postmortem.suggested_impact(an_incident()) == "Services affected."


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (40, "40 s"), (90, "1 min"), (3600, "1 h"), (3960, "1 h 06 min"), (90_000, "1 d 1 h")],
)  # fmt: skip
def test_how_long_is_said_in_two_units(seconds: int, said: str) -> None:
    assert postmortem.lasting(timedelta(seconds=seconds)) == said


def test_the_id_of_a_file_is_gits() -> None:
    assert postmortem.git_id("hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
