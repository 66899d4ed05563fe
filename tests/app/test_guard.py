"""The door: whose requests are let in, how large and how slow they may be, what answers carry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tightrope.app import guard
from tightrope.app.desk import Desk
from tightrope.app.guard import POLICY, SMALL, TOKEN_HEADER, Guard

PARTS = ("answer", "claims", "policy", "spread", "confirm")


def test_the_page_is_public_and_everything_it_asks_wants_the_token(
    stranger: TestClient, client: TestClient
) -> None:
    assert stranger.get("/").status_code == 200
    assert stranger.get("/static/app.js").status_code == 200
    schema = client.get("/api/openapi.json").json()
    asked = 0
    for path, methods in schema["paths"].items():
        for method in methods:
            answer = stranger.request(method, path.replace("{identifier}", "1"))
            assert answer.status_code == 401, (method, path)
            asked += 1
    assert asked > 12
    assert stranger.get("/api/openapi.json").status_code == 401


@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 5000])
def test_another_token_is_refused(stranger: TestClient, token: str) -> None:
    headers = {TOKEN_HEADER: token.encode("latin-1")}
    assert stranger.get("/api/state", headers=headers).status_code == 401


def test_two_tokens_are_none(stranger: TestClient, desk: Desk) -> None:
    twice = [(TOKEN_HEADER, desk.token), (TOKEN_HEADER, desk.token)]
    assert stranger.get("/api/state", headers=twice).status_code == 401


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8099", "127.0.0.1", "127.0.0.1:8098", "localhost.evil.example:8099", ""],
)
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    """A name that somebody points at this machine (DNS rebinding) does not reach even the page."""
    for path in ("/", "/api/state", "/static/app.js"):
        assert client.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8099", "localhost:8099", "LOCALHOST:8099"])
def test_our_own_names_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/api/state", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1:8099", "http://127.0.0.1:8098", "null", "file://"]
)
def test_a_foreign_origin_is_refused(client: TestClient, origin: str) -> None:
    assert client.post("/api/answer", json={}, headers={"origin": origin}).status_code == 403


def test_our_own_origin_is_let_in_and_a_cross_site_fetch_is_not(client: TestClient) -> None:
    assert client.get("/api/state", headers={"origin": "http://127.0.0.1:8099"}).status_code == 200
    for site in ("cross-site", "same-site"):
        assert client.get("/api/state", headers={"sec-fetch-site": site}).status_code == 403


def test_no_answer_lets_another_site_read_it(client: TestClient) -> None:
    answer = client.options("/api/answer", headers={"origin": "http://127.0.0.1:8099"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/static/app.css", "/api/state", "/nowhere", "/api/nowhere"])
def test_every_answer_carries_the_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_refusals_carry_the_policy_too(stranger: TestClient) -> None:
    answer = stranger.get("/api/state")
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/desk.py",
        "/static/..%2fdesk.py",
        "/static/....//app.js",
        "/static//etc/passwd",
        "/static/app.js%00.css",
        "/api/jobs/..%2f..%2fetc%2fpasswd/report",
        "/api/jobs/%2e%2e/report",
    ],
)
def test_no_path_leads_outside(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 405)
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_a_body_that_says_it_is_large_is_not_read(client: TestClient) -> None:
    answer = client.post("/api/answer", content=b"x" * (SMALL + 1))
    assert answer.status_code == 413


def test_a_body_that_does_not_say_so_is_counted(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(SMALL // 1000 + 2):
            yield b" " * 1000

    answer = client.post("/api/answer", content=chunks())
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 400])
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: str) -> None:
    headers = [(b"content-length", length.encode("utf-8"))]
    answer = client.post("/api/answer", headers=headers)
    assert answer.status_code == 413


def scope(desk: Desk, **more: Any) -> dict[str, Any]:
    headers = [(b"host", b"127.0.0.1:8099"), (TOKEN_HEADER.encode(), desk.token.encode())]
    return {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/api/answer",
        "raw_path": b"/api/answer", "query_string": b"", "root_path": "", "scheme": "http",
        "headers": headers, "server": ("127.0.0.1", 8099), "client": ("127.0.0.1", 1), **more,
    }  # fmt: skip


def test_a_body_that_never_comes_is_given_up(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PATIENCE", 0.05)
    said: list[dict[str, Any]] = []

    async def silence() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        said.append(message)

    app = client.app
    assert isinstance(app, Guard)
    asyncio.run(asyncio.wait_for(app(scope(desk), silence, send), 5))
    assert said[0]["status"] == 408


def test_a_websocket_is_closed(client: TestClient, desk: Desk) -> None:
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    asyncio.run(client.app(scope(desk, type="websocket", path="/"), receive, send))
    assert said == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 30_000,
        b'{"levers": {"parameters": {"step_rate": NaN}}}',
        b'{"levers": {"parameters": {"step_rate": 1e999}}}',
        b'{"levers": {"parameters": {"step_rate": ' + b"9" * 5000 + b"}}}",
        b'{"levers": {"parameters": {"step_rate": "0.3; import os"}}}',
        b'{"levers": {"parameters": {"\\ud800": 1}}}',
        b'{"levers": {"override": "\\ud800"}}',
        b'{"levers": {"put": {"threat": "../../etc/passwd"}}}',
        b'{"levers": {"base": "fit"}}',
        b'{"levers": {"__class__": "x"}}',
        b'{"levers": {}, "beside": {"seen": {"union": "nowhere"}}}',
        b'{"levers": {"put": {"threat": ["low"]}}}',
    ],
)  # fmt: skip
def test_nonsense_gives_a_short_answer_and_no_traceback(client: TestClient, part: str, body: bytes) -> None:
    answer = client.post(f"/api/{part}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.content) < 5000
    assert "Traceback" not in answer.text
    assert "src/tightrope" not in answer.text


def test_a_fault_of_ours_says_nothing_of_itself(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("secret words of the inside")

    monkeypatch.setattr("tightrope.app.answers.claims_part", fails)
    answer = client.post("/api/claims", json={})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
