"""A case from a stranger is data: named, measured, laid out apart, and only ever read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.workflow.small import small_case
from tightrope.app import uploads
from tightrope.app.desk import Desk
from tightrope.app.guard import LARGE
from tightrope.case.load import load_case


def check(client: TestClient, text: str, files: dict[str, str] | None = None) -> dict[str, Any]:
    body = json.dumps({"text": text, "files": files or {}})
    answer = client.post("/api/case/check", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other workers lay cases out too: what is left over here is counted in a folder of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def leftovers() -> set[str]:
    return {p.name for p in Path(tempfile.gettempdir()).glob("tightrope-case-*")}


def test_the_served_case_is_given_as_it_is_and_is_sound(client: TestClient, served: Path) -> None:
    text = client.get("/api/case").json()["text"]
    assert text == (served / "case.yaml").read_text(encoding="utf-8")
    assert check(client, text) == {
        "sound": True,
        "case": "small",
        "title": "North and South, an invented alliance",
        "problems": [],
        "count": 0,
    }


def test_an_error_stands_at_its_line_with_a_near_match(client: TestClient, desk: Desk) -> None:
    text = desk.text().replace("support_worth:", "suport_worth:", 1)
    line = 1 + text[: text.index("suport_worth:")].count("\n")
    found = check(client, text)
    assert found["sound"] is False
    used = [p for p in found["problems"] if "support_worth" in p["message"]]
    assert used
    assert any("did you mean suport_worth?" in p["hint"] for p in used)
    assert all(p["path"] == "case.yaml" and p["line"] != line for p in used)
    assert all(p["source"] == text.splitlines()[p["line"] - 1] for p in used)


def test_a_whole_folder_is_checked_as_the_command_checks_it(client: TestClient, tmp_path: Path) -> None:
    folder = small_case(tmp_path / "other")
    files = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir() if p.suffix in (".csv", ".md")}
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    assert check(client, text, files)["sound"] is True
    assert load_case(folder).case.record is not None
    record = load_case(folder).case.record
    assert record is not None
    broken = files | {record.file: files[record.file].replace("press", "pres")}
    found = check(client, text, broken)
    assert any(p["path"] == record.file and p["line"] > 1 for p in found["problems"])
    del broken[record.file]
    assert any("there is no file" in p["message"] for p in check(client, text, broken)["problems"])


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "/etc/x.csv", "a/b/c.csv", "a\\b.csv", "x.py", "x.csv\n", ".hidden.csv", "a/../b.csv",
     "case.yaml/x.csv", "con:x.csv", "x.csv\x00", "é.csv", "x.sh.csv.exe", "a//b.csv", "./a.csv", "evil.yaml",
     "x", ""],
)  # fmt: skip
def test_a_name_that_no_case_has_is_refused_before_anything_is_written(
    client: TestClient, desk: Desk, name: str
) -> None:
    before = leftovers()
    answer = client.post("/api/case/check", json={"text": desk.text(), "files": {name: "a,b\n"}})
    assert answer.status_code == 422
    assert leftovers() == before


def test_too_much_is_refused(client: TestClient, desk: Desk) -> None:
    many = {f"t{k}.csv": "a\n" for k in range(41)}
    assert client.post("/api/case/check", json={"text": "", "files": many}).status_code == 422
    large = {f"t{k}.csv": "a" * 1_000_000 for k in range(5)}
    assert client.post("/api/case/check", json={"text": "", "files": large}).status_code == 422
    assert client.post("/api/case/check", json={"text": "a" * LARGE}).status_code == 413
    assert client.post("/api/case/check", json={"text": "a" * 2_000_001}).status_code == 422


HOSTILE = {
    "an object": "!!python/object/apply:os.system ['touch pwned-by-yaml']",
    "aliases": "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]",
    "depth": "[" * 20_000,
    "nothing": "",
    "nul": "case: a\x00b",
    "two documents": "case: a\n---\ncase: b",
    "a file outside": "case: x\nevents: ../../../../etc/passwd",
    "a long line": "case: " + "x" * 500_000,
    "markup": "case: <script>alert(1)</script>",
    "escape": 'case: "\\Uffffffff"',
}


@pytest.mark.parametrize("what", list(HOSTILE))
def test_hostile_text_is_answered_with_problems(client: TestClient, what: str) -> None:
    before = leftovers()
    found = check(client, HOSTILE[what])
    assert found["sound"] is False
    assert found["problems"]
    assert all("/tmp" not in str(p) and "Traceback" not in str(p) for p in found["problems"])
    assert "root:" not in str(found)
    assert not Path("pwned-by-yaml").exists()
    assert leftovers() == before


def test_text_that_is_no_text_is_refused(client: TestClient) -> None:
    body = json.dumps({"text": "case: \ud800"})
    answer = client.post("/api/case/check", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_an_expression_is_never_code(client: TestClient, desk: Desk) -> None:
    for code in (
        "__import__('os').system('true')",
        "(lambda: 0)()",
        "open('/etc/passwd')",
        "a.__class__",
        "9**9**9**9",
    ):
        text = desk.text() + f'\nquantities_: 1\ndefine_: "{code}"\n'
        assert check(client, text)["sound"] is False
        inside = desk.text().replace("define:", f'define:\n  evil: "{code}"', 1)
        assert check(client, inside)["sound"] is False


def test_a_link_in_the_served_folder_is_not_followed(tmp_path: Path) -> None:
    folder = small_case(tmp_path / "case")
    secret = tmp_path / "secret.csv"
    secret.write_text("id\n1\n", encoding="utf-8")
    loaded = load_case(folder)
    events = loaded.case.events
    assert events is not None
    (folder / events).unlink()
    (folder / events).symlink_to(secret)
    with uploads.laid_out((folder / "case.yaml").read_text(encoding="utf-8"), {}, beside=loaded) as made:
        assert not (made / events).exists()
        assert (made.stat().st_mode & 0o077) == 0
    assert not made.exists()
