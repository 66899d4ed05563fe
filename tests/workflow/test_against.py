"""Two accounts of claims set against each other, and run folders that cannot be."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workflow.small import silent, small_case
from tightrope.case.load import load_case
from tightrope.runs import Run, open_run
from tightrope.workflow.account import NAME, NotComparable, flat, read_account
from tightrope.workflow.against import differences
from tightrope.workflow.against_text import against_text
from tightrope.workflow.argue import Effort

FARED = {"holds": 90, "fails": 10, "undefined": 0, "not_certified": 3}


def claim(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name, "reference": "holds", "fit": "holds", "margin_reference": 0.2, "margin_fit": 0.1,
        "flags": "works", "contradicted": None, **changes,
    }  # fmt: skip


def account(*claims: dict[str, Any], **tables: Any) -> dict[str, Any]:
    names = [row["id"] for row in claims]
    return {
        "effort": {"draws": 100, "sets": 2, "ablation_draws": 0},
        "inputs": {
            "case": {"parameters.pain.prior.agnostic": "lognormal(median=1, sigma=0.8)", "title": "t"},
            "files": {"record.csv": "aa"},
            "run": {"seed": 0, "code": "c"},
        },
        "tables": {
            "claims": list(claims),
            "quantities": [
                {"claim": name, "name": "x", "reference": 0.5, "fit": 0.4} for name in names
            ],
            "draws": [],
            "fared": [{"claim": name, "draws": "agnostic", "share": 0.9, **FARED} for name in names],
            "needs": [{"claim": name, "at": "reference", "sets": [["a"]]} for name in names],
            **tables,
        },
    }  # fmt: skip


def told(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    return differences(before, now) | {"run": "runs/before", "total": len(now["tables"]["claims"])}


def test_the_same_account_differs_in_nothing() -> None:
    one = account(claim("A"), claim("B"))
    found = told(one, copy.deepcopy(one))
    assert not any(found["inputs"].values())
    assert (found["claims"], found["quantities"], found["added"], found["gone"]) == ([], [], [], [])
    assert found["unchanged"] == ["A", "B"]
    text = against_text({"against": found})
    assert "No input differs." in text
    assert "Nothing that is printed of a claim has changed." in text


def test_what_changed_is_told_claim_by_claim() -> None:
    before = account(claim("A"), claim("B"), claim("C"))
    now = account(
        claim("A", reference="fails", margin_reference=-0.05, flags="fragile, works"),
        claim("B", margin_fit=0.1 + 1e-12, contradicted="by the counts"),
        claim("D"),
    )
    now["tables"]["needs"] = [
        {"claim": "B", "at": "reference", "sets": [["a", "b"], ["c", "d"]]},
        {"claim": "D", "at": "reference", "sets": []},
    ]
    now["tables"]["quantities"][0]["reference"] = 0.1
    found = told(before, now)
    rows = {(row["claim"], row["what"]): (row["before"], row["now"]) for row in found["claims"]}
    assert rows == {
        ("A", "reference"): ("holds", "fails"),
        ("A", "margin_reference"): (0.2, -0.05),
        ("A", "flags"): ("works", "fragile, works"),
        ("A", "needs_reference"): ([["a"]], None),
        ("B", "contradicted"): (None, "by the counts"),
        ("B", "needs_reference"): ([["a"]], [["a", "b"], ["c", "d"]]),
    }
    assert found["quantities"] == [{"claim": "A", "name": "x", "at": "reference", "before": 0.5, "now": 0.1}]
    assert (found["added"], found["gone"], found["unchanged"]) == (["D"], ["C"], [])
    text = against_text({"against": found})
    assert "holds -> fails [+0.2 -> -0.05]" in text
    assert "+fragile" in text
    assert "a -> a + b or c + d" in text
    assert "Claims that are new: D." in text
    assert "Claims that are gone: C." in text


@pytest.mark.parametrize(("holds", "chance"), [(93, True), (60, False)])
def test_a_share_is_told_with_whether_other_draws_would_do_it(holds: int, chance: bool) -> None:
    before, now = account(claim("A")), account(claim("A"))
    row = now["tables"]["fared"][0]
    row |= {"share": holds / 100, "holds": holds, "fails": 100 - holds}
    ((change),) = differences(before, now)["claims"]
    assert (change["what"], change["chance"]) == ("share_agnostic", chance)
    assert (f"~90 % -> {holds}" in against_text({"against": told(before, now)})) == chance


def test_sets_that_one_run_did_not_look_for_have_not_changed() -> None:
    now = account(claim("A"), needs=[])
    assert differences(account(claim("A")), now)["claims"] == []


def test_inputs_that_differ_are_named_with_both_values() -> None:
    before, now = account(claim("A")), account(claim("A"))
    inputs = now["inputs"]
    inputs["case"] |= {"parameters.pain.prior.agnostic": "lognormal(median=2, sigma=0.8)"}
    del inputs["case"]["title"]
    inputs["files"] |= {"record.csv": "bb", "events.csv": "cc"}
    inputs["run"] |= {"seed": 1}
    now["effort"] |= {"draws": 20}
    found = told(before, now)
    assert [row["where"] for row in found["inputs"]["case"]] == ["parameters.pain.prior.agnostic", "title"]
    text = against_text({"against": found})
    for line in (
        "parameters.pain.prior.agnostic: lognormal(median=1, sigma=0.8) -> lognormal(median=2, sigma=0.8)",
        "title: t -> (none)",
        "record.csv has changed",
        "events.csv is new",
        "seed: 0 -> 1",
        "draws: 100 -> 20",
    ):
        assert line in text


def test_a_case_is_described_entry_by_entry(tmp_path: Path) -> None:
    case = load_case(small_case(tmp_path / "small")).case
    found = flat(case)
    assert found["parameters.sovereignty.prior.agnostic"] == "lognormal(median=0.5, sigma=0.8)"
    assert found["parameters.sovereignty.value"] == "0.6"
    assert found["claims.C1.check"] == "yields_under_threat > yields_in_quiet"
    assert found["claims.C1.breaks.0"] == "no_threat_worth"
    assert found["quantities.yields_under_threat.set.threat"] == "high"
    assert not any(value.startswith(("{", "[", "Expression")) for value in found.values())


# --- run folders ---------------------------------------------------------------------------------


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def begin(runs: Path, *, seed: int, case: str = "small") -> Run:
    return open_run(runs, case_name=case, key={"seed": seed}, notice=silent)


def stub(run: Run, case: str = "small") -> Any:
    return SimpleNamespace(run=run, material=SimpleNamespace(case=SimpleNamespace(case=case)))


def kept(run: Run, *, draws: int) -> None:
    value = {"effort": {"draws": draws, "sets": 1, "ablation_draws": 0}, "inputs": {}, "tables": {}}
    run.store(NAME, value, inputs={"draws": draws}, seconds=0.0)


def test_the_account_of_the_same_effort_is_read_else_the_last(runs: Path) -> None:
    with begin(runs, seed=0) as other:
        kept(other, draws=50)
        kept(other, draws=7)
    with begin(runs, seed=1) as run:
        for name in (other.folder.name, str(other.folder)):
            folder, found = read_account(name, out=runs, session=stub(run), effort=Effort(draws=50))
            assert folder.resolve() == other.folder.resolve()
            assert found["effort"]["draws"] == 50
        _, found = read_account(str(other.folder), out=runs, session=stub(run), effort=Effort(draws=9))
        assert found["effort"]["draws"] in (7, 50)


def test_folders_that_cannot_be_compared_are_refused_with_the_reason(runs: Path, tmp_path: Path) -> None:
    with begin(runs, seed=0) as empty, begin(runs, seed=2, case="other") as other:
        kept(other, draws=1)
    with begin(runs, seed=3) as harmed:
        kept(harmed, draws=1)
    for path in (harmed.folder / "chunks").glob("*.json"):
        path.write_bytes(path.read_bytes()[:-40])
    with begin(runs, seed=1) as run:
        kept(run, draws=1)
        for name, why in {
            f"{empty.folder.name[:-1]}x": f"did you mean {empty.folder.name}",
            str(tmp_path): "no manifest.json",
            empty.folder.name: "no tested claims",
            other.folder.name: "a run of the case other, and this one is of small",
            harmed.folder.name: "cannot be compared",
            run.folder.name: "this very run",
        }.items():
            with pytest.raises(NotComparable, match=why):
                read_account(name, out=runs, session=stub(run), effort=Effort())
