"""The evidence that comes with the reference case is what this code finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflow.small import silent
from tightrope.workflow import compare, not_strategic, readings
from tightrope.workflow.opening import session_of
from tightrope.workflow.session import SHIPPED, Session

CASE = Path("cases/russia-belarus")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session_of(CASE, quick=True, out=tmp_path_factory.mktemp("shipped"), notice=silent) as found:
        yield found


def test_every_reading_comes_with_the_case_and_is_found_again(session: Session) -> None:
    data = compare.shipped(session)
    assert data is not None
    assert [r["name"] for r in data["readings"] if r["strategic"]] == list(session.material.case.hypotheses)
    assert all(r["origin"] == "shipped" for r in data["readings"] if r["strategic"])
    assert data["warnings"] == []


def test_a_draw_that_is_not_what_is_said_of_it_is_noticed(session: Session) -> None:
    material, asked = session.material, readings.Asked("no_western_option")
    data = readings.weighed(session, [asked], effort=readings.shipped_effort(), compute=False)[asked]
    assert readings.verified(material, asked, data)
    for k in (0, len(data["sample"]) // 2, len(data["sample"]) - 1):
        told = list(data["log_likelihood"])
        told[k] += 1e-4
        assert not readings.verified(material, asked, data | {"log_likelihood": told})
    assert not readings.verified(material, asked, data | {"names": data["names"][1:]})


def test_shipped_rivals_are_what_is_computed(session: Session) -> None:
    shipped = session.run.find(
        not_strategic.BESIDE,
        inputs=not_strategic.rival_inputs(session),
        shipped=session.material.folder / SHIPPED,
    )
    assert shipped is not None
    assert shipped.origin == "shipped"
    made = not_strategic.both(
        session.material, session.material.coded, amount=not_strategic.Amount(),
        weighing=not_strategic.WEIGHING, seed=session.seed,
    )  # fmt: skip
    for name, rival in made.items():
        again = not_strategic.rival_data(rival)
        for which in ("first", "second"):
            assert again[which]["log_evidence"] == pytest.approx(shipped.value[name][which]["log_evidence"])
        assert again["rows"] == pytest.approx(shipped.value[name]["rows"])
