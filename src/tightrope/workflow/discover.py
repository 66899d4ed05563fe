"""`tightrope discover`: draws from the priors, those that show an outcome, and what sets them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tightrope.argument.discover import BY_CHANCE, Discovery, discover
from tightrope.argument.extra import require
from tightrope.argument.interest import Interest, above, below, highest, shown
from tightrope.argument.sample import Sample, TooFew, prior_draws
from tightrope.argument.tree import Tree, classify
from tightrope.case.schema import PRIOR_CLASSES, PriorClass
from tightrope.fit.priors import PriorSet, prior_set
from tightrope.runs import digest
from tightrope.workflow.drawn import drawn
from tightrope.workflow.feared import FEARED, OutcomeError, quantities_of
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, records

SHARE = 0.2
"""Without a threshold the outcome is shown by the fifth of the draws in which it is likeliest."""


@dataclass(frozen=True)
class Asked:
    """What is asked of the draws.

    quantity  name of a quantity; empty: the feared outcome
    claim     a claim whose failing is the outcome, instead
    reaches, within, start  another feared outcome, as `quantities_of` takes them
    above, below  thresholds, at most one; neither: the draws with the highest values, a share of `share`
    prior     class of priors
    draws     from it
    box       number of the box to show; negative: the best
    """

    quantity: str = ""
    claim: str = ""
    reaches: str = ""
    within: int = 0
    start: str = ""
    above: float | None = None
    below: float | None = None
    share: float = SHARE
    prior: PriorClass = "agnostic"
    draws: int = 1000
    box: int = -1

    def __post_init__(self) -> None:
        if self.prior not in PRIOR_CLASSES:
            raise OutcomeError(f"--prior {self.prior}: it may be {' or '.join(PRIOR_CLASSES)}")
        if self.above is not None and self.below is not None:
            raise OutcomeError("say --above or --below, not both")
        if self.claim and (self.quantity or self.reaches or self.within or self.start):
            raise OutcomeError("say a claim, a quantity or --reaches, not two of them")
        if self.claim and (self.above is not None or self.below is not None):
            raise OutcomeError("a claim fails or holds: --above and --below go with a quantity")
        if self.quantity and (self.reaches or self.within or self.start):
            raise OutcomeError("--reaches, --within and --from say what is feared; leave the quantity out")


def discover_data(session: Session, asked: Asked) -> dict[str, Any]:
    """The outcome, the draws by status, and what PRIM and the tree find; `why` where they find nothing.

    Raises MissingExtra before anything is solved.
    """
    require("ema_workbench", library="ema-workbench", what="PRIM")
    require("sklearn", library="scikit-learn", what="a classification tree")
    material, case = session.material, session.material.case
    quantities = quantities_of(material, reaches=asked.reaches, within=asked.within, start=asked.start)
    name = asked.quantity or FEARED
    if asked.claim:
        known_names("claim", [asked.claim], case.claims)
    elif name == FEARED and FEARED not in quantities:
        raise OutcomeError(
            "no live question says what is feared; name a quantity, or write --reaches CONDITION --within N"
        )
    else:
        known_names("quantity", [name], quantities)
    priors = prior_set(case, asked.prior)
    design = prior_draws(priors, size=asked.draws, seed=session.seed + PRIOR_CLASSES.index(asked.prior))
    thetas = design.thetas(material.game.theta(), material.game.parameters)
    found = drawn(session, f"prior draws ({asked.prior})", thetas, quantities=quantities)
    if asked.claim:
        sample = found.failing(design, asked.claim, game=material.game)
        about = case.claims[asked.claim].text
    else:
        sample, about = found.sample(design, name), quantities[name].about
    data: dict[str, Any] = {
        "outcome": sample.quantity,
        "about": about,
        "prior": asked.prior,
        "seed": session.seed,
        "draws": sample.counts,
        "errors": sorted({row.error for row in found.rows if row.error})[:5],
        "warnings": list(session.warnings),
    }
    try:
        interest = _interest(sample, asked)
        data |= {
            "rule": interest.rule,
            "with_it": int(interest.inside.sum()),
            "share": interest.share,
            "highest": asked.share if _by_share(asked) else None,
        }
        interest.enough()
    except TooFew as error:
        return data | {"why": str(error)}
    inputs = {
        "thetas": digest({"points": design.points.tolist()}),
        "inside": interest.inside.tolist(),
        "good": sample.good.tolist(),
        "box": asked.box,
        "seed": session.seed,
    }
    described: dict[str, Any] = session.run.chunk(
        f"discovered-{digest(inputs)[:12]}",
        lambda: _described(session, interest, priors, asked),
        inputs=inputs,
    )
    return data | described


def _by_share(asked: Asked) -> bool:
    return not asked.claim and asked.above is None and asked.below is None


def _interest(sample: Sample, asked: Asked) -> Interest:
    if asked.claim:
        return shown(sample)
    if asked.above is not None:
        return above(sample, asked.above)
    if asked.below is not None:
        return below(sample, asked.below)
    return highest(sample, asked.share)


def _described(session: Session, interest: Interest, priors: PriorSet, asked: Asked) -> dict[str, Any]:
    found = discover(
        interest,
        box=None if asked.box < 0 else asked.box,
        seed=session.seed,
        progress=lambda done, of: session.progress("PRIM", done, of),
    )
    tree = classify(interest, seed=session.seed)
    return {
        "tradeoff": records(found.tradeoff.reset_index()),
        "boxes": records(found.boxes),
        "chosen": found.chosen,
        "limits": _limits(session, found, priors),
        "resampled": records(found.resampled.reset_index()),
        "held_out": {
            "halves": len(found.held_out),
            **{name: _mean(found, name) for name in ("coverage", "density", "share")},
        },
        "tree": _tree(tree),
    }


def _mean(found: Discovery, column: str) -> float | None:
    mean = float(found.held_out[column].mean())
    return mean if mean == mean else None


def _limits(session: Session, found: Discovery, priors: PriorSet) -> list[dict[str, Any]]:
    """The chosen box, each limit with what its parameter is and with the doubt about it."""
    prior = dict(zip(priors.names, priors.priors, strict=True))
    rows = records(found.limits().reset_index())
    for row in rows:
        name = row["parameter"]
        noun = session.material.case.parameters[name]
        qps = [row[key] for key in ("qp_low", "qp_high") if row[key] is not None]
        row |= {
            "reference": noun.value,
            "prior": str(prior[name]),
            "why": noun.why,
            "source": noun.source,
            "by_chance": bool(qps) and max(qps) > BY_CHANCE,
            "reproduced": float(found.resampled["density"].get(name, 0.0)) if len(found.resampled) else None,
        }
    return rows


def _tree(tree: Tree) -> dict[str, Any]:
    return {
        "leaves": records(tree.leaves.reset_index()),
        "weights": records(tree.weights.reset_index()),
        "accuracy": tree.accuracy,
    }
