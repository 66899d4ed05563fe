"""A made-up report about two made-up countries, of the size of a real one. No number here means anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tightrope.report import sections as s

STATES = {
    "union": ("Union", ["loose", "treaty", "market", "currency"]),
    "defence": ("Defence", ["allied", "integrated", "based"]),
    "exports": ("Export routes", ["diversified", "dependent"]),
    "regime": ("Regime", ["crisis", "shaky", "secure"]),
    "west": ("The others' stance", ["open", "frozen", "sanctions"]),
}
MOVES = {
    "alda": ("Alda", ["hold", "aid", "ask_peripheral", "ask_core", "squeeze", "annex"]),
    "brin": ("Brin", ["stall", "concede_peripheral", "concede_core", "hedge"]),
}
ABLATIONS = [f"no_{word}" for word in (
    "confrontation", "belief", "framing", "memory", "outside_option", "risk", "energy_price",
    "sanctions", "advance_payment", "exchange", "punishment", "prestige",
)]  # fmt: skip
FORECASTERS = ["game", "Markov chain", "persistence", "climatology"]


def periods(n: int = 118) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    names = [f"{1996 + k // 4}Q{k % 4 + 1}" for k in range(n + 1)]
    starts = [f"{1996 + k // 4}-{3 * (k % 4) + 1:02d}-01" for k in range(n + 1)]
    surprise = rng.gamma(2.0, 1.1, n)
    surprise[98 % n] = 14.2
    return pd.DataFrame(
        {
            "period": names[:n],
            "start": starts[:n],
            "end": starts[1:],
            "surprise": surprise,
            "parts": ["regime falls two levels" if k == 98 else "" for k in range(n)],
        }
    )


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for name, (label, levels) in STATES.items():
        rank = 0
        for period in frame["period"]:
            if rng.random() < 0.06:
                rank = int(
                    np.clip(
                        rank + (1 if name in ("union", "defence") else rng.choice([-1, 1])),
                        0,
                        len(levels) - 1,
                    )
                )
            rows.append((period, name, label, "state", levels[rank], rank, True))
    for name, (label, levels) in MOVES.items():
        for period in frame["period"]:
            rank = int(rng.choice(len(levels), p=rng.dirichlet(np.ones(len(levels)))))
            rows.append((period, name, label, "move", levels[rank], rank, bool(rng.random() > 0.2)))
    return pd.DataFrame(rows, columns=["period", "name", "label", "kind", "level", "rank", "observed"])


def judgement(**changes: object) -> s.Judgement:
    rng = np.random.default_rng(3)
    rows = []
    for k in range(12):
        model = [0.0021, 0.012, 0.18, 0.41, 0.33, 0.27, 0.62, 0.05, 0.14, 0.55, 0.22, 0.07][k]
        outside = [0.0038, 0.02, 0.22, 0.5, 0.2, 0.3, 0.7, 0.04, 0.1, 0.6, 0.2, 0.05][k]
        p = 0.9 * model + 0.1 * outside
        spread = rng.uniform(0.2, 0.6)
        rows.append(
            {
                "id": f"L{k + 1:02d}",
                "question": [
                    "Will Brin have stopped being a separate state by the middle of 2031?",
                    "Will Brin have a common currency with Alda by mid-2031?",
                    "Will the stance of the others be open at some quarter start by the end of 2028?",
                    "Will Alda cut energy or trade, or refuse a loan as pressure, by the end of 2028?",
                ][k % 4],
                "deadline": ["2031-06-30", "2028-12-31"][k % 2],
                "probability": p,
                "model": model,
                "lower": p * (1 - spread),
                "upper": min(1.0, p * (1 + spread)),
                "outside": outside,
                "outside_source": "reference class" if k == 0 else "Markov chain",
                "epsilon": 0.1,
                "mark": ["estimated", "calibrated", "assumed"][k % 3],
                "certified": k != 10,
                "criteria": "Yes if that level is printed; promises do not count." if k < 2 else None,
                "pooled": None if k == 7 else 0.5 * model + 0.5 * outside,
                "pooled_how": "none: it joins a terminal" if k == 7 else "game 0.50, Markov chain 0.50",
            }
        )  # fmt: skip
    fields: dict[str, object] = {
        "live": pd.DataFrame(rows),
        "as_of": "2025-07-01",
        "known_until": "2025Q2",
        "confidence": "Low: one crisis quarter carries most of what the record says about crises, and the "
        "Markov chain did better on past questions.",
        "warnings": (
            "The Markov chain beats the game on hindcasts (Brier 0.38 against 0.41 on 21 questions).",
            "One live question rests on solutions without a certificate; no number is printed for it.",
        ),
        "epsilon_why": "Its prior is Beta(1, 9), with mean one in ten.",
        "draws": 96,
    }
    return s.Judgement(**(fields | changes))  # type: ignore[arg-type]


def fan(event: str, top: float, *, certified: bool = True) -> s.Fan:
    days = pd.date_range("2025-07-01", "2031-07-01", freq="QS")
    t = np.linspace(0, 1, len(days))
    mean = top * t
    return s.Fan(
        event=event,
        paths=pd.DataFrame(
            {
                "date": [d.date().isoformat() for d in days],
                "lower95": mean * 0.3, "lower80": mean * 0.5, "lower50": mean * 0.75, "median": mean * 0.95,
                "upper50": mean * 1.2, "upper80": mean * 1.6, "upper95": mean * 2.1,
                "probability": mean, "model": mean * 0.9, "outside": mean * 1.8,
            }
        ),
        epsilon=0.1,
        outside_source="reference class",
        mark="estimated",
        certified=certified,
    )  # fmt: skip


def timeline(**changes: object) -> s.Timeline:
    frame = periods()
    names = list(frame["period"])
    events = pd.DataFrame(
        [
            (p, f"E{k:03d}", frame["start"][i], f"Leaders of Alda and Brin met and announced programme {k}.",
             f"https://example.org/news/{k}", f"Example News {k}")
            for k, (i, p) in enumerate((i, p) for i, p in enumerate(names) for _ in range(1 + i % 2))
        ],
        columns=["period", "id", "date", "summary", "source_url", "source_title"],
    )  # fmt: skip
    fields: dict[str, object] = {
        "periods": frame, "coded": coded(frame), "events": events,
        "evaluated": "at the posterior mode under agnostic priors",
    }  # fmt: skip
    return s.Timeline(**(fields | changes))  # type: ignore[arg-type]


def plane(**changes: object) -> s.Plane:
    drifts = [
        (x, y, 0.02 * (1 - x), 0.1 * (0.5 - y), 0.002 + 0.01 * x, f"union={k}, west={2 - j}")
        for k, x in enumerate((0.0, 0.25, 0.5, 1.0))
        for j, y in enumerate((0.0, 0.5, 1.0))
    ]
    stays = [
        ("1996Q1", "1999Q4", "1996–99", 16, 0.0, 1.0, "union=0, west=0"),
        ("2000Q1", "2010Q2", "2000–10", 42, 0.25, 0.5, "union=1, west=1"),
        ("2010Q3", "2020Q3", "2010–20", 41, 0.25, 1.0, "union=1, west=0"),
        ("2020Q4", "2025Q2", "2020–25", 19, 0.5, 0.0, "union=2, west=2"),
    ]
    fields: dict[str, object] = {
        "stays": pd.DataFrame(stays, columns=[c.name for c in s.TABLES["stays"]]),
        "drifts": pd.DataFrame(drifts, columns=[c.name for c in s.TABLES["drifts"]]),
        "about": "Closeness to Alda against openness to the others.", "across": "closeness to Alda",
        "up": "openness", "low_across": "a loose alliance", "high_across": "a common currency",
        "low_up": "closed", "high_up": "open", "evaluated": "at the posterior mode",
    }  # fmt: skip
    return s.Plane(**(fields | changes))  # type: ignore[arg-type]


def evidence(**changes: object) -> s.Evidence:
    rng = np.random.default_rng(21)
    names = ["article", "empire", "absorption", "markov_chain", "logit"]
    logs = [-431.0, -434.2, -431.3, -455.8, -429.0]
    readings = [
        {
            "name": n, "about": f"Whoever thinks of {n}.", "strategic": k < 3, "parameters": 74 - k,
            "certified": 0.99 if k < 3 else None, "first_how": "importance sampling", "first": logs[k] + 0.05,
            "first_spread": 0.2, "second_how": "bridge sampling" if k < 3 else "closed form",
            "second": logs[k] - 0.05, "second_spread": 0.1 if k < 3 else None, "log_evidence": logs[k],
            "learned": 28.0 + k, "unresolved": "the chains have not met" if n == "logit" else None,
        }
        for k, n in enumerate(names)
    ]  # fmt: skip
    verdicts = ["", "disfavoured", "no finding", "disfavoured", "unresolved"]
    periods_ = list(periods()["period"])
    parts = {n: rng.normal(0.0, 0.1, len(periods_)) for n in names[1:]}
    parts["empire"][98], parts["logit"][60] = -2.5, 1.9
    factors = [
        {"name": n, "other": "article", "log_factor": logs[k] - logs[0], "first": logs[k] - logs[0] + 0.1,
         "second": logs[k] - logs[0] - 0.1, "learning": logs[k] - logs[0] - float(parts[n].sum()),
         "verdict": verdicts[k], "why": "logit: the chains have not met" if n == "logit" else None,
         "least": None}
        for k, n in enumerate(names) if k
    ]  # fmt: skip
    quarters = [(n, p, float(x)) for n in names[1:] for p, x in zip(periods_, parts[n], strict=True)]
    events = timeline().events
    assert events is not None
    fields: dict[str, object] = {
        "readings": pd.DataFrame(readings),
        "factors": pd.DataFrame(factors),
        "quarters": pd.DataFrame(quarters, columns=["name", "period", "nats"]),
        "spreads": pd.DataFrame(
            [(2.0, "empire", -2.1, "disfavoured", None), (2.0, "absorption", 0.4, "no finding", None),
             (2.0, "logit", -21.3, "unresolved", 17.9)],
            columns=[c.name for c in s.TABLES["spreads"]],
        ),
        "codings": pd.DataFrame(
            [("coder2", "empire", -3.2, 1.4, "favoured", True),
             ("thaw=frozen", "empire", -3.2, -3.0, "disfavoured", False)],
            columns=[c.name for c in s.TABLES["codings"]],
        ),
        "events": events[events["period"].isin([periods_[98], periods_[60]])],
        "switches": pd.DataFrame(
            [("memory", -2.2, 0.3, "off is disfavoured"), ("belief", 0.4, 0.1, "no finding"),
             ("annex", float("nan"), None, "too few draws near nought")],
            columns=[c.name for c in s.TABLES["switches"]],
        ),
        "tempered": pd.DataFrame(
            [("article", -431.2, 0.4, 3, "agrees with both")], columns=[c.name for c in s.TABLES["tempered"]]
        ),
        "unit": "quarter", "effort": "Behind each stand 3 climbs.",
        "failed": ("confrontation: it could not be weighed",),
    }  # fmt: skip
    return s.Evidence(**(fields | changes))  # type: ignore[arg-type]


def choice(**changes: object) -> s.Choice:
    options = [
        ("squeeze", 0.46, -4.1, -0.6, -3.5),
        ("aid", 0.38, -4.3, -1.1, -3.2),
        ("annex", 0.0, -9.0, -4, -5),
    ]
    split = [("support", 0.9, -0.2, 0.7), ("stability", -0.1, -0.8, -0.9), ("at merged", 0.0, 0.4, 0.4),
             ("asking", 0.001, -0.001, 0.0), ("rungs", 0.0, -0.004, -0.004)]  # fmt: skip
    fields: dict[str, object] = {
        "options": pd.DataFrame(options, columns=[c.name for c in s.TABLES["options"]]),
        "split": pd.DataFrame(split, columns=[c.name for c in s.TABLES["split"]]),
        "mover": "the patron", "move": "alda", "where": "regime=crisis", "action": "squeeze",
        "against": "aid", "about": "What the argument turns on.", "evaluated": "at the posterior mode",
    }  # fmt: skip
    return s.Choice(**(fields | changes))  # type: ignore[arg-type]


def price(**changes: object) -> s.Price:
    rows = [
        (down, i, across, j, 4.0 * i - 6.0 + 3.0 * j, 4.0 * i - 9.0 + 3.0 * j, 4.0 * i + 3.0 * j, 24,
         3 if i == 0 else 0, i + j)
        for i, down in enumerate(("crisis", "shaky", "secure"))
        for j, across in enumerate(("low", "mid", "high"))
    ]  # fmt: skip
    fields: dict[str, object] = {
        "gaps": pd.DataFrame(rows, columns=[c.name for c in s.TABLES["gaps"]]),
        "end": "Brin stops being a separate state", "patron": "Alda", "client": "Brin",
        "across": "confrontation", "down": "regime", "positive": 207, "states": 216, "at_any_rate": 12,
        "evaluated": "at the posterior mode",
    }  # fmt: skip
    return s.Price(**(fields | changes))  # type: ignore[arg-type]


def box(**changes: object) -> s.Box:
    limits = [("ally_defence", 0.2, float("nan"), 0.4, None, 0.01, False, 0.9, "calibrated", "Bases."),
              ("price_core", 0.3, 1.7, 0.2, 0.95, 0.2, True, None, "assumed", "A side payment.")]  # fmt: skip
    way = [(k, 1 - 0.02 * k, 0.2 + 0.05 * k, 60 - 4 * k, 12, k // 2, k == 6) for k in range(12)]
    fields: dict[str, object] = {
        "limits": pd.DataFrame(limits, columns=[c.name for c in s.TABLES["limits"]]),
        "tradeoff": pd.DataFrame(way, columns=[c.name for c in s.TABLES["tradeoff"]]),
        "outcome": "feared > 0.9", "about": "Merged within 25 periods.", "prior": "agnostic", "draws": 60,
        "share": 0.2, "coverage": 0.41, "density": 0.37,
    }  # fmt: skip
    return s.Box(**(fields | changes))  # type: ignore[arg-type]


def claims() -> s.Claims:
    rng = np.random.default_rng(4)
    rows, shares, quantities = [], [], []
    results = ["holds", "holds", "holds", "fails", "not certified", "undefined"]
    flags = ["works", "works, prior_only", "vacuous", "overdetermined", "fragile", "prior_only", ""]
    for k in range(32):
        name = f"C{k + 1:02d}"
        out = k in (9, 10, 13, 18)
        fit = "untestable" if out else results[int(rng.integers(6))]
        rows.append(
            {
                "id": name,
                "kind": ["descriptive", "causal", "inference", "forecast", "counterfactual"][k % 5],
                "text": ["Alda puts a calm, predictable Brin ahead of further gains there.",
                         "Weakness has not changed what Brin wants or its will to defend it, and this "
                         "shows more as control at home returns.",
                         "A limited shake-up of the regime suited Alda's interests."][k % 3],
                "check": None if out else f"p_aid_{k} > p_ask_{k} + p_squeeze_{k}",
                "reference": "untestable" if out else "holds" if k % 7 else "fails",
                "fit": fit,
                "share_fit": None if out else float(rng.choice([0.0, 0.4, 0.9, 1.0])),
                "share_argument": None if out else float(rng.uniform(0.5, 1)),
                "share_agnostic": None if out else float(rng.uniform(0.2, 1)),
                "draws_fit": 96,
                "flags": "untestable" if out else flags[k % len(flags)],
                "named": "" if out else ABLATIONS[k % len(ABLATIONS)],
                "needs": ABLATIONS[k % len(ABLATIONS)] if k % 3 == 0 and not out else "",
                "untestable": "The belief is not seen and no crisis quarter lacks framing." if out else None,
                "threshold": None,
                "later": "No ask_core after 2019Q4 and no squeeze after 2020Q1 is coded.",
            }
        )  # fmt: skip
        if k % 2 == 0:
            n = int(rng.integers(5, 40))
            shares.append(
                (
                    name,
                    "stall or hedge | ask_core or squeeze",
                    int(0.7 * n),
                    n,
                    0.4,
                    0.85,
                    "majority",
                    True,
                    None,
                )
            )
        if k % 4 == 0:
            shares.append((name, "aid | west == open", 0, 14, 0.0, 0.23, None, None, None))
        if not out:
            for which in ("aid", "ask"):
                quantities.append(
                    (name, f"p_{which}_{k}", f"P({which}) in crisis", "probability", float(rng.beta(1, 3)),
                     float(rng.beta(1, 3)), 0.05, 0.6, True, fit != "not certified", "calibrated",
                     "estimated" if k % 2 else "calibrated")
                )  # fmt: skip
    return s.Claims(
        claims=pd.DataFrame(rows),
        shares=pd.DataFrame(shares, columns=[c.name for c in s.TABLES["shares"]]),
        quantities=pd.DataFrame(quantities, columns=[c.name for c in s.TABLES["quantities"]]),
        fit_about="posterior mode under agnostic priors",
    )


def matrix() -> s.Matrix:
    rng = np.random.default_rng(5)
    rows = []
    for k in range(28):
        for j, ablation in enumerate(ABLATIONS):
            for at in ("reference", "fit"):
                named = j == k % len(ABLATIONS)
                odds = [0.2, 0.7, 0.03, 0.03, 0.02, 0.02] if named else [0.78, 0.08, 0.06, 0.03, 0.03, 0.02]
                result = rng.choice(
                    ["holds", "breaks", "fails", "changes", "not certified", "undefined"], p=odds
                )
                rows.append((f"C{k + 1:02d}", ablation, at, str(result), named))
    about = [f"{name.replace('_', ' ').capitalize()}: the mechanism is switched off." for name in ABLATIONS]
    return s.Matrix(
        cells=pd.DataFrame(rows, columns=["claim", "ablation", "at", "result", "named"]),
        ablations=pd.DataFrame({"ablation": ABLATIONS, "about": about}),
    )


def policy() -> s.Policy:
    rng = np.random.default_rng(6)
    rows = []
    for name, (label, actions) in MOVES.items():
        for slice_ in ("confrontation low", "confrontation high"):
            order = 0
            for union in ("treaty", "market"):
                for regime in ("crisis", "shaky", "secure"):
                    p = rng.dirichlet(np.full(len(actions), 0.5))
                    visited = int(rng.integers(0, 20)) if regime != "crisis" else 0
                    for rank, action in enumerate(actions):
                        cannot = name == "alda" and action == "annex" and union == "treaty"
                        rows.append(
                            (slice_ + f" ({name})", label, f"{union}, based, {regime}", order, action, rank,
                             float("nan") if cannot else float(p[rank]), visited,
                             (union, regime, slice_) != ("market", "secure", "confrontation high"))
                        )  # fmt: skip
                    order += 1
    columns = ["slice", "mover", "state", "order", "action", "rank", "probability", "visited", "certified"]
    return s.Policy(policy=pd.DataFrame(rows, columns=columns), parameters="at the posterior mode")


def questions() -> s.Questions:
    rng = np.random.default_rng(7)
    rows, forecasts = [], []
    for k in range(35):
        can = k % 7 not in (3, 5)
        resolution = "open" if k in (2, 30) else ("yes" if rng.random() < 0.5 else "no")
        rows.append(
            {
                "id": f"Q{k + 1:02d}",
                "question": "Will Brin have a common currency with Alda, or union bodies over it, by then?",
                "event": "union reaches currency",
                "origin": f"{2018 + k // 6}-05-12",
                "deadline": f"{2020 + k // 6}-06-30",
                "resolution": resolution,
                "answerable": can,
                "reason": None if can else "a signed treaty is not coded",
            }
        )  # fmt: skip
        for name in FORECASTERS if can else ():
            p = float(rng.beta(0.8, 0.8))
            y = {"yes": 1.0, "no": 0.0, "open": float("nan")}[resolution]
            game = name == "game"
            forecasts.append(
                {
                    "id": f"Q{k + 1:02d}", "forecaster": name, "probability": p,
                    "lower": max(0.0, p - 0.1) if game else None,
                    "upper": min(1.0, p + 0.1) if game else None,
                    "brier": (p - y) ** 2,
                    "log_score": float(-np.log(max(p if y == 1 else 1 - p, 0.001))) if y == y else y,
                    "mark": "estimated", "certified": not (game and k == 6),
                }
            )  # fmt: skip
    means = []
    for group, names, n in (
        ("all resolved", [*FORECASTERS, "always 50 %"], 21),
        ("merger only", ["game", "reference class", "always 2 %"], 2),
    ):
        for j, name in enumerate(names):
            b = 0.41 - 0.02 * j if n > 2 else 0.0004 * (j + 1)
            means.append((group, name, n, b, b * 0.7, b * 1.3, 3 * b, 2.2 * b, 3.7 * b))
    return s.Questions(
        questions=pd.DataFrame(rows),
        forecasts=pd.DataFrame(forecasts),
        means=pd.DataFrame(means, columns=[c.name for c in s.TABLES["means"]]),
        interval_how="95 % bootstrap over origins",
        note="These questions were written with hindsight about turning points.",
    )


def hindcasts() -> s.Hindcasts:
    rng = np.random.default_rng(31)
    names = ["game", "game, unfloored", "pooled", "Markov chain", "persistence", "climatology", "logit"]

    def skill(groups: list[str]) -> pd.DataFrame:
        rows = []
        for group in groups:
            for h in (1, 2, 4, 8, 20):
                chain, block = 0.3 + 0.02 * h, 5 if h == 20 else 3
                here = []
                for name in names:
                    if name == "logit" and group != "all moves":
                        continue
                    row: dict[str, object] = {
                        "group": group, "horizon": h, "forecaster": name, "rival": "Markov chain", "n": 25,
                        "cases": 150, "block": block, "effective": 25 / block, "beats": 0.5,
                    }  # fmt: skip
                    for score in ("log", "brier", "ranked"):
                        mine = chain if name == "Markov chain" else chain * rng.uniform(0.85, 1.5)
                        gain = 1 - mine / chain
                        row |= {f"{score}_score": mine, f"{score}_skill": gain}
                        wide = float("nan") if h == 20 else 0.1
                        row |= {f"{score}_lower": gain - wide, f"{score}_upper": gain + wide}
                    if group == "all moves":
                        row |= {f"ranked_{end}": float("nan") for end in ("score", "skill", "lower", "upper")}
                    here.append(row)
                lowest = min(float(str(row["log_score"])) for row in here)
                rows += [row | {"best": row["log_score"] == lowest} for row in here]
        return pd.DataFrame(rows)

    curves, parts = [], []
    for group in ("all states", "all moves"):
        for name in ("game", "pooled", "Markov chain"):
            f = np.sort(rng.random(12))
            frame = pd.DataFrame({"forecast": f, "recalibrated": np.sort(rng.random(12))})
            frame = frame.assign(lower=np.clip(f - 0.1, 0, 1), upper=np.clip(f + 0.1, 0, 1))
            curves.append(frame.assign(group=group, forecaster=name))
            parts.append(
                {"group": group, "forecaster": name, "cases": 150, "brier": 0.1,
                 "miscalibration": rng.uniform(0.01, 0.03), "discrimination": 0.08, "uncertainty": 0.16,
                 "reliability": 0.02, "resolution": 0.08}
            )  # fmt: skip
    return s.Hindcasts(
        skill=skill(["all states", "all moves"]),
        skill_targets=skill(["union", "west"]),
        curves=pd.concat(curves),
        decompositions=pd.DataFrame(parts),
        standing=pd.DataFrame(
            {"forecaster": ["game", "Markov chain"], "n": 21, "updates": 60, "spot_brier": [0.3, 0.38],
             "standing_brier": [0.2, 0.3], "spot_log": [0.9, 1.2], "standing_log": [0.6, 0.9]}
        ),
        beside=pd.DataFrame(
            {"forecaster": ["the ledger's forecasters", "game"], "n": 80, "mean_p": [0.35, 0.03],
             "brier": [0.19, 0.001], "log_score": [0.5, 0.03]}
        ),
        beside_event="a merger",
        origins="25 origins, 1 January 2000 to 1 January 2024",
        known="1999Q4 to 2023Q4",
        unit="quarter",
        source="They were shipped with the case.",
        notes=("The coding scheme and the model were made in hindsight.",),
    )  # fmt: skip


def ledger() -> s.Ledger:
    rng = np.random.default_rng(8)
    years = list(range(1996, 2026))
    fears = rng.poisson(2.2, len(years))
    outcomes = [(y, "merger", 0, True) for y in years]
    outcomes += [(y, "union rose a level", 1, False) for y in (1999, 2015)]
    outcomes += [(y, "defence rose a level", 1, False) for y in (2009, 2022)]
    scores = []
    for event, n, yes, mean, b, c in (
        ("merger", 97, 0, 0.35, 0.188, 0.0004), ("base", 31, 0, 0.3, 0.2, 0.0004),
        ("constitution", 20, 12, 0.5, 0.26, 0.58), ("all", 172, 9, 0.36, 0.254, 0.051),
    ):  # fmt: skip
        scores.append((event, n, yes, mean, b, c, 1 - b / c, 2 * b, 3 * c))
    return s.Ledger(
        event="a merger",
        fears=pd.DataFrame(
            {"year": years, "statements": fears + rng.poisson(1.0, len(years)), "fears": fears}
        ),
        outcomes=pd.DataFrame(outcomes, columns=["year", "outcome", "count", "feared"]),
        scores=pd.DataFrame(scores, columns=[c.name for c in s.TABLES["scores"]]),
        note="The ledger is no random sample: searches were aimed at speculation.",
    )


def headline(**changes: object) -> s.Headline:
    prior, alarm, hit = 0.0032, 6.5 / 15, 3.5 / 4
    hits = np.linspace(0.0, 1.0, 21)

    def after(h: Any) -> Any:
        return h * prior / (h * prior + alarm * (1 - prior))

    leads = pd.DataFrame(
        [(30, "4 of 14", "0 of 3", 0.42, 0.0013), (90, "6 of 14", "3 of 3", 2.02, after(hit))],
        columns=["days", "false", "announced", "ratio", "after"],
    )
    given: dict[str, object] = {
        "hit_curve": pd.DataFrame({"hit_rate": hits, "after": after(hits)}), "leads": leads,
        "event": "a merger", "window": "between 1 July 2025 and 30 June 2031", "before": prior,
        "after": after(hit), "lower": 0.00003, "upper": 0.027, "prior_from": "the reference class",
        "alarm": alarm, "alarm_from": "6 of 14 summits had one.", "hit": hit, "hit_lower": 0.55,
        "hit_upper": 0.999, "hit_from": "Assumed, from 3 of 3 limited steps.",
        "notes": ("The hit rate is an assumption.",),
    }  # fmt: skip
    return s.Headline(**(given | changes))  # type: ignore[arg-type]


def parameters() -> s.Parameters:
    rng = np.random.default_rng(9)
    rows = []
    for k in range(44):
        fixed = k % 9 == 0
        ratio = float(np.clip(rng.beta(6, 1.3) * 1.05, 0.2, 1.1))
        value = float(rng.normal(0, 1))
        rows.append(
            {
                "name": f"cost_of_intervention_{k}", "reference": value,
                "prior": "fixed" if fixed else "normal(0, 1)",
                "prior_lower": None if fixed else -1.64, "prior_median": None if fixed else 0.0,
                "prior_upper": None if fixed else 1.64, "mode": value * 0.9,
                "lower": None if fixed else value - ratio, "upper": None if fixed else value + ratio,
                "sd_ratio": None if fixed else ratio,
                "mark": "estimated" if not fixed and ratio < 0.8 else "calibrated" if k % 2 else "assumed",
                "note": "fixed" if fixed else "the record says nothing about this" if ratio > 0.95 else "",
                "why": "An intervention would cost far more than any loan.",
            }
        )  # fmt: skip
    return s.Parameters(parameters=pd.DataFrame(rows), prior_class="agnostic")


def closing() -> dict[str, object]:
    checks = pd.DataFrame(
        [
            ("equilibrium at the reference", "converged: residual 3.1e-11 after 9 (newton)", True, None),
            ("Pareto shape of the weights", "0.41", True, "above 0.7 the weights are not to be trusted"),
            ("effective draws", "14 of 96", False, "fewer than 20: the Laplace approximation stands in"),
            ("certified draws in forecasts", "95 of 96", None, None),
        ],
        columns=["name", "value", "good", "note"],
    )
    starts = pd.DataFrame(
        [
            ("reference", -412.2, -380.1, 34, "converged"),
            ("prior medians", -412.9, -381.0, 50, "steps used up"),
        ],
        columns=["start", "log_posterior", "log_likelihood", "steps", "ended"],
    )
    solved = pd.DataFrame(
        [("argument", 200, 197), ("agnostic", 200, 181)], columns=["prior_class", "draws", "certified"]
    )
    return {
        "diagnostics": s.Diagnostics(
            checks=checks, starts=starts, solved=solved, warnings=("Two starts disagree by 0.7 nats.",)
        ),
        "provenance": s.Provenance(
            case_hash="3f2a9c1e",
            seed=1,
            command="tightrope run cases/alda-brin --quick",
            made_on="2025-07-02",
            versions=pd.DataFrame([("python", "3.11.9"), ("jax", "0.10.2")], columns=["package", "version"]),
            sources=pd.DataFrame(
                [("events.csv", "Example News archive", "facts; links only", "https://example.org/a"),
                 ("record.csv", "coded by hand", "CC0", None)],
                columns=["file", "source", "licence", "url"],
            ),
            timings=pd.DataFrame(
                [("fit", 81.0, None), ("answers", 0.01, "from the cache"), ("claims", 190.0, None)],
                columns=["step", "seconds", "note"],
            ),
        ),
        "watch": s.Watch(
            watch=pd.DataFrame(
                [("the regime", "A crisis raises aid, lowers asks.", "secure since 2021Q3", "L09"),
                 ("an ask about the core", "None has come since 2019Q4.", "none", None)],
                columns=["indicator", "why", "now", "question"],
            )
        ),
    }  # fmt: skip


def report(**changes: object) -> s.Report:
    fields: dict[str, object] = {
        "title": "Alda and Brin (synthetic)",
        "case": "alda-brin",
        "about": "A made-up report for tests. No number in it means anything.",
        "judgement": judgement(),
        "fans": s.Fans(
            fans=(fan("Brin has merged into Alda", 0.021), fan("the union has a common currency", 0.09))
        ),
        "plane": plane(),
        "timeline": timeline(),
        "evidence": evidence(),
        "claims": claims(),
        "matrix": matrix(),
        "policy": policy(),
        "choice": choice(),
        "price": price(),
        "boxes": s.Boxes(boxes=(box(), box(outcome="C1 fails", density=float("nan"), coverage=float("nan")))),
        "questions": questions(),
        "hindcasts": hindcasts(),
        "ledger": ledger(),
        "headline": headline(),
        "parameters": parameters(),
        **closing(),
    }
    return s.Report(**(fields | changes))  # type: ignore[arg-type]
