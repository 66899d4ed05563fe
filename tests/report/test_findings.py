"""Titles are computed from the data: another world, another title."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from tests.report import synthetic
from tightrope.report import sections as s
from tightrope.report.blocks import Bullets, Figure
from tightrope.report.charts.choice import REST, WHOLE, steps_of
from tightrope.report.page import render_report, sections_of
from tightrope.report.text import MINUS
from tightrope.report.views.boxes import box_title
from tightrope.report.views.choice import choice_title
from tightrope.report.views.claims import claims_view, flags_of, shares_title, summary
from tightrope.report.views.evidence import evidence_title, evidence_view, telling
from tightrope.report.views.fans import fan_title
from tightrope.report.views.headline import headline_title
from tightrope.report.views.hindcasts import reliability_title, skill_title
from tightrope.report.views.ledger import ledger_title
from tightrope.report.views.matrix import matrix_title
from tightrope.report.views.parameters import ratio_title
from tightrope.report.views.plane import plane_title, plane_view
from tightrope.report.views.policy import policy_title, printable
from tightrope.report.views.price import price_title
from tightrope.report.views.questions import means_title, misses_title
from tightrope.report.views.timeline import most_surprising, wide


def test_fan_title_gives_the_last_date() -> None:
    title = fan_title(synthetic.fan("it came", 0.1)).replace("\u00a0", " ")
    assert title == (
        "That it came by 1 July 2031 has a probability of 10 % (95 % of draws: 3.0–21 %); "
        "the outside view says 18 %."
    )


def test_plane_title_says_where_the_record_went_and_where_play_leads() -> None:
    plane = synthetic.plane()
    assert plane_title(plane).replace("\u2212", "-") == (
        "From 1996Q1 to 2025Q2 closeness to Alda rose from 0 to 0.50 and openness fell from 1 to 0; from "
        "there play leads +0.010 across and +0.050 up within a year."
    )
    back = plane.stays.assign(x=[0.0, 0.25, 0.25, 0.0])
    assert "closeness to Alda stands at 0 as at first" in plane_title(replace(plane, stays=back))
    still = plane.drifts.assign(dx=0.004)
    assert "play leads nowhere across" in plane_title(replace(plane, drifts=still))


def test_an_uncertified_plane_has_the_path_and_no_movement() -> None:
    section = plane_view(synthetic.plane(certified=False))
    (figure,) = [b for b in section.blocks if isinstance(b, Figure)]
    assert figure.more == ()
    assert "play leads" not in figure.title
    assert not {"dx", "ends"} & {name for rows in figure.spec["datasets"].values() for name in rows[0]}
    assert "not certified" in str(section.blocks[1])


def test_evidence_title_says_first_whether_strategy_wins() -> None:
    title = evidence_title(synthetic.evidence()).replace("\u2212", "-")
    assert title == (
        "The game (article) against what is not strategic: markov_chain loses by 24.8 nats, logit is "
        "unresolved; of 2 rival readings the record decides empire (-3.2 nats)."
    )


def test_a_lead_that_is_only_bounded_is_a_lead() -> None:
    found = synthetic.evidence()
    factors = found.factors.copy()
    factors["least"] = [12.3 if name == "logit" else None for name in factors["name"]]
    factors.loc[factors["name"] == "logit", "verdict"] = "unresolved"
    title = evidence_title(replace(found, factors=factors))
    assert "logit loses by at least 12.3 nats (19 times in 20), by how many is unresolved" in title


def test_a_factor_below_one_nat_is_no_finding_and_has_no_number() -> None:
    section = evidence_view(synthetic.evidence())
    (table,) = [b for b in section.blocks if getattr(b, "id", "") == "evidence-table"]
    said = {row[0].lines[0].text: [line.text for line in row[-1].lines] for row in table.rows}  # type: ignore[union-attr]
    assert said["absorption"] == ["no finding"]
    assert said["empire"] == ["disfavoured", "\u22123.2 nats"]
    assert said["logit"][:2] == ["unresolved", "+2.1 and +1.9 by the two estimates"]
    assert said["article"] == ["the others stand against article"]
    switches = next(b for b in section.blocks if getattr(b, "id", "") == "evidence-switches")
    assert [row[1].lines[0].text for row in switches.rows] == ["\u22122.2 ± 0.3", "\u2013", "\u2013"]  # type: ignore[union-attr]
    spreads = next(b for b in section.blocks if getattr(b, "id", "") == "evidence-spreads")
    assert [row[2].lines[0].text for row in spreads.rows] == ["\u22122.1", "\u2013", "\u221221.3"]  # type: ignore[union-attr]
    assert [line.text for line in spreads.rows[2][3].lines] == [  # type: ignore[union-attr]
        "unresolved", "behind by at least 17.9 nats, 19 times in 20",
    ]  # fmt: skip


def test_the_most_telling_periods_are_told_once_each_with_their_events() -> None:
    evidence = synthetic.evidence()
    most = telling(evidence)
    assert list(most["period"].iloc[:2]) == ["2020Q3", "2011Q1"]
    assert most["period"].is_unique
    rest = evidence.quarters[~evidence.quarters["period"].isin(most["period"])]
    assert rest["nats"].abs().max() <= most["nats"].abs().min()
    (told,) = [b for b in evidence_view(evidence).blocks if isinstance(b, Bullets) and "telling" in b.title]
    items = told.items
    assert items[0][0].text == "2020Q3: 2.50 nats against empire."
    assert any(line.href.startswith("https://example.org") for line in items[0])


def test_a_waterfall_starts_where_the_last_part_stopped_and_ends_at_the_whole() -> None:
    choice = synthetic.choice()
    bars = steps_of(choice.split).set_index("part")
    assert list(bars.index) == ["support", "stability", "at merged", REST, WHOLE]
    parts = bars.drop(WHOLE)
    assert list(parts["start"].iloc[1:]) == pytest.approx(list(parts["stop"].iloc[:-1]))
    assert parts["stop"].iloc[-1] == pytest.approx(bars.loc[WHOLE, "both"])
    assert bars.loc[WHOLE, "both"] == pytest.approx(choice.split["both"].sum())
    assert bars.loc[REST, "both"] == pytest.approx(-0.004)
    title = choice_title(choice).replace("\u00a0", " ").replace("\u2212", "-")
    assert title == (
        "The patron would choose squeeze (46 %) rather than aid (38 %), most moved to it by support (+0.70), "
        "most held back by stability (-0.90)."
    )


def test_price_title_counts_states_without_a_price() -> None:
    price = synthetic.price()
    assert price_title(price).replace("\u2212", "-") == (
        "No price suits both in 207 of 216 states; the gap is smallest where regime is crisis and "
        "confrontation is low (-6.00), largest at secure and high (8.00)."
    )
    assert price_title(replace(price, positive=216)).startswith("No price suits both in any of 216 states")
    assert price_title(replace(price, positive=0)).startswith("Some price suits both in each of 216 states")


def test_box_title_is_about_draws_that_the_box_did_not_see() -> None:
    title = box_title(synthetic.box()).replace("\u00a0", " ")
    assert title == (
        "Of draws that it was not found on, 37 % in the box show feared > 0.9, against 20 % without a box; "
        "it rests on ally_defence."
    )
    assert "was not tried" in box_title(synthetic.box(density=float("nan")))
    unsure = synthetic.box().limits.assign(by_chance=True)
    assert "rests on no limit that is beyond chance" in box_title(synthetic.box(limits=unsure))


def test_five_most_surprising_periods_in_order() -> None:
    worst = most_surprising(synthetic.timeline())
    assert worst.iloc[0]["period"] == "2020Q3"
    assert worst["surprise"].is_monotonic_decreasing
    assert len(worst) == 5
    rest = synthetic.periods().set_index("period").drop(worst["period"])
    assert rest["surprise"].max() <= worst["surprise"].min()


def test_wide_record_says_what_was_held_by_default() -> None:
    timeline = synthetic.timeline()
    table = wide(timeline).set_index("period")
    for row in timeline.coded.to_dict("records"):
        assert table.loc[row["period"], row["label"]] == row["level"] + ("" if row["observed"] else "*")


def test_ledger_title_counts() -> None:
    ledger = synthetic.ledger()
    assert "feared a merger; it never came." in ledger_title(ledger)
    came = ledger.outcomes.copy()
    came.loc[0, "count"] = 1
    assert ledger_title(replace(ledger, outcomes=came)).endswith("it came once.")


def test_means_title_names_the_winner_whoever_it_is() -> None:
    rows = [
        ("all", "game", 21, 0.41, 1.2),
        ("all", "Markov chain", 21, 0.38, 1.1),
        ("all", "persistence", 21, 0.4, 1.1),
    ]
    means = pd.DataFrame(rows, columns=["group", "forecaster", "n", "brier", "log_score"])
    assert means_title("all", means) == (
        "On 21 questions (all) the best Brier score is that of Markov chain (0.380); "
        "the game is number 3 of 3 (0.410)."
    )
    better = means.assign(brier=[0.1, 0.38, 0.4])
    assert means_title("all", better).endswith("that of game (0.100), before Markov chain (0.380).")


def test_misses_title_counts_wrong_sides() -> None:
    questions = synthetic.questions()
    asked = questions.questions[questions.questions["answerable"].astype(bool)]
    game = questions.forecasts[questions.forecasts["forecaster"] == "game"].set_index("id")
    wrong = n = 0
    for row in asked.to_dict("records"):
        forecast = game.loc[row["id"]]
        if row["resolution"] != "open" and forecast["certified"]:
            n += 1
            wrong += (forecast["probability"] > 0.5) != (row["resolution"] == "yes")
    assert f"wrong side on {wrong} of {n} resolved" in misses_title(questions, asked)


def test_skill_title_names_winners_by_horizon_and_doubts_the_game() -> None:
    part = synthetic.hindcasts().skill
    part = part[part["group"] == "all states"].copy()
    part["best"] = False
    part.loc[(part["forecaster"] == "Markov chain") & (part["horizon"] < 8), "best"] = True
    part.loc[(part["forecaster"] == "pooled") & (part["horizon"] >= 8), "best"] = True
    part["log_lower"] = -0.1
    title = skill_title("all states", part, "quarter")
    assert title == (
        "On all states, the lowest log score is that of Markov chain at 1, 2 and 4; pooled at 8 and 20 "
        "quarters ahead; the game beats the Markov chain beyond doubt at no horizon."
    )
    part.loc[(part["forecaster"] == "game") & (part["horizon"] == 8), "log_lower"] = 0.01
    assert skill_title("all states", part, "quarter").endswith("beyond doubt at 8.")


def test_reliability_title_names_the_least_miscalibrated() -> None:
    parts = synthetic.hindcasts().decompositions
    parts = parts[parts["group"] == "all moves"].copy()
    parts["miscalibration"] = [0.02, 0.01, 0.03]
    title = reliability_title("all moves", parts, horizon=4, unit="quarter")
    assert (
        "(150 cases) the least miscalibrated is pooled (0.010); the game's miscalibration is 0.020." in title
    )


def test_matrix_title_counts_named_ablations_that_break() -> None:
    rows = [
        ("C01", "no_belief", "reference", "breaks", True), ("C01", "no_risk", "reference", "breaks", False),
        ("C02", "no_belief", "reference", "breaks", False), ("C02", "no_risk", "reference", "holds", True),
    ]  # fmt: skip
    cells = pd.DataFrame(rows, columns=["claim", "ablation", "at", "result", "named"])
    assert matrix_title(cells) == (
        "1 of 2 named ablations break their claim at the reference; no_belief breaks most (2 claims)."
    )


def test_claims_are_all_accounted_for() -> None:
    claims = synthetic.claims().claims
    assert summary(claims).startswith("Of 32 claims, 4 can't be tested. Of the other 28,")
    fit = claims["share_fit"].dropna().astype(float)
    assert f"{int((fit > 0.5).sum())} of 28 claims hold in most posterior draws" in shares_title(claims)
    assert flags_of("works prior_only") == ("works", "prior only")


def test_margins_and_how_strongly_the_record_disagrees_are_told() -> None:
    full = synthetic.claims()
    row = full.claims.iloc[:1].assign(margin_reference=0.1234, margin_fit=-2.5)
    shares = pd.DataFrame(
        [
            ("C01", "aid", 2, 20, 0.02, 0.29, "majority", False, "beyond chance"),
            ("C01", "ask", 5, 10, 0.22, 0.78, "majority", False, None),
        ],
        columns=[c.name for c in s.TABLES["shares"]],
    )
    claims = s.Claims(claims=row, shares=shares, quantities=full.quantities.iloc[:0])
    html = str(claims_view(claims).blocks[0])
    assert "margin +0.12" in html
    assert f"margin {MINUS}2.5" in html
    assert "expected majority; against the claim, beyond chance" in html
    assert "expected majority; neither way" in html


def test_parameters_title_counts() -> None:
    table = synthetic.parameters().parameters
    ratios = table["sd_ratio"].dropna().astype(float)
    assert ratio_title(table) == (
        f"The record informs {(ratios < 0.8).sum()} of {len(ratios)} free parameters; "
        f"it says nothing about {(ratios > 0.95).sum()}."
    )


def test_policy_title_looks_where_the_record_stood() -> None:
    rows = synthetic.policy().policy
    part = rows[rows["slice"] == rows["slice"].iloc[0]]
    certified = part[part["certified"].astype(bool)]
    state = certified.loc[certified["visited"].astype(int).idxmax(), "state"]
    assert f"in {state}, where the record stood" in policy_title("x", part)
    unsure = part.assign(certified=False)
    assert policy_title("x", unsure) == "Alda, x: not certified."
    assert set(printable(unsure)["probability"]) == {"not certified"}


def _sparse() -> s.Report:
    """Sections at the edge of empty: one of each thing, and every optional thing left out."""

    def none(name: str) -> pd.DataFrame:
        return pd.DataFrame(columns=[c.name for c in s.TABLES[name]])

    def first(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.iloc[:1]

    full = synthetic.claims()
    questions, ledger, matrix = synthetic.questions(), synthetic.ledger(), synthetic.matrix()
    periods = synthetic.periods(3).assign(surprise=float("nan"))
    coded = synthetic.coded(periods)
    fixed = synthetic.parameters().parameters.iloc[:1]
    return s.Report(
        title="Sparse",
        case="sparse",
        judgement=s.Judgement(live=first(synthetic.judgement().live).assign(certified=False)),
        fans=s.Fans(fans=()),
        timeline=s.Timeline(periods=periods, coded=coded[coded["kind"] == "state"]),
        claims=s.Claims(claims=full.claims.iloc[9:10], shares=none("shares"), quantities=none("quantities")),
        matrix=s.Matrix(cells=first(matrix.cells), ablations=first(matrix.ablations)),
        policy=s.Policy(policy=none("policy")),
        questions=s.Questions(
            questions=questions.questions[~questions.questions["answerable"].astype(bool)],
            forecasts=none("forecasts"),
            means=none("means"),
        ),
        hindcasts=s.Hindcasts(
            skill=none("skill"),
            skill_targets=none("skill_targets"),
            curves=none("curves"),
            decompositions=none("decompositions"),
            standing=none("standing"),
            beside=none("beside"),
        ),
        ledger=s.Ledger(
            event="a merger", fears=first(ledger.fears), outcomes=none("outcomes"), scores=none("scores")
        ),
        parameters=s.Parameters(parameters=fixed),
        diagnostics=s.Diagnostics(checks=none("checks")),
        provenance=s.Provenance(versions=none("versions"), sources=none("sources"), timings=none("timings")),
        watch=s.Watch(watch=none("watch")),
    )


def test_headline_title_says_from_what_to_what_and_where_it_turns() -> None:
    assert headline_title(synthetic.headline()) == (
        "A headline raises the chance of a merger from 0.32 % to 0.64 %; at a hit rate of 43 % it would say "
        "nothing."
    )
    assert "lowers" in headline_title(synthetic.headline(after=0.001))
    assert "leaves" in headline_title(synthetic.headline(after=0.0032))


def test_sparse_report_still_renders() -> None:
    html = render_report(_sparse())
    assert "no claims" not in html
    assert re.findall(r"\b(nan|None|NaN)\b", html.split('<script type="application/zlib"')[0]) == []


def test_empty_questions_and_claims_do_not_break_the_page() -> None:
    empty = pd.DataFrame(columns=[c.name for c in s.TABLES["live"]])
    report = replace(_sparse(), judgement=s.Judgement(live=empty))
    assert "No live question was asked." in render_report(report)


@pytest.mark.parametrize("make", [synthetic.report, _sparse])
def test_every_chart_has_a_finding_for_its_title(make: Callable[[], s.Report]) -> None:
    report = make()
    titles = [b.title for section in sections_of(report) for b in section.blocks if isinstance(b, Figure)]
    assert len(titles) == len(set(titles))
    assert all(any(c.isdigit() for c in title) or "one" in title or "No " in title for title in titles)
