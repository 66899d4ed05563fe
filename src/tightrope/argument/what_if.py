"""What if: dated questions with and without a scenario, on the same draws.

To *do* is to reach into the game: laws, actions or states are what the scenario says, and what led to
them is cut (Pearl 2009, chapter 3). To *observe* is to learn that an event of the game happens: what led
to it is inferred, and draws that expected it count for more. A scenario may hold both; then what is observed
is observed in the world in which the rest is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tightrope.argument.paired import Paired
from tightrope.argument.played import play
from tightrope.argument.timeline import Timeline
from tightrope.case.calendar import parse_period
from tightrope.executor import in_threads
from tightrope.forecast.automaton import CannotFollow
from tightrope.forecast.compound import Tables
from tightrope.forecast.events import All, Event, Given
from tightrope.forecast.joined import Joined
from tightrope.forecast.laws import laws_of
from tightrope.forecast.origin import next_opening
from tightrope.forecast.over_draws import solve_draw
from tightrope.forecast.questions import Question
from tightrope.forecast.staged import Passing, staged_probabilities
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record


class NothingToFollow(ValueError):
    """No question that can be followed; the message says why."""


class NoneCertified(RuntimeError):
    """No draw with a certified equilibrium on both sides."""


_AFTER = "\0with"
"""Added to a question's id where the same question is asked given what is observed."""


@dataclass(frozen=True, eq=False)
class Inquiry:
    """What is to be followed: the questions' automata, and the same given what is observed.

    questions  in order, those that cannot be followed included
    refused    question -> why it cannot be followed
    """

    questions: tuple[str, ...]
    joined: Joined
    tables: Tables
    observing: bool
    refused: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw: status, worst residual, and the automata's probabilities without and with the scenario."""

    status: str
    residual: float
    before: np.ndarray
    after: np.ndarray

    @property
    def good(self) -> bool:
        """Whether both sides are certified."""
        return not self.status.startswith("failed")

    def as_data(self) -> dict[str, Any]:
        """Plain data, for a run's chunk."""
        if not self.good:
            return {"status": self.status}
        values = {"before": self.before.tolist(), "after": self.after.tolist()}
        return {"status": self.status, "residual": self.residual, **values}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Draw:
        """Inverse of `as_data`."""
        numbers = (np.array(data.get(name, ()), dtype=float) for name in ("before", "after"))
        return cls(data["status"], float(data.get("residual", np.inf)), *numbers)


def what_if(
    evidence: Evidence,
    thetas: np.ndarray,
    questions: Sequence[Question],
    timeline: Timeline,
    *,
    observed: Event | None = None,
    warm: np.ndarray | None = None,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Paired:
    """Answer questions from the record's end with and without a scenario.

    thetas    (draws, parameters) whole parameter vectors; both sides use the same
    timeline  what is done, from `argument.timeline.lay_out`
    observed  what is taken to happen, in the world in which that is done
    warm      a neighbouring fixed point to start each solve from

    A draw counts only if both sides are certified. Raises NothingToFollow, NoneCertified, and CannotUnfold
    for what backward induction cannot solve.
    """
    inquiry = inquire(evidence, questions, observed=observed)
    drawn = follow(evidence, thetas, inquiry, timeline, warm=warm, workers=workers, on_progress=on_progress)
    return pair(inquiry, drawn)


def inquire(evidence: Evidence, questions: Sequence[Question], *, observed: Event | None = None) -> Inquiry:
    """Compile what is asked. Raises NothingToFollow."""
    game, first = evidence.game, str(parse_period(evidence.periods[-1]) + 1)
    joined, refused = Joined(), dict[str, str]()
    for q in questions:
        try:
            joined.add(game, q.id, q.event, first=first)
            if observed is not None:
                joined.add(game, q.id + _AFTER, given(q.event, observed), first=first)
        except CannotFollow as error:
            refused[q.id] = str(error)
    tables = joined.tables(game)
    if tables is None:
        raise NothingToFollow("; ".join(["no question can be followed", *dict.fromkeys(refused.values())]))
    return Inquiry(tuple(q.id for q in questions), joined, tables, observed is not None, refused)


def given(event: Event, observed: Event) -> Given:
    """An event in a world in which something more is known to happen."""
    if isinstance(event, Given):
        return Given(event.event, All((event.condition, observed)))
    return Given(event, observed)


def follow(
    evidence: Evidence,
    thetas: np.ndarray,
    inquiry: Inquiry,
    timeline: Timeline,
    *,
    warm: np.ndarray | None = None,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Draw]:
    """Follow what is asked at each draw, without and with the scenario; arguments as in `what_if`."""
    return in_threads(
        lambda theta: _follow_one(evidence, theta, inquiry.tables, timeline, warm),
        list(thetas),
        workers=workers,
        on_done=None if on_progress is None else lambda done: on_progress(done, len(thetas)),
    )


def _follow_one(
    evidence: Evidence, theta: np.ndarray, tables: Tables, timeline: Timeline, warm: np.ndarray | None
) -> Draw:
    game, nothing = evidence.game, np.zeros(0)
    base = solve_draw(game, theta, warm=warm)
    if base is None:
        return Draw("failed without", np.inf, nothing, nothing)
    # One period more, of which only the opening counts: a state may be put as the last one opens.
    played = play(game, theta, base, timeline, periods=tables.periods + 1)
    if played is None:
        return Draw("failed with", np.inf, nothing, nothing)
    # The past stays what it was, whatever is done from now on.
    start = next_opening(evidence, filter_record(evidence, theta, base.z), base.numbers, base.strategies)
    plain = [Passing(laws_of(base.numbers, base.strategies))] * tables.periods
    before = staged_probabilities(game, plain, start, tables)
    after = staged_probabilities(game, played.passing, start, tables)
    if not np.isfinite(after).all():
        return Draw("failed with", np.inf, nothing, nothing)
    return Draw(played.status, max(base.residual, played.residual), before, after)


def pair(inquiry: Inquiry, drawn: Sequence[Draw]) -> Paired:
    """Answers without and with the scenario, from draws that are certified on both sides.

    Raises NoneCertified.
    """
    statuses = Counter(draw.status for draw in drawn)
    good = [draw for draw in drawn if draw.good]
    if not good:
        told = ", ".join(f"{n} {status}" for status, n in statuses.items())
        raise NoneCertified(f"none of {len(drawn)} draws is certified on both sides: {told}")
    joined, suffix = inquiry.joined, _AFTER if inquiry.observing else ""
    before, shares_before, never = joined.read(np.array([draw.before for draw in good]))
    after, shares_after, unlikely = joined.read(np.array([draw.after for draw in good]))
    refused = dict(inquiry.refused)
    refused |= {q: f"without the scenario {never[q]}" for q in inquiry.questions if q in never}
    refused |= {q: unlikely[q + suffix] for q in inquiry.questions if q + suffix in unlikely}
    ids = tuple(q for q in inquiry.questions if q in before and q + suffix in after)
    one = np.ones(len(good))

    def columns(found: Mapping[str, np.ndarray], end: str = "") -> np.ndarray:
        return np.array([found.get(i + end, one) for i in ids]).reshape(len(ids), len(good)).T

    return Paired(
        ids=ids,
        before=columns(before),
        after=columns(after, suffix),
        shares_before=columns(shares_before),
        shares_after=columns(shares_after, suffix),
        refused=refused,
        statuses=dict(statuses),
        worst=max(draw.residual for draw in good),
    )
