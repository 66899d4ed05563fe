"""The page of results: one section a part, each replaced when its part is run again."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# Timings

Written by `make bench` (`python -m benchmarks [PART]...`), a section a part, each dated and with the load of
the machine while it ran. Each call is made once before it is timed, so compiling is left out where nothing
else is said. *Clock* is time on the clock, *processor* processor time of the best call, all threads. Other
work on the machine lengthens both, the first far more. A ratio is of processor times in the same run.
One and the same sweep in plain Python took 32 ms on the machine of 2026-11-25 and takes 65 ms on that of
2026-11-29: targets were set on one like the first, so that half a time of the second is what they are fairly
held against. The second's two cores do a quarter more than one: a plain Python loop takes 6.1 s by itself,
and 9.8 s where another runs beside it. That bounds whatever is shared out over two processes.
"""


@dataclass(frozen=True)
class Section:
    """One part's results: a heading, words before the table, and the table."""

    title: str
    words: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    after: str = ""

    def text(self, *, before: str, machine: str) -> str:
        """The section in Markdown; `before` is the load when the part began."""
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        lines = [f"## {self.title}", "", f"{today}, {machine}; when it began {before}.", ""]
        if self.words:
            lines += [self.words, ""]
        lines += ["| " + " | ".join(self.header) + " |", "|" + "---|" * len(self.header)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        if self.after:
            lines += ["", self.after]
        return "\n".join(lines) + "\n"


def verdict(value: float, target: float, *, at_least: bool = False) -> str:
    """`met` or `missed`."""
    return "met" if (value >= target if at_least else value <= target) else "missed"


def put(
    section: Section,
    *,
    before: str,
    machine: str,
    order: Sequence[str],
    page: Path = RESULTS,
    head: str = HEAD,
) -> None:
    """Write a section into the page, in place of the one with its title.

    A new one comes after those before it in `order`. Sections of other titles, written by hand, stay as
    they are.
    """
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = {part.split("\n", 1)[0]: f"## {part}" for part in re.split(r"^## ", old, flags=re.MULTILINE)[1:]}
    titles = list(parts)
    if section.title not in titles:
        earlier = order[: order.index(section.title)] if section.title in order else order
        titles.insert(max((titles.index(t) + 1 for t in earlier if t in titles), default=0), section.title)
    parts[section.title] = section.text(before=before, machine=machine)
    page.write_text(head + "\n" + "\n\n".join(parts[t].rstrip() for t in titles) + "\n", encoding="utf-8")
