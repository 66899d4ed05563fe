"""`tightrope base-rate`: which lists are read, what is counted, how it is told. Leaves no run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tightrope.case.load import load_case
from tightrope.forecast.base_rates import BaseRate, Exit, FilterError, Filters, count
from tightrope.forecast.exposure import DYAD, MICRO, RATIOS, Cell, cells_from_raw, read_cells
from tightrope.forecast.reference_class import Rate, probability_by
from tightrope.forecast.unions import count_unions
from tightrope.forecast.words import beside, percent
from tightrope.outcome import FINE, Outcome
from tightrope.record.reading import read_rows
from tightrope.workflow.text import blocks, table

HORIZONS = (1, 5, 10)
"""Years for which a probability is printed."""


class NoReferenceClass(ValueError):
    """The case names no folder for its reference class."""


def chosen_filters(
    *,
    since: int,
    until: int | None,
    kind: str,
    borders: Mapping[str, bool],
    pacts: Mapping[str, bool],
    ratio: float | None,
    patron: str,
    microstates: bool,
    as_published: bool,
) -> Filters:
    """Filters from what was said on the command line, of each sort one at most. Raises FilterError."""
    named: dict[str, Any] = {}
    for sort, choices in (("border", borders), ("pact", pacts)):
        chosen = [name for name, said in choices.items() if said]
        if len(chosen) > 1:
            raise FilterError(f"say one {sort} only, not {' and '.join(chosen)}")
        named[sort] = chosen[0] if chosen else ""
    given: dict[str, Any] = {"since": since, "until": until, "kind": kind, "ratio": ratio, "patron": patron}
    return Filters(**given, **named, microstates=microstates, as_published=as_published)


def reference_folder(path: Path) -> Path:
    """The folder of a case's reference class. Raises NoReferenceClass and CaseError."""
    source = load_case(path)
    if source.case.reference_class is None:
        raise NoReferenceClass(
            f"the case {source.case.case} has no reference class; name one under reference_class:"
        )
    return source.folder / source.case.reference_class


def read_exits(path: Path) -> tuple[Exit, ...]:
    """Ended spells of `exits_cow.csv`, or of `exits_gw.csv`, which has fewer columns."""
    return tuple(
        Exit(
            code=int(row.get("ccode") or row["gwcode"]),
            state=row["state"],
            year=int(row["end_year"]),
            how=row.get("exit_kind", ""),
            absorber=int(row.get("absorber_ccode") or 0),
            narrow=row.get("narrow", "1") == "1",
            voluntary=row.get("voluntary", "") == "1",
            war=row.get("war_related", "") == "1",
        )
        for row in read_rows(path)
    )


def count_base_rate(folder: Path, filters: Filters, *, raw: Path | None = None) -> BaseRate:
    """The base rate of a reference class, from its own table or from the raw lists in `raw`."""
    exits = folder / "exits_cow.csv"
    cells: Sequence[Cell]
    if raw is None:
        cells = read_cells(folder / "exposure.csv")
    else:
        ratios = sorted({*RATIOS, *([] if filters.ratio is None else [filters.ratio])})
        cells = cells_from_raw(raw, exits=exits, ratios=ratios)
    ended = read_exits(folder / "exits_gw.csv" if filters.unit == MICRO else exits)
    return count(cells, filters, exits=ended)


def base_rate(case: Path, *, filters: Filters, data: Path | None = None) -> Outcome:
    """Events over exposure by named filters, with intervals, episodes and what they come to in some years.

    data  a folder with the raw lists, to ask for any year and ratio
    """
    folder = reference_folder(case)
    found = count_base_rate(folder, filters, raw=data)
    unions = count_unions(read_rows(folder / "mergers.csv"), read_rows(folder / "attempts.csv"))
    told = {
        "unit": found.rate.unit,
        "period": found.rate.period,
        "filters": list(filters.named),
        "source": "raw lists" if data is not None else "exposure.csv",
        "events": found.rate.events,
        "exposure": found.rate.exposure,
        "episodes": found.rate.episodes,
        "states": list(found.states),
        "rows": _rate(found.rate),
        "by_episode": _rate(found.by_episode) if found.rate.episodes is not None else None,
        "within": [
            {"years": view.years, "probability": view.probability, "low": view.low, "high": view.high}
            for view in (probability_by(found.rate, years=years) for years in HORIZONS)
        ],
        "unions": asdict(unions),
        "warnings": _warnings(found, filters),
    }
    return Outcome(FINE, told, _text(told))


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "per_year": rate.per_year,
        "exact95": list(rate.interval()),
        "jeffreys_mean": rate.jeffreys_mean,
        "jeffreys95": list(rate.jeffreys_interval()),
    }


def _warnings(found: BaseRate, filters: Filters) -> list[str]:
    notes = []
    if found.carried:
        notes.append(
            "the list of states ends in 2016; its membership is carried on, "
            "and no recognised state has ended since"
        )
    episodes = found.rate.episodes
    if episodes is not None and episodes < found.rate.events:
        notes.append(
            f"the {found.rate.events} events are {episodes} occasions, so the limits by rows are too narrow"
        )
    if filters.border and not filters.as_published:
        notes.append(
            "NOTES.md counts more pairs under a land border, because it takes the list's entry "
            '"not contiguous" for one; --as-published counts them its way'
        )
    if filters.unit == DYAD:
        notes.append("a year of one pair is much like the next: the years are not independent trials")
    return notes


def _text(told: Mapping[str, Any]) -> str:
    rows = [{"counted by": "rows", **_cells(told["rows"], told["events"])}]
    if told["by_episode"] is not None:
        rows.append({"counted by": "episodes", **_cells(told["by_episode"], told["episodes"])})
    within = [
        {
            "within": f"{row['years']} year" + ("s" if row["years"] > 1 else ""),
            "probability": beside(row["probability"]),
            "95 % limits": f"{percent(row['low'])} to {percent(row['high'])}",
        }
        for row in told["within"]
    ]
    unions = told["unions"]
    return blocks(
        [f"{told['events']} in {told['exposure']:,.0f} {_plural(told['unit'])}, {told['period']}"],
        ["Counted:", *(f"  {text}" for text in told["filters"])],
        [table(rows, ["counted by", "events", "% a year", "exact 95 %", "Jeffreys mean", "Jeffreys 95 %"])],
        [table(within, ["within", "probability", "95 % limits"])],
        ["States: " + ", ".join(told["states"])] if told["states"] else [],
        [
            f"Unions announced since {unions['since']}: {unions['unitary']} became one state "
            f"({unions['unitary_alive']} stand), {unions['confederations']} rows of confederations "
            f"({unions['confederations_alive']} stand),",
            f"{unions['papers']} papers or talks not carried out or still open "
            f"({unions['papers_of_pair']} of them this pair's).",
            "The list is no census: small failures are missing.",
        ],
        [f"Note: {text}." for text in told["warnings"]],
    )


def _plural(unit: str) -> str:
    return unit.replace("-year", "-years", 1)


def _cells(rate: Mapping[str, Any], events: int) -> dict[str, str]:
    def limits(pair: Sequence[float]) -> str:
        return f"{100 * pair[0]:.3f}-{100 * pair[1]:.3f}"

    return {
        "events": str(events),
        "% a year": f"{100 * rate['per_year']:.3f}",
        "exact 95 %": limits(rate["exact95"]),
        "Jeffreys mean": f"{100 * rate['jeffreys_mean']:.3f}",
        "Jeffreys 95 %": limits(rate["jeffreys95"]),
    }
