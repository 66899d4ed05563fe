"""Words for probabilities, both ways: a word beside a number, and a number for a word.

Intelligence Community Directive 203 (ODNI 2015) divides 1-99 % into seven bands. Kent (1964) gave five words
a number with a margin, between the two that are sure. A word never stands in a number's place, and no
sentence on how likely a thing is says how sure we are of that too, since the two are then read as one
(ICD 203, D.6.e(2)(a)).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Literal

Table = Literal["icd203", "kent"]

BANDS: tuple[tuple[float, float, str], ...] = (
    (0.01, 0.05, "almost no chance"),
    (0.05, 0.20, "very unlikely"),
    (0.20, 0.45, "unlikely"),
    (0.45, 0.55, "roughly even chance"),
    (0.55, 0.80, "likely"),
    (0.80, 0.95, "very likely"),
    (0.95, 0.99, "almost certain"),
)
"""ICD 203: low end, high end, word."""

_OTHER_WORDS = {
    "remote": "almost no chance",
    "highly improbable": "very unlikely",
    "improbable": "unlikely",
    "roughly even odds": "roughly even chance",
    "probable": "likely",
    "highly probable": "very likely",
    "nearly certain": "almost certain",
}

KENT: tuple[tuple[float, float, float, str], ...] = (
    (0.00, 0.00, 0.00, "impossible"),
    (0.02, 0.07, 0.12, "almost certainly not"),
    (0.20, 0.30, 0.40, "probably not"),
    (0.40, 0.50, 0.60, "chances about even"),
    (0.63, 0.75, 0.87, "probable"),
    (0.87, 0.93, 0.99, "almost certain"),
    (1.00, 1.00, 1.00, "certain"),
)
"""Kent: low end, number, high end, word."""


class UnknownWord(ValueError):
    """A word that the table does not have; the message names near ones."""


@dataclass(frozen=True)
class Reading:
    """What a word stands for: a number, and the ends of the range it may mean."""

    word: str
    low: float
    middle: float
    high: float


def verbal(probability: float) -> str:
    """The word of Intelligence Community Directive 203 (ODNI 2015) for a probability.

    Bands 1-5, 5-20, 20-45, 45-55, 55-80, 80-95 and 95-99 %; an edge belongs to the band nearer one
    half, and numbers outside 1-99 % read "less than 1 %" and "more than 99 %". The word goes beside the
    number, never in its place, and never in one sentence with confidence in the model.

    >>> verbal(0.004), verbal(0.3), verbal(0.8)
    ('less than 1 %', 'unlikely', 'likely')
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"a probability lies in [0, 1], got {probability}")
    if probability < BANDS[0][0]:
        return "less than 1 %"
    if probability > BANDS[-1][1]:
        return "more than 99 %"
    for low, high, word in BANDS:
        if probability < high or (probability <= high and low >= 0.45):
            return word
    raise AssertionError("the bands cover [0.01, 0.99]")


def readings(table: Table) -> tuple[Reading, ...]:
    """Every word of a table, rising. The number of an ICD 203 band is its middle."""
    if table == "kent":
        return tuple(Reading(word, low, middle, high) for low, middle, high, word in KENT)
    return tuple(Reading(word, low, (low + high) / 2, high) for low, high, word in BANDS)


def read_word(word: str, *, table: Table = "icd203") -> Reading:
    """The numbers of a word. Raises UnknownWord, with a near match, for one that the table does not have.

    >>> read_word("Highly probable").middle, read_word("probable", table="kent").middle
    (0.875, 0.75)
    """
    asked = " ".join(word.lower().split())
    known = {reading.word: reading for reading in readings(table)}
    if table == "icd203":
        known |= {other: known[name] for other, name in _OTHER_WORDS.items()}
    if asked in known:
        return known[asked]
    near = difflib.get_close_matches(asked, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
    raise UnknownWord(f"{word!r} is no word of the {table} table; {hint}")


def nearest(probability: float, *, table: Table = "icd203") -> Reading:
    """The word of a table whose number is nearest; of two as near, the one nearer one half.

    >>> nearest(0.85, table="kent").word, nearest(0.35).word
    ('almost certain', 'unlikely')
    """
    return min(readings(table), key=lambda r: (round(abs(r.middle - probability), 12), abs(r.middle - 0.5)))


def percent(probability: float) -> str:
    """A probability with two figures that count, so that small ones can be told apart.

    >>> percent(0.00312), percent(0.000053), percent(0.25), percent(0.9993), percent(0.0)
    ('0.31 %', '0.0053 %', '25 %', '99.930 %', '0 %')
    """
    if not isfinite(probability):
        return "-"
    share = round(min(probability, 1.0 - probability), 15)
    if share <= 0.0:
        return "0 %" if probability < 0.5 else "100 %"
    places = max(0, 1 - floor(log10(100.0 * share)))
    return f"{100.0 * probability:.{places}f} %"


def beside(probability: float) -> str:
    """A number with its word: `25 % (unlikely)`. Below 1 % and above 99 % the directive has no word.

    >>> beside(0.25), beside(0.0031)
    ('25 % (unlikely)', '0.31 % (less than 1 %)')
    """
    return f"{percent(probability)} ({verbal(probability)})"


_LIKELY = re.compile(
    r"\b(" + "|".join([*(w for _, _, w in BANDS), *_OTHER_WORDS, "likelihood", "less than 1 %"]) + r")(?!\w)",
    re.I,
)
_SURE = re.compile(r"\b(high|moderate|low|medium)[ -]confidence\b|\bconfiden(t|ce)\b", re.I)


def mixed_sentences(text: str) -> tuple[str, ...]:
    """Sentences that speak of likelihood and of confidence at once; there should be none.

    >>> mixed_sentences("A merger is unlikely. Confidence in this is low.")
    ()
    >>> len(mixed_sentences("We say with low confidence that a merger is unlikely."))
    1
    """
    found = re.split(r"(?<=[.!?])\s+|\n\s*\n", text)
    return tuple(s for s in found if _LIKELY.search(s) and _SURE.search(s))
