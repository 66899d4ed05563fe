"""How many state- and dyad-years there were, in cells that filters can add up.

A cell is a span of years with everything that the filters ask about: the great power beside the state, the
border, the pact, the ratio of capabilities. The cells that ship with a case (`exposure.csv`) are sums over
five years for dyads and single years for states; they name no state and repeat no list. From the raw lists
that they were summed from (`cells_from_raw`) any year and any ratio can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tightrope.forecast.reference_counts import LAST_COW_YEAR, LAST_YEAR, dyads, spread

if TYPE_CHECKING:
    import pandas as pd

STATE, MICRO, DYAD = "state-year", "state-year, with microstates", "dyad-year"
LAND, SEA = "land", "24 miles of sea"
APART = ", marked apart"
"""Added to a contiguity where the list also says, or only says, that the two are not contiguous."""

DEFENCE, DEFENCE_BEFORE, OTHER = "defence", "defence last year", "other"
RATIOS = (0.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Lower ends of the bands of capability ratios in the cells that ship with a case."""

FIRST_YEAR, SPAN = 1816, 5
COLUMNS = ("unit", "first", "last", "patron", "contiguity", "pact", "ratio", "years", "event_years")


@dataclass(frozen=True)
class Cell:
    """State- or dyad-years of one sort.

    first, last  the span, both ends included
    patron       the great power's code in the Correlates of War; 0 for state-years
    contiguity   `land`, `24 miles of sea` or nothing, the nearest of the year and the year before; with
                 `, marked apart` where the list has an entry "not contiguous" in them
    pact         `defence`, `defence last year` (the year before only), `other` (any other pact in either) or
                 nothing
    ratio        lower end of the band of capability ratios, patron over state
    years        how many state- or dyad-years
    event_years  a year for each event in them; for state-years the events are in the list of exits instead
    """

    unit: str
    first: int
    last: int
    patron: int
    contiguity: str
    pact: str
    ratio: float
    years: int
    event_years: tuple[int, ...] = ()


class ExposureError(ValueError):
    """A table of exposure, or a list behind it, that cannot be used; the message names file and line."""


def read_cells(path: str | Path) -> tuple[Cell, ...]:
    """Cells of a table of exposure. Raises ExposureError for a row that is none, with `file:line`."""
    from tightrope.record.reading import read_rows

    rows = read_rows(path)
    missing = [name for name in COLUMNS if name not in rows[0]]
    if missing:
        raise ExposureError(f"{rows.file}:1: no column {', '.join(missing)}")
    found = []
    for i, row in enumerate(rows):
        try:
            found.append(_cell(row))
        except ValueError as error:
            raise ExposureError(f"{rows.where(i)}: {error}") from None
    return tuple(found)


def _cell(row: Mapping[str, str]) -> Cell:
    cell = Cell(
        unit=row["unit"],
        first=int(row["first"]),
        last=int(row["last"]),
        patron=int(row["patron"]),
        contiguity=row["contiguity"],
        pact=row["pact"],
        ratio=float(row["ratio"]),
        years=int(row["years"]),
        event_years=tuple(int(year) for year in row["event_years"].split()),
    )
    if cell.unit not in (STATE, MICRO, DYAD):
        raise ValueError(f"unit {cell.unit!r} is none of {STATE}, {MICRO}, {DYAD}")
    if cell.years < 0 or cell.last < cell.first:
        raise ValueError("needs years >= 0 and first <= last")
    if any(not cell.first <= year <= cell.last for year in cell.event_years):
        raise ValueError(f"an event outside {cell.first}-{cell.last}")
    return cell


def cells_text(cells: Iterable[Cell]) -> str:
    """The table of exposure as CSV text, the inverse of `read_cells`."""
    lines = [",".join(COLUMNS)]
    for c in cells:
        years = " ".join(map(str, c.event_years))
        values = (c.unit, c.first, c.last, c.patron, c.contiguity, c.pact, f"{c.ratio:g}", c.years, years)
        lines.append(",".join(f'"{v}"' if "," in str(v) else str(v) for v in values))
    return "\n".join(lines) + "\n"


