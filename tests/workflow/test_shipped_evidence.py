"""The evidence that comes with the reference case is what this code finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.workflow.small import silent
from tightrope.fit.readings import free_parameters
from tightrope.fit.target import Target
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


def test_shipped_draws_have_the_likelihood_that_is_said_of_them(session: Session) -> None:
    """Three posterior draws of each reading, solved from its best mode as its chains were."""
    material = session.material
    asked = [readings.Asked(name) for name in material.case.hypotheses]
    found = readings.weighed(session, asked, effort=readings.shipped_effort(), compute=False)
    assert list(found) == asked
    for one, data in found.items():
        reading = readings.reading_of(material, one)
        target = Target(
            material.evidence, free_parameters(material.case, reading), fixed=dict(reading.fixed)
        ).near(np.array(data["modes"][0]["scores"]))
        for k in (0, len(data["sample"]) // 2, len(data["sample"]) - 1):
            value, _ = target.value(np.array(data["sample"][k]))
            assert value == pytest.approx(data["log_likelihood"][k], abs=1e-6)


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
