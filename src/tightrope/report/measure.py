"""How wide text is on paper, by the renderer that sets it, and where its lines end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any
from unicodedata import category

FONT = "Liberation Sans"
"""The renderer brings this font along: a machine without fonts draws the same page."""
UNIT = 100.0
MORE = "…"


class Ruler:
    """Widths of words, each measured once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], float] = {}

    def learn(self, texts: Iterable[str], *, bold: bool = False) -> None:
        """Measure every word of some texts, all at once."""
        words = {word for text in texts for word in words_of(text)}
        missing = sorted(word for word in {*words, "a a", "aa", MORE} if (word, bold) not in self._known)
        self._known |= {(word, bold): width for word, width in _widths(missing, bold=bold).items()}

    def width(self, text: str, *, size: float, bold: bool = False) -> float:
        """The width of a text in `FONT`, its words set with single spaces."""
        self.learn([text], bold=bold)
        words = words_of(text)
        space = self._known["a a", bold] - self._known["aa", bold]
        return size * (sum(self._known[w, bold] for w in words) + space * max(len(words) - 1, 0))

    def lines(
        self, text: str, *, room: float, size: float, bold: bool = False, most: int = 99
    ) -> tuple[str, ...]:
        """The text in lines of at most `room`; what does not go into `most` lines ends with an ellipsis.

        A word that is wider than the room is cut.
        """
        self.learn([text], bold=bold)
        found: list[str] = []
        for word in words_of(text):
            word = self._cut(word, room=room, size=size, bold=bold)
            if found and self.width(f"{found[-1]} {word}", size=size, bold=bold) <= room:
                found[-1] += f" {word}"
            else:
                found.append(word)
        if len(found) <= most:
            return tuple(found)
        last = words_of(found[most - 1])
        while len(last) > 1 and self.width(" ".join([*last, MORE]), size=size, bold=bold) > room:
            last.pop()
        return (*found[: most - 1], " ".join([*last, MORE]))

    def _cut(self, word: str, *, room: float, size: float, bold: bool) -> str:
        whole = self._known[word, bold] * size
        if whole <= room:
            return word
        return word[: max(int(len(word) * room / whole) - 2, 1)] + MORE


def words_of(text: str) -> list[str]:
    r"""The words of a text; a no-break space is no place to break, nor is that before a per cent sign.

    >>> words_of("  13 % of \n all")
    ['13\\xa0%', 'of', 'all']
    """
    return [word for word in clean(text).replace(" %", "\u00a0%").split(" ") if word]


def clean(text: str) -> str:
    r"""The text with a space for whatever no drawing may hold: control characters end the renderer's process.

    >>> clean("a\x00b\tc")
    'a b c'
    """
    return "".join(" " if category(letter).startswith("C") else letter for letter in text)


def _widths(texts: Sequence[str], *, bold: bool) -> dict[str, float]:
    """The width of each text as a multiple of the font's size."""
    if not texts:
        return {}
    scene = import_module("vl_convert").vega_to_scenegraph(_measuring(texts, bold=bold))
    found = [float(item.get("x", 0.0)) / UNIT for item in _symbols(scene)]
    return dict(zip(texts, found, strict=True))


def _measuring(texts: Sequence[str], *, bold: bool) -> dict[str, Any]:
    """Text marks, and a symbol for each that stands as far right as its text is wide."""
    look = {
        "text": {"field": "text"},
        "font": {"value": FONT},
        "fontSize": {"value": UNIT},
        "fontWeight": {"value": "bold" if bold else "normal"},
    }
    width = {"signal": "datum.bounds.x2 - datum.bounds.x1"}
    return {
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "width": 10,
        "height": 10,
        "data": [{"name": "texts", "values": [{"text": text} for text in texts]}],
        "marks": [
            {"name": "words", "type": "text", "from": {"data": "texts"}, "encode": {"enter": look}},
            {"type": "symbol", "from": {"data": "words"}, "encode": {"enter": {"x": width}}},
        ],
    }


def _symbols(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("marktype") == "symbol":
            yield from node["items"]
        else:
            for part in node.values():
                yield from _symbols(part)
    elif isinstance(node, list):
        for part in node:
            yield from _symbols(part)


__all__ = ["FONT", "Ruler", "clean", "words_of"]
