"""What `tightrope validate` prints and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import stats

from tightrope.fit.calibration import RANKED
from tightrope.runs.files import write_atomically
from tightrope.workflow.text import blocks, notes, percent, table

LEVEL = 0.05
SHOWN = 12
PICTURES = (".svg", ".png")


class BadPicture(ValueError):
    """A picture that cannot be drawn."""


def check_picture(file: Path) -> None:
    """Raise BadPicture for a kind of file that cannot be drawn, FileExistsError for one that is there."""
    if file.suffix.lower() not in PICTURES:
        raise BadPicture(f"--picture {file}: its name must end in {' or '.join(PICTURES)}")
    if file.exists():
        raise FileExistsError(f"{file}: exists already; nothing was written")
    if not file.resolve().parent.is_dir():
        raise FileNotFoundError(f"{file}: there is no folder {file.parent}")


def validate_text(data: Mapping[str, Any]) -> str:
    """The same as `validate_data`, for a reader."""
    parts: list[list[str]] = []
    for row in data["calibration"]:
        parts += [_length(row), _worst(row)]
    if data["predictive"] is not None:
        parts.append(_predictive(data["predictive"]))
    if data["evidence"]:
        parts.append(_evidence(data["evidence"]))
    return blocks(*parts, notes(data))


def _length(row: Mapping[str, Any]) -> list[str]:
    """One length of record: what was simulated, and each route in a line."""
    done = f"{row['simulations']} of {row['asked']} simulations of {row['periods']} periods"
    passed = [
        f"{row['uncertified']} prior draws had no certificate" if row["uncertified"] else "",
        f"the game ended sooner in {row['ended']}" if row["ended"] else "",
    ]
    over = ", ".join(text for text in passed if text)
    lines = [done + (f" (passed over: {over})" if over else "")]
    if row["errors"]:
        lines.append(f"{len(row['errors'])} failed, the first with: {row['errors'][0]}")
    if not row["routes"]:
        return lines
    rows = []
    for route in row["routes"]:
        shares = [r["inside"] / r["n"] for r in route["coverage"]]
        rows.append(
            {
                "route": route["name"],
                "ranks uniform": _says(route["uniform"]),
                "least p": _p([t["adjusted"] for t in route["ranks"]]),
                "90 % intervals cover": f"{percent(min(shares))} to {percent(max(shares))}",
                "as they say": _says(route["covers"]),
                "p": _p([r["adjusted"] for r in route["coverage"]]),
                "": _doubt(route, row["simulations"]),
            }
        )
    columns = ["route", "ranks uniform", "least p", "90 % intervals cover", "as they say", "p", ""]
    lines += [table(rows, columns), f"{row['route']}: {row['verdict']}. {_climbs(row)}"]
    return lines


def _climbs(row: Mapping[str, Any]) -> str:
    text = f"{row['failures']} of {row['calls']} evaluations had no certificate"
    if row["unclimbed"]:
        text += f"; {row['unclimbed']} climbs ended before the top"
    return text + "."


def _doubt(route: Mapping[str, Any], simulations: int) -> str:
    if route["largest_rhat"] is not None:
        return f"R-hat up to {route['largest_rhat']:.2f}, effective draws from {route['least_effective']:.0f}"
    if route["largest_moved"] is not None:
        return f"probabilities settled to within {route['largest_moved']:.3f}"
    if route["untrusted"]:
        return f"weights refused in {route['untrusted']} of {simulations}"
    return ""


def _says(holds: bool | None) -> str:
    return "too few to say" if holds is None else "yes" if holds else "no"


def _p(values: Sequence[float]) -> str:
    return f"{min(values):.3f}" if values else "-"


def _worst(row: Mapping[str, Any]) -> list[str]:
    """Each parameter by the route that is held to it, the least covered first."""
    if not row["routes"]:
        return []
    route = row["routes"][0]
    p = {t["name"]: t["adjusted"] for t in route["ranks"]}
    ordered = sorted(route["coverage"], key=lambda r: r["p"])
    rows = [
        {
            "parameter": r["name"],
            "covered": f"{r['inside']} of {r['n']}",
            "ranks, p": f"{p[r['name']]:.3f}" if r["name"] in p else "-",
            "with the truth": "-" if r["correlation"] is None else f"{r['correlation']:.2f}",
            "error": f"{r['error']:.2f}",
            "sd": f"{r['spread']:.2f}",
        }
        for r in ordered[:SHOWN]
    ]
    lines = ["", f"{row['periods']} periods by {route['name']}; error and sd in prior sds"]
    lines.append(table(rows, ["parameter", "covered", "ranks, p", "with the truth", "error", "sd"]))
    if len(ordered) > SHOWN:
        lines.append(f"{len(ordered) - SHOWN} more parameters in --json")
    return lines[1:]


def _predictive(found: Mapping[str, Any]) -> list[str]:
    counts = found["counts"]
    outside = [row for row in counts if row["outside"]]
    missing = "".join(f"; {n} missing: {why}" for why, n in found["missing"].items())
    lines = [
        f"{found['histories']} histories played from the posterior ({found['source']}){missing}",
        f"{len(outside)} of {len(counts)} counts of the record lie outside what 95 % of them show; "
        f"{0.05 * len(counts):.0f} would by chance",
    ]
    rows = [
        {
            "count": row["name"],
            "record": percent(row["record"]),
            "histories": percent(row["mean"]),
            "90 % of them": f"{percent(row['low'])} to {percent(row['high'])}",
            "above the record": percent(row["p"]),
        }
        for row in sorted(outside, key=lambda row: min(row["p"], 1.0 - row["p"]))
    ]
    if rows:
        columns = ["count", "record", "histories", "90 % of them", "above the record"]
        lines.append(table(rows, columns))
    return lines


def _evidence(found: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        {
            "target": row["name"],
            "exact": f"{row['exact']:.2f}",
            "importance": _off(row["importance"], row["exact"]),
            "bridge": _off(row["bridge"], row["exact"]),
            "within 0.2": "yes" if row["within"] else "no",
            "": row["unresolved"],
        }
        for row in found
    ]
    return [
        "Evidence of densities whose evidence is known, in nats",
        table(rows, ["target", "exact", "importance", "bridge", "within 0.2", ""]),
    ]


def _off(estimate: float | None, exact: float) -> str:
    return "-" if estimate is None else f"{estimate - exact:+.3f}"


def ranks_table(row: Mapping[str, Any]) -> pd.DataFrame:
    """Simulations by bin of ranks, for a chart: one length, by the route that is held to it."""
    found = []
    for test in row["routes"][0]["ranks"]:
        bins, n = len(test["counts"]), sum(test["counts"])
        width = (RANKED + 1) // bins
        lower, upper = stats.binom(n, 1.0 / bins).ppf([0.025, 0.975])
        for k, count in enumerate(test["counts"]):
            found.append(
                {"name": test["name"], "bin": k, "from": k * width, "to": (k + 1) * width - 1, "count": count,
                 "expected": n / bins, "lower": float(lower), "upper": float(upper),
                 "uniform": test["adjusted"] >= LEVEL}
            )  # fmt: skip
    return pd.DataFrame(found)


def draw_ranks(data: Mapping[str, Any], file: Path) -> bool:
    """Draw the ranks of the first length that has a test; False where none has."""
    from tightrope.report.charts.ranks import ranks_figure
    from tightrope.report.picture import drawn_alone

    for row in data["calibration"]:
        if not row["routes"] or not row["routes"][0]["ranks"]:
            continue
        frame = ranks_table(row)
        bad = sorted(set(frame.loc[~frame["uniform"], "name"]))
        title = f"Ranks of the truth among draws of the {row['route']}: "
        title += f"{', '.join(bad)} not uniform." if bad else "all uniform."
        note = f"{row['simulations']} simulated records of {row['periods']} periods of {data['case']}, "
        note += f"truths from the {data['prior']} priors."
        write_atomically(file, drawn_alone(ranks_figure(frame, title=title, note=note), file.suffix.lower()))
        return True
    return False
