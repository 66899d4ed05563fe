"""Requests made from the server's own description (schemathesis), bounded: none may break it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from starlette.testclient import TestClient

from tightrope.app.desk import Desk
from tightrope.app.guard import TOKEN_HEADER

pytestmark = pytest.mark.long

ADDRESSES = ("method", "url", "json", "params", "headers")


def test_no_request_breaks_the_server(client: TestClient, desk: Desk) -> None:
    """Bodies that fit the description and bodies that do not, on every route but the one that starts jobs."""
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from schemathesis import GenerationMode

    whole = client.get("/api/openapi.json").json()
    del whole["paths"]["/api/jobs"]["post"]  # each would be a process; tests/app/test_jobs.py tries its shape
    tried: dict[str, set[int]] = {}
    for found in schemathesis.openapi.from_dict(whole).get_all_operations():
        operation = found.ok()
        seen = tried.setdefault(f"{operation.method} {operation.path}", set())
        # Nothing but a body has a form that can be missed: an id may be any text.
        modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if operation.body else [])]
        examples = 10 if operation.body or operation.path_parameters else 2
        for mode in modes:
            seen |= statuses(client, desk, operation.as_strategy(generation_mode=mode), examples=examples)
    assert len(tried) == sum(len(methods) for methods in whole["paths"].values())
    assert {200, 422} <= set().union(*tried.values()), tried


def statuses(client: TestClient, desk: Desk, strategy: Any, *, examples: int) -> set[int]:
    """What so many requests are answered with; fails at the first that breaks the server."""
    seen: set[int] = set()

    @seed(20260101)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Any) -> None:
        kwargs = case.as_transport_kwargs(base_url=str(client.base_url))
        named = {k: v for k, v in kwargs.items() if k in ADDRESSES and v is not None}
        if kwargs.get("data") is not None:
            named["content"] = kwargs["data"]
        named["headers"] = {**dict(named.get("headers") or {}), TOKEN_HEADER: desk.token}
        answer = client.request(**named)
        assert answer.status_code < 500, (answer.status_code, answer.text, kwargs)
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        seen.add(answer.status_code)

    ask()
    return seen
