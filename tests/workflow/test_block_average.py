"""Evidence averaged over how blocks may be read, against each combination weighed by itself."""

from __future__ import annotations

from itertools import combinations as combine
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp

from tests.workflow.small import silent, small_case
from tests.workflow.test_coding import COLUMNS, MORE
from tests.workflow.test_compare import FEW, HYPOTHESES
from tightrope.argument.comparison import Standing
from tightrope.case.schema import Record
from tightrope.fit.readings import Effort
from tightrope.fit.weighing import Weighing
from tightrope.forecast.chain_evidence import Amount
from tightrope.record.coding import CodedRecord
from tightrope.workflow import block_average, compare_case, compare_variants, not_strategic, readings
from tightrope.workflow.block_average import AVERAGE, average_rivals, combinations, mixture
from tightrope.workflow.coding import Coding
from tightrope.workflow.compare_text import compare_text
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.not_strategic import both, rival_data, rival_standings
from tightrope.workflow.opening import session_of

AMOUNT = Amount(draws=2000, repeats=2)
WEIGHING = Weighing(repeats=2, pilots=1, draws=500, chains=2, warmup=100, kept=200, proposals=200)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_case(tmp_path_factory.mktemp("blocks") / "small", edits={COLUMNS: COLUMNS + MORE})
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    (folder / "case.yaml").write_text(text + HYPOTHESES, encoding="utf-8")
    (folder / "second.csv").write_bytes((folder / "record.csv").read_bytes())
    return folder


def record_of(material: Material) -> Record:
    assert material.case.record is not None
    return material.case.record


def test_every_way_to_read_the_blocks_has_the_product_of_its_weights(case: Path) -> None:
    found = combinations(record_of(load_material(case)), Coding())
    assert {blocks: weight for weight, blocks in found} == pytest.approx(
        {
            (): 0.6 * 0.6,
            ("silence=pressed",): 0.6 * 0.4,
            ("customs=late",): 0.3 * 0.6,
            ("customs=late", "silence=pressed"): 0.3 * 0.4,
            ("customs=never",): 0.1 * 0.6,
            ("customs=never", "silence=pressed"): 0.1 * 0.4,
        }
    )
    assert [weight for weight, _ in found] == sorted((w for w, _ in found), reverse=True)


def test_a_case_with_very_many_blocks_gives_the_heaviest_ways_at_once(case: Path) -> None:
    """Fifty blocks of two readings have 2^50 combinations; the heaviest differ from print in few blocks."""
    record = record_of(load_material(case))
    silence = record.blocks["silence"].readings["pressed"]
    weights = {f"b{k}": 0.01 + 0.002 * k for k in range(50)}
    blocks = {
        name: record.blocks["silence"].model_copy(
            update={"readings": {"other": silence.model_copy(update={"weight": weight})}}
        )
        for name, weight in weights.items()
    }
    found = combinations(record.model_copy(update={"blocks": blocks}), Coding())
    assert len(found) == block_average.MOST
    printed = float(np.prod([1.0 - w for w in weights.values()]))
    odds = {name: w / (1.0 - w) for name, w in weights.items()}
    few = [
        printed * float(np.prod([odds[name] for name in chosen]))
        for size in range(4)
        for chosen in combine(odds, size)
    ]
    assert [w for w, _ in found[:100]] == pytest.approx(sorted(few, reverse=True)[:100])


def test_a_reading_that_was_asked_for_is_not_averaged_over(case: Path) -> None:
    found = combinations(record_of(load_material(case)), Coding(blocks=("customs=late",)))
    assert [blocks for _, blocks in found] == [("customs=late",), ("customs=late", "silence=pressed")]
    assert [weight for weight, _ in found] == pytest.approx([0.6, 0.4])


def test_what_no_game_explains_is_left_out_and_the_rest_make_one(case: Path) -> None:
    """`union` never falls, and in `never` it does."""
    material = load_material(case)
    mixed = mixture(material)
    assert mixed is not None
    assert mixed.weights == pytest.approx(np.array([0.36, 0.24, 0.18, 0.12]) / 0.9)
    assert mixed.covered == pytest.approx(0.9)
    assert material.coded is not None
    for name, table in material.coded.weights.items():
        assert np.array_equal(mixed.records[0].weights[name], table)


def test_only_the_heaviest_are_looked_at_where_there_are_too_many(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_average, "MOST", 2)
    mixed = mixture(load_material(case))
    assert mixed is not None
    assert mixed.weights == pytest.approx(np.array([0.6, 0.4]))
    assert mixed.covered == pytest.approx(0.6)


def test_one_way_to_read_the_record_leaves_nothing_to_average(tmp_path: Path) -> None:
    assert mixture(load_material(small_case(tmp_path / "small"))) is None


@pytest.mark.long
def test_rivals_have_the_average_of_what_each_combination_gives_them(tmp_path: Path) -> None:
    """Half of the rows may be read otherwise, so that the average lies well off the printed codes."""
    wide = MORE.replace("first: 2002H1, code: press", "first: 2001H1, last: 2003H2, code: press")
    assert wide != MORE
    case = small_case(tmp_path / "small", edits={COLUMNS: COLUMNS + wide})
    (case / "second.csv").write_bytes((case / "record.csv").read_bytes())
    material = load_material(case)
    mixed = mixture(material)
    assert mixed is not None

    def standings(record: CodedRecord | None) -> dict[str, Standing]:
        found = both(material, record, amount=AMOUNT, weighing=WEIGHING, seed=5)
        return {s.name: s for s in rival_standings({k: rival_data(v) for k, v in found.items()})}

    apart = [standings(record) for record in mixed.records]
    with session_of(case, quick=True, out=tmp_path / "runs", notice=silent) as session:
        beside = list(standings(material.coded).values())
        moved = average_rivals(session, beside, mixed, amount=AMOUNT)
    assert [s.name for s in moved] == ["markov_chain", "logit"]
    for now in moved:
        for which in ("first", "second"):
            each = np.array([getattr(one[now.name], which).log_evidence for one in apart])
            exact = float(logsumexp(each, b=mixed.weights))
            assert getattr(now, which).log_evidence == pytest.approx(exact, abs=0.1), (now.name, which)
            assert np.ptp(each) > 0.5, "the blocks should matter"


@pytest.mark.long
def test_the_command_tells_the_average_beside_each_block(case: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readings, "SHORT", Effort(climbs=1, steps=15, weighing=FEW, share=5))
        patch.setattr(not_strategic, "WEIGHING", FEW)
        patch.setattr(compare_variants, "WEIGHING", FEW)
        patch.setattr(compare_variants, "AMOUNT", Amount(200, 2))
        patch.setattr(not_strategic, "Amount", lambda: Amount(200, 2))
        wanted = {"readings": ("no_threat",), "variants": True, "quick": True}
        data = compare_case(case, **wanted, out=case.parent / "runs", notice=silent).data
    rows = {(r["coding"], r["name"]): r for r in data["variants"] if "refused" not in r}
    assert {coding for coding, _ in rows} == {"customs=late", "silence=pressed", "second", AVERAGE}
    row = rows[AVERAGE, "no_threat"]
    assert (row["combinations"], row["covered"]) == (4, pytest.approx(0.9))
    assert row["printed"] == rows["customs=late", "no_threat"]["printed"]
    text = compare_text(data)
    assert AVERAGE in text
    assert "90 % of the coder's weight" in text
