"""What `tightrope compare` prints: who stands where, what may be said of it, and which quarters say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.argument.comparison import FINDING
from tightrope.fit.evidence import NOT_MIXED
from tightrope.workflow.text import blocks, notes, table


def compare_text(data: Mapping[str, Any]) -> str:
    """The same as `compare_data`, for a reader."""
    verdicts = {f["name"]: f["verdict"] for f in data["factors"]}
    return blocks(
        summary(data),
        _table(data),
        _doubts(data),
        _smc(data),
        _switches(data),
        _spreads(data),
        _variants(data),
        *(_split(part, verdicts[part["name"]]) for part in data["splits"]),
        _about(data),
        [f"{name} could not be weighed: {why}" for name, why in data["failed"].items()],
        notes(data),
    )


def summary(data: Mapping[str, Any]) -> list[str]:
    """Whether strategy beats what is not strategic, and what the record decides among the readings."""
    verdicts = {f["name"]: f for f in data["factors"]}
    strategic = {r["name"]: r["strategic"] for r in data["readings"]}
    base = data["base"]
    lines = []
    for name, f in verdicts.items():
        if not strategic[name]:
            lines.append(f"The game ({base}) against {name}, which is not strategic: {_versus(f)}.")
    readings = [f for name, f in verdicts.items() if strategic[name]]
    decided = [f for f in readings if f["verdict"] in ("favoured", "disfavoured")]
    lines.append(
        f"Of {len(readings)} rival readings the record decides {len(decided)} against {base}"
        + (": " + ", ".join(f"{f['name']} {_says(f)}" for f in decided) if decided else "")
        + "."
    )
    return lines


def _versus(f: Mapping[str, Any]) -> str:
    """A factor seen from the base, whose sign is the other way round."""
    words = {
        "favoured": f"loses by {abs(f['log_factor']):.1f} nats",
        "disfavoured": f"wins by {abs(f['log_factor']):.1f} nats",
        "no finding": "no finding",
    }
    if f["verdict"] in words:
        return words[f["verdict"]]
    said = f"{f['verdict']} (by the two estimates {-f['first']:+.1f} and {-f['second']:+.1f} nats)"
    if f["least"] is not None and f["least"] > FINDING:
        said += f", and ahead by at least {f['least']:.1f} nats, 19 times in 20"
    return said


def _says(f: Mapping[str, Any]) -> str:
    return f"{f['verdict']} by {abs(f['log_factor']):.1f} nats"


def _table(data: Mapping[str, Any]) -> list[str]:
    verdicts = {f["name"]: f for f in data["factors"]}
    rows = []
    for r in data["readings"]:
        f = verdicts.get(r["name"])
        rows.append(
            {
                "reading": r["name"],
                "free": r["parameters"],
                "certified": f"{100 * r['certified']:.0f} %" if r["strategic"] else "",
                "importance": _estimate(r["first"]),
                "bridge": _estimate(r["second"]),
                "learned": f"{r['learned']:.0f}" if r["learned"] is not None else "-",
                f"against {data['base']}": "" if f is None else _cell(f),
            }
        )
    columns = ["reading", "free", "certified", "importance", "bridge", "learned", f"against {data['base']}"]
    return [
        f"Log evidence in nats under the {data['prior']} priors, over the certified set, with the spread of "
        "repeats. Rivals that are not strategic: over parameters and, for the chain, over paths.",
        table(rows, columns),
    ]


def _cell(f: Mapping[str, Any]) -> str:
    if f["verdict"] == "no finding":
        return "no finding"
    if f["verdict"] in ("unresolved", "refused"):
        return f"{f['verdict']} ({f['first']:+.1f}, {f['second']:+.1f})"
    return f"{f['log_factor']:+.1f} {f['verdict']}"


def _estimate(e: Mapping[str, Any]) -> str:
    if e["log_evidence"] is None:
        return "-"
    spread = f" ± {e['spread']:.2f}" if e["spread"] is not None else ""
    return f"{e['log_evidence']:.1f}{spread}{' *' if e['flaw'] else ''}"


def _doubts(data: Mapping[str, Any]) -> list[str]:
    lines = [f"  {r['name']}: unresolved, {r['unresolved']}." for r in data["readings"] if r["unresolved"]]
    unmixed = [r for r in data["readings"] if r["strategic"] and NOT_MIXED in r["unresolved"]]
    if any(r["origin"] == "shipped" for r in unmixed):
        lines.append("  These chains came with the case; --longer 32 makes longer ones, from the start.")
    elif unmixed:
        lines.append("  Chains that have not mixed go on from where they are with --longer 8, for instance.")
    return lines


def _smc(data: Mapping[str, Any]) -> list[str]:
    """The third estimate of the leading readings, and what it contradicts."""
    lines = []
    for row in data["smc"]:
        if "error" in row:
            lines.append(f"{row['name']}: tempered SMC failed: {row['error']}")
            continue
        e = row["estimate"]
        lines.append(
            f"{row['name']}: {e['log_evidence']:.1f} +- {e['spread']:.1f} in {len(e['repeats'])} runs of "
            f"{e['evaluations']} evaluations; {row['verdict']}"
        )
    return ["Tempered SMC from the prior, of the leading readings", *lines] if lines else []


def _switches(data: Mapping[str, Any]) -> list[str]:
    """Each mechanism off against free, by the draws of the base reading."""
    rows = [
        {
            "mechanism": row["name"],
            "off against free": "-"
            if row["log_factor"] is None or row["verdict"] == "no finding"
            else f"{row['log_factor']:+.1f} +- {row['error']:.1f}",
            "": row["flaw"] or row["verdict"],
        }
        for row in data["switches"]
    ]
    if not rows:
        return []
    return [
        f"One mechanism off at a time, by Savage-Dickey ratios from the draws of {data['base']} (nats)",
        table(rows, ["mechanism", "off against free", ""]),
    ]


def _spreads(data: Mapping[str, Any]) -> list[str]:
    if not data["spreads"]:
        return []
    against = f"against {data['base']}"
    rows = [
        {"spread": f"x {r['spread']:g}", "reading": r["name"], against: f"{_cell(r)}{_behind(r)}"}
        for r in data["spreads"]
    ]
    return [
        "With the spread of every prior multiplied, all readings alike (rivals that are not strategic keep "
        "their own):",
        table(rows, ["spread", "reading", against]),
    ]


def _behind(f: Mapping[str, Any]) -> str:
    bounded = f["least"] is not None and f["least"] > FINDING
    return f"; behind by at least {f['least']:.1f}, 19 times in 20" if bounded else ""


def _variants(data: Mapping[str, Any]) -> list[str]:
    told = [r for r in data["variants"] if "refused" not in r]
    if not data["variants"]:
        return []
    rows = [
        {
            "coding": r["coding"],
            "reading": r["name"],
            "as printed": _signed(r["printed"]),
            "then": _signed(r["log_factor"]),
            "verdict": r["verdict"] + (" (FLIPS)" if r["flips"] else ""),
        }
        for r in told
    ]
    flipped = sorted({r["name"] for r in told if r["flips"]})
    return [
        f"Against {data['base']} under other codings of the record, one at a time"
        + (", and averaged over all blocks. " if any("combinations" in r for r in told) else ". ")
        + (
            f"Another coding turns the result for {', '.join(flipped)}."
            if flipped
            else "None flips a result."
        ),
        table(rows, ["coding", "reading", "as printed", "then", "verdict"]),
        *_average_told(told),
        *(f"{r['coding']}: not read ({r['refused']})" for r in data["variants"] if "refused" in r),
    ]


def _average_told(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    averages = [r for r in rows if "combinations" in r]
    if not averages:
        return []
    count, covered = averages[0]["combinations"], averages[0]["covered"]
    return [
        f"{averages[0]['coding']}: {count} combinations of their readings, {100 * covered:.0f} % of the "
        "coder's weight."
    ]


def _signed(value: float | None) -> str:
    """A factor's number; there is none to print below one nat."""
    return "-" if value is None or abs(value) < FINDING else f"{value:+.1f}"


def _split(part: Mapping[str, Any], verdict: str) -> list[str]:
    total, learning = part["total"], part["learning"]
    if total is None or learning is None:
        return []
    doubt = " (unresolved: neither the total nor its parts are to be relied on)"
    against = part["other"] + (doubt if verdict == "unresolved" else "")
    whole = "no finding" if verdict == "no finding" else f"{total:+.1f} nats"
    lines = [
        f"{part['name']} against {against}: {whole} = {total - learning:+.1f} over the "
        f"periods and {learning:+.1f} for what had to be learned. The most telling:"
    ]
    for row in part["telling"]:
        lines.append(f"  {row['period']} {row['nats']:+.2f}  {row['note']}".rstrip())
        lines += [f"      {e['id']} {e['date']} {e['summary']} {e['source_url']}" for e in row["events"]]
    return lines


def _about(data: Mapping[str, Any]) -> list[str]:
    def fixed(values: Mapping[str, float]) -> str:
        return " Fixed: " + ", ".join(f"{k} = {v:g}" for k, v in values.items()) + "." if values else ""

    readings: Sequence[Mapping[str, Any]] = data["readings"]
    return [f"{r['name']}: {' '.join(r['about'].split())}{fixed(r['fixed'])}" for r in readings]
