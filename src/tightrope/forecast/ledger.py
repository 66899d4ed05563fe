"""The ledger: who publicly predicted what, how surely, and what came of it.

A prediction's probability is that of the *event*, so a denial of a merger is a low number. Rules of
resolution: a prediction with a deadline is judged at it; one without is judged five years after it was made,
or one year where it speaks of an imminent step; what is not due yet is open and is not scored.

The ledger is no random sample of forecasts (searches aimed at speculation) and its probabilities are one
coder's reading of words. Scores of the ledger are compared with a constant forecast, never with scores
on other questions.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tightrope.forecast.scores import CLIP, brier, log_score, skill

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["yes", "no", "open"]
FEAR = 0.25
"""A statement that gives the event at least this probability counts as a fear of it."""

LONG_WINDOW, SHORT_WINDOW = 5, 1
"""Years after which a prediction without a deadline is judged; the short one for imminent steps."""


def _empty_to_none(value: Any) -> Any:
    return None if value == "" else value


Blank = BeforeValidator(_empty_to_none)
Probability = Annotated[float, Field(ge=0, le=1)]


class Prediction(BaseModel):
    """One dated public statement about a future event.

    made_on may be a day, a month (`2007-12`) or a year (`2005`), as far as the page shows it.
    implied_probability is the coder's reading of the words; stated_probability only a number on the page;
    leaning is the side that the forecaster stands on, where it is coded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    made_on: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    forecaster: str
    forecaster_kind: str
    venue: str
    statement: str
    event: str
    deadline: Annotated[date | None, Blank] = None
    stated_probability: Annotated[Probability | None, Blank] = None
    implied_probability: Probability
    resolution: Outcome
    resolved_on: Annotated[date | None, Blank] = None
    resolution_basis: str = ""
    source_url: str = ""
    leaning: str = ""

    @property
    def year(self) -> int:
        """The year in which the statement was made."""
        return int(self.made_on[:4])

    @property
    def last_day_made(self) -> date:
        """The last day on which it can have been made, given how exactly it is dated."""
        parts = [int(part) for part in self.made_on.split("-")]
        year, month = parts[0], parts[1] if len(parts) > 1 else 12
        return date(year, month, parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1])


