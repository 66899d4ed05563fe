"""The smallest breaking sets, against truth tables written by hand and against solving every set."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from tiny import tiny

from tightrope.argument.ablations import NONE_OFF, ablate, replaced
from tightrope.argument.drawn import measure_draws
from tightrope.argument.needs import Off, Search, overrides, smallest_sets
from tightrope.case.schema import Case
from tightrope.game import compile_game

NAMES = ("a", "b", "c", "d")
PARAMETERS = {
    name: {"value": "1", "fixed": "true", "why": "w"}
    for name in ("discount", "worth_gone", "push", "gain", "p", "q", "r")
}


def case() -> Case:
    """Four ablations; the fourth takes away what the first does, and more of the same parameter."""
    sets: dict[str, dict[str, str]] = {"a": {"p": "0"}, "b": {"q": "0"}, "c": {"r": "0"}, "d": {"p": "0"}}
    return tiny(
        parameters=PARAMETERS,
        ablations={name: {"about": name, "set": changed} for name, changed in sets.items()},
    )


class Truth:
    """Claims as functions of the set of mechanisms that are off; notes what was asked for."""

    def __init__(self, **claims: Any) -> None:
        self.claims = claims
        self.asked: list[Off] = []

    def statuses(self, off: Off) -> dict[str, str]:
        return {name: rule(set(off)) for name, rule in self.claims.items()}

    def judge(self, size: int, sets: Sequence[Off]) -> list[dict[str, str]]:
        assert {len(off) for off in sets} == {size}
        self.asked += sets
        return [self.statuses(off) for off in sets]

    def search(self, most: int) -> Search:
        return smallest_sets(
            case(),
            whole=self.statuses(()),
            single={name: self.statuses((name,)) for name in NAMES},
            judge=self.judge,
            most=most,
        )


def unless(*sets: str) -> Any:
    """Holds unless one of these sets is off."""
    return lambda off: "fails" if any(set(s) <= off for s in sets) else "holds"


def test_single_ones_are_read_off_the_matrix_and_nothing_is_solved() -> None:
    truth = Truth(A=unless("a", "bc"), B=unless("b"))
    found = truth.search(3)
    assert found.needs["A"].sets == (("a",),)
    assert found.needs["B"].sets == (("b",),)
    assert (found.solves, truth.asked) == (0, [])


def test_sets_grow_only_for_claims_that_nothing_smaller_breaks() -> None:
    truth = Truth(A=unless("a"), B=unless("bc"), C=unless("abc"), D=lambda off: "holds")
    found = truth.search(2)
    assert found.needs["B"].sets == (("b", "c"),)
    assert found.needs["C"].sets == ()
    assert (found.needs["A"].tried, found.needs["C"].tried) == (1, 2)
    # a and d change the same: a+d is a, b+d is a+b, c+d is a+c
    assert truth.asked == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found.solves == 3
    more = Truth(C=unless("abc"), D=lambda off: "holds").search(4)
    assert more.needs["C"].sets == (("a", "b", "c"),)
    assert more.solves == 4


def test_what_does_not_hold_needs_nothing_and_undefined_is_broken() -> None:
    truth = Truth(
        A=lambda off: "fails",
        B=lambda off: "undefined" if {"a", "b"} <= off else "holds",
        C=lambda off: "not certified" if "b" in off else "holds",
    )
    found = truth.search(2)
    assert "A" not in found.needs
    assert found.needs["B"].sets == (("a", "b"),)
    assert found.needs["C"].sets == ()
    assert found.needs["C"].unsettled == (("b",), ("a", "b"), ("b", "c"))


def test_sets_that_are_not_nested_in_what_breaks_are_still_tried() -> None:
    """Without b the claim fails, without b and c it holds again: only a solve tells."""
    odd = Truth(A=lambda off: "fails" if off == {"b", "c"} else "holds")
    assert odd.search(3).needs["A"].sets == (("b", "c"),)


@pytest.mark.parametrize("claim", ["given > given_unasked", "asked > 0.2"])
def test_on_a_game_they_are_what_solving_every_set_finds(claim: str) -> None:
    found_case = tiny(
        quantities={
            "asked": {"probability": "ask == yes", "over": "start"},
            "given": {"probability": "agrees", "given": "ask == yes", "over": "start"},
            "given_unasked": {"probability": "agrees", "given": "ask == no", "over": "start"},
        },
        claims={"A": {"text": "t", "check": claim, "threshold": "t"}},
        ablations={
            "no_push": {"about": "p", "set": {"push": "0"}},
            "no_gain": {"about": "g", "set": {"gain": "0"}},
            "no_worth": {"about": "w", "set": {"worth_gone": "0"}},
        },
    )
    game = compile_game(found_case)

    def status(off: Off) -> dict[str, str]:
        theta = replaced(game, game.theta(), overrides(found_case, off))
        return {"A": measure_draws(game, theta[None], over={}).verdicts(found_case)["A"][0].status}

    matrix = ablate(game, over={}).statuses()
    search = smallest_sets(
        found_case,
        whole={"A": matrix.loc["A", NONE_OFF]},
        single={name: {"A": matrix.loc["A", name]} for name in found_case.ablations},
        judge=lambda size, sets: [status(off) for off in sets],
        most=3,
    )
    whole = status(())["A"]
    assert whole == "holds"
    by_size = [
        tuple(off for off in combinations(found_case.ablations, size) if status(off)["A"] != whole)
        for size in (1, 2, 3)
    ]
    assert search.needs["A"].sets == next((sets for sets in by_size if sets), ())
