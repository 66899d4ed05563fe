"""What `tightrope discover` prints: the box in words, the trade-off behind it, the tree beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tightrope.workflow.text import blocks, notes, percent, table


def discover_text(data: Mapping[str, Any]) -> str:
    """The same as `discover_data`, for a reader."""
    counts = data["draws"]
    certified = counts["certified"]
    heading = [data["about"]] if data["about"] else []
    if "rule" in data:
        chosen = (
            f" (no threshold was given: the highest {100 * data['highest']:.0f} %)" if data["highest"] else ""
        )
        heading.append(
            f"Outcome: {data['rule']}{chosen}, in {data['with_it']} of {certified} certified draws "
            f"from the {data['prior']} priors."
        )
    apart = [f"{counts[status]} {status}" for status in ("undefined", "not certified") if counts[status]]
    if apart:
        heading.append(f"Counted apart and not classed: {', '.join(apart)}.")
    if "why" in data:
        return blocks([*heading, f"No box: {data['why']}."], notes(data))
    return blocks(heading, _box(data), _tradeoff(data), _tree(data), notes(data))


def _box(data: Mapping[str, Any]) -> list[str]:
    chosen = data["tradeoff"][data["chosen"]]
    lines = [
        f"Box {data['chosen']}: {percent(chosen['density'])} of its draws show the outcome (of all draws "
        f"{percent(data['share'])}); it holds {percent(chosen['coverage'])} of those that do. "
        "All of this holds there:"
    ]
    lines += [f"  - {limit_in_words(row)}" for row in data["limits"]] or [
        "  - no limit sets the outcome apart"
    ]
    if not chosen["sure"]:
        lines.append("Not every limit is beyond chance: a hint at most. More draws may tell.")
    held = data["held_out"]
    if held["halves"]:
        lines.append(
            f"Found on half of the draws and tried on the other half ({held['halves']} times): density "
            f"{percent(held['density'])} against {percent(held['share'])} without a box, coverage "
            f"{percent(held['coverage'])}. This, not the first line, is what to expect of new draws."
        )
    return lines


def limit_in_words(row: Mapping[str, Any]) -> str:
    """One limit: the parameter, where it must lie, how sure that is, and what the parameter is."""
    low, high = row["low"], row["high"]
    if low is not None and high is not None:
        where = f"between {low:.3g} and {high:.3g} (its prior's {_point(row['low_quantile'])} to "
        where += f"{_point(row['high_quantile'])} point)"
    elif low is not None:
        where = f"above {low:.3g} (its prior's {_point(row['low_quantile'])} point)"
    else:
        where = f"below {high:.3g} (its prior's {_point(row['high_quantile'])} point)"
    values = [f"{row[key]:.2g}" for key in ("qp_low", "qp_high") if row[key] is not None]
    doubt = f"quasi-p {' and '.join(values)}" + (", may be chance" if row["by_chance"] else "")
    if row["reproduced"] is not None:
        doubt += f", in {row['reproduced']:.0f} % of half samples"
    return f"{row['parameter']} {where}; {doubt}. {row['why']}"


def _point(quantile: float) -> str:
    return f"{100 * quantile:.0f} %"


def _tradeoff(data: Mapping[str, Any]) -> list[str]:
    rows = [
        {
            "box": ("* " if row["box"] == data["chosen"] else "  ") + str(row["box"]),
            "coverage": percent(row["coverage"]),
            "density": percent(row["density"]),
            "draws": row["n"],
            "with it": row["k"],
            "limits": row["restricted"],
        }
        for row in _thinned(data["tradeoff"], data["chosen"])
    ]
    return [
        "Coverage against density (* the box above; --box N shows another):",
        table(rows, ["box", "coverage", "density", "draws", "with it", "limits"]),
    ]


def _thinned(rows: list[dict[str, Any]], chosen: int, most: int = 12) -> list[dict[str, Any]]:
    """At most about `most` rows, evenly, the chosen and the last among them."""
    step = max(1, len(rows) // most)
    return [row for row in rows if row["box"] % step == 0 or row["box"] in (chosen, len(rows) - 1)]


def _tree(data: Mapping[str, Any]) -> list[str]:
    tree = data["tree"]
    rows = [
        {
            "density": percent(row["density"]),
            "coverage": percent(row["coverage"]),
            "draws": row["n"],
            "where": row["rule"],
        }
        for row in tree["leaves"]
    ]
    return [
        f"A classification tree (balanced accuracy {100 * tree['accuracy']:.0f} % on draws it did not see; "
        "50 % is chance):",
        table(rows, ["density", "coverage", "draws", "where"]),
    ]
