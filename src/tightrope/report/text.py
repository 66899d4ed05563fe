"""Numbers as text: probabilities that never read 0.0 % or 100.0 %, intervals, counts, plain numbers.

A probability that the model computes is never exactly nought or one in the world, so the two
ends print as `<0.1 %` and `>99.9 %`. Counts from the record are facts and print as `0 of 29`.
"""

from __future__ import annotations

import math

SPACE = "\u00a0"
DASH = "\u2013"
MINUS = "\u2212"
NOT_CERTIFIED = "not certified"
NOTHING = DASH
"""Stands where a number is undefined or not given."""

SMALLEST = 0.001


def known(x: float | None) -> bool:
    """Whether there is a number at all (neither None nor nan)."""
    return x is not None and not math.isnan(x)


def percent(p: float | None) -> str:
    """A probability as per cent: one decimal below 10 % and above 99 %, none between.

    Raises ValueError outside [0, 1].

    >>> [percent(p).replace(SPACE, " ") for p in (0.0, 0.0004, 0.0123, 0.0999, 0.344, 0.9961, 1.0)]
    ['<0.1 %', '<0.1 %', '1.2 %', '10 %', '34 %', '99.6 %', '>99.9 %']
    """
    return f"{_figure(p)}{SPACE}%" if p is not None and known(p) else NOTHING


def interval(lower: float | None, upper: float | None) -> str:
    """An interval of a probability: `0.9-2.0 %`, with an en dash; one figure where both ends print alike.

    >>> interval(0.0, 0.0213).replace(SPACE, " ").replace(DASH, "-")
    '<0.1-2.1 %'
    """
    if lower is None or upper is None or not known(lower) or not known(upper):
        return NOTHING
    low, high = _figure(lower), _figure(upper)
    return f"{low}{SPACE}%" if low == high else f"{low}{DASH}{high}{SPACE}%"


def _figure(p: float) -> str:
    if not -1e-9 <= p <= 1.0 + 1e-9:
        raise ValueError(f"a probability lies in [0, 1], got {p}")
    if p < SMALLEST:
        return "<0.1"
    if p > 1.0 - SMALLEST:
        return ">99.9"
    return f"{100 * p:.1f}" if p < 0.0995 or p >= 0.99 else f"{100 * p:.0f}"


def share_of_draws(share: float | None, draws: int | None = None) -> str:
    """A share of parameter draws; none and all are counts and may be said outright.

    >>> share_of_draws(1.0, 96), share_of_draws(0.0), share_of_draws(0.5, 96).replace(SPACE, " ")
    ('all 96 draws', 'no draw', '50 % of 96 draws')
    """
    if share is None or not known(share):
        return NOTHING
    many = "draws" if draws is None else f"{draws} draws"
    if share <= 0.0:
        return "no draw" if draws is None else f"none of {many}"
    if share >= 1.0:
        return f"all {many}"
    return f"{percent(share)} of {many}"


def number(x: float | None, *, digits: int = 3) -> str:
    """A plain number to so many significant digits, with a true minus sign.

    >>> number(0.012345), number(-1234.5), number(1e-9), number(None)
    ('0.0123', '−1230', '1e−09', '–')
    """
    if x is None or not known(x):
        return NOTHING
    if math.isinf(x):
        return "∞" if x > 0 else f"{MINUS}∞"
    if x != 0 and (abs(x) >= 10**6 or abs(x) < 10**-4):
        text = f"{x:.{max(digits - 3, 0)}e}"
    else:
        rounded = float(f"{x:.{digits}g}")
        places = 0 if rounded == 0 else max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
        text = f"{rounded:.{places}f}"
    return text.replace("-", MINUS)


def score(x: float | None) -> str:
    """A score to three decimals. A score is a mean of errors, not a probability: nought may be printed so.

    >>> score(0.3801), score(0.00002)
    ('0.380', '<0.001')
    """
    if x is None or not known(x):
        return NOTHING
    return "<0.001" if 0 < x < 0.0005 else f"{x:.3f}".replace("-", MINUS)


def seconds(x: float | None) -> str:
    """A time: seconds below two minutes, then minutes.

    >>> [seconds(x).replace(SPACE, " ") for x in (0.04, 3.2, 75.0, 200.0)]
    ['<0.1 s', '3.2 s', '75 s', '3.3 min']
    """
    if x is None or not known(x):
        return NOTHING
    if x < 0.05:
        return f"<0.1{SPACE}s"
    if x < 120:
        return f"{x:.1f}{SPACE}s" if x < 10 else f"{x:.0f}{SPACE}s"
    return f"{x / 60:.1f}{SPACE}min"


def day(iso: str, *, short: bool = False) -> str:
    """An ISO day as readers write it; `short` months have three letters.

    >>> day("2031-06-30").replace(SPACE, " "), day("2031-09-30", short=True).replace(SPACE, " ")
    ('30 June 2031', '30 Sep 2031')
    """
    from datetime import date

    d = date.fromisoformat(iso)
    month = MONTHS[d.month - 1]
    return f"{d.day}{SPACE}{month[:3] if short else month}{SPACE}{d.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def count(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "claim"), count(3, "claim"), count(0, "fear"), count(2, "century", "centuries")
    ('1 claim', '3 claims', 'no fears', '2 centuries')
    """
    noun = one if n == 1 else (many if many is not None else f"{one}s")
    return f"{'no' if n == 0 else n} {noun}"
