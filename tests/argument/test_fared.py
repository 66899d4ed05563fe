"""Claims over many draws, against counting by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tiny import tiny

from tightrope.argument.drawn import Drawn, Row
from tightrope.argument.fared import Fared, broken_over_draws, fare
from tightrope.argument.sample import SampleError
from tightrope.case.schema import Case

LOST = Row({}, {}, "cycling")


def case() -> Case:
    return tiny(
        quantities={
            "x": {"probability": "ask == yes", "over": "start"},
            "y": {"probability": "agrees", "over": "start"},
        },
        claims={
            "A": {"text": "x is above y", "check": "x > y"},
            "B": {"text": "both are there", "check": "x > 0 and y > 0"},
            "N": {"text": "why", "untestable": "motives are not seen"},
        },
    )


def row(x: float, y: float) -> Row:
    gone = {name: "no such state" for name, value in (("x", x), ("y", y)) if math.isnan(value)}
    return Row({"x": x, "y": y}, gone)


ROWS = (row(0.5, 0.1), row(0.2, 0.3), LOST, row(0.4, math.nan), row(0.9, 0.8))
TIMES = np.array([3, 1, 2, 1, 1])


def fared(rows: tuple[Row, ...] = ROWS, times: np.ndarray | None = TIMES) -> Fared:
    return fare(Drawn(rows), case(), times=times)


def test_shares_count_the_uncertified_apart_and_the_undefined_as_not_holding() -> None:
    found = fared()
    assert (found.taken, found.certified, found.distinct) == (8, 6, 5)
    table = found.shares()
    assert list(table.index) == ["A", "B"]
    assert table.loc["A"].to_dict() == {
        "share": pytest.approx(4 / 6), "holds": 4, "fails": 1, "undefined": 1, "not_certified": 2,
    }  # fmt: skip
    assert table.loc["B", "share"] == pytest.approx(5 / 6)
    plain = fared(times=None)
    assert plain.taken == 5
    assert plain.shares().loc["A", "share"] == pytest.approx(2 / 4)
    lost = fared((LOST,), None)
    assert lost.certified == 0
    assert math.isnan(lost.shares().loc["A", "share"])
    assert lost.margins().loc["A"].isna().all()


def test_quantiles_are_of_draws_with_a_value_each_as_often_as_it_came_up() -> None:
    margins = fared().margins().loc["A"]
    known = [0.4, 0.4, 0.4, -0.1, 0.9 - 0.8]
    assert margins.tolist() == pytest.approx(np.quantile(known, (0.05, 0.5, 0.95)).tolist())
    values = fared().values().loc["y"]
    assert values.tolist() == pytest.approx(np.quantile([0.1] * 3 + [0.3, 0.8], (0.05, 0.5, 0.95)).tolist())


def test_what_breaks_is_counted_among_draws_in_which_it_held_and_both_are_certified() -> None:
    off = (row(0.1, 0.5), row(0.9, 0.1), row(0.9, 0.1), row(0.4, 0.1), LOST)
    table = broken_over_draws(fared(), {"no_push": fared(off)}).set_index(["claim", "ablation"])
    # A held in the first (3 times) and the last (once, lost without the mechanism)
    assert table.loc[("A", "no_push")].to_dict() == {"held": 3, "broken": 3, "share": 1.0, "lost": 1}
    assert table.loc[("B", "no_push")].to_dict() == {"held": 4, "broken": 0, "share": 0.0, "lost": 1}
    never = broken_over_draws(fared((LOST,), None), {"no_push": fared((LOST,), None)})
    assert never["held"].tolist() == [0, 0]
    assert never["share"].isna().all()
    with pytest.raises(ValueError, match="other draws"):
        broken_over_draws(fared(), {"no_push": fared(off, None)})
    with pytest.raises(ValueError, match="5 draws"):
        fared(times=np.ones(2))


def test_a_check_on_what_was_not_measured_is_refused() -> None:
    with pytest.raises(SampleError, match="y was not measured"):
        fare(Drawn((Row({"x": 1.0}, {}),)), case())
