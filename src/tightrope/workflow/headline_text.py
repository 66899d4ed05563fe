"""What a headline comes to, for a reader of the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.forecast.words import beside, percent
from tightrope.workflow.text import blocks, table


def headline_text(data: Mapping[str, Any]) -> str:
    """The update in words, its curve as bars, and by days that count."""
    alarms, hit = data["false_alarms"], data["hit"]
    law = hit["law"]
    mean_hit = law[0] / (law[0] + law[1]) if isinstance(law, list) else law
    mean_alarm = alarms["beta"][0] / sum(alarms["beta"])
    move = "raises" if data["ratio"] > 1 else "lowers" if data["ratio"] < 1 else "leaves"
    rows = [
        {"if hits were": percent(p["hit_rate"]), "then after": beside(p["after"]), "": _bar(p, data["curve"])}
        for p in data["curve"]
    ]
    leads = [
        {
            "days before": p["days"],
            "false": f"{p['false']} of {alarms['n']}",
            "announced": f"{p['announced']} of {hit['steps']['n']}",
            "odds times": f"{p['ratio']:.2f}",
            "after": percent(p["after"]),
        }
        for p in data["leads"]
    ]
    assumed = f"Beta({law[0]:g}, {law[1]:g})" if isinstance(law, list) else "a fixed rate"
    return blocks(
        [
            f"A headline of {data['event']} {move} its chance in {' to '.join(data['window'])}",
            f"from {beside(data['before'])} to {beside(data['after'])}; 90 % limits "
            f"{percent(data['low'])} to {percent(data['high'])}.",
        ],
        [
            f"Prior: {data['prior_from']}.",
            f"False alarms: {alarms['hits']} of {alarms['n']} summits had such a headline in the "
            f"{data['lead_days']} days before ({alarms['sure']} beyond doubt of dates); taken as "
            f"{percent(mean_alarm)}.",
            f"Hits, assumed: {percent(mean_hit)}, {assumed} ({hit['from']}).",
            f"So the odds are multiplied by {data['ratio']:.2f}.",
        ],
        [table(rows, ["if hits were", "then after", ""])],
        [table(leads, ["days before", "false", "announced", "odds times", "after"])],
        [f"Note: {text}." for text in data["warnings"]],
    )


def _bar(point: Mapping[str, float], points: Sequence[Mapping[str, float]]) -> str:
    return "#" * round(40 * point["after"] / max(p["after"] for p in points)) if point["after"] > 0 else ""
