"""What is read off a law's expressions: what it never does, and which actions it cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations

import jax
import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.small_games import case
from tightrope.case.parse import to_expression
from tightrope.case.schema import Law
from tightrope.game import Game, compile_game
from tightrope.game.forms import form_of, forms, one_way, reach
from tightrope.game.named import Form, Named, fine
from tightrope.game.primitives import primitives
from tightrope.game.sweep import coarsened

NUMBERS = tuple(range(12))


@cache
def laws(number: int) -> tuple[Game, list[list[tuple[tuple[int, str], Named]]]]:
    """A random game and its laws with their forms, at three parameter vectors."""
    game = compile_game(random_case(number, together=number % 4 == 3))
    read = jax.jit(lambda theta: primitives(game, theta).kernels)
    generator = np.random.default_rng(number)
    found = []
    for _ in range(3):
        kernels = read(game.theta() + generator.normal(size=len(game.parameters)) * 0.2)
        found.append([((step, view), law) for step, seen in kernels.items() for view, law in seen.items()])
    return game, found


def slices(law: Named, move: str) -> Iterator[tuple[int, np.ndarray]]:
    """Action -> the law under it."""
    place = law.axes.index(move)
    for action in range(law.data.shape[place]):
        yield action, np.take(np.asarray(law.data), action, axis=place)


@pytest.mark.parametrize("number", NUMBERS)
def test_what_a_form_says_is_never_reached_has_no_chance(number: int) -> None:
    game, found = laws(number)
    for by_theta in found:
        for (step, view), law in by_theta:
            assert law.form == forms(game)[step, view]
            if law.form is None or law.form.allowed is None:
                continue
            variable = game.plan.steps[step].variable  # type: ignore[union-attr]
            table = np.moveaxis(
                np.asarray(law.data), (law.axes.index(variable), law.axes.index(variable + "'")), (0, 1)
            )
            for level, allowed in enumerate(law.form.allowed):
                rest = [k for k in range(table.shape[1]) if k not in allowed]
                assert np.all(table[level, rest] == 0.0)


@pytest.mark.parametrize("number", NUMBERS)
def test_actions_of_one_class_have_equal_laws(number: int) -> None:
    game, found = laws(number)
    for by_theta in found:
        for _, law in by_theta:
            for move, classes in law.form.alike if law.form is not None else ():
                if move not in law.axes:
                    continue
                assert len(classes) == len(game.levels[move])
                by_action = dict(slices(law, move))
                for one, other in combinations(range(len(classes)), 2):
                    if classes[one] == classes[other]:
                        assert np.array_equal(by_action[one], by_action[other])


def test_random_games_have_something_to_find() -> None:
    """Else the two tests above would hold of a form that says nothing."""
    seen = [law.form for n in NUMBERS for _, law in laws(n)[1][0]]
    assert sum(form is not None and form.allowed is not None for form in seen) >= 10
    merged = [
        law
        for n in NUMBERS
        for _, law in laws(n)[1][0]
        if law.form is not None and any(move in law.axes for move, _ in law.form.alike)
    ]
    assert merged


@cache
def heeded() -> Game:
    """A move of four actions, and a law for each way of heeding it."""
    texts = {
        "test": "a*(act == one)",
        "not": "a*(act != three)",
        "either": "a*(act == one or act == three)",
        "both": "b*(act == one and s == low)",
        "where": "where(act == two, a, b)",
        "ladder": "a*act",
        "far": "a*(act >= three)",
        "table": "a*kind",
        "define": "gain + b",
        "nothing": "a*0*act",
        "power": "a*(act + 1)**0",
    }
    period = [
        {"move": "act", "player": "p", "actions": ["one", "two", "three", "four"], "precision": "1"},
        *({"nature": name, "changes": "s", "steps": {"up": {"logit": text}}} for name, text in texts.items()),
    ]
    made = case(
        "heeded",
        states={"s": ["low", "mid", "high"]},
        parameters={"a": 0.3, "b": -0.8, "delta": 0.9},
        period=period,
        payoffs={"p": {"flow": "s"}},
        tables={"kind": {"by": ["act"], "values": {"one": 1.0, "two": 2.0, "three": 1.0, "four": 2.0}}},
    )
    expression = to_expression("a*where(act == four, 2, 1)")
    return compile_game(made.model_copy(update={"define": {"gain": expression}}))


CLASSES = {
    "test": (0, 1, 1, 1),
    "not": (0, 0, 1, 0),
    "either": (0, 1, 0, 1),
    "both": (0, 1, 1, 1),
    "where": (0, 1, 0, 0),
    "ladder": None,
    "far": (0, 0, 1, 1),
    "table": (0, 1, 0, 1),
    "define": (0, 0, 0, 1),
    "nothing": (0, 0, 0, 0),
    "power": None,
}


def test_classes_are_those_that_one_finds_by_hand() -> None:
    game = heeded()
    kernels = primitives(game, game.theta()).kernels
    for number, step in enumerate(game.plan.steps[1:], start=1):
        law = kernels[number]["world"]
        assert law.form is not None
        assert dict(law.form.alike).get("act") == CLASSES[step.name], step.name
        table = dict(slices(law, "act"))
        if step.name == "power":
            # Alike, and not seen to be: a form may miss something, and never claims too much.
            assert all(np.array_equal(table[0], other) for other in table.values())
            continue
        found = CLASSES[step.name] or (0, 1, 2, 3)
        for one, other in combinations(range(4), 2):
            same = np.allclose(table[one], table[other], atol=1e-14)
            assert same == (found[one] == found[other]), step.name


def test_a_coarse_law_has_a_place_for_each_class_and_is_the_same_law() -> None:
    game = heeded()
    numbers = primitives(game, game.theta())
    merged = coarsened(numbers)
    for number, step in enumerate(game.plan.steps[1:], start=1):
        whole, less = numbers.kernels[number]["world"], merged.kernels[number]["world"]
        (axis,) = [n for n, name in enumerate(less.axes) if name.partition("~")[0] == "act"]
        assert less.data.shape[axis] == len(set(CLASSES[step.name] or range(4)))
        again = fine(less)
        assert again.axes == whole.axes
        assert np.array_equal(np.asarray(again.data), np.asarray(whole.data))


def _law(**parts: object) -> Law:
    return Law.model_validate(parts)


def test_what_laws_may_reach() -> None:
    game = heeded()
    eye, up, down = np.eye(3, dtype=bool), np.eye(3, k=1, dtype=bool), np.eye(3, k=-1, dtype=bool)
    column = np.zeros((3, 3), dtype=bool)
    column[:, 2] = True
    expected = {
        "up": (_law(steps={"up": {"logit": "a"}}), eye | up),
        "down": (_law(steps={"down": {"prob": "0.2"}}), eye | down),
        "set": (_law(set=[{"when": "a > 0", "to": "high"}]), eye | column),
        "levels": (_law(weights={"high": "a", "mid": "0"}), column),
        "ways": (_law(weights={"up": "1", "stay": "exp(a)"}), eye | up),
    }
    for name, (law, mask) in expected.items():
        assert np.array_equal(reach(game, law, "s"), mask), name
    assert form_of(game, expected["up"][0], "s").allowed == ((0, 1), (1, 2), (2,))


def test_a_variable_is_one_way_if_every_law_of_it_is() -> None:
    up, down = ({way: {"logit": "a"}} for way in ("up", "down"))

    def made(*laws: dict[str, object], seen: dict[str, object] | None = None) -> Game:
        period = [{"nature": f"n{k}", "changes": "s", "steps": law} for k, law in enumerate(laws)]
        if seen is not None:
            period[-1]["viewpoints"] = {"p": {"steps": seen}}
        return compile_game(
            case(
                "ways",
                states={"s": ["low", "mid", "high"], "still": ["one", "two"]},
                parameters={"a": 0.3, "delta": 0.9},
                period=[*period, {"pay": "payoffs"}],
                payoffs={"p": {"flow": "s"}},
            )
        )

    # What no law changes neither rises nor falls, and counts as rising.
    assert one_way(made(up, up)) == {"s": 1, "still": 1}
    assert one_way(made(down)) == {"s": -1, "still": 1}
    assert one_way(made(up, down)) == {"still": 1}
    assert one_way(made(up, seen=down)) == {"still": 1}
    assert one_way(made(up, seen=up)) == {"s": 1, "still": 1}
    assert one_way(heeded()) == {"s": 1}


def test_a_game_that_is_not_arranged_has_laws_without_forms() -> None:
    plain = compile_game(heeded().case, arranged=False)
    assert set(forms(plain).values()) == {Form()}