def cells_from_raw(
    raw: str | Path, *, exits: str | Path, ratios: Sequence[float] = RATIOS, span: int = 1
) -> tuple[Cell, ...]:
    """Sum the raw lists into cells.

    raw     folder with the lists, named as in the case's SOURCES.md
    exits   our coding of the ended spells of the COW list (`exits_cow.csv`)
    ratios  lower ends of the bands of capability ratios
    span    dyad-years are summed over so many years, counted from 1816; 2016 stands by itself

    State-years stay single. The membership of 2016 is carried on to 2025: no recognised state has ended
    since. Takes a second. Raises ExposureError for a list that is not there.
    """
    import pandas as pd

    folder = Path(raw)
    try:
        ends = pd.read_csv(exits)
        system = pd.read_csv(folder / "cow_system2016.csv")
        micro = pd.read_csv(folder / "gw_system2020.csv")
        pairs = dyads(folder, system, ends)
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise ExposureError(
            f"{folder.name}: no list {name}; SOURCES.md of the case says which it is"
        ) from None
    except (KeyError, AttributeError, pd.errors.ParserError) as error:
        raise ExposureError(f"{folder.name}: a list is not as expected ({error})") from None
    return (*_state_cells(system, micro), *_dyad_cells(pairs, ratios=ratios, span=span))


def _state_cells(system: pd.DataFrame, micro: pd.DataFrame) -> list[Cell]:
    per_year = {int(str(year)): int(n) for year, n in system.groupby("year").size().items()}
    per_year |= dict.fromkeys(range(LAST_COW_YEAR + 1, LAST_YEAR + 1), per_year[LAST_COW_YEAR])
    spells = micro.assign(first=micro.start.str[:4].astype(int), last=micro.end.str[:4].astype(int))
    small = spread(spells, "first", "last").groupby("year").size()
    found = [Cell(STATE, year, year, 0, "", "", 0.0, n) for year, n in sorted(per_year.items())]
    for key, n in small.items():
        year = int(str(key))
        if year >= FIRST_YEAR:
            found.append(Cell(MICRO, year, year, 0, "", "", 0.0, int(n)))
    return found


def _dyad_cells(pairs: pd.DataFrame, *, ratios: Sequence[float], span: int) -> list[Cell]:
    import numpy as np

    bands = np.sort(np.asarray(ratios, dtype=float))
    border = np.select([pairs.border <= 1, pairs.border <= 3], [LAND, SEA], "").astype(object)
    border = border + np.where(pairs.conttype == 0, APART, "").astype(object)
    now, before, other = (pairs[name].astype(bool) for name in ("defence_now", "defence", "any"))
    keys = pairs.assign(
        first=np.where(
            pairs.year == LAST_COW_YEAR, LAST_COW_YEAR, pairs.year - (pairs.year - FIRST_YEAR) % span
        ),
        contiguity=border,
        pact=np.select([now, before, other], [DEFENCE, DEFENCE_BEFORE, OTHER], ""),
        band=bands[np.searchsorted(bands, pairs.ratio.to_numpy(), side="right") - 1],
    )
    found = []
    by = ["first", "power", "contiguity", "pact", "band"]
    ended: dict[tuple[Any, ...], list[int]] = {}
    for row in keys[keys.event == 1][[*by, "year"]].itertuples(index=False):
        ended.setdefault(tuple(row)[:-1], []).append(int(row[-1]))
    for row in keys.groupby(by, sort=True).size().reset_index(name="n").itertuples(index=False):
        first, power, contiguity, pact, band, n = row
        start = int(first)
        last = start if start == LAST_COW_YEAR else min(start + span - 1, LAST_COW_YEAR)
        years = tuple(sorted(ended.get(tuple(row)[:-1], [])))
        found.append(
            Cell(DYAD, start, last, int(power), str(contiguity), str(pact), float(band), int(n), years)
        )
    return found
