"""Run every part, or those named, and put each into benchmarks/RESULTS.md as it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks.dense import against_sgamesolver, by_precision
from benchmarks.draws import shares, sharing
from benchmarks.newcomer import newcomer
from benchmarks.page import RESULTS, Section, put
from benchmarks.products import products
from benchmarks.rare import rare
from benchmarks.reference import material, reference
from benchmarks.single_agent import single_agent
from benchmarks.static_qre import static_games
from benchmarks.timing import load, machine
from benchmarks.where import where

PARTS: dict[str, tuple[str, Callable[[], Section]]] = {
    "reference": ("Reference case", reference),
    "where": ("Where the time goes", where),
    "first": ("First solve in a new process", newcomer),
    "sharing": ("Draws over processes", sharing),
    "draws": ("Prior draws certified", shares),
    "dense": ("Random dense games beside sgamesolver", against_sgamesolver),
    "precision": ("Convergence by precision", by_precision),
    "products": ("Product games", products),
    "agent": ("One player: QuantEcon's modified policy iteration", single_agent),
    "rare": ("Rare events by date", lambda: rare(material().game)),
    "static": ("Static games: pygambit", static_games),
}
"""Name -> its heading on the page, and what measures it."""


def main() -> None:
    """Measure what is asked for; a page half written is one with fewer sections."""
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in wanted if name not in PARTS]:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    order = [title for title, _ in PARTS.values()]
    for name in wanted:
        before, begun = load(), time.perf_counter()
        print(f"--- {name}", file=sys.stderr)
        section = PARTS[name][1]()
        assert section.title == PARTS[name][0]
        put(section, before=before, machine=machine(), order=order)
        print(f"--- {name} took {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