class LedgerError(ValueError):
    """A ledger file that cannot be read; `problems` lists everything wrong with `file:line`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load_predictions(path: str | Path) -> tuple[Prediction, ...]:
    """Read a ledger file, later resolutions folded in (`tightrope.forecast.ledger_rows`).

    Raises `LedgerError` with every faulty row, or one for the file as a whole.
    """
    from tightrope.forecast.ledger_rows import read_ledger

    found = read_ledger(path)
    if found.refused:
        raise LedgerError([problem for refused in found.refused for problem in refused.problems])
    return found.predictions


def due_on(prediction: Prediction, *, imminent: bool = False) -> date:
    """The day on which a prediction is judged: its deadline, or five years on (one if imminent).

    >>> p = Prediction(id="P", made_on="2007-12", forecaster="", forecaster_kind="", venue="", statement="",
    ...                event="merger", implied_probability=0.3, resolution="no")
    >>> due_on(p).isoformat(), due_on(p, imminent=True).isoformat()
    ('2012-12-31', '2008-12-31')
    """
    if prediction.deadline is not None:
        return prediction.deadline
    made = prediction.last_day_made
    year = made.year + (SHORT_WINDOW if imminent else LONG_WINDOW)
    return date(year, made.month, min(made.day, calendar.monthrange(year, made.month)[1]))


def resolution_problems(predictions: Iterable[Prediction], *, as_of: date) -> tuple[str, ...]:
    """Rows whose resolution breaks the rules, given what was known on `as_of`.

    A closed row needs a date; none may be closed after `as_of` or after it was due (a few days are allowed
    where the day of the statement is not known); a row without a date that is due on neither rule by `as_of`
    may not be closed as "no"; an open row may not have been due on its deadline.
    """
    problems = []
    for p in predictions:
        latest = due_on(p)
        if p.resolution == "open":
            if p.resolved_on is not None:
                problems.append(f"{p.id}: open, yet resolved on {p.resolved_on}")
            if latest <= as_of:
                problems.append(f"{p.id}: open, yet due on {latest}")
        elif p.resolved_on is None:
            problems.append(f"{p.id}: resolved {p.resolution} without a date")
        elif p.resolved_on > as_of or p.resolved_on > latest:
            problems.append(f"{p.id}: resolved on {p.resolved_on}, after {min(latest, as_of)}")
        elif p.resolution == "no" and p.deadline is None and p.resolved_on < _earliest(p):
            problems.append(f"{p.id}: resolved no on {p.resolved_on}, before its window closed")
    return tuple(problems)


def score_ledger(
    predictions: Iterable[Prediction],
    *,
    baseline: float = 0.02,
    by: Literal["event", "year", "forecaster_kind"] | Callable[[Prediction], Any] = "event",
    clip: float = CLIP,
) -> pd.DataFrame:
    """Scores of the resolved predictions by group, beside a constant forecast of `baseline`.

    by  a field of the prediction, or a function of it
    Columns: n, yes, mean_p, brier, baseline_brier, skill (Brier, against the baseline), log_score,
    baseline_log_score (nats, clipped at `clip`). Index: the groups in order, then `all`.
    """
    import pandas as pd

    key = by if callable(by) else lambda p: getattr(p, by)
    closed = [p for p in predictions if p.resolution != "open"]
    groups: dict[Any, list[Prediction]] = {}
    for p in closed:
        groups.setdefault(key(p), []).append(p)
    rows = {name: _score(groups[name], baseline, clip) for name in sorted(groups)}
    rows["all"] = _score(closed, baseline, clip)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(by if isinstance(by, str) else "group")


def score_subsets(
    predictions: Iterable[Prediction], *, event: str = "merger", fear: float = FEAR, baseline: float = 0.02
) -> pd.DataFrame:
    """Scores on one event: all resolved, at or above `fear`, below, with a deadline, open counted as no."""
    import pandas as pd

    every = [p for p in predictions if p.event == event]
    closed = [p for p in every if p.resolution != "open"]
    subsets: Mapping[str, list[Prediction]] = {
        "all resolved": closed,
        f"p >= {fear:g}": [p for p in closed if p.implied_probability >= fear],
        f"p < {fear:g}": [p for p in closed if p.implied_probability < fear],
        "explicit deadline": [p for p in closed if p.deadline is not None],
        "open counted as no": every,
    }
    rows = {name: _score(rows, baseline, CLIP) for name, rows in subsets.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(event)


def count_by_year(
    predictions: Iterable[Prediction], *, event: str = "merger", at_least: float = FEAR
) -> pd.DataFrame:
    """Statements on an event per year: `statements`, `fears` (p >= at_least) and their `mean_p`.

    Every year from the first to the last statement has a row; `mean_p` is missing where there is none. The
    counts also follow what a search could find, so a rise in them is weak evidence of a rise in fear.
    """
    import pandas as pd

    kept = [p for p in predictions if p.event == event]
    years = range(min(p.year for p in kept), max(p.year for p in kept) + 1) if kept else range(0)
    rows = []
    for year in years:
        level = [p.implied_probability for p in kept if p.year == year]
        fears = sum(p >= at_least for p in level)
        mean = sum(level) / len(level) if level else float("nan")
        rows.append({"year": year, "statements": len(level), "fears": fears, "mean_p": mean})
    return pd.DataFrame(rows, columns=["year", "statements", "fears", "mean_p"]).set_index("year")


def _earliest(prediction: Prediction) -> date:
    """First day on which the short rule may close it, counted from the start of a loosely given date."""
    parts = [int(part) for part in prediction.made_on.split("-")]
    month, day = [*parts, 1, 1][1:3]
    return date(parts[0] + SHORT_WINDOW, month, min(day, 28))


def _score(rows: Sequence[Prediction], baseline: float, clip: float) -> dict[str, float]:
    if not rows:
        return {"n": 0, "yes": 0}
    y = [int(p.resolution == "yes") for p in rows]
    f = [p.implied_probability for p in rows]
    score, constant = float(brier(y, f).mean()), float(brier(y, baseline).mean())
    return {
        "n": len(rows),
        "yes": sum(y),
        "mean_p": sum(f) / len(f),
        "brier": score,
        "baseline_brier": constant,
        "skill": skill(score, constant),
        "log_score": float(log_score(y, f, clip=clip).mean()),
        "baseline_log_score": float(log_score(y, baseline, clip=clip).mean()),
    }
