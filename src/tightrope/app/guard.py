"""The door: who may ask, how much they may send, and what every answer says to the browser.

Only this machine can reach the server, but so can every page that its browser has open, and every program on
it. Hence: the Host must be our own (else a foreign name could be pointed at us), the Origin too, a cross-site
fetch is refused, and everything but the page's own public files wants the token of this start in a header,
which no other site can send. The token travels in the address's fragment, which browsers do not send.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Collection
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-tightrope-token"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
SMALL, LARGE = 64_000, 6_000_000
"""Most bytes of a body: of any request, and of one that carries a case."""
CARRIES_A_CASE = ("/api/case/check", "/api/jobs")
PATIENCE = 15.0
"""Seconds in which a body must have come."""
METHODS = ("GET", "POST", "DELETE", "HEAD")


class _TooLarge(HTTPException):
    """Of a kind that whoever reads the body lets through."""

    def __init__(self) -> None:
        super().__init__(413, "the request is too large")


class _TooSlow(HTTPException):
    def __init__(self) -> None:
        super().__init__(408, "the request took too long to come")


class Guard:
    """ASGI middleware in front of everything.

    token  what the header must say on paths under /api
    hosts  values of Host that are ours, such as `127.0.0.1:8765`
    """

    def __init__(self, app: ASGIApp, *, token: str, hosts: Collection[str]) -> None:
        self.app = app
        self.token = token
        self.hosts = frozenset(hosts)
        self.origins = frozenset(f"http://{host}" for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a counted body and our headers on the answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        given: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                ours = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                kept = [(k, v) for k, v in message["headers"] if k.decode().lower() not in HEADERS]
                message = {**message, "headers": kept + ours}
            await send(message)

        code, why = self.refusal(scope, given)
        if code:
            await _answer(dressed, code, why)
            return
        try:
            await self.app(scope, self._counted(scope["path"], receive), dressed)
        except (_TooLarge, _TooSlow) as error:
            if not started:
                await _answer(dressed, error.status_code, error.detail)

    def refusal(self, scope: Scope, given: dict[str, list[str]]) -> tuple[int, str]:
        """Status and reason for a request that is not let in; 0 for one that is."""
        hosts = given.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, "this server answers on its own address alone"
        origins = given.get("origin", [])
        if len(origins) > 1 or (origins and origins[0].lower() not in self.origins):
            return 403, "requests from other sites are refused"
        if scope["method"] not in METHODS:
            return 405, "there is no such method here"
        lengths = given.get("content-length", [])
        if any(not n.isdecimal() or int(n[:12]) > _most(scope["path"]) for n in lengths):
            return 413, "the request is too large"
        if not scope["path"].startswith("/api"):
            return 0, ""
        if given.get("sec-fetch-site", ["same-origin"])[0] not in ("same-origin", "none"):
            return 403, "requests from other sites are refused"
        tokens = given.get(TOKEN_HEADER, [])
        if len(tokens) != 1 or not secrets.compare_digest(tokens[0].encode(), self.token.encode()):
            return 401, "open the address that `tightrope serve` printed: it carries this start's token"
        return 0, ""

    def _counted(self, path: str, receive: Receive) -> Receive:
        """The body, refused once it is larger than it may be or slower."""
        most, seen, whole = _most(path), 0, False

        async def counted() -> Message:
            nonlocal seen, whole
            if whole:  # nothing more is to come but a disconnection, however late
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), PATIENCE)
            except TimeoutError:
                raise _TooSlow from None
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if seen > most:
                    raise _TooLarge
            return message

        return counted


def _most(path: str) -> int:
    return LARGE if path in CARRIES_A_CASE else SMALL


async def _answer(send: Any, code: int, why: str) -> None:
    body = json.dumps({"detail": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
