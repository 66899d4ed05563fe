"""What a server holds: the case that it serves and how far its preparation is, its jobs and its lanes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tightrope.app.jobs import Jobs
from tightrope.app.lanes import Lane
from tightrope.app.token import new_token
from tightrope.case.errors import CaseError, Problem
from tightrope.case.folder import CASE_FILE
from tightrope.case.source import MAX_BYTES
from tightrope.executor import available_workers
from tightrope.workflow import bench_parts as parts
from tightrope.workflow.bench import Bench, Unprepared, prepare
from tightrope.workflow.pulls import Pull


@dataclass(eq=False)
class Desk:
    """The state of one start of the server.

    case   folder of the served case
    run    folder of the served run, if it was one
    out    where jobs leave their runs
    bench  the case, ready; None while it is prepared or where it cannot be
    """

    case: Path
    out: Path
    run: Path | None = None
    token: str = field(default_factory=new_token)
    bench: Bench | None = None
    stage: str = "starting"
    failed: str = ""
    problems: tuple[Problem, ...] = ()
    jobs: Jobs = field(default_factory=Jobs)
    solving: Lane = field(
        default_factory=lambda: Lane(at_once=max(1, available_workers()), waiting=60, limit=60.0)
    )
    spreading: Lane = field(default_factory=lambda: Lane(at_once=1, waiting=3, limit=180.0))
    checking: Lane = field(default_factory=lambda: Lane(at_once=1, waiting=4, limit=30.0))

    def begin(self) -> threading.Thread:
        """Prepare the case in a thread; the page says how far it is."""
        thread = threading.Thread(target=self.prepare, daemon=True)
        thread.start()
        return thread

    def prepare(self) -> None:
        """Read and solve the case and compile every part, so that the first lever answers at once."""

        def progress(label: str, done: int, total: int | None) -> None:
            self.stage = label

        try:
            bench = prepare(self.case, run=self.run, progress=progress)
            for base in bench.levers.bases:
                self.stage = "compiling the parts of the page"
                pull = Pull(base=base)
                bench.solve(pull)
                parts.answered(bench, pull)
                parts.judged(bench, pull)
                parts.policy(bench, pull)
            self.bench, self.stage = bench, "ready"
        except CaseError as error:
            self.problems, self.failed = error.problems, "The case is not sound; the editor shows why."
        except Unprepared as error:
            self.failed = str(error)
        except Exception as error:
            ours = type(error).__module__.startswith("tightrope.")
            self.failed = str(error) if ours else f"a fault of the program ({type(error).__name__})"
            if not ours:
                raise

    def text(self) -> str:
        """The served case file as text."""
        path = self.case / CASE_FILE if self.case.is_dir() else self.case
        return path.read_bytes()[:MAX_BYTES].decode("utf-8", errors="replace")

    def report(self) -> str:
        """The report of the served run; empty where there is none."""
        path = self.run / "report.html" if self.run is not None else None
        return path.read_text(encoding="utf-8") if path is not None and path.is_file() else ""

    def as_data(self) -> dict[str, Any]:
        """How far the preparation is, and what is served."""
        found: dict[str, Any] = {
            "ready": self.bench is not None,
            "stage": self.stage,
            "failed": self.failed,
            "has_report": self.run is not None and (self.run / "report.html").is_file(),
            "time": time.time(),
        }
        if self.bench is not None:
            case = self.bench.material.case
            found |= {"case": case.case, "title": case.title, "about": case.about}
        return found
