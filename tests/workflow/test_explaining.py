"""`tightrope explain` on the template: what is printed adds up, is marked, and bad names are refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.workflow.small import small_case
from tightrope.cli import app
from tightrope.game import solve
from tightrope.workflow.explaining import BadRequest, read_state
from tightrope.workflow.material import load_material


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("explaining") / "small")


@pytest.fixture(scope="module")
def whole(case: Path) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["explain", str(case), "--json", "-q", "--move", "south"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def test_the_parts_add_up_to_what_is_printed(case: Path, whole: dict[str, Any]) -> None:
    found = solve(load_material(case).game)
    (choice,) = whole["choices"]
    table = found.strategies["south"]
    table = table.sel({str(n): choice["point"][str(n)] for n in table.dims if str(n) in choice["point"]})
    for option in choice["options"]:
        assert option["probability"] == pytest.approx(float(table.sel(south=option["action"])), abs=1e-8)
        assert option["worth"] == pytest.approx(option["now"] + option["later"], abs=1e-9)
        for when in ("now", "later"):
            parts = sum(part[when] for part in option["parts"].values())
            assert parts == pytest.approx(option[when], abs=1e-9)
    chances = {option["action"]: option["probability"] for option in choice["options"]}
    odds = math.log(chances[choice["likeliest"]] / chances[choice["against"]])
    assert choice["log_odds"] == pytest.approx(odds, abs=1e-9)
    assert sum(row["now"] + row["later"] for row in choice["split"]) == pytest.approx(odds, abs=1e-9)


def test_each_parameter_flip_is_one_when_solved_again(case: Path, whole: dict[str, Any]) -> None:
    game = load_material(case).game
    (choice,) = whole["choices"]
    flips = choice["flips"]["parameters"]
    assert flips
    assert [abs(f["distance"]) for f in flips] == sorted(abs(f["distance"]) for f in flips)
    for flip in flips:
        assert flip["confirmed"]
        assert flip["source"] == game.case.parameters[flip["parameter"]].source
        for side, taken in zip(flip["sides"], (choice["likeliest"], flip["to"]), strict=True):
            again = solve(game, game.theta({flip["parameter"]: side["value"]})).require()
            table = again.strategies["south"]
            row = table.sel({str(n): choice["point"][str(n)] for n in table.dims if n != "south"})
            assert str(row["south"].values[int(row.values.argmax())]) == taken


def test_the_price_says_in_which_states_it_suits_both(whole: dict[str, Any]) -> None:
    price = whole["price"]
    assert price["gap"] == pytest.approx(price["least"] - price["most"], abs=1e-9)
    assert sum(price["pays"].values()) == pytest.approx(price["most"], abs=1e-9)
    assert sum(price["takes"].values()) == pytest.approx(price["least"], abs=1e-9)
    assert price["positive"] + len(price["breaking"]) == price["states"] == 6
    assert all(cell["gap"] <= 0 for cell in price["breaking"])
    for level in ("low", "high"):
        (row,) = [r for r in price["by_level"] if (r["variable"], r["level"]) == ("threat", level)]
        assert row["breaking"] == sum(cell["state"]["threat"] == level for cell in price["breaking"])


def test_text_marks_every_block_and_tells_the_way_move_by_move(case: Path) -> None:
    asked = ["explain", str(case), "-q", "--outcome", "union=joined", "--state", "threat=high,north=hold",
             "--only", "choice", "--only", "path", "--only", "price", "--player", "south"]  # fmt: skip
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    head, *parts = done.stdout.strip().split("\n\n")
    assert head.startswith("small, at the reference (assumed and calibrated)")
    assert all("at the reference" in part.splitlines()[0] for part in parts)
    assert "south after north=hold" in parts[0]
    for told in ("union apart to customs", "union customs to joined", "south concede", "north "):
        assert told in parts[-1]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--state", "unoin=apart"], "did you mean union"),
        (["--state", "union=apar"], "did you mean apart"),
        (["--state", "union"], "NAME=LEVEL"),
        (["--player", "nroth"], "did you mean north"),
        (["--move", "suoth"], "did you mean south"),
        (["--player", "north", "--move", "south"], "a move of south, not of north"),
        (["--against", "concde"], "did you mean concede"),
        (["--terminal", "absorbd"], "did you mean absorbed"),
        (["--rate", "sovereignity"], "did you mean sovereignty"),
        (["--outcome", "absorbd"], "did you mean absorbed"),
        (["--outcome", "union=jioned"], "did you mean joined"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_solved(case: Path, asked: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["explain", str(case), "-q", *asked])
    assert done.exit_code == 2, done.output
    assert told in done.output


def test_what_is_likeliest_cannot_be_asked_against(case: Path) -> None:
    done = CliRunner().invoke(app, ["explain", str(case), "-q", "--against", "stall", "--only", "choice"])
    assert done.exit_code == 2
    assert "likeliest action here" in done.output


def test_a_state_is_read_once() -> None:
    assert read_state(" union=apart , threat=low,") == {"union": "apart", "threat": "low"}
    with pytest.raises(BadRequest, match="twice"):
        read_state("union=apart,union=joined")
