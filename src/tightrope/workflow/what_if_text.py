"""What-ifs for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tightrope.argument.paired import STILL
from tightrope.workflow.asking import SPOT
from tightrope.workflow.text import blocks, notes, percent, table


def list_text(data: Mapping[str, Any]) -> str:
    """The scenarios of a case."""
    if not data["scenarios"]:
        name = data["case"]
        return f"{name} has no scenarios: name a file of them under `scenarios:`, or write --do and --observe"
    lines = []
    for one in data["scenarios"]:
        lines += [f"{one['name']}: {one['about']}", *(f"  {line}" for line in _steps(one))]
    return "\n".join(lines)


def _steps(scenario: Mapping[str, Any]) -> list[str]:
    lines = [f"do {text}" for text in scenario["do"]]
    lines += [f"observe {text}" for text in scenario["observe"]]
    return [*lines, knowing(scenario)] if scenario["do"] else lines


def knowing(scenario: Mapping[str, Any]) -> str:
    """Who knows what will be done."""
    if not scenario["announced"]:
        return "unannounced: all play on as if nothing were done, and are surprised in each period"
    who = " and ".join(scenario["known_to"]) or "all"
    since = f"from {scenario['known_from']} on" if scenario["known_from"] else "from now on"
    verb = "know" if who == "all" or " and " in who else "knows"
    rest = "" if who == "all" else "; the others are surprised"
    return f"announced: {who} {verb} of it {since}{rest}"


def points(change: float) -> str:
    """A difference of probabilities, in percentage points; 0 is nothing at all, +0.0 a little."""
    return "0" if abs(change) <= STILL else f"{100 * change:+.1f}"


def what_if_text(data: Mapping[str, Any]) -> str:
    """Questions with and without a scenario."""
    scenario, observing = data["scenario"], bool(data["scenario"]["observe"])
    head = [f"{scenario['name'] or 'what if'}: {scenario['about']}", *(f"  {s}" for s in _steps(scenario))]
    rows = []
    for row in data["questions"]:
        cells = {
            "question": _name(row),
            "by": row["deadline"],
            "without": percent(row["baseline"]["probability"]),
            "with": percent(row["scenario"]["probability"]),
            "points": points(row["difference"]),
        }
        if observing:
            cells |= {"learnt": points(row["learnt"]), "within": points(row["within"])}
        cells["90 % of draws"] = f"{points(row['lower'])} to {points(row['upper'])}"
        rows.append({**cells, "raised in": f"{100 * row['raised']:.0f} %"})
    lines = table(rows, list(rows[0])).splitlines() if rows else []
    refused = [f"{one['id']}: not answered: {one['reason']}" for one in data["refused"]]
    return blocks(head, lines, _reading(data), refused, _rests(data), notes(data))


def _name(row: Mapping[str, Any]) -> str:
    return str(row["event"]) if row["id"] == SPOT else f"{row['id']} {row['event']}"


def _short(row: Mapping[str, Any]) -> str:
    return str(row["event"] if row["id"] == SPOT else row["id"])


def _reading(data: Mapping[str, Any]) -> list[str]:
    """What the table does not show, and where it shows less than it seems to."""
    rows, scenario = data["questions"], data["scenario"]
    lines = []
    if scenario["observe"]:
        least = min((row["effective_draws"] for row in rows), default=0.0)
        lines.append(
            "points = learnt (what is observed makes some draws likelier than others) + within (a draw's own "
            f"change), which has the interval. It leaves {least:.0f} effective draws."
        )
    if rows and all(abs(row["difference"]) <= STILL for row in rows):
        lines.append("Nothing moves" + ("." if scenario["announced"] else _UNKNOWN))
        return lines
    either = [_short(row) for row in rows if row["lower"] < -STILL and row["upper"] > STILL]
    if either:
        lines.append(f"Draws disagree on the sign, the interval holding zero: {', '.join(either)}.")
    return lines


_UNKNOWN = (
    ": what is done comes after the deadlines, or it changes payoffs or precisions alone, and who does not "
    "know of it does not act on it."
)


def _rests(data: Mapping[str, Any]) -> list[str]:
    statuses = ", ".join(f"{n} {status}" for status, n in data["statuses"].items())
    return [
        f"rests on {data['certified']} of {data['draws']} draws certified on both sides ({statuses}; worst "
        f"residual {data['worst_residual']:.1g}), the record up to {data['known_until']}",
        "The game's own probabilities: there is no outside view of the scenario's world to mix in.",
    ]


def lever_text(data: Mapping[str, Any]) -> str:
    """The smallest change of a parameter that takes a probability past a mark."""
    question, mark = data["question"], percent(data["past"])
    head = [
        f"{question['event']}, by {question['deadline']}: {percent(data['before'])} at the mode of the fit; "
        f"what takes it past {mark}?"
    ]
    found = any(lever["confirmed"] for lever in data["levers"])
    vain = [one["parameter"] for one in data["levers"] if one["value"] is None and not one["lost"]]
    levers = [_lever_lines(lever) for lever in data["levers"] if not (found and lever["parameter"] in vain)]
    if found and vain:
        levers.append([f"moved as far, and not met: {', '.join(vain)}"])
    rest = []
    near = any(one["confirmed"] and abs(one["distance"]) <= data["moved_by"] for one in data["levers"])
    if data["moved"]:
        every, by = f"All {len(data['moved'])} parameters were moved", f"{data['moved_by']:.2g} sd"
        rest.append(
            f"{every} as far as that, and no nearer change was met."
            if near
            else f"{every} by {by}, and the {len(data['levers'])} that came nearest farther."
        )
    if data["lost"]:
        rest.append(f"On the way of these a solve could not be certified: {', '.join(data['lost'])}.")
    rest.append("The change is for good, from the first period to come, and known to all.")
    return blocks(head, *levers, rest, notes(data))


def _lever_lines(lever: Mapping[str, Any]) -> list[str]:
    name, now = lever["parameter"], lever["now"]
    seen = " and ".join(f"{percent(end['probability'])} at {end['value']:.4g}" for end in lever["looked_at"])
    if lever["value"] is None:
        lines = [f"{name}, now {now:.4g}: not met, up to {seen}"]
    else:
        sides = ", ".join(
            f"{percent(side['probability'])} at {side['value']:.6g} ({side['status']})"
            for side in lever["sides"]
        )
        lines = [
            f"{name} from {now:.4g} to {lever['value']:.4g}: {lever['distance']:+.2f} sds of its prior"
            + ("" if lever["confirmed"] else "; NOT confirmed"),
            f"  on either side {sides}"
            + ("; a leap between branches of equilibria" if lever["leap"] else "")
            + ("" if lever["tight"] else "; between the two a solve could not be certified"),
        ]
    lines += [f"  {way}wards a solve could not be certified before it was met" for way in lever["lost"]]
    return lines
