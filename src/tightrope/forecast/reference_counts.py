"""Count mergers and annexations against exposure, from raw state lists that are not bundled.

The raw lists (Correlates of War state system 2016, majors, contiguity 3.2, capabilities 7.0; ATOP 5.1;
Gleditsch-Ward to 2020) carry terms that do not plainly allow copying, so the case keeps only the derived
counts. `recompute` makes them again from a folder of the lists and our own coding of how states ended.

The sets of `recompute` are those of the case's notes, and share a fault with them: the contiguity list writes
0 for "not contiguous", which they take for nearer than land. `tightrope.forecast.base_rates` counts borders
as they are, and the notes' way on request.

Event: a state's spell ends because it merged with or was annexed by another. Occupation, protectorate,
break-up and the recoding of West Germany are none. Dyads: a state and a great power whose capability
index is at least `ratio` times its own (the year before where the index is missing), by direct contiguity
and by ATOP pact in the year or the year before, so that a pact that dies with the state still counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

RUSSIA = 365
PERIODS = ("1816-2016", "1816-1945", "1946-2016", "1991-2016")
SAME_EPISODE = 5
"""Exits into one absorber at most this many years apart are one episode (German unification, the Baltics)."""

LAST_COW_YEAR, LAST_YEAR = 2016, 2025
COLUMNS = ("unit", "period", "filter", "events", "exposure", "episodes")
DYAD_SETS: dict[str, tuple[float, int, str, int]] = {
    # filter: (ratio, farthest contiguity type or 0, pact, only this great power or 0)
    "any": (10, 0, "", 0),
    "land": (10, 1, "", 0),
    "land, any pact": (10, 1, "any", 0),
    "land, defence pact": (10, 1, "defence", 0),
    "land or 24 miles of sea, defence pact": (10, 3, "defence", 0),
    "land, defence pact, ratio 5": (5, 1, "defence", 0),
    "land, defence pact, Russia": (10, 1, "defence", RUSSIA),
}


def recompute(raw: str | Path, *, exits: str | Path, exits_gw: str | Path) -> pd.DataFrame:
    """Count events, exposure and episodes for every set of `rates.csv`.

    raw       folder with the raw lists, named as in the case's SOURCES.md
    exits     our coding of the ended spells of the COW list (`exits_cow.csv`)
    exits_gw  the same for the Gleditsch-Ward list (`exits_gw.csv`)

    Returns the columns unit, period, filter, events, exposure (state- or dyad-years), episodes. Takes a
    few seconds. Raises FileNotFoundError for a list that is not there.
    """
    import pandas as pd

    folder = Path(raw)
    ends = pd.read_csv(exits)
    system = pd.read_csv(folder / "cow_system2016.csv")
    found = [
        *_state_years(system, ends),
        *_dyad_years(dyads(folder, system, ends)),
        *_gleditsch_ward(pd.read_csv(folder / "gw_system2020.csv"), pd.read_csv(exits_gw)),
    ]
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"episodes": "Int64"})


def _state_years(system: pd.DataFrame, ends: pd.DataFrame) -> list[tuple[Any, ...]]:
    kinds = {
        "merger or annexation": ends.narrow == 1,
        "voluntary merger": (ends.narrow == 1) & (ends.voluntary == 1),
        "merger or annexation outside war": (ends.narrow == 1) & (ends.war_related == 0),
        "with occupation": ends.exit_kind.isin(["annexed", "voluntary-merger", "occupied"]),
    }
    per_year = system.groupby("year").size()
    # Membership of 2016 is carried on: no recognised state has ended since.
    later = int(per_year[LAST_COW_YEAR]) * (LAST_YEAR - LAST_COW_YEAR)
    found: list[tuple[Any, ...]] = []
    for period in (*PERIODS, "1946-2025", "1991-2025"):
        first, last = _years(period)
        exposure = int(per_year.loc[first : min(last, LAST_COW_YEAR)].sum())
        exposure += later if last > LAST_COW_YEAR else 0
        for kind, rows in kinds.items():
            if last > LAST_COW_YEAR and kind != "merger or annexation":
                continue
            hits = ends[rows & ends.end_year.between(first, last)]
            found.append(("state-year", period, kind, len(hits), exposure, episodes_of(hits)))
    return found


def _gleditsch_ward(spells: pd.DataFrame, ends: pd.DataFrame) -> list[tuple[Any, ...]]:
    start, end = spells.start.str[:4].astype(int), spells.end.str[:4].astype(int)
    found: list[tuple[Any, ...]] = []
    for period in ("1816-2020", "1946-2020", "1991-2020"):
        first, last = _years(period)
        exposure = int((end.clip(upper=last) - start.clip(lower=first) + 1).clip(lower=0).sum())
        events = int((spells.gwcode.isin(ends.gwcode) & (end < 2020) & end.between(first, last)).sum())
        found.append(("state-year, with microstates", period, "merger or annexation", events, exposure, None))
    return found


def dyads(folder: Path, system: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Every state-year beside every great power of that year, with ratio, contiguity, pact and event.

    Columns: state, power (codes of the Correlates of War), year, ratio, border (the nearest contiguity, from
    1 land to 5), conttype (the same, but 0 where the list has an entry "not contiguous" beside it or alone),
    defence and any (pacts in the year or the year before), defence_now (in the year itself), event (1: the
    state ended in that year and this power took it).
    """
    import pandas as pd

    majors = pd.read_csv(folder / "cow_majors2016.csv")
    powers = spread(majors, "styear", "endyear").rename(columns={"ccode": "power"})[["power", "year"]]
    member = system.rename(columns={"ccode": "power"})
    powers = powers.drop_duplicates().merge(member, on=["power", "year"])
    pairs = system.rename(columns={"ccode": "state"}).merge(powers, on="year")
    pairs = pairs[pairs.state != pairs.power]

    index = pd.read_csv(folder / "cow_nmc_v7.csv").set_index(["ccode", "year"]).cinc
    for who in ("state", "power"):
        now = index.reindex(pd.MultiIndex.from_frame(pairs[[who, "year"]])).to_numpy()
        before = index.reindex(pd.MultiIndex.from_arrays([pairs[who], pairs.year - 1])).to_numpy()
        pairs[f"cinc_{who}"] = pd.Series(now, index=pairs.index).fillna(pd.Series(before, index=pairs.index))
    pairs = pairs.dropna(subset=["cinc_state", "cinc_power"])
    pairs["ratio"] = (pairs.cinc_power / pairs.cinc_state).where(pairs.cinc_state > 0, float("inf"))

    borders = pd.read_csv(folder / "cow_contiguity_v32.csv")
    borders["first"] = borders.stdate.astype(str).str[:4].astype(int)
    borders["last"] = borders.enddate.astype(str).str[:4].astype(int)
    borders = spread(borders, "first", "last").rename(columns={"ccode1": "power", "ccode2": "state"})
    lagged = _this_or_last_year(borders[["power", "state", "year", "conttype"]])
    nearest = lagged.groupby(_KEY).conttype.min()
    true = lagged[lagged.conttype > 0].groupby(_KEY).conttype.min().rename("border")
    pairs = pairs.merge(nearest.reset_index(), on=_KEY, how="left")
    pairs = pairs.merge(true.reset_index(), on=_KEY, how="left")

    pacts = pd.read_csv(folder / "atop_v51_major_dyads.csv")
    pacts = pacts.rename(columns={"ccode1": "power", "ccode2": "state"})
    kinds = [f"atop_{kind}" for kind in ("defense", "offense", "neutral", "nonagg", "consul")]
    pacts["defence"] = pacts.atop_defense == 1
    pacts["any"] = (pacts[kinds] == 1).any(axis=1)
    allied = _this_or_last_year(pacts[[*_KEY, "defence", "any"]]).groupby(_KEY)[["defence", "any"]].max()
    pairs = pairs.merge(allied.reset_index(), on=_KEY, how="left")
    same_year = pacts.groupby(_KEY).defence.max().rename("defence_now")
    pairs = pairs.merge(same_year.reset_index(), on=_KEY, how="left")

    gone = ends[(ends.narrow == 1) & ends.absorber_ccode.notna()]
    names = {"ccode": "state", "end_year": "year", "absorber_ccode": "power"}
    gone = gone.drop(columns="state").rename(columns=names)
    gone = gone[_KEY].astype(int).assign(event=1)
    return pairs.merge(gone, on=_KEY, how="left").fillna(
        {"event": 0, "defence": False, "any": False, "defence_now": False}
    )


