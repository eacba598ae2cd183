"""Whatever a program sends to ``/api``: refused with what is wrong and nothing stored, or all of it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.scenarios.bad_input_desk import ABSURD, BEARER, at_the_desk, same

if TYPE_CHECKING:
    import httpx

    from tests.scenarios.bad_input_desk import Desk
    from tests.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

desk = pytest_asyncio.fixture(loop_scope="module")(at_the_desk)


async def call(s: Stage, method: str, path: str, **more: Any) -> httpx.Response:
    return await s.http.request(method, f"{s.bot_url}{path}", **more)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": "bearer \u00fc".encode("latin-1")},
    ],
)
async def test_without_the_token_nobody_gets_in(desk: Desk, headers: Any) -> None:
    async def knock() -> None:
        for method, path in (("POST", ""), ("GET", ""), ("GET", "/1")):
            answer = await call(
                desk.s, method, f"/api/incidents{path}", headers=headers, json={"title": "x"}
            )
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"

    await same(desk, "API", knock())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"title"',
        b"{}",
        b'{"title": null}',
        b'{"title": 7}',
        b'{"title": ""}',
        b'{"title": " \\u200b "}',
        b'{"title": "x", "severity": "SEV99"}',
        b'{"title": "x", "severity": 1}',
        b'{"title": "x", "service": "no such service"}',
        b'{"title": "x", "private": "perhaps"}',
        b'{"title": "x", "titel": "y"}',
        b'{"title": "x", "detected_by": "' + b"y" * 201 + b'"}',
        b'{"title": "x", "description": "' + b"y" * 10_001 + b'"}',
        b'{"title": "' + b"x" * 501 + b'"}',
        b'{"title": ' + b"[" * 50_000,
        b"\xff\xfe",
    ],
)
async def test_a_wrong_declaration_is_refused_and_says_what_is_wrong(
    desk: Desk, body: bytes
) -> None:
    async def post() -> httpx.Response:
        headers = {**BEARER, "Content-Type": "application/json"}
        return await call(desk.s, "POST", "/api/incidents", content=body, headers=headers)

    answer = await same(desk, "API", post())
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize("title", ABSURD)
async def test_an_absurd_title_is_kept_and_calls_nobody(desk: Desk, title: str) -> None:
    words, part = ABSURD[title]
    body = {"title": words, "description": words, "detected_by": words[:200]}
    answer = await call(desk.s, "POST", "/api/incidents", json=body, headers=BEARER)
    assert answer.status_code == 202, answer.text
    assert part in answer.json()["title"]
    await desk.whole(answer.json())


async def test_a_lone_surrogate_is_no_crash(desk: Desk) -> None:
    body = b'{"title": "half an emoji \\ud83d here", "description": "\\udc00 \\u0000"}'
    headers = {**BEARER, "Content-Type": "application/json"}
    answer = await call(desk.s, "POST", "/api/incidents", content=body, headers=headers)
    assert answer.status_code in {202, 422}, answer.text
    if answer.status_code == 202:
        await desk.whole(answer.json())


@pytest.mark.parametrize("key", ["", "k" * 255, "INC-1", "view/1", "'; --"])
async def test_an_odd_idempotency_key_is_a_key(desk: Desk, key: str) -> None:
    async def post(title: str) -> httpx.Response:
        headers = {**BEARER, "Idempotency-Key": key}
        return await call(desk.s, "POST", "/api/incidents", json={"title": title}, headers=headers)

    first, second = await post("Keyed"), await post("Keyed again")
    assert (first.status_code, second.status_code) == (202, 202)
    assert (first.json()["id"] == second.json()["id"]) is bool(key)
    await desk.s.quiet()


@pytest.mark.parametrize(
    "number", ["0", "-1", "999", "9" * 11, "9" * 30, "INC-1", "1.5", "%00", "x" * 3_000]
)
async def test_an_incident_that_does_not_exist_is_404_or_422(desk: Desk, number: str) -> None:
    answer = await call(desk.s, "GET", f"/api/incidents/{number}", headers=BEARER)
    assert answer.status_code in {404, 422}, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", f"limit={'9' * 30}", "status=none", "status="]
)
async def test_a_wrong_question_is_422(desk: Desk, query: str) -> None:
    answer = await call(desk.s, "GET", f"/api/incidents?{query}", headers=BEARER)
    assert answer.status_code == 422
