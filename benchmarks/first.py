"""The first solve in a new process: `python -m benchmarks.first BRANCH` prints what each part of it took."""

from __future__ import annotations

import json
import sys
import time

BEGUN = time.perf_counter()


def main() -> None:
    marks = {}

    def mark(name: str) -> None:
        marks[name] = (time.perf_counter() - BEGUN, time.process_time())

    from pathlib import Path

    from tightrope.case.load import load_case
    from tightrope.game import compile_game, solve

    mark("import")
    loaded = load_case(Path(__file__).parent.parent / "cases" / "russia-belarus")
    game = compile_game(getattr(loaded, "case", loaded))
    mark("case")
    branch = sys.argv[1]
    found = solve(game, branch=branch).require()  # type: ignore[arg-type]
    mark("solve")
    print(json.dumps({"marks": marks, "iterations": found.certificate.iterations}))


if __name__ == "__main__":
    main()
