"""`tightrope ledger`: a file that only grows, rows refused with their lines, nothing lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tightrope.cli import app
from tightrope.forecast.words import mixed_sentences
from tightrope.runs.lock import take_lock

SHIPPED = Path(__file__).parent.parent / "cases" / "russia-belarus"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A copy of the shipped case, to write into."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "case", ignore=shutil.ignore_patterns("fits")))


def run(*arguments: object, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["ledger", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def add(case: Path, *more: str, code: int = 0, made_on: str = "2026-01-05", event: str = "merger") -> Any:
    given = ["--made-on", made_on, "--forecaster", "A. N. Other", "--event", event, "--statement", "It, will"]
    return run("add", case, *given, *more, code=code)


def test_add_appends_one_row_and_leaves_every_byte_before_it(case: Path) -> None:
    file = case / "predictions.csv"
    before = file.read_bytes()
    assert "Added P192" in add(case, "--words", "Very likely", "--table", "icd203").stdout
    after = file.read_bytes()
    assert after.startswith(before)
    added = after[len(before) :]
    assert added == (b'P192,2026-01-05,A. N. Other,other,,"It, will",merger,,,0.875,open,,,\r\n')
    assert "Added P193" in add(case, "--probability", "0.03", "--deadline", "2026-12-31").stdout
    assert list(case.glob(".*")) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--words", "very likly"], "did you mean 'very likely'"),
        (["--probability", "1.2"], "implied_probability: "),
        (["--probability", "0.2", "--words", "likely"], "not both"),
        ([], "needs --probability, --words or --stated"),
        (["--stated", "0.2", "--id", "P001"], "id `P001` is used twice"),
        (["--stated", "0.2", "--leaning", "left"], "no column leaning"),
        (["--stated", "0.2", "--deadline", "2025-01-01"], "before the statement"),
    ],
)
def test_a_faulty_statement_changes_nothing(case: Path, more: list[str], words: str) -> None:
    before = (case / "predictions.csv").read_bytes()
    assert words in add(case, *more, code=2).stderr
    assert "did you mean merger" in add(case, "--stated", "0.2", event="mergr", code=2).stderr
    assert "2026-02-31 is no date" in add(case, "--stated", "0.2", made_on="2026-02-31", code=2).stderr
    assert (case / "predictions.csv").read_bytes() == before


def test_a_statement_is_resolved_by_a_row_of_its_own(case: Path) -> None:
    add(case, "--words", "probable", "--table", "kent")
    before = (case / "predictions.csv").read_bytes()
    said = run("resolve", case, "P192", "no", "--on", "2026-12-31", "--basis", "still two states").stdout
    assert "open -> no, by the new row P192.r1" in said
    assert (case / "predictions.csv").read_bytes().startswith(before)
    again = run("resolve", case, "P192", "no", "--on", "2026-12-31")
    assert "resolved so already" in again.stdout
    run("resolve", case, "P192", "open")
    data = json.loads(run("export", case, "--json").stdout)["statements"]
    assert [row["resolution"] for row in data if row["id"] == "P192"] == ["open"]
    assert len(data) == 192
    assert "did you mean P192" in run("resolve", case, "P1922", "no", "--on", "2026-12-31", code=2).stderr
    assert "without a date" in run("resolve", case, "P192", "yes", code=2).stderr


def test_an_import_keeps_the_sound_rows_and_copies_the_others(case: Path, tmp_path: Path) -> None:
    ledger = case / "predictions.csv"
    header, first = ledger.read_text().splitlines()[:2]
    good = "N{n},2026-01-05,x,analyst,v,s,merger,,,0.4,open,,,"
    rows = [first, good.format(n=1), good.format(n=2).replace("0.4", "4"), good.format(n=3), good.format(n=1)]
    rows += [first.replace("0.5", "0.6"), good.format(n=4).replace("merger", "mergr")]
    file = tmp_path / "new.csv"
    file.write_text("\n".join([header, *rows]))
    given, before = file.read_bytes(), ledger.read_bytes()
    done = run("import", case, file, code=1)
    assert "Added 2 of 7 rows" in done.stdout
    assert "1 were there already" in done.stdout
    for line in (4, 6, 7, 8):
        assert f"new.csv:{line}: " in done.stdout
    assert file.read_bytes() == given
    assert ledger.read_bytes() == before + "".join(good.format(n=n) + "\r\n" for n in (1, 3)).encode()
    aside = tmp_path / "new.refused.csv"
    assert aside.read_text().splitlines() == [header, rows[2], rows[4], rows[5], rows[6]]
    aside.write_text(aside.read_text().replace(",4,", ",0.4,"))
    data = json.loads(run("import", case, aside, "--json", code=1).stdout)
    assert data["added"] == ["N2"]
    assert data["there_already"] == 1
    assert data["refused_rows"].endswith("new.refused.refused.csv")
    run("import", case, file, code=1)
    assert (tmp_path / "new.refused1.csv").exists()


def test_a_broken_ledger_is_refused_row_by_row_and_left_as_it_is(case: Path) -> None:
    file = case / "predictions.csv"
    lines = file.read_text().splitlines()
    lines[3] = lines[3].replace("0.", "7.", 1)
    lines[9] = lines[9].replace(lines[9].split(",")[0], "P001")
    lines[20] = lines[20].replace(",merger,", ",merge,").replace(",leader-exit,", ",leader-exi,")
    file.write_text("\n".join(lines) + "\n")
    before = file.read_bytes()
    for command in (["score", case], ["export", case], ["resolve", case, "P002", "no", "--on", "2020-01-01"]):
        done = run(*command, code=2)
        assert done.stdout == ""
        assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
            "predictions.csv:4",
            "predictions.csv:10",
            "predictions.csv:21",
        ]
    add(case, "--stated", "0.3", code=2)
    assert file.read_bytes() == before


def test_two_writers_do_not_meet(case: Path) -> None:
    before = (case / "predictions.csv").read_bytes()
    with take_lock(case / ".predictions.csv.lock", started="now"):
        assert "is being written by process" in add(case, "--stated", "0.3", code=1).stderr
    assert (case / "predictions.csv").read_bytes() == before
    add(case, "--stated", "0.3")


def test_a_write_that_fails_leaves_the_old_file(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (case / "predictions.csv").read_bytes()

    def full(*_: Any) -> None:
        raise PermissionError(13, "disk is full")

    monkeypatch.setattr("tightrope.runs.files._publish", full)
    add(case, "--stated", "0.3", code=2)
    assert (case / "predictions.csv").read_bytes() == before
    assert sorted(p.name for p in case.glob(".*")) in ([], [".predictions.csv.lock"])


def test_line_ends_and_a_missing_last_one_are_kept(case: Path) -> None:
    file = case / "predictions.csv"
    for end in (b"\n", b"\r\n"):
        bare = end.join(file.read_bytes().splitlines()).rstrip()
        file.write_bytes(bare)
        row = add(case, "--stated", "0.3", "--json").stdout
        name = json.loads(row)["added"][0]["id"].encode()
        assert file.read_bytes().startswith(bare + end + name)
        assert file.read_bytes().endswith(b"open,,," + end)


def test_export_is_the_ledger_and_overwrites_nothing(case: Path, tmp_path: Path) -> None:
    text = (case / "predictions.csv").read_text()
    assert run("export", case).stdout == text
    run("export", case, "--to", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == text
    assert "there already" in run("export", case, "--to", tmp_path / "out.csv", code=2).stderr


def test_scores_say_what_they_rest_on() -> None:
    said = run("score", SHIPPED).stdout
    assert "Not a random sample: searches aimed at speculation" in said
    assert "no sign of skill" in said
    assert "nuclear-hosting  3 of 3  0.467   +0.53" in said
    assert mixed_sentences(said) == ()
    data = json.loads(run("score", SHIPPED, "--by", "kind", "--event", "merger", "--json").stdout)
    kinds = {row["forecaster_kind"]: row for row in data["scores"]}
    assert kinds["all"]["n"] == 97
    assert round(kinds["all"]["brier"], 4) == 0.1883
    assert kinds["all"]["low"] < 0.1883 < kinds["all"]["high"]
    assert (
        "common question"
        in run("score", SHIPPED, "--by", "kind", "--compare", "analyst", "politician").stdout
    )
    assert "did you mean merger" in run("score", SHIPPED, "--event", "mergr", code=2).stderr
    assert "column `leaning`" in run("score", SHIPPED, "--by", "leaning", code=2).stderr


def test_a_case_without_a_ledger_says_so(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["new", str(tmp_path / "demo")]).exit_code == 0
    file = tmp_path / "demo" / "case.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("ledger:")]
    file.write_text("\n".join(lines) + "\n")
    assert "has no ledger" in run("score", tmp_path / "demo", code=2).stderr
