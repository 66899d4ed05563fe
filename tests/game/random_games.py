"""Small random games, written as a case file would write them. Seeded, and covering every form of law."""

from __future__ import annotations

import random
from typing import Any

from tightrope.case.schema import Case

LAWS = ("logit", "hazard", "prob", "weights", "moves", "set")
EXITS = ("logit", "hazard", "prob")
LEVELS = ("low", "mid", "high")


class Builder:
    """Draws the pieces of one game. `number` rotates the forms, so that a few games cover all."""

    def __init__(self, number: int, *, together: bool = False) -> None:
        self.random = random.Random(number)
        self.number = number
        self.together = together
        self.states = {
            f"s{i}": LEVELS[: self.random.choice((2, 3))] for i in range(self.random.choice((1, 2, 2)))
        }
        self.actions: dict[str, list[str]] = {}
        self.tables: dict[str, Any] = {}

    def atom(self, moves: list[str]) -> str:
        pick = self.random.random()
        names = [*self.states, *moves]
        if pick < 0.35:
            return self.random.choice(["a", "b", "c", "half", "mixed"])
        if pick < 0.5:
            return str(round(self.random.uniform(-1, 1), 2))
        name = self.random.choice(names)
        levels = list(self.states.get(name, self.actions.get(name, ())))
        if pick < 0.7:
            return f"({name} {self.random.choice(['==', '!=', '<', '>='])} {self.random.choice(levels)})"
        if pick < 0.85:
            return name
        return self.table(names)

    def table(self, names: list[str]) -> str:
        by = self.random.sample(names, min(len(names), self.random.choice((1, 2))))

        def values(depth: int) -> Any:
            if depth == len(by):
                return round(self.random.uniform(-1, 1), 3)
            levels = self.states.get(by[depth]) or tuple(self.actions[by[depth]])
            if depth == len(by) - 1 and self.random.random() < 0.5:
                return [values(depth + 1) for _ in levels]
            return {level: values(depth + 1) for level in levels[: max(1, len(levels) - 1)]}

        name = f"t{len(self.tables)}"
        self.tables[name] = {"by": by, "values": values(0), "default": 0.25}
        return name

    def text(self, moves: list[str], depth: int = 2) -> str:
        """An expression with a value of order one, in states and the given moves."""
        if depth == 0:
            return self.atom(moves)
        x, y = self.text(moves, depth - 1), self.text(moves, depth - 1)
        z = self.atom(moves)
        forms = [
            f"({x} + {y})", f"({x} - {y})", f"{z}*{x}", f"-({x})", f"({x})/(1 + ({z})**2)", f"min({x}, {y})",
            f"max({x}, {y}, 0.1)", f"where({x} > {y}, {z}, {y})", f"log(1 + ({x})**2)", f"sqrt(1 + ({x})**2)",
            f"logistic({x})", f"clip({x}, -0.5, 0.75)", f"(({x} > 0) and ({y} < 0.5))", f"exp(-({x})**2)",
            f"({x} > 0.2 or not {z})",
        ]  # fmt: skip
        return self.random.choice(forms)

    def steps(self, kind: str, moves: list[str]) -> dict[str, Any]:
        def link() -> dict[str, str]:
            x = self.text(moves)
            return {kind: {"logit": x, "hazard": f"0.4*exp(clip({x}, -3, 1)) - 0.05",
                           "prob": f"0.45*logistic({x})"}[kind]}  # fmt: skip

        both = {"down": link(), "up": link()}
        drop = self.random.choice(["", "", "down", "up"])
        return {d: value for d, value in both.items() if d != drop}

    def law(self, kind: str, variable: str, moves: list[str]) -> dict[str, Any]:
        levels = self.states[variable]
        if kind == "weights":
            return {"weights": {level: f"0.1 + ({self.text(moves)})**2" for level in levels}}
        if kind == "moves":
            return {"weights": {k: f"exp(clip({self.text(moves)}, -2, 2))" for k in ("down", "stay", "up")}}
        if kind == "set":
            return {
                "set": [
                    {"when": f"{self.text(moves)} > 0.3", "to": level} for level in (levels[-1], levels[0])
                ]
            }
        return {"steps": self.steps(kind, moves)}

    def exit(self, kind: str, moves: list[str]) -> dict[str, Any]:
        x = self.text(moves)
        inner = {"logit": f"{x} - 2", "hazard": f"0.2*({x})**2 - 0.01", "prob": f"0.3*logistic({x})"}[kind]
        return {kind: inner}

    def change(self, number: int, moves: list[str]) -> dict[str, Any]:
        variable = self.random.choice(list(self.states))
        kind = LAWS[(self.number + number) % len(LAWS)]
        item = {"nature": f"n{number}", "changes": variable, **self.law(kind, variable, moves)}
        if self.random.random() < 0.4:
            other = self.random.choice(LAWS)
            item["viewpoints"] = {"one": self.law(other, variable, moves)}
        return item

    def leave(self, number: int, moves: list[str]) -> dict[str, Any]:
        kind = EXITS[(self.number + number) % len(EXITS)]
        to = {"gone": f"0.2 + ({self.text(moves)})**2", "merged": "half"}
        item: dict[str, Any] = {"nature": f"n{number}", "exit": self.exit(kind, moves), "to": to}
        view = self.random.choice([None, "exit", "to", "both"])
        if view:
            law = {"exit": self.exit(self.random.choice(EXITS), moves), "to": {"gone": 1, "merged": "half"}}
            item["viewpoints"] = {"two": {k: v for k, v in law.items() if view in (k, "both")}}
        return item

    def move(self, name: str, player: str, moves: list[str], extra: int = 0) -> dict[str, Any]:
        actions = ["stay", "go", "low"][: self.random.choice((2, 2, 3))]
        item: dict[str, Any] = {
            "move": name, "player": player, "actions": actions,
            "precision": self.random.choice(["1.5", "0.5 + half", f"0.5 + ({self.text(moves, 1)})**2"]),
        }  # fmt: skip
        if self.random.random() < 0.5:
            item["available"] = {"go": f"{self.random.choice(list(self.states))} != low"}
        return item


