"""The claims in three columns: in the record, at the reference, at the fit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tightrope.report.blocks import Block, Bullets, Cell, Figure, Line, Section, Table
from tightrope.report.charts.claims import share_rows, shares_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Claims
from tightrope.report.text import NOT_CERTIFIED, NOTHING, count, interval, number, percent, share_of_draws

ID, HEADING = "claims", "Claims of the argument"

FLAGS = {
    "works": "works: fails without the mechanism that it names",
    "vacuous": "vacuous: holds with every mechanism off, or in nearly all agnostic draws",
    "overdetermined": "overdetermined: survives each single ablation, but not all together",
    "fragile": "fragile: holds at the reference, but not in most draws",
    "contradicted": "contradicted: the record goes the other way",
    "prior only": "prior only: the record moves nothing that the claim rests on",
    "untestable": "untestable: the case has nothing to test it on",
}
STATES = {
    "holds": "good",
    "fails": "bad",
    "not certified": "unsure",
    "undefined": "unsure",
    "untestable": "unsure",
}


def flags_of(text: str) -> tuple[str, ...]:
    """Flags as words for readers.

    >>> flags_of("works, prior_only"), flags_of("")
    (('works', 'prior only'), ())
    """
    return tuple(word.replace("_", " ") for word in text.replace(",", " ").split())


def claims_view(claims: Claims) -> Section:
    """The table of all claims, then the shares of draws as a chart."""
    table = Table(
        id="claims-table",
        caption=f"{count(len(claims.claims), 'claim')}. k of n are counted in the record, with 95 % "
        "intervals; intervals at the fit are 90 % over draws.",
        head=("Claim", "In the record", "At the reference", "At the fit", "Standing", "What happened later"),
        rows=tuple(_row(row, claims) for row in claims.claims.to_dict("records")),
        stack=True,
    )
    used = {flag for text in claims.claims["flags"] for flag in flags_of(text)}
    words = Bullets("Words used", tuple((Line(text),) for flag, text in FLAGS.items() if flag in used))
    blocks: list[Block] = [table, *([words] if words.items else [])]
    shares = share_rows(claims.claims)
    if not shares.empty:
        title = shares_title(claims.claims)
        alt = f"Dot plot, one row a claim. {title}"
        blocks.append(
            Figure(
                id="claims-chart",
                title=title,
                alt=alt,
                spec=shares_chart(claims.claims, description=alt),
                data=data_table(
                    shares, id="claims-chart", caption="Share of draws in which each claim holds"
                ),
                fluid=60,
            )
        )
    intro = summary(claims.claims)
    return Section(
        ID,
        HEADING,
        intro=f"{intro} The fit: {claims.fit_about}." if claims.fit_about else intro,
        blocks=tuple(blocks),
    )


def summary(claims: pd.DataFrame) -> str:
    """How the claims fare, in a sentence."""
    at = {place: claims[place].value_counts() for place in ("reference", "fit")}
    out = int((claims["reference"] == "untestable").sum())
    tested = len(claims) - out
    parts = [
        f"Of {count(len(claims), 'claim')}, {out} can't be tested. Of the other {tested}, "
        f"{int(at['reference'].get('holds', 0))} hold at the reference and "
        f"{int(at['fit'].get('holds', 0))} at the fit."
    ]
    unsure = int(at["reference"].get("not certified", 0)), int(at["fit"].get("not certified", 0))
    if any(unsure):
        parts.append(f"Not certified: {unsure[0]} at the reference, {unsure[1]} at the fit.")
    return " ".join(parts)


def shares_title(claims: pd.DataFrame) -> str:
    """The finding: how many claims hold in most posterior draws, and how many in most agnostic ones."""
    parts = []
    for column, words in (("share_fit", "posterior draws"), ("share_agnostic", "agnostic prior draws")):
        known = claims[column].dropna().astype(float)
        if len(known):
            parts.append(f"{int((known > 0.5).sum())} of {len(known)} claims hold in most {words}")
    if not parts:
        known = claims["share_argument"].dropna().astype(float)
        parts.append(f"{int((known > 0.5).sum())} of {len(known)} claims hold in most argument-centred draws")
    return "; ".join(parts) + "."


def _row(row: dict[Any, Any], claims: Claims) -> tuple[Cell, ...]:
    shares = claims.shares[claims.shares["claim"] == row["id"]].to_dict("records")
    quantities = claims.quantities[claims.quantities["claim"] == row["id"]].to_dict("records")
    flags = flags_of(row["flags"])
    text = [Line(f"{row['id']}.", strong=True), Line(row["text"]), Line(row["kind"], quiet=True)]
    if row["check"]:
        text.append(Line(f"check: {row['check']}", quiet=True))
    return (
        Cell(tuple(text)),
        _record(shares),
        _model(row, quantities, at="reference"),
        _model(row, quantities, at="fit", draws=_draws(row, claims)),
        _standing(row, flags),
        Cell((Line(row["later"] or NOTHING),)),
    )


def _record(shares: list[dict[Any, Any]]) -> Cell:
    lines: list[Line] = []
    for share in shares:
        against = f"against the claim, {share['contrary']}" if share["contrary"] else "neither way"
        words = {True: "as claimed", False: against, None: ""}[share["agrees"]]
        expected = f"expected {share['expect']}; " if share["expect"] and share["expect"] != "none" else ""
        lines += [
            Line(f"{share['k']} of {share['n']}", strong=True),
            Line(f"({interval(share['lower'], share['upper'])})"),
            Line(
                f"{share['what']}{'; ' if expected or words else ''}{expected}{words}".rstrip("; "),
                quiet=True,
            ),
        ]
    return Cell(tuple(lines) or (Line(NOTHING),))


def _model(
    row: dict[Any, Any], quantities: list[dict[Any, Any]], *, at: str, draws: Line | None = None
) -> Cell:
    result = row[at]
    lines = [Line(result, strong=True)]
    margin = row[f"margin_{at}"]
    if margin is not None and margin == margin:
        lines.append(Line(f"margin {'+' if margin > 0 else ''}{number(margin, digits=2)}", quiet=True))
    if draws is not None and result != "untestable":
        lines.append(draws)
    for quantity in quantities:
        lines.append(_quantity(quantity, at=at))
    return Cell(tuple(lines), state=STATES[result])


def _quantity(quantity: dict[Any, Any], *, at: str) -> Line:
    name = quantity["about"] or quantity["name"]
    if not quantity[f"{at}_certified"]:
        return Line(f"{name}: {NOT_CERTIFIED}", quiet=True)
    chance = quantity["unit"] == "probability"
    value = percent(quantity[at]) if chance else number(quantity[at])
    span = ""
    if at == "fit" and quantity["lower"] is not None and quantity["lower"] == quantity["lower"]:
        low, high = quantity["lower"], quantity["upper"]
        span = f" ({interval(low, high)})" if chance else f" ({number(low)} to {number(high)})"
    return Line(f"{name}: {value}{span}", quiet=True, mark=quantity[f"mark_{at}"])


def _draws(row: dict[Any, Any], claims: Claims) -> Line | None:
    if row["share_fit"] is None or row["share_fit"] != row["share_fit"]:
        return None
    mark = "" if "prior only" in flags_of(row["flags"]) else claims.mark_fit
    return Line(f"(holds in {share_of_draws(row['share_fit'], row['draws_fit'])})", mark=mark)


def _standing(row: dict[Any, Any], flags: tuple[str, ...]) -> Cell:
    lines = [Line("", badges=flags)] if flags else []
    if row["untestable"]:
        lines.append(Line(row["untestable"], quiet=True))
    if row["needs"]:
        lines.append(Line(f"needs {row['needs']}", quiet=True))
    elif row["named"]:
        lines.append(Line(f"names {row['named']}, which does not break it", quiet=True))
    for column, words in (
        ("share_argument", "argument-centred priors"),
        ("share_agnostic", "agnostic priors"),
    ):
        if row[column] is not None and row[column] == row[column]:
            lines.append(Line(f"{words}: {share_of_draws(row[column])}", quiet=True))
    if row["threshold"]:
        lines.append(Line(f"threshold: {row['threshold']}", quiet=True))
    return Cell(tuple(lines) or (Line(NOTHING),))
