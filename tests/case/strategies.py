"""Hypothesis strategies for small sound cases, as a case file would write them.

`cases()` draws a case as plain data; `rendered` writes it as YAML and says, by a count of
its own, on which line each value stands; `write_case` puts it into a folder with its record.
Numbers are tame by construction: probabilities lie in (0, 1), weights and rates above zero.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tightrope.case.calendar import parse_period

Data = dict[str, Any]
Path_ = tuple[str | int, ...]

LEVELS = ("none", "low", "mid", "high")
PARAMETERS = ("alpha", "beta", "gamma")
FIRST = {"quarter": "1996Q3", "half-year": "1996H2", "year": "1996"}
_PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-+*/()<>= ")


@dataclass
class Names:
    """What an expression may mention: variables with their levels, tables, definitions."""

    variables: dict[str, tuple[str, ...]]
    tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    defines: dict[str, frozenset[str]] = field(default_factory=dict)

    def seen(self, *hidden: str) -> Names:
        """The names that are left when some moves are hidden."""
        gone = set(hidden)
        return Names(
            {name: levels for name, levels in self.variables.items() if name not in gone},
            {name: by for name, by in self.tables.items() if not gone & set(by)},
            {name: uses for name, uses in self.defines.items() if not gone & uses},
        )


@st.composite
def conditions(draw: st.DrawFn, names: Names, *, constants: bool = True) -> str:
    """A condition on one variable, or a parameter against a number."""
    if constants and (not names.variables or draw(st.integers(0, 5)) == 0):
        return f"{draw(st.sampled_from(PARAMETERS))} > {draw(st.sampled_from(['0.2', '1']))}"
    variable = draw(st.sampled_from(sorted(names.variables)))
    level = draw(st.sampled_from(names.variables[variable]))
    return f"{variable} {draw(st.sampled_from(['==', '!=', '<', '>=']))} {level}"


@st.composite
def expressions(draw: st.DrawFn, names: Names, depth: int = 2) -> str:
    """An expression of order one."""
    atoms = [*PARAMETERS, "0.25", "1", "-0.5", *names.variables, *names.tables, *names.defines]
    if depth == 0:
        return draw(st.sampled_from(atoms))
    x, y = draw(expressions(names, depth - 1)), draw(expressions(names, depth - 1))
    test = draw(conditions(names))
    return draw(
        st.sampled_from(
            [
                x, f"{x} + {y}", f"{x} - ({y})", f"({x})*({y})", f"-({x})", f"({x})/(1 + ({y})**2)",
                f"min({x}, {y})", f"max({x}, {y}, 0)", f"clip({x}, -1, 1)", f"logistic({x})",
                f"sqrt(1 + ({x})**2)", f"log(1 + ({x})**2)", f"exp(-({x})**2)", f"where({test}, {x}, {y})",
                f"({test})*({x})", f"({x}) + (not {test})", f"({test} and {x} > {y}) + ({x})",
            ]
        )
    )  # fmt: skip


@st.composite
def links(draw: st.DrawFn, names: Names, kind: str) -> Data:
    """A probability by one kind of link, in (0, 1) whatever the parameters."""
    x = draw(expressions(names, 1))
    return {kind: {"logit": x, "hazard": f"0.3*exp(clip({x}, -3, 1))", "prob": f"0.45*logistic({x})"}[kind]}


@st.composite
def laws(draw: st.DrawFn, names: Names, levels: tuple[str, ...], *, up: bool) -> Data:
    """A law for a state, in any of its forms. Positive chances only."""
    form = draw(st.sampled_from(["steps", "moves"] if up else ["steps", "weights", "moves", "set"]))
    if form == "steps":
        kind = draw(st.sampled_from(["logit", "hazard", "prob"]))
        ways = ["up"] if up else draw(st.sampled_from([["up"], ["down"], ["down", "up"]]))
        return {"steps": {way: draw(links(names, kind)) for way in ways}}
    if form == "set":
        return {"set": [{"when": draw(conditions(names)), "to": draw(st.sampled_from(levels))}]}
    keys = levels if form == "weights" else ("stay", "up") if up else ("down", "stay", "up")
    return {"weights": {key: f"0.1 + exp(clip({draw(expressions(names, 1))}, -2, 2))" for key in keys}}


@st.composite
def _player_moves(draw: st.DrawFn, names: Names, move: str, player: str, states: list[str]) -> Data:
    actions = draw(st.sampled_from([("wait", "go"), ("hold", "ask", "push")]))
    found: Data = {"move": move, "player": player, "actions": list(actions)}
    found["precision"] = f"0.5 + ({draw(expressions(names, 1))})**2"
    if draw(st.booleans()):
        state = draw(st.sampled_from(states))
        found["available"] = {actions[-1]: f"{state} != {names.variables[state][0]}"}
    return found


@st.composite
def _priors(draw: st.DrawFn) -> Data:
    family = draw(
        st.sampled_from(
            ["lognormal(median=0.5, sigma=0.4)", "halfnormal(scale=1)", "normal(mean=0.5, sd=1)",
             "exponential(mean=1)", "uniform(low=0, high=2)", "beta(a=2, b=2)"]
        )
    )  # fmt: skip
    return {
        "value": draw(st.sampled_from(["0.3", "0.5", "0.75"])),
        "why": "drawn",
        "prior": {"argument": family, "agnostic": "uniform(low=-1, high=3)"},
    }


@st.composite
def cases(draw: st.DrawFn, *, record: bool = True) -> Data:
    """A small sound case with two players, at most 27 states and three moves, as plain data."""
    length = draw(st.sampled_from(["quarter", "half-year", "year"]))
    states = [f"s{number}" for number in range(draw(st.integers(1, 3)))]
    levels = {name: LEVELS[: draw(st.integers(2, 3))] for name in states}
    upward = {name for name in states if draw(st.booleans())}
    latent = {name for name in states[1:] if draw(st.booleans())}
    names = Names(dict(levels))
    data: Data = {
        "case": "drawn",
        "title": "A drawn case",
        "calendar": {"period": length, "first": FIRST[length]},
        "players": {
            player: {"label": player, "role": role, "discount": draw(st.sampled_from(["0.9", "delta"]))}
            for player, role in (("big", "patron"), ("small", "client"))
        },
        "states": {
            name: {"label": name, "levels": list(levels[name])}
            | ({"direction": "up"} if name in upward else {})
            | ({"latent": "true"} if name in latent else {})
            for name in states
        },
        "terminals": {
            "gone": {
                "label": "gone",
                "payoffs": {"big": draw(expressions(names, 1)), "small": "alpha"},
                "counts_as": {states[0]: levels[states[0]][-1]},
            }
        },
        "parameters": {name: draw(_priors()) for name in PARAMETERS}
        | {"delta": {"value": "0.8", "fixed": "true", "why": "fixed"}},
    }
    data["tables"] = {}
    for number in range(draw(st.integers(0, 2))):
        by = draw(st.lists(st.sampled_from(states), min_size=1, max_size=2, unique=True))
        data["tables"][f"t{number}"] = draw(_tables(by, levels))
        names.tables[f"t{number}"] = tuple(by)
    data["define"] = {"d0": draw(expressions(names, 1))}
    names.defines["d0"] = frozenset(states)
    data |= draw(_periods(names, states, upward))
    every = names.seen()
    data["payoffs"] = {
        player: {f"term{number}": draw(expressions(every)) for number in range(draw(st.integers(1, 2)))}
        for player in ("big", "small")
    }
    data["start"] = {
        name: draw(st.sampled_from([levels[name][0], {levels[name][0]: "0.25", levels[name][1]: "0.75"}]))
        for name in states
    }
    data |= _questions_of(names, levels, states)
    if record:
        move = next(name for name in names.variables if name not in states)
        columns = {f"c_{name}": name for name in [*states, move] if name not in latent}
        data["record"] = {"file": "record.csv", "period_column": "period", "columns": columns}
    return data


@st.composite
def _tables(draw: st.DrawFn, by: list[str], levels: Mapping[str, tuple[str, ...]]) -> Data:
    numbers = st.sampled_from(["0", "0.5", "-1", "1.25"])

    def fill(depth: int) -> Any:
        if depth == len(by):
            return draw(numbers)
        names = levels[by[depth]]
        if depth == len(by) - 1 and draw(st.booleans()):
            return [fill(depth + 1) for _ in names]
        return {name: fill(depth + 1) for name in names}

    return {"by": list(by), "values": fill(0)}


@st.composite
def _periods(draw: st.DrawFn, names: Names, states: list[str], upward: set[str]) -> Data:
    """A period with every kind of item; the moves are added to `names` as they are made."""
    made = Names(dict(names.variables), dict(names.tables), dict(names.defines))
    period: list[Any] = []

    def nature(number: int) -> Data:
        state = draw(st.sampled_from(states))
        item: Data = {"nature": f"n{number}", "changes": state}
        item |= draw(laws(made, made.variables[state], up=state in upward))
        if draw(st.integers(0, 3)) == 0:
            item["viewpoints"] = {"big": draw(laws(made, made.variables[state], up=state in upward))}
        return item

    def act(*moves: tuple[str, str]) -> None:
        items = [draw(_player_moves(made, move, player, states)) for move, player in moves]
        period.append({"together": items} if len(items) > 1 else items[0])
        for item in items:
            made.variables[item["move"]] = tuple(item["actions"])

    for number in range(draw(st.integers(0, 1))):
        period.append(nature(number))
    if draw(st.booleans()):
        act(("m_big", "big"), ("m_small", "small"))
    else:
        act(("m_big", "big"))
        period.append(nature(2))
        act(("m_small", "small"))
    if draw(st.booleans()):
        period.append({"pay": "payoffs"})
    period.append(
        {"nature": "leaving", "exit": draw(links(made, draw(st.sampled_from(["logit", "hazard", "prob"])))),
         "to": {"gone": "1"}}
    )  # fmt: skip
    period.append(nature(3))
    names.variables.update(made.variables)
    return {"period": period}


def _questions_of(names: Names, levels: Mapping[str, tuple[str, ...]], states: list[str]) -> Data:
    state, top = states[0], levels[states[0]][-1]
    return {
        "quantities": {
            "q_often": {"probability": f"{state} == {top}", "over": "start"},
            "q_soon": {"reaches": f"{state} == {top} or gone", "within": "4", "over": "start"},
            "q_worth": {"value": "small", "minus_terminal": "gone", "over": "start"},
            "q_gap": {"price_gap": "gone", "given": f"{state} == {top}", "rate": "1.5"},
        },
        "ablations": {"without": {"about": "off", "set": {"alpha": "0.4"}}},
        "claims": {"C1": {"text": "It happens.", "check": "q_often + q_soon > 0", "breaks": ["without"]}},
    }


def record_rows(data: Data, rows: int = 5) -> list[dict[str, str]]:
    """A record for a drawn case: every variable at its first level, in order of the calendar."""
    first = parse_period(data["calendar"]["first"])
    levels = {name: state["levels"] for name, state in data["states"].items()}
    for item in data["period"]:
        for move in item.get("together", [item]):
            if "move" in move:
                levels[move["move"]] = move["actions"]
    columns = data["record"]["columns"]
    return [
        {"period": str(first + number), **{column: levels[name][0] for column, name in columns.items()}}
        for number in range(rows)
    ]


def rendered(data: Data) -> tuple[str, dict[Path_, int]]:
    """A case as YAML, one scalar a line, and the line (from 1) of each value (of its key, in a mapping)."""
    lines: list[str] = []
    places: dict[Path_, int] = {(): 1}

    def put(value: Any, where: Path_, indent: int, head: str) -> None:
        places[where] = len(lines) + 1
        if isinstance(value, (dict, list)) and not value:
            lines.append(head + (" {}" if isinstance(value, dict) else " []"))
        elif isinstance(value, dict):
            pad = "  " * indent
            if head.endswith("-"):  # the first key of a mapping in a list stands on the dash's line
                pad = head + " "
            else:
                lines.append(head)
            for key, inner in value.items():
                put(inner, (*where, key), indent + 1, pad + _scalar(key) + ":")
                pad = "  " * indent
        elif isinstance(value, list):
            lines.append(head)
            for number, inner in enumerate(value):
                put(inner, (*where, number), indent + 1, "  " * indent + "-")
        else:
            lines.append(f"{head} {_scalar(str(value))}")

    for key, value in data.items():
        put(value, (key,), 1, _scalar(key) + ":")
    return "\n".join(lines) + "\n", places


def _scalar(text: str) -> str:
    if text and set(text) <= _PLAIN and text[0].isalnum() and text == text.strip():
        return text
    return "'" + text.replace("'", "''") + "'"


def write_case(data: Data, folder: Path, *, rows: list[dict[str, str]] | None = None) -> dict[Path_, int]:
    """Write a case and its record into a folder; returns the line of each value."""
    folder.mkdir(parents=True, exist_ok=True)
    text, places = rendered(data)
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    if "record" in data:
        rows = record_rows(data) if rows is None else rows
        with (folder / "record.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return places
