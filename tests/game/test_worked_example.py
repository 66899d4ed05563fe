"""The worked example of docs/model.md: its YAML through the package, and its numbers again by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from tests.game.test_closed_forms import chance, log_odds
from tightrope.case.checks import check_case
from tightrope.case.load import load_case
from tightrope.case.schema import Case, Record
from tightrope.game import compile_game, solve, solve_finite
from tightrope.game.equilibrium import primitives_function
from tightrope.game.forward import pull, push
from tightrope.game.named import Named
from tightrope.record.coding import code_record
from tightrope.record.likelihood import filter_record, prepare_record

TEXT = (Path(__file__).parents[2] / "docs/model.md").read_text(encoding="utf-8")
SECTION = TEXT.split("## A worked example", 1)[1].split("## Targets", 1)[0]


def printed() -> dict[str, float]:
    """The table of the example."""
    rows = re.findall(r"^\| ([^|]+) \| (-?\d+\.\d{4}) \|$", SECTION, flags=re.MULTILINE)
    return {name.strip(): float(value) for name, value in rows}


def written(folder: Path) -> Case:
    """The example's case, read as any case is and free of complaints."""
    block = re.search(r"```yaml\n(.*?)```", SECTION, flags=re.DOTALL)
    assert block
    (folder / "case.yaml").write_text(block[1], encoding="utf-8")
    loaded = load_case(folder)
    assert not check_case(loaded)
    return loaded.case


def by_package(case: Case) -> dict[str, float]:
    game = compile_game(case)
    found = solve(game, tolerance=1e-13).require()
    last = solve_finite(game, periods=1).require()
    loose = {"union": "loose"}
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies = {
        m: Named(jnp.asarray(s.values), tuple(map(str, s.dims))) for m, s in found.strategies.items()
    }
    live, gone = jnp.array([1.0, 0.0]), {"merged": jnp.array(0.0)}
    for _ in range(2):
        live, gone = push(game, numbers, strategies, live, gone)
    odds = log_odds(found, "reply", "concede", "stall", **loose)
    value = found.values.sel(player="client")
    future = []
    for action in np.eye(2):  # what follows the action, in expectation and before discounting
        forced = {"reply": Named(jnp.asarray(action), ("reply",))}
        ended = {"merged": -2.0}
        future.append(float(pull(game, numbers, forced, jnp.asarray(value.values), ended)[0]))
    later = 2.0 * 0.5 * (future[1] - future[0])
    record = Record.model_validate({"file": "record.csv", "columns": {"union": "union", "reply": "reply"}})
    rows = [
        {"quarter": "2000", "union": "loose", "reply": "concede"},
        {"quarter": "2001", "union": "tight", "reply": "stall"},
    ]
    evidence = prepare_record(game, code_record(rows, record=record, levels=game.levels))
    seen = filter_record(evidence, found.theta, found.z).log_probability
    return {
        "V(tight)": float(value.sel(union="tight")),
        "V(loose)": float(value.sel(union="loose")),
        "p(concede), loose": chance(found, "reply", "concede", **loose),
        "p(concede), loose, last period of a finite game": chance(last, "reply", "concede", **loose),
        "log-odds of concede over stall": odds,
        "of it by aid now": odds - later,
        "of it by all that comes later": later,
        "P(loose) after two periods": float(live[0]),
        "P(tight) after two periods": float(live[1]),
        "P(merged) after two periods": float(gone["merged"]),
        "probability of the record": math.exp(float(seen.sum())),
    }


def by_hand() -> dict[str, float]:
    """The same from the equations in the text alone."""
    tight = 0.5 * 0.2 * -2 / (1 - 0.5 * 0.8)

    def concede(loose: float, tight: float) -> float:
        return 1.5 + 0.5 * (0.5 * loose + 0.5 * (0.8 * tight + 0.2 * -2))

    def share(stalls: float, concedes: float) -> float:
        return 1 / (1 + math.exp(-2 * (concedes - stalls)))

    loose = 0.0
    for _ in range(100):
        q0, q1 = 0.5 + 0.5 * loose, concede(loose, tight)
        p = share(q0, q1)
        loose = p * q1 + (1 - p) * q0
    first = [1 - p / 2, 0.8 * p / 2, 0.2 * p / 2]
    second = [
        first[0] * (1 - p / 2),
        0.8 * (first[1] + first[0] * p / 2),
        first[2] + 0.2 * (first[1] + first[0] * p / 2),
    ]
    return {
        "V(tight)": tight,
        "V(loose)": loose,
        "p(concede), loose": p,
        "p(concede), loose, last period of a finite game": share(0.5, concede(0.0, 0.0)),
        "log-odds of concede over stall": 2 * (q1 - q0),
        "of it by aid now": 2 * 1.0,
        "of it by all that comes later": 2 * (q1 - 1.5 - 0.5 * loose),
        "P(loose) after two periods": second[0],
        "P(tight) after two periods": second[1],
        "P(merged) after two periods": second[2],
        "probability of the record": p * 0.5 * 0.8,
    }


def test_the_table_is_what_the_package_and_the_equations_give(tmp_path: Path) -> None:
    table, package, hand = printed(), by_package(written(tmp_path)), by_hand()
    assert list(table) == list(package) == list(hand)
    for name, value in table.items():
        assert package[name] == pytest.approx(hand[name], abs=1e-11), name
        assert value == pytest.approx(hand[name], abs=0.5001e-4), name