_KEY = ["power", "state", "year"]


def _dyad_years(dyads: pd.DataFrame) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for name, (ratio, contiguity, pact, power) in DYAD_SETS.items():
        keep = dyads[dyads.ratio >= ratio]
        if contiguity:
            keep = keep[keep.conttype <= contiguity]
        if pact:
            keep = keep[keep[pact].astype(bool)]
        periods: tuple[str, ...] = PERIODS
        if name.endswith("ratio 5"):
            periods = ("1816-2016",)
        elif power:
            keep, periods = keep[keep.power == power], ("1946-2016", "1991-2016")
        for period in periods:
            rows = keep[keep.year.between(*_years(period))]
            hits = rows[rows.event == 1].rename(columns={"power": "absorber_ccode", "year": "end_year"})
            found.append(("dyad-year", period, name, len(hits), len(rows), episodes_of(hits)))
    return found


def episodes_of(hits: pd.DataFrame) -> int:
    """Number of runs of exits into one absorber with no gap over `SAME_EPISODE` years."""
    gaps = hits.sort_values("end_year").groupby("absorber_ccode", dropna=False).end_year.diff()
    return int((gaps.isna() | (gaps > SAME_EPISODE)).sum())


def spread(spells: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """One row a year of each spell, in the column `year`."""
    years = [list(range(a, b + 1)) for a, b in zip(spells[first], spells[last], strict=True)]
    return spells.assign(year=years).explode("year").astype({"year": int})


def _this_or_last_year(rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([rows, rows.assign(year=rows.year + 1)])


def _years(period: str) -> tuple[int, int]:
    first, last = period.split("-")
    return int(first), int(last)
