"""Other codings of the record: read as they should be, refused with a near match, told, never mixed up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.workflow.small import section, silent, small_case
from tightrope.record.likelihood import value_only
from tightrope.runs import read_run
from tightrope.workflow import run_case, solve_case
from tightrope.workflow.coding import Coding, NoRecord, UnknownCoding, read_record
from tightrope.workflow.material import Material, load_material

COLUMNS = "  columns: {union: union, threat: threat, patron: north, client: south}\n"
MORE = """  codings: {second: second.csv}
  blocks:
    customs:
      about: When the customs union bound.
      readings:
        late: {weight: 0.3, set: [{column: union, first: 2001H2, last: 2002H1, code: apart}]}
        never: {weight: 0.1, set: [{column: union, first: 2004H1, last: 2004H2, code: apart}]}
    silence:
      about: Whether the North pressed in secret.
      readings:
        pressed: {weight: 0.4, set: [{column: patron, first: 2002H1, code: press}]}
"""
THREAT = [[0.9, 0.1], [0.2, 0.8]]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_case(tmp_path_factory.mktemp("codings") / "small", edits={COLUMNS: COLUMNS + MORE})
    rows = (folder / "record.csv").read_text(encoding="utf-8")
    second = rows.replace("2002H1,customs,low,hold,stall", "2002H1,customs,high,press,concede")
    assert second != rows
    (folder / "second.csv").write_text(second, encoding="utf-8")
    columns = {"threat": {"levels": ["low", "high"], "kernel_symmetrised": THREAT}}
    (folder / "reliability.json").write_text(json.dumps({"columns": columns}), encoding="utf-8")
    return folder


def material(case: Path, coding: str = "", *blocks: str, error: str = "") -> Material:
    return load_material(case, coding=Coding(coding, blocks, error))


def weights(case: Path, coding: str = "", *blocks: str, error: str = "") -> dict[str, np.ndarray]:
    coded = material(case, coding, *blocks, error=error).coded
    assert coded is not None
    return dict(coded.weights)


def test_the_case_as_printed_has_nothing_to_tell(case: Path) -> None:
    record = material(case).record
    assert record is not None
    assert (record.key, record.notes) == ({}, ())


def test_a_second_coding_is_read_as_if_it_were_the_record(case: Path, tmp_path: Path) -> None:
    """By its name, as a file, or as the record of another case: the same evidence and likelihood."""
    other = shutil.copytree(case, tmp_path / "small")
    shutil.copy(other / "second.csv", other / "record.csv")
    found = [material(case, "second"), material(case, str(case / "second.csv")), material(other)]
    named, by_file = found[0].record, found[1].record
    assert named is not None
    assert by_file is not None
    assert named.key == by_file.key != {}
    theta = np.array([parameter.value for parameter in found[0].case.parameters.values()])
    values = {float(value_only(one.evidence, theta).value) for one in found}
    assert len(values) == 1
    assert values != {float(value_only(material(case).evidence, theta).value)}
    assert named.notes == ("The record is the coding second (second.csv), not the case's own (record.csv).",)


def test_a_reading_of_a_block_changes_its_own_rows(case: Path) -> None:
    plain, late = weights(case), weights(case, "", "customs=late")
    changed = {
        (name, int(row)) for name in plain for row in np.flatnonzero((plain[name] != late[name]).any(1))
    }
    assert changed == {("union", 3), ("union", 4)}
    assert late["union"][3:5].tolist() == [[1, 0, 0], [1, 0, 0]]
    both = material(case, "", "customs=late", "silence=pressed")
    assert both.record is not None
    assert both.record.key == {"blocks": {"customs": "late", "silence": "pressed"}}
    assert [note.split(" (")[0] for note in both.record.notes] == [
        "Block customs is read as late",
        "Block silence is read as pressed",
    ]


def test_measurement_error_spreads_the_weights_through_the_coders_confusion(case: Path) -> None:
    plain, soft = weights(case, "second"), weights(case, "second", error="reliability.json")
    np.testing.assert_allclose(soft["threat"], plain["threat"] @ np.array(THREAT).T, atol=1e-15)
    for name in ("union", "north", "south"):
        assert np.array_equal(soft[name], plain[name])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"coding": "secnd"}, ["--coding secnd", "did you mean second?"]),
        ({"coding": "nowhere/zzz.csv"}, ["no such file", "there is second"]),
        ({"blocks": ("custom=late",)}, ["no block 'custom'", "did you mean customs?"]),
        ({"blocks": ("customs=lat",)}, ["no reading 'lat'", "did you mean late?"]),
        ({"blocks": ("customs",)}, ["write BLOCK=READING", "customs=late, customs=never"]),
        ({"blocks": ("customs=late", "customs=never")}, ["already read as late"]),
        ({"blocks": ("zzz=a", "silence=loud")}, ["there are customs, silence", "silence=pressed"]),
        ({"measurement_error": "reliabilty.json"}, ["did you mean reliability.json?"]),
    ],
)
def test_what_is_not_there_is_refused_with_a_near_match(
    given: dict[str, Any], words: list[str], case: Path
) -> None:
    with pytest.raises(UnknownCoding) as caught:
        load_material(case, coding=Coding(**given))
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"columns": {}}, "no kernel for any of the columns union, threat"),
        (
            {"columns": {"threat": {"levels": ["low", "highest"], "kernel_symmetrised": THREAT}}},
            "does not fit",
        ),
        ({"columns": {"threat": {"levels": ["low"], "kernel_symmetrised": THREAT}}}, "does not fit"),
    ],
)
def test_errors_that_do_not_fit_the_record_are_refused(
    content: dict[str, Any], words: str, case: Path, tmp_path: Path
) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UnknownCoding, match=words):
        material(case, error=str(file))


def test_a_ladder_that_falls_is_refused_by_name_and_period(case: Path) -> None:
    with pytest.raises(UnknownCoding, match="union falls in 2004H1"):
        material(case, "", "customs=never")


def test_a_case_without_a_record_has_no_coding_to_choose(tmp_path: Path) -> None:
    bare = small_case(
        tmp_path / "small",
        without=("record", "claims", "quantities", "ablations"),
    )
    folder = load_material(bare).source
    assert read_record(folder, Coding()) is None
    with pytest.raises(NoRecord, match="no coding of it to choose"):
        read_record(folder, Coding("second"))


@pytest.mark.long
def test_each_coding_has_a_run_of_its_own_that_says_so(case: Path, tmp_path: Path) -> None:
    ways: list[dict[str, Any]] = [
        {},
        {"coding": "second"},
        {"blocks": ("customs=late",)},
        {"blocks": ("customs=late", "silence=pressed")},
        {"measurement_error": "reliability.json"},
    ]
    for way in ways:
        said: list[str] = []
        found = solve_case(case, out=tmp_path, quick=True, notice=said.append, **way)
        assert len(said) == len(found.data["warnings"]) == len(way.get("blocks", [None] * len(way)))
        for note in said:
            assert f"Note: {note}" in found.text
    assert len(list(tmp_path.glob("small-*"))) == len(ways)
    again = {"blocks": ("silence=pressed", "customs=late")}
    solve_case(case, out=tmp_path, quick=True, notice=silent, **again)  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("small-*"))) == len(ways)  # the order of blocks makes no other run


@pytest.mark.long
def test_the_report_and_the_manifest_tell_which_record_was_read(case: Path, tmp_path: Path) -> None:
    way: dict[str, Any] = {"coding": "second", "measurement_error": "reliability.json"}
    outcome = run_case(case, out=tmp_path, quick=True, notice=silent, **way)
    manifest, tree = read_run(Path(outcome.data["run"]))
    assert set(manifest["key"]["record"]) == {"coding", "measurement_error"}
    for words in ("the coding second (second.csv)", "as often as two coders differ"):
        assert any(words in text for text in manifest["warnings"])
        assert words in outcome.text
        assert words in section(outcome.data["run"], "judgement")
    record = material(case, "second", error="reliability.json").evidence
    modes = tree["parameters/parameters"]["mode"].values
    likelihood = float(tree["log_likelihood"]["record"].sel(at="mode").sum())
    assert likelihood == pytest.approx(
        float(value_only(record, np.asarray(modes, dtype=float)).value), abs=1e-6
    )
