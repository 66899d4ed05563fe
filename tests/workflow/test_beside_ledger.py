"""Public statements of a merger beside forecasts from the origin before each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tightrope.forecast.contest import BARE, GAME
from tightrope.forecast.hindcast import Ahead
from tightrope.forecast.reference_class import outside_view
from tightrope.forecast.rivals import MARKOV, REFERENCE
from tightrope.workflow.beside_ledger import LEDGER, beside_ledger
from tightrope.workflow.contest import contest
from tightrope.workflow.hindcast import Hindcasts
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.origins import read_origins

CASE = Path(__file__).parents[2] / "cases" / "russia-belarus"
RATE = 0.003


@pytest.fixture(scope="module")
def material() -> Material:
    return load_material(CASE)


def made_up(material: Material, years: str) -> Hindcasts:
    """A game in which a merger comes at a constant rate, and all else is even."""
    game, origins = material.game, read_origins(material, years)
    even = {name: np.full((24, len(levels)), 1 / len(levels)) for name, levels in game.levels.items()}
    ended = {t: 1 - (1 - RATE) ** np.arange(1, 25) for t in game.terminals}
    states, moves = {s: even[s] for s in game.states}, {m: even[m] for m in game.moves}
    ahead = {o.known: Ahead(o.known, states, moves, ended, 1, 0, 0.0) for o in origins}
    return Hindcasts(origins, ahead, {}, {})


def test_the_default_origins_are_every_year_from_2000_to_2024(material: Material) -> None:
    origins = read_origins(material)
    assert [o.year for o in origins] == list(range(2000, 2025))
    assert (origins[0].known, origins[-1].known) == ("1999Q4", "2023Q4")
    assert [len(o.before) for o in origins] == [0, 1, 2, 3, 4] * 5


def test_statements_are_matched_with_the_origin_of_their_year(material: Material) -> None:
    made = made_up(material, "2002..2002")
    table, left_out = beside_ledger(material, made, contest(material, made, seed=0))
    table = table.set_index("forecaster")
    # Statements of 2002 on a merger; the origin of 1 January 2002 knows up to 2001Q4.
    mine = [
        p
        for p in material.predictions
        if p.event == "merger" and p.resolution != "open" and "2002-04" <= p.made_on <= "2003-01"
    ]
    periods = {p.id: 4 * (due.year - 2002) + (due.month - 1) // 3 + 1
               for p in mine for due in [p.deadline or p.resolved_on] if due is not None}  # fmt: skip
    assert set(periods.values()) <= set(range(1, 25))
    assert int(table.loc[LEDGER, "n"]) == len(mine) >= 5
    resolved = sum(p.event == "merger" and p.resolution != "open" for p in material.predictions)
    assert left_out == resolved - len(mine)
    came = np.array([float(p.resolution == "yes") for p in mine])
    said = np.array([p.implied_probability for p in mine])
    assert table.loc[LEDGER, "brier"] == pytest.approx(np.mean((said - came) ** 2))
    bare = np.array([1 - (1 - RATE) ** periods[p.id] for p in mine])
    assert table.loc[BARE, "mean_p"] == pytest.approx(bare.mean())
    outside = np.array([outside_view(material.rates, years=periods[p.id] / 4).probability for p in mine])
    assert table.loc[REFERENCE, "mean_p"] == pytest.approx(outside.mean())
    assert table.loc[GAME, "mean_p"] == pytest.approx(0.9 * bare.mean() + 0.1 * outside.mean())
    quiet = 0.5 / 25  # the Jeffreys mean of no exit in 24 known quarters
    markov = np.array([1 - (1 - quiet) ** periods[p.id] for p in mine])
    assert table.loc[MARKOV, "mean_p"] == pytest.approx(markov.mean())


def test_without_forecasts_every_statement_is_left_out(material: Material) -> None:
    made = Hindcasts((), {}, {}, {})
    table, left_out = beside_ledger(material, made, contest(material, made, seed=0))
    assert len(table) == 0
    assert left_out == 97
