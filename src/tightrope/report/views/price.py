"""What an end would cost, by state."""

from __future__ import annotations

from tightrope.report.blocks import Figure, Section, prose
from tightrope.report.charts.price import price_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections_pictures import Price
from tightrope.report.text import NOT_CERTIFIED, number

ID, HEADING = "price", "The price of an end"


def price_view(price: Price) -> Section:
    """The heat map over two variables; nothing where the solution is not certified."""
    if not price.certified:
        return Section(ID, HEADING, blocks=(prose(f"Values: {NOT_CERTIFIED}.", role="notice"),))
    title = price_title(price)
    alt = f"Heat map of {price.down} by {price.across}. {title}"
    figure = Figure(
        id="price-chart",
        title=title,
        alt=alt,
        spec=price_chart(price.gaps, across=price.across, down=price.down, description=alt),
        data=data_table(price.gaps, id="price-chart", caption=f"The price gap, if {price.end}"),
        note=_note(price),
    )
    return Section(ID, HEADING, intro=_intro(price), blocks=(figure,))


def price_title(price: Price) -> str:
    """The finding: in how many states no price suits both, and where the gap is widest and narrowest."""
    if price.positive == price.states:
        first = f"No price suits both in any of {price.states:,} states"
    elif price.positive == 0:
        first = f"Some price suits both in each of {price.states:,} states"
    else:
        first = f"No price suits both in {price.positive:,} of {price.states:,} states"
    gaps = price.gaps.astype({"gap": float})
    low, high = gaps.loc[gaps["gap"].idxmin()], gaps.loc[gaps["gap"].idxmax()]
    return (
        f"{first}; the gap is smallest where {price.down} is {low['down']} and {price.across} is "
        f"{low['across']} ({number(low['gap'])}), largest at {high['down']} and {high['across']} "
        f"({number(high['gap'])})."
    )


def _intro(price: Price) -> str:
    return (
        f"If {price.end}: the gap is the least that {price.client} would take for it minus the most that "
        f"{price.patron} would pay, in lifetime payoff of {price.patron}. While it is positive there is no "
        "price that suits both."
    )


def _note(price: Price) -> str:
    where = f" {price.evaluated}" if price.evaluated else ""
    ring = "A ring marks a cell in which some state has a price. " if (price.gaps["priced"] > 0).any() else ""
    return (
        f"Each cell averages over the other variables as they stood in the record{where} ({price.mark}). "
        f"{ring}A unit of {price.client}'s payoff costs {price.patron} {price.rate}; "
        f"{price.at_any_rate:,} of {price.states:,} states would have a positive gap at any such "
        "rate. The game has no auction: the price is read off the values."
    )
