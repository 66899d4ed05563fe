"""A desk on the template case, prepared once, and a client that knows its token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.workflow.small import small_case
from tightrope.app.desk import Desk
from tightrope.app.guard import TOKEN_HEADER
from tightrope.app.server import create_app
from tightrope.app.start import hosts_of

PORT = 8099


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    place = tmp_path_factory.mktemp("served")
    desk = Desk(small_case(place / "case"), place / "runs")
    desk.prepare()
    assert desk.bench is not None, desk.failed
    yield desk
    desk.jobs.close()


@pytest.fixture(scope="session")
def client(desk: Desk) -> Iterator[TestClient]:
    """Asks as the page does."""
    app = create_app(desk, hosts=hosts_of(PORT))
    base = f"http://127.0.0.1:{PORT}"
    with TestClient(app, base_url=base, raise_server_exceptions=False) as found:
        found.headers[TOKEN_HEADER] = desk.token
        yield found


@pytest.fixture(scope="session")
def stranger(client: TestClient) -> TestClient:
    """The same server without the token."""
    return TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)


@pytest.fixture(scope="session")
def served(desk: Desk) -> Path:
    return desk.case
