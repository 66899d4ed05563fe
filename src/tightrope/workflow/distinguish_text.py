"""What `tightrope distinguish` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tightrope.workflow.text import blocks, notes, table

PLACE = {
    "reference": "at the case's own values with what each reading fixes (calibrated to the argument)",
    "mode": "each at its own best mode (estimated from the record)",
}
LIKELY = 0.05
"""What both readings give less than this is not offered as the sight that would say most."""


def distinguish_text(data: Mapping[str, Any]) -> str:
    """The same as `distinguish_data`, for a reader."""
    one, other = (r["name"] for r in data["readings"])
    head = [
        f"{one} against {other}, {PLACE[data['at']]};",
        f"{data['periods']} periods from {data['first']}, both as they see the end of the record. "
        "Doubt about parameters is not in these numbers.",
    ]
    return blocks(
        head,
        _most(data, one, other),
        _observations(data, one, other),
        _futures(data, one, other),
        _claims(data, one, other),
        notes(data),
    )


def _most(data: Mapping[str, Any], one: str, other: str) -> list[str]:
    """The most telling thing to look at, and the sight that would say most, in words."""
    if not data["observations"]:
        return []
    best = data["observations"][0]
    lines = [
        f"Most telling: {best['text']} ({best['first']:.1%} against {best['other']:.1%}, "
        f"{best['information']:.3f} of 0.693 nats expected).",
        f"  If it happens {_gains(best['if_seen'], one, other)}, "
        f"if not {_gains(best['if_not'], one, other)}.",
    ]
    likely = [o for o in data["observations"] if max(o["first"], o["other"]) >= LIKELY]
    if likely:
        loud = max(likely, key=lambda o: abs(o["if_seen"]))
        lines.append(
            f"What would say most if it happened: {loud['text']} ({loud['first']:.1%} against "
            f"{loud['other']:.1%}): {_gains(loud['if_seen'], one, other)}."
        )
    return lines


def _gains(nats: float, one: str, other: str) -> str:
    return f"{one if nats >= 0.0 else other} gains {abs(nats):.1f} nats"


def _observations(data: Mapping[str, Any], one: str, other: str) -> list[str]:
    rows = [
        {
            "observation": o["text"],
            one: f"{o['first']:.1%}",
            other: f"{o['other']:.1%}",
            "if seen": f"{o['if_seen']:+.2f}",
            "if not": f"{o['if_not']:+.2f}",
            "expected": f"{o['information']:.3f}",
        }
        for o in data["observations"][: data["top"]]
    ]
    if not rows:
        return []
    told = f"Nats for {one} over {other} if seen and if not, and the information expected of looking:"
    return [told, table(rows, ["observation", one, other, "if seen", "if not", "expected"])]


def _futures(data: Mapping[str, Any], one: str, other: str) -> list[str]:
    if not data["futures"]:
        return []
    lines = []
    for gain, false in zip(data["futures"], (other, one), strict=True):
        told = (
            f"If {gain['reading']} is right the whole record of these periods gains it "
            f"{_nats(gain['mean'])} ± {gain['error']:.2f} nats on {false} and favours it in "
            f"{gain['share']:.0%} of {gain['futures']} simulated futures"
        )
        if gain["impossible"]:
            told += f" ({gain['impossible']} of them {false} rules out; they are not in the mean)"
        lines.append(told + ".")
    mean = sum(g["learned"] for g in data["futures"]) / 2.0
    error = sum(g["learned_error"] ** 2 for g in data["futures"]) ** 0.5 / 2.0
    lines.append(f"Expected information of that record: {mean:.3f} ± {error:.3f} of 0.693 nats.")
    return lines


def _nats(x: float | None) -> str:
    return "infinitely many" if x is None else f"{x:.2f}"


def _claims(data: Mapping[str, Any], one: str, other: str) -> list[str]:
    if not data["claims"]:
        return []
    rows = [
        {"claim": c["claim"], one: c["first"], other: c["other"], "says": c["text"]}
        for c in data["claims"]
        if c["first"] != c["other"]
    ]
    told = [f"Claims: {len(data['claims']) - len(rows)} of {len(data['claims'])} come out alike."]
    return told + ([table(rows, ["claim", one, other, "says"])] if rows else [])