def random_case(number: int, *, together: bool = False) -> Case:
    """Game `number`: at most nine live states, two players, about seven items in a period."""
    b = Builder(number, together=together)
    moves: list[str] = []
    period: list[dict[str, Any]] = []
    visible: list[str] | None = None
    count = 0

    def nature(chance: float) -> None:
        nonlocal count
        while b.random.random() < chance and count < 5:
            period.append(b.leave(count, moves) if b.random.random() < 0.35 else b.change(count, moves))
            count += 1

    def act(names: list[tuple[str, str]]) -> None:
        items = [b.move(name, player, moves) for name, player in names]
        for item in items:
            b.actions[item["move"]] = item["actions"]
        moves.extend(item["move"] for item in items)
        period.append({"together": items} if len(items) > 1 else items[0])

    nature(0.4)
    if together:
        act([("m0", "one"), ("m1", "two")])
    else:
        act([("m0", "one")])
        nature(0.4)
        act([("m1", "two")])
        if b.random.random() < 0.3:
            act([("m2", "one")])
    if number % 3 == 0:
        period.append({"pay": "payoffs"})
        visible = list(moves)
    elif number % 3 == 1 and len(period) > 1:
        place = b.random.randrange(len(period))
        period.insert(place, {"pay": "payoffs"})
        seen = [m["move"] for item in period[:place] for m in item.get("together", [item]) if "move" in m]
        visible = seen
    nature(0.9)
    shown = moves if visible is None else visible
    payoffs = {
        player: {f"term{i}": b.text(shown, 3) for i in range(b.random.choice((1, 2, 3)))}
        for player in ("one", "two")
    }
    terminals = {
        "gone": {"label": "gone", "payoffs": {"one": b.text([]), "two": "2*a"}},
        "merged": {"label": "merged", "payoffs": {"two": b.text([])}},
    }
    mixed = b.text([], 1).replace("mixed", "half")
    return Case.model_validate(
        {
            "case": f"random-{number}", "title": "A random game",
            "calendar": {"period": "year", "first": "2000"},
            "players": {
                "one": {"label": "One", "discount": "0.9"}, "two": {"label": "Two", "discount": "half"},
            },
            "states": {name: {"label": name, "levels": levels} for name, levels in b.states.items()},
            "terminals": terminals,
            "tables": b.tables,
            "parameters": {
                name: {"value": value, "fixed": True, "why": "drawn"}
                for name, value in (("a", 0.4), ("b", -0.7), ("c", 1.2), ("half", 0.55))
            },
            "define": {"mixed": f"{mixed} + half"},
            "period": period,
            "payoffs": payoffs,
            "start": {name: levels[0] for name, levels in b.states.items()},
        }
    )  # fmt: skip
