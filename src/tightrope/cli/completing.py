"""What a shell completes an argument to: folders of cases and of runs, and the cases that come along."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

CASE_FILE, MANIFEST = "case.yaml", "manifest.json"
DEPTH = 3
MOST = 2000
"""Folders that are looked into at most: a key press must not wait for a whole disk."""


def complete_case(incomplete: str) -> list[str]:
    """Cases that begin so: folders down to three levels deeper, then those that come with Tightrope."""
    from tightrope.case.bundled import bundled_cases

    found = _folders(incomplete, marks=(CASE_FILE,))
    return [*found, *(n for n in bundled_cases() if n.startswith(incomplete) and not Path(n).exists())]


def complete_target(incomplete: str) -> list[str]:
    """Runs and cases that begin so."""
    runs = _folders(incomplete, marks=(MANIFEST,))
    return [*runs, *(case for case in complete_case(incomplete) if case not in runs)]


def _folders(incomplete: str, *, marks: tuple[str, ...]) -> list[str]:
    """Folders with such a file, as one would go on typing them."""
    above, _, begun = incomplete.rpartition("/")
    start = Path(above + "/" if above or incomplete.startswith("/") else ".").expanduser()
    typed = f"{above}/" if "/" in incomplete else ""
    return [
        typed + deeper
        for folder, deeper in islice(_walk(start, begun), MOST)
        if any((folder / mark).is_file() for mark in marks)
    ]


def _walk(start: Path, begun: str) -> Iterator[tuple[Path, str]]:
    """Folders below `start` whose first part begins so, nearest first, with their path from there."""
    ahead = deque([(start, "")])
    while ahead:
        folder, path = ahead.popleft()
        depth = path.count("/") + 1 if path else 0
        for name in _names(folder):
            hidden = name.startswith((".", "__"))
            if name.startswith(begun) and (not hidden or begun) if depth == 0 else not hidden:
                below = f"{path}/{name}" if path else name
                yield folder / name, below
                if depth + 1 < DEPTH:
                    ahead.append((folder / name, below))


def _names(folder: Path) -> list[str]:
    """The folders in a folder; none if it is not ours to read, or gone."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []
