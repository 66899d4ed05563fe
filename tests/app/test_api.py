"""What the server answers is what the library says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tightrope.app.desk import Desk
from tightrope.app.links import link_of, pull_of
from tightrope.case.checks import check_case
from tightrope.case.load import load_case
from tightrope.forecast.answers import answer
from tightrope.game.certificate import Certificate
from tightrope.game.equilibrium import solve
from tightrope.workflow import bench_parts as parts
from tightrope.workflow.pulls import LeverError, Pull, read_pull

MOVED = {"parameters": {"support_worth": 1.25, "union_worth": 0.8}}


def asked(client: TestClient, part: str, levers: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = client.post(f"/api/{part}", json={"levers": levers, **more})
    assert found.status_code == 200, found.text
    return dict(found.json())


def block(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(b for b in found["blocks"] if b["id"] == name)


def test_levers_say_where_each_base_stands(client: TestClient, desk: Desk) -> None:
    assert desk.bench is not None
    found = client.get("/api/levers").json()
    case = desk.bench.material.case
    assert {p["name"]: p["values"]["reference"] for p in found["parameters"]} == {
        name: p.value for name, p in case.parameters.items() if not p.fixed
    }
    for state in found["states"]:
        assert sum(state["shares"]["reference"].values()) == pytest.approx(1.0)
    assert [o["name"] for o in found["overrides"]] == ["ablations.no_threat_worth"]


def test_answers_equal_the_library(client: TestClient, desk: Desk) -> None:
    assert desk.bench is not None
    material = desk.bench.material
    found = asked(client, "answer", MOVED)
    theta = material.game.theta(MOVED["parameters"])
    alone = answer(material.evidence, theta[None], [q for q in material.live if q.answerable])
    models = {row["id"]: row["model"] for row in found["values"]["live"]}
    for k, name in enumerate(alone.ids):
        assert models[name] == pytest.approx(alone.probabilities[0, k], abs=1e-8)
    outside = {row["id"]: row for row in found["values"]["live"]}
    for row in outside.values():
        assert row["probability"] == pytest.approx(0.9 * row["model"] + 0.1 * row["outside"], abs=1e-12)
    table = block(found, "questions")
    assert [cell["lines"][0]["text"] for row in table["rows"] for cell in row[:1]] == [
        f"{i}." for i in models
    ]


def test_claims_and_policy_equal_the_library(client: TestClient, desk: Desk) -> None:
    assert desk.bench is not None
    pull = read_pull(desk.bench.levers, MOVED)
    judged = parts.judged(desk.bench, pull).claims
    found = asked(client, "claims", MOVED)
    assert found["values"]["claims"] == judged[["id", "status", "margin"]].to_dict("records")
    rows = parts.policy(desk.bench, pull)
    assert rows is not None
    for slice_ in dict.fromkeys(rows["slice"]):
        here = asked(client, "policy", MOVED, slice=slice_)
        expected = rows[rows["slice"] == slice_]["probability"].to_numpy(dtype=float)
        got = [np.nan if r["probability"] is None else r["probability"] for r in here["values"]["policy"]]
        np.testing.assert_allclose(got, expected, atol=1e-12)
        assert here["slice"] == slice_


def test_two_sets_stand_side_by_side(client: TestClient) -> None:
    alone = asked(client, "answer", MOVED)
    other = asked(client, "answer", {"put": {"threat": "high"}})
    both = asked(client, "answer", MOVED, beside={"put": {"threat": "high"}})
    assert both["values"] == alone["values"]
    table = block(both, "questions")
    assert table["head"][3] == "At the held levers"
    theirs = [row[2]["lines"][0]["text"] for row in block(other, "questions")["rows"]]
    assert [row[3]["lines"][0]["text"] for row in table["rows"]] == theirs
    lines = {r.get("line") for rows in block(both, "feared")["spec"]["datasets"].values() for r in rows}
    assert "printed, at the held levers" in lines
    same = asked(client, "answer", MOVED, beside=MOVED)
    assert "At the held levers" not in block(same, "questions")["head"]


def test_the_certificate_comes_with_every_part(client: TestClient, desk: Desk) -> None:
    assert desk.bench is not None
    theta = desk.bench.material.game.theta(MOVED["parameters"])
    for part in ("answer", "claims", "policy", "spread"):
        found = asked(client, part, MOVED)["certificate"]
        assert found["status"] == "converged"
        assert found["good"] is True
        assert 0 <= found["residual"] <= found["tolerance"] == 1e-9
    confirmed = asked(client, "confirm", MOVED)
    assert confirmed["same"] is True
    assert confirmed["gap"] < 1e-6
    assert solve(desk.bench.material.game, theta).certificate.branch == "principal"


def test_nothing_uncertified_is_drawn(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A solver that stops before it has converged: every part says so, and gives neither block nor number."""
    from dataclasses import replace

    from tightrope.workflow import bench as module

    def stopped(*given: Any, **named: Any) -> Any:
        found = solve(*given, **named)
        bad: Certificate = replace(found.certificate, status="not converged", residual=3e-4)
        return replace(found, certificate=bad)

    asked(client, "answer", MOVED)  # kept from now on
    monkeypatch.setattr(module, "solve", stopped)
    levers = {"parameters": {"sovereignty": 0.777}}
    for part in ("answer", "claims", "policy"):
        found = asked(client, part, levers)
        assert found["certificate"]["good"] is False
        assert found["certificate"]["residual"] == 3e-4
        assert found["blocks"] == []
        assert found["values"] is None
        assert "nothing is drawn" in found["why"]
    kept = asked(client, "answer", MOVED, beside=levers)
    assert kept["certificate"]["good"] is True
    assert "At the held levers" not in block(kept, "questions")["head"]
    assert desk.bench is not None
    desk.bench._solved.clear()


