"""``muster export``, ``import`` and ``report`` beside a running bot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.databases import an_empty_database
from tests.stage import stage
from tests.terminal import ROOT, muster
from tests.workspace import cards, issues, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_incident_is_exported_verified_and_restored(s: Stage, tmp_path: Path) -> None:
    name = await s.declare("SEV1 Payments <b> are refused")
    await s.command(f"/incident ack {name}")
    await s.command(f"/incident note {name} The key had expired")
    await s.command(f"/incident resolve {name} Renewed it")
    await s.quiet()
    code, out, complained = await muster(s, "export", name)
    assert (code, complained) == (0, "")
    document = json.loads(out)
    kinds = [event["kind"] for event in document["events"]]
    assert [k for k in kinds if k in {"triggered", "acknowledged", "annotated", "resolved"}] == [
        "triggered",
        "acknowledged",
        "annotated",
        "resolved",
    ]
    code, told, _ = await muster(s, "export", name.lower(), "--format", "md")
    assert code == 0
    assert "The key had expired" in told

    await s.command(f"/incident private {name}")
    await s.quiet()
    refused = await muster(s, "export", name)
    assert refused[0] == 1
    assert "Say --private" in refused[2]
    secret = json.loads((await muster(s, "export", name, "--private"))[1])
    assert secret["incident"]["private"]
    told = (await muster(s, "export", name, "--private", "--format", "md"))[1]
    assert "- Private: only for those who are in it" in told

    file = tmp_path / "export.json"
    file.write_text(out)
    (tmp_path / "new").mkdir()
    fresh = an_empty_database(tmp_path / "new")
    code, out, _ = await muster(s, "import", str(file), database=fresh)
    assert (code, out) == (0, f"{name} is restored; its chain of events is whole.\n")
    again = await muster(s, "export", name, database=fresh)
    assert json.loads(again[1]) == document

    code, _, complained = await muster(s, "import", str(file))
    assert code == 1
    assert f"{name} exists here already" in complained
    document["events"][1]["text"] = "Something else"
    file.write_text(json.dumps(document))
    code, _, complained = await muster(s, "import", str(file), database=fresh)
    assert code == 1
    assert "Event 2" in complained
    assert await s.problems() == []


async def test_action_items_are_there_after_a_restore_and_nothing_is_sent(
    s: Stage, tmp_path: Path
) -> None:
    name = await s.declare("SEV2 The queue is long")
    await s.settled(name)
    for words in ("Alert on its length @bob", "Write it down"):
        answer = await s.command(f"/incident action {name} {words}")
        assert "The action item is added" in str(answer), answer
    await s.quiet()
    file = tmp_path / "export.json"
    file.write_text((await muster(s, "export", name))[1])
    [issue] = [i for i in issues(await s.state(), "") if i["title"] == "Alert on its length"]
    (tmp_path / "new").mkdir()
    async with stage(tmp_path / "new") as other:
        before = issues(await other.state(), "")
        code, out, complained = await muster(other, "import", str(file))
        assert (code, out) == (0, f"{name} is restored; its chain of events is whole.\n"), (
            complained
        )
        listed = text_of((await other.command(f"/incident actions {name}"))["ack"])
        for words in ("Alert on its length", "Write it down", issue["html_url"]):
            assert words in listed
        await other.quiet()
        state = await other.state()
        assert issues(state, "") == before
        assert cards(state, "incidents") == []
        assert await other.problems() == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("export", "checkout"), "Write it as INC-12"),
        (("export", "INC-99999999999999999999"), "There is no INC-"),
        (("import", "/nonexistent"), "No such file"),
        (("import", str(ROOT / "README.md")), "is not JSON"),
        (("report", "--days", "0"), "1<=x<=366"),
    ],
    ids=lambda value: " ".join(value)[-30:] if isinstance(value, tuple) else "",
)
async def test_what_cannot_be_done_is_one_sentence(
    s: Stage, words: tuple[str, ...], complaint: str
) -> None:
    code, out, complained = await muster(s, *words)
    assert code in {1, 2}
    assert complaint in complained
    assert "Traceback" not in complained + out


async def test_the_report_on_the_terminal(s: Stage) -> None:
    await s.declare("SEV3 A disk is nearly full")
    code, out, _ = await muster(s, "report", "--days", "7")
    assert code == 0
    assert out.startswith("Incidents, the last 7 days")
    assert "SEV3" in out
