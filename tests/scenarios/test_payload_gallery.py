"""PagerDuty's own payloads through the signed front door: every one is taken, none breaks anything.

The real ones come from ``$MUSTER_CONTRACTS`` (a folder that is not part of this repository); our own
examples of every event type are always played.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.store.tables import InboundRow
from tests.stage import PAGERDUTY_SECRET, Json, Stage, stage
from tests.workspace import cards, header, room_of, said_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")


def is_event(document: Any) -> bool:
    """A delivery as PagerDuty sends it (others of that folder are schemas and vectors)."""
    return isinstance(document, dict) and isinstance(document.get("event"), dict)


CONTRACTS = os.environ.get("MUSTER_CONTRACTS")
FOLDER = Path(CONTRACTS or "/nonexistent") / "fixtures/pagerduty/webhook"
EXAMPLES = [f for f in sorted(FOLDER.glob("*.json")) if is_event(json.loads(f.read_bytes()))]
VECTOR = FOLDER / "signature_vector.json"
PERSON = {"id": "PUSER01", "type": "user_reference", "summary": "Earl Example"}
PAGE: Json = {
    "id": "QGALLERY1",
    "type": "incident",
    "html_url": "https://acme.pagerduty.com/incidents/QGALLERY1",
    "number": 4711,
    "status": "triggered",
    "incident_key": "a-key-of-theirs",
    "created_at": "2026-11-20T10:00:00Z",
    "title": "Played from the gallery",
    "service": {"id": "PGALLRY", "type": "service_reference", "summary": "Gallery"},
    "assignees": [PERSON],
    "escalation_policy": {"id": "PEPGALL", "type": "escalation_policy_reference", "summary": "Art"},
    "priority": None,
    "urgency": "high",
    "conference_bridge": None,
}
INSIDE = {"incident": {"id": "QGALLERY1", "type": "incident_reference"}}
OWN: dict[str, Json] = {
    "incident.triggered": PAGE,
    "incident.acknowledged": PAGE | {"status": "acknowledged"},
    "incident.unacknowledged": PAGE,
    "incident.annotated": INSIDE
    | {"id": "PNOTE01", "type": "incident_note", "content": "Looks red", "trimmed": False},
    "incident.delegated": PAGE,
    "incident.escalated": PAGE,
    "incident.priority_updated": PAGE
    | {"priority": {"id": "PPRIOR1", "type": "priority_reference", "summary": "P1"}},
    "incident.reassigned": PAGE,
    "incident.responder.added": INSIDE
    | {"type": "incident_responder", "user": PERSON, "message": "Help?", "state": "pending"},
    "incident.responder.replied": INSIDE
    | {"type": "incident_responder", "user": PERSON, "message": "Help?", "state": "accepted"},
    "incident.status_update_published": INSIDE
    | {"id": "PUPDAT1", "type": "incident_status_update", "message": "We are on it"},
    "incident.resolved": PAGE | {"status": "resolved"},
    "incident.reopened": PAGE,
    "service.created": {"id": "PGALLRY", "type": "service", "summary": "Gallery"},
    "service.updated": {"id": "PGALLRY", "type": "service", "summary": "Museum"},
    "service.deleted": {"id": "PGALLRY", "type": "service", "summary": "Museum"},
    "pagey.ping": {"message": "Hello from your friend Pagey!", "type": "ping"},
    "incident.workflow.started": INSIDE | {"id": "PW1", "type": "incident_workflow_instance"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    secrets = [PAGERDUTY_SECRET]
    if VECTOR.is_file():
        secrets.append(json.loads(VECTOR.read_text(encoding="utf-8"))["secret"])
    folder = tmp_path_factory.mktemp("gallery")
    async with stage(folder, PAGERDUTY_WEBHOOK_SECRET=",".join(secrets)) as running:
        yield running


async def send(s: Stage, body: bytes, signature: str | None = None) -> int:
    digest = hmac.new(PAGERDUTY_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-PagerDuty-Signature": signature or f"v1={digest}"}
    answer = await s.http.post(f"{s.bot_url}/webhooks/pagerduty", content=body, headers=headers)
    return answer.status_code


async def kept(s: Stage, event_id: str) -> tuple[str, str | None]:
    """What became of a kept event, and why."""
    assert s.bot is not None
    query = select(InboundRow).where(InboundRow.event_id == event_id)  # type: ignore[arg-type]
    row = await s.bot.work.read(lambda tx: tx.session.execute(query).scalar_one())
    return row.state, row.reason


def content_of(path: Path) -> bytes:
    return path.read_bytes()


async def nothing_broke(s: Stage, event_id: str) -> None:
    await s.quiet()
    state, reason = await kept(s, event_id)
    assert state in {"applied", "ignored"}, reason
    bugs = [e for e in await s.unfinished() if "broke on my side" in str(e["why"])]
    assert bugs == []
    assert [p for p in await s.problems() if p["vendor"] == "slack"] == []


@pytest.mark.skipif(not EXAMPLES, reason="MUSTER_CONTRACTS is not set")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
async def test_every_published_example_is_taken(s: Stage, path: Path) -> None:
    body = content_of(path)
    document: Any = json.loads(body)
    event = document["event"]
    assert await send(s, body) == 202
    assert await send(s, body) == 202
    await nothing_broke(s, event["id"])
    if event["event_type"] == "incident.triggered":
        title = event["data"]["title"]
        assert len([c for c in cards(await s.state()) if header(c).endswith(title)]) == 1


@pytest.mark.skipif(not VECTOR.is_file(), reason="MUSTER_CONTRACTS is not set")
async def test_the_published_signature_is_genuine(s: Stage) -> None:
    vector = json.loads(VECTOR.read_text(encoding="utf-8"))
    body = vector["raw_body"].encode()
    signature = vector["header"]["X-PagerDuty-Signature"]
    assert await send(s, body, signature) == 202
    assert await send(s, body + b" ", signature) == 401


@pytest.mark.parametrize("event_type", OWN)
async def test_every_event_type_is_taken_in_any_order(s: Stage, event_type: str) -> None:
    own = f"01GALLERY{event_type.replace('.', '').upper()}"
    body = json.dumps(
        {
            "event": {
                "id": own,
                "event_type": event_type,
                "resource_type": event_type.partition(".")[0],
                "occurred_at": f"2026-11-20T10:{list(OWN).index(event_type):02}:00.123Z",
                "agent": PERSON,
                "client": None,
                "data": OWN[event_type],
            }
        }
    ).encode()
    assert await send(s, body) == 202
    await nothing_broke(s, own)


async def test_an_incident_that_cannot_be_read_again_is_told_from_its_payloads(s: Stage) -> None:
    """PagerDuty answers 404 for it (another account's key, say): the newest event wins."""
    for minute, (kind, data) in enumerate(
        (
            ("incident.triggered", {}),
            ("incident.annotated", None),
            ("incident.acknowledged", {"status": "acknowledged"}),
            ("incident.resolved", {"status": "resolved"}),
        )
    ):
        page = PAGE | {"id": "QUNREADAB", "title": "Known by payload only"}
        note = {"id": "PNOTE02", "type": "incident_note", "content": "Only told", "incident": page}
        event = {
            "id": f"01UNREADABLE{minute}",
            "event_type": kind,
            "occurred_at": f"2026-11-20T11:0{minute}:00.000Z",
            "agent": PERSON,
            "data": note if data is None else page | data,
        }
        assert await send(s, json.dumps({"event": event}).encode()) == 202
        await s.quiet()
    state = await s.state()
    [card] = [c for c in cards(state) if header(c).endswith("Known by payload only")]
    assert "resolved" in card["text"]
    name = header(card).split()[1]
    news = said_in(state, room_of(state, name))
    for words in ("Only told", "acknowledged", "resolved"):
        assert len([line for line in news if words in line and "Earl Example" in line]) == 1, news
