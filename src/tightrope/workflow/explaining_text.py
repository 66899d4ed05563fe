"""`tightrope explain` for a reader: every block says at which values its numbers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.argument.price_gap import THE_END
from tightrope.workflow.text import blocks, percent, table

SMALL = 5e-4
"""Parts of a log-odds or a price that would print as zero are left out and counted."""


def text_of(data: Mapping[str, Any]) -> str:
    """The whole answer."""
    parts: list[Sequence[str]] = [_head(data)]
    for choice in data.get("choices", ()):
        parts += _choice(data, choice)
    if "price" in data:
        parts += _price(data, data["price"])
    if "path" in data:
        parts.append(_path(data, data["path"]))
    return blocks(*parts)


def _head(data: Mapping[str, Any]) -> list[str]:
    lines = [f"{data['case']}, at the {data['at']} ({data['mark']})", f"state: {_state(data['state'])}"]
    return [*lines, f"from:  {data['from']}"] if data["from"] else lines


def _state(point: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={level}" for name, level in point.items())


def _choice(data: Mapping[str, Any], choice: Mapping[str, Any]) -> list[list[str]]:
    period, at = data["period"], data["at"]
    seen = {name: level for name, level in choice["point"].items() if name not in data["state"]}
    title = choice["move"] + (f", a move of {choice['player']}" if choice["move"] != choice["player"] else "")
    after = f" after {_state(seen)}" if seen else ""
    rows = [
        {
            "action": option["action"],
            "chance": percent(option["probability"]) if option["probability"] else "closed",
            "worth": f"{option['worth']:.3f}",
            f"this {period}": f"{option['now']:.3f}",
            "later": f"{option['later']:.3f}",
        }
        for option in choice["options"]
    ]
    columns = ["action", "chance", "worth", f"this {period}", "later"]
    found = [[f"{title}{after}, at the {at}", table(rows, columns)]]
    if choice["log_odds"] is not None:
        found.append(_split(data, choice))
    if "flips" in choice:
        found.append(_levels(data, choice))
        found.append(_parameters(data, choice))
    return found


def _split(data: Mapping[str, Any], choice: Mapping[str, Any]) -> list[str]:
    now, later = (sum(row[when] for row in choice["split"]) for when in ("now", "later"))
    big = [row for row in choice["split"] if max(abs(row["now"]), abs(row["later"])) >= SMALL]
    rows = [
        {"part": row["part"], f"this {data['period']}": _signed(row['now']), "later": _signed(row['later']),
         "both": _signed(row['both'])}
        for row in big
    ]  # fmt: skip
    rows.append(
        {"part": "all", f"this {data['period']}": _signed(now), "later": _signed(later),
         "both": f"{choice['log_odds']:+.3f}"}
    )  # fmt: skip
    left = len(choice["split"]) - len(big)
    return [
        f"why {choice['likeliest']} and not {choice['against']}, at the {data['at']}: log-odds by part",
        table(rows, ["part", f"this {data['period']}", "later", "both"]),
        *([f"({left} more {'part is' if left == 1 else 'parts are'} the same for both)"] if left else []),
    ]


def _levels(data: Mapping[str, Any], choice: Mapping[str, Any]) -> list[str]:
    flips = choice["flips"]["levels"]
    does = [
        f"  {f['variable']}={f['level']} (now {f['now']}): {f['to']}, {percent(f['probability'])}"
        for f in flips
        if f["level"] is not None
    ]
    never = ", ".join(f["variable"] for f in flips if f["level"] is None)
    if never:
        does.append(f"  no level of {never} does" if does else f"  none: no level of {never} does")
    return [
        f"what would flip {choice['likeliest']}, at the {data['at']}: another level of one variable",
        *does,
    ]


def _parameters(data: Mapping[str, Any], choice: Mapping[str, Any]) -> list[str]:
    flips = choice["flips"]
    rows = [
        {
            "parameter": f["parameter"],
            "now": f"{f['now']:.4g} {f['source']}".strip(),
            "flips at": f"{f['value']:.4g}",
            "prior sds": f"{f['distance']:+.2f}",
            "to": f["to"],
            "solved again": _certified(f),
        }
        for f in flips["parameters"]
    ]
    head = (
        f"what would flip {choice['likeliest']}, from the {data['at']}: one parameter, in sds of its "
        f"{flips['prior_class']} prior"
    )
    count = len(flips["tried"])
    looked = f"({count} parameter{'' if count == 1 else 's'} moved, up to 3 sds"
    looked += f"; {flips['untried']} with a longer way by first order were not" if flips["untried"] else ""
    looked += f"; on the way of {', '.join(flips['lost'])} a solve was not certified" if flips["lost"] else ""
    columns = ["parameter", "now", "flips at", "prior sds", "to", "solved again"]
    body = table(rows, columns) if rows else "  none"
    return [head, body, looked + ")"]


def _certified(flip: Mapping[str, Any]) -> str:
    before, after = (side["likeliest"] for side in flip["sides"])
    told = f"{before} before, {after} after"
    if not flip["confirmed"]:
        return f"not confirmed: {told}"
    return f"{told}, both certified" + (", by a jump" if flip["jump"] else "")


def _price(data: Mapping[str, Any], price: Mapping[str, Any]) -> list[list[str]]:
    at, patron, client = data["at"], price["patron"], price["client"]
    names = [THE_END, *(dict.fromkeys([*price["pays"], *price["takes"]]))]
    rows = [
        {"part": name, f"{patron} gains": _signed(price["pays"].get(name)),
         f"{client} loses": _signed(price["takes"].get(name))}
        for name in dict.fromkeys(names)
        if max(abs(price["pays"].get(name, 0.0)), abs(price["takes"].get(name, 0.0))) >= SMALL
    ]  # fmt: skip
    pays, takes = sum(price["pays"].values()), sum(price["takes"].values())
    rows.append({"part": "all", f"{patron} gains": _signed(pays), f"{client} loses": _signed(takes)})
    suits = "no price suits both" if price["gap"] > 0 else "there is a price that suits both"
    here = [
        f"the price of {price['terminal']}, in this state, at the {at}: entering it now against going on",
        table(rows, ["part", f"{patron} gains", f"{client} loses"]),
        _settled(price),
        f"price gap {price['gap']:+.3f}: {suits}",
    ]
    positive = f"positive in {price['positive']:,} of {price['states']:,} states"
    positive += f", in {price['at_any_rate']:,} at any rate"
    where = [f"the price gap over all states, at the {at}: {positive}"]
    for name in ("smallest", "largest"):
        cell = price[name]
        where.append(f"  {name} {cell['gap']:+.3f}: {_state(cell['state'])}")
    where += [
        f"  {row['variable']}={row['level']}: a price in {row['breaking']:,} of {row['states']:,} states"
        for row in price["by_level"]
        if row["breaking"]
    ]
    return [here, where]


def _settled(price: Mapping[str, Any]) -> str:
    """What each side would settle for, in the patron's payoff."""
    most, least, rate = price["most"], price["least"], price["rate"]
    pays = f"pays at most {most:.3f}" if most > 0 else f"pays nothing, since it loses {-most:.3f}"
    takes = f"takes at least {least:.3f}" if least > 0 else f"asks nothing, since it gains {-least:.3f}"
    if rate != f"{price['rate_here']:g}":
        rate += f" = {price['rate_here']:.4g}"
    return f"{price['patron']} {pays}; {price['client']} {takes}, at a rate of {rate}"


def _signed(x: float | None) -> str:
    """A number with its sign; none on what prints as zero."""
    return "-" if x is None else f"{x:+.3f}" if abs(x) >= SMALL else "0.000"


def _path(data: Mapping[str, Any], path: Mapping[str, Any]) -> list[str]:
    period, within = data["period"], path["within"]
    head = f"the likeliest way to {path['outcome']} within {within} {period}s, at the {data['at']}"
    if path["why"]:
        return [head, f"  {path['why']}"]
    lines = [f"{head}: exactly this course {path['probability']:.2g}, any way there {path['reached']:.2g}"]
    for number, events in enumerate(path["periods"], start=1):
        lines.append(f"  {period} {number}: " + "; ".join(_event(e) for e in events))
    return lines


def _event(event: Mapping[str, str]) -> str:
    match event["kind"]:
        case "move":
            return f"{event['name']} {event['to']}"
        case "change":
            return f"{event['name']} {event['from']} to {event['to']}"
        case _:
            return f"{event['to']}, by {event['name']}"
