"""What a case asks to have drawn: from its record, and without touching anything that a fit depends on."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tests.workflow.small import small_case
from tightrope.argument.price_gap import PriceGap
from tightrope.case.schema import PriceOver
from tightrope.runs import digest
from tightrope.runs.chunk import chunk_path
from tightrope.workflow.material import Material, load_material, model_key
from tightrope.workflow.pictures import stays
from tightrope.workflow.priced import gaps
from tightrope.workflow.session import FULL, ORIGIN_EFFORT, SHIPPED, Session
from tightrope.workflow.steps import by_origin

REFERENCE = Path(__file__).parents[2] / "cases" / "russia-belarus"


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return load_material(small_case(tmp_path_factory.mktemp("plane") / "small"))


def test_the_path_is_the_record_row_by_row(material: Material) -> None:
    plane = material.case.pictures.plane  # type: ignore[union-attr]
    coded = material.coded
    assert plane is not None
    assert coded is not None
    found = stays(material, plane)
    assert sum(row["n"] for row in found) == len(coded.periods)
    assert found[0]["first"] == coded.periods[0]
    assert found[-1]["last"] == coded.periods[-1]
    by_period = {p: row for row in found for p in _between(coded.periods, row)}
    for k, period in enumerate(coded.periods):
        union, threat = (int(coded.printed[name][k]) for name in ("union", "threat"))
        row = by_period[period]
        assert (row["x"], row["y"]) == (union / 2, 1 - threat)
        assert f"union={material.game.levels['union'][union]}" in row["levels"]
    for row, after in pairwise(found):
        assert (row["x"], row["y"]) != (after["x"], after["y"])


def _between(periods: tuple[str, ...], row: dict[str, Any]) -> tuple[str, ...]:
    first, last = periods.index(row["first"]), periods.index(row["last"])
    return periods[first : last + 1]


@pytest.fixture(scope="module")
def reference() -> Material:
    return load_material(REFERENCE)


def test_a_price_cell_averages_the_other_states_by_their_law(reference: Material) -> None:
    game = reference.game
    rng = np.random.default_rng(5)
    coords = {"part": ["all"]} | {n: list(game.levels[n]) for n in game.states}
    pays, takes = (
        xr.DataArray(rng.normal(size=(1, *game.shape)), dims=("part", *game.states), coords=coords)
        for _ in range(2)
    )
    priced = PriceGap("merged", "russia", "belarus", pays, takes, xr.full_like(pays.sum("part"), 2.0))
    law = rng.dirichlet(np.ones(int(np.prod(game.shape)))).reshape(game.shape)
    given = PriceOver(terminal="merged", across="confrontation", down="regime")
    table = gaps(reference, priced, given, law)
    axes = {name: game.states.index(name) for name in ("confrontation", "regime")}
    others = law.sum(axis=tuple(axes.values()))
    by_hand = 2.0 * takes.values[0] - pays.values[0]
    moved = np.moveaxis(by_hand, (axes["regime"], axes["confrontation"]), (0, 1))
    assert len(table) == 9
    for row in table.to_dict("records"):
        cell = moved[row["down_rank"], row["across_rank"]]
        assert row["gap"] == pytest.approx(float((cell * others).sum()))
        assert (row["smallest"], row["largest"]) == (cell.min(), cell.max())
        assert (row["priced"], row["states"]) == ((cell <= 0).sum(), cell.size)
    assert reference.coded is not None
    assert table["visited"].sum() == len(reference.coded.periods)
    crisis = int((reference.coded.printed["regime"] == 0).sum())
    assert table.loc[table["down"] == "crisis", "visited"].sum() == crisis


def test_years_of_a_stretch_are_written_short(material: Material) -> None:
    from tightrope.workflow.pictures import _years

    assert _years("1997Q1", "1999Q4") == "1997–99"
    assert _years("1999H2", "2001H1") == "1999–2001"
    assert _years("2011Q1", "2011Q4") == "2011"


def test_a_fit_does_not_depend_on_pictures(material: Material, tmp_path: Path) -> None:
    bare = load_material(small_case(tmp_path / "small", without=("pictures",)))
    assert bare.case.pictures is None
    assert model_key(bare) == model_key(material)
    assert bare.source.hash != material.source.hash


def test_the_fits_that_come_with_the_reference_case_are_still_found(reference: Material) -> None:
    material = reference
    assert material.case.pictures is not None
    session = Session(material, None, FULL, 0, 1)  # type: ignore[arg-type]
    wanted = {"fit": (material.evidence, FULL.fit)} | {
        f"origin-{known}": (material.known_at(known), ORIGIN_EFFORT) for known in by_origin(material)
    }
    assert len(wanted) > 3
    for name, (evidence, effort) in wanted.items():
        inputs = session.fit_inputs(evidence, effort)
        assert chunk_path(REFERENCE / SHIPPED, name, digest(inputs)).is_file(), name