def test_no_refusal_is_silent_about_the_name(client: TestClient) -> None:
    found = client.post("/api/answer", json={"levers": {"parameters": {"sovereinty": 1.0}}})
    assert found.status_code == 422
    assert "did you mean sovereignty?" in found.json()["detail"][0]["what"]


def test_a_state_that_cannot_be_seen_is_refused(client: TestClient) -> None:
    found = client.post("/api/answer", json={"levers": {"seen": {"union": "apart"}}})
    assert found.status_code == 422
    assert "probability nought" in found.json()["detail"][0]["what"]


names = st.sampled_from(["support_worth", "threat_worth", "sovereignty", "union_worth"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parameters=st.dictionaries(names, st.floats(0.35, 1.2), max_size=4),
    put=st.dictionaries(st.just("threat"), st.sampled_from(["low", "high"])),
    seen=st.dictionaries(st.just("union"), st.sampled_from(["apart", "joined"])),
    override=st.sampled_from(["", "ablations.no_threat_worth"]),
)
def test_a_permalink_leads_back(
    desk: Desk, parameters: dict[str, float], put: dict[str, str], seen: dict[str, str], override: str
) -> None:
    assert desk.bench is not None
    pull = Pull("reference", override, parameters, put, seen)
    link = link_of(pull)
    assert pull_of(desk.bench.levers, link).as_data() == pull.as_data()
    assert link.isascii()
    assert "#" not in link


def test_the_server_reads_its_own_link(client: TestClient) -> None:
    link = asked(client, "answer", MOVED)["link"]
    back = client.post("/api/link", json={"link": link}).json()
    assert asked(client, "answer", back)["link"] == link
    assert client.post("/api/link", json={"link": ""}).json()["parameters"] == {}


@pytest.mark.parametrize(
    "link",
    ["p.step_rate", "p.step_rate=x", "p.step_rate=nan", "p.step_rate=0.3&p.step_rate=0.4", "q=1",
     "base=reference&base=fit", "p.nothing=1", "put.threat=", "=&=", "%ff=%00", "p.step_rate=1e400", "put=1"],
)  # fmt: skip
def test_a_link_that_says_nothing_of_this_case_is_refused(client: TestClient, link: str) -> None:
    assert client.post("/api/link", json={"link": link}).status_code == 422


def test_saved_levers_are_case_data(client: TestClient, desk: Desk, tmp_path: Any, served: Any) -> None:
    """The case with the override inside passes its check, and so does the fragment put in by hand."""
    body = {"levers": MOVED, "name": "dear_union", "about": 'Said: "more", # and: dearer'}
    found = client.post("/api/save", json=body).json()
    place = tmp_path / "back"
    place.mkdir()
    for file in served.iterdir():
        if file.is_file():
            (place / file.name).write_bytes(file.read_bytes())
    (place / "case.yaml").write_text(found["case"], encoding="utf-8")
    loaded = load_case(place)
    assert check_case(loaded) == []
    override = loaded.case.hypotheses["dear_union"]
    assert dict(override.set) == MOVED["parameters"]
    assert override.about == body["about"]
    fragment = tmp_path / found["file"]
    text = (served / "case.yaml").read_text(encoding="utf-8") + "\n" + found["override"]
    fragment.write_text(text, encoding="utf-8")
    assert desk.bench is not None
    again = client.post("/api/case/check", json={"text": text}).json()
    assert again["sound"] is True


def test_a_hypothesis_goes_beside_those_that_are_there(client: TestClient, desk: Desk) -> None:
    from tightrope.app.saving import with_hypothesis

    lines = ["mine:", '  about: "m"', "  set:", "    step_rate: 0.3"]
    text = desk.text()
    block = "\nhypotheses:  # rivals\n\n    # first\n    other: {about: o, set: {step_rate: 0.2}}\n"
    assert with_hypothesis(text + block, "mine", lines).count("    mine:\n") == 1
    first = text + "\nhypotheses: {other: {about: o, set: {step_rate: 0.2}}}\n"
    assert with_hypothesis(first, "mine", lines) == ""


@pytest.mark.parametrize("name", ["", "1a", "a b", "a\n", "x: {", "é", "a" * 65])
def test_a_name_that_cannot_be_is_refused(client: TestClient, name: str) -> None:
    assert client.post("/api/save", json={"levers": {}, "name": name}).status_code == 422


def test_pull_of_needs_the_levers(desk: Desk) -> None:
    assert desk.bench is not None
    with pytest.raises(LeverError, match="characters"):
        pull_of(desk.bench.levers, "p.step_rate=0." + "3" * 30_000)
