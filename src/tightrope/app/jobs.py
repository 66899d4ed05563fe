"""Long work beside the page: one job at a time in a process of its own, a few waiting, each can be cancelled.

A job is a command's function of `workflow`, so it leaves the run folder that the command would leave, and a
cancelled one goes on from there when it is asked for again.
"""

from __future__ import annotations

import itertools
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tightrope.executor import Background

Kind = Literal["run", "fit", "claims", "what-if"]
KINDS: dict[Kind, str] = {
    "run": "run_case",
    "fit": "fit_case",
    "claims": "claims_case",
    "what-if": "what_if_case",
}
Status = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER = ("done", "failed", "cancelled")
MOST_WAITING, MOST_KEPT, MOST_NOTICES = 4, 20, 30
LONGEST = 6 * 3600.0
"""Seconds after which a job is ended."""


class TooManyJobs(RuntimeError):
    """No further job may wait."""


@dataclass(eq=False)
class Job:
    """One job as the page sees it.

    scratch   a folder that goes when the job is forgotten: an edited or uploaded case
    scenario  name of the scenario of a what-if
    """

    id: str
    kind: Kind
    case: Path
    quick: bool
    seed: int
    out: Path
    scratch: Path | None = None
    scenario: str = ""
    status: Status = "waiting"
    stage: str = ""
    done: int = 0
    total: int | None = None
    notices: list[str] = field(default_factory=list)
    text: str = ""
    report: str = ""
    code: int | None = None
    asked: float = field(default_factory=time.time)
    began: float | None = None
    ended: float | None = None

    def as_data(self) -> dict[str, Any]:
        """What may be shown; no path but the run's own folder name."""
        return {
            "id": self.id,
            "kind": self.kind,
            "quick": self.quick,
            "seed": self.seed,
            "scenario": self.scenario,
            "edited": self.scratch is not None,
            "status": self.status,
            "stage": self.stage,
            "done": self.done,
            "total": self.total,
            "notices": list(self.notices),
            "text": self.text,
            "code": self.code,
            "has_report": bool(self.report),
            "seconds": None if self.began is None else (self.ended or time.time()) - self.began,
        }


def work(kind: Kind, case: str, options: dict[str, Any], tell: Callable[[Any], None]) -> dict[str, Any]:
    """In the child: do the command's work, telling progress and notices; what it came to as plain data."""
    from importlib import import_module

    function = getattr(import_module("tightrope.workflow"), KINDS[kind])
    told, stage = 0.0, ""

    def progress(label: str, done: int, total: int | None) -> None:
        nonlocal told, stage
        now = time.monotonic()
        if label != stage or done == total or now - told > 0.2:
            told, stage = now, label
            tell({"stage": label, "done": done, "total": total})

    options = {**options, "out": Path(options["out"])}
    try:
        outcome = function(
            Path(case), progress=progress, notice=lambda text: tell({"notice": str(text)}), **options
        )
    except Exception as error:
        # The house's own errors are sentences for the reader; anything else is a fault and says no more here.
        ours = type(error).__module__.startswith("tightrope.")
        return {"code": 2, "text": str(error) if ours else f"a fault of the program: {error!r}", "report": ""}
    data = outcome.data
    return {"code": outcome.code, "text": outcome.text, "report": str(data.get("report", "") or "")}


class Jobs:
    """The jobs of a server. Close it when the server ends: what still runs is ended, its folder resumes."""

    def __init__(self, *, start: Callable[..., Background] = Background) -> None:
        self._start = start
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._numbers = itertools.count(1)
        self._lock = threading.Condition()
        self._process: Background | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def add(
        self,
        kind: Kind,
        *,
        case: Path,
        quick: bool,
        seed: int,
        out: Path,
        scratch: Path | None,
        scenario: str = "",
    ) -> Job:
        """Queue a job. Raises TooManyJobs."""
        with self._lock:
            if self._closed or sum(job.status == "waiting" for job in self._jobs.values()) >= MOST_WAITING:
                raise TooManyJobs("too many jobs are waiting; cancel one or come again later")
            job = Job(str(next(self._numbers)), kind, case, quick, seed, out, scratch, scenario)
            self._jobs[job.id] = job
            for old in [j for j in self._jobs.values() if j.status in OVER][
                : max(0, len(self._jobs) - MOST_KEPT)
            ]:
                self._forget(self._jobs.pop(old.id))
            self._lock.notify_all()
        return job

    def get(self, identifier: str) -> Job | None:
        """A job by its id."""
        with self._lock:
            return self._jobs.get(identifier)

    def all(self) -> list[Job]:
        """All jobs, the latest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def cancel(self, job: Job) -> None:
        """End a job, whether it waits or runs; nothing for one that is over."""
        with self._lock:
            if job.status in OVER:
                return
            running, job.status = job.status == "running", "cancelled"
            job.ended = time.time()
            process = self._process if running else None
        if process is not None:
            process.end()

    def report(self, job: Job) -> str:
        """The report that a job left; empty where there is none, or where it is not in the job's folder."""
        path = Path(job.report).resolve() if job.report else None
        if path is None or not path.is_relative_to(job.out.resolve()) or not path.is_file():
            return ""
        return path.read_text(encoding="utf-8")

    def close(self) -> None:
        """End everything and remove scratch folders."""
        with self._lock:
            self._closed = True
            jobs = list(self._jobs.values())
            self._lock.notify_all()
        for job in jobs:
            self.cancel(job)
        self._thread.join(10.0)
        for job in jobs:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        if job.scratch is not None:
            shutil.rmtree(job.scratch, ignore_errors=True)

    def _loop(self) -> None:
        while True:
            with self._lock:
                while not (self._closed or any(j.status == "waiting" for j in self._jobs.values())):
                    self._lock.wait()
                if self._closed:
                    return
                job = next(j for j in self._jobs.values() if j.status == "waiting")
                job.status, job.began = "running", time.time()
                options: dict[str, Any] = {
                    "seed": job.seed,
                    "quick": job.quick,
                    "out": str(job.out),
                    "workers": 1,
                }
                if job.kind == "what-if":
                    options["asked"] = {"name": job.scenario}
                self._process = process = self._start(work, job.kind, str(job.case), options)
            timer = threading.Timer(LONGEST, process.end)
            timer.daemon = True
            timer.start()
            try:
                for kind, value in process.messages():
                    with self._lock:
                        self._note(job, kind, value)
            finally:
                timer.cancel()
                with self._lock:
                    self._process = None
                    if job.status == "running":
                        job.status, job.text = "failed", job.text or "the job's process died"
                    job.ended = job.ended or time.time()

    def _note(self, job: Job, kind: str, value: Any) -> None:
        if job.status != "running":
            return
        if job.scratch is not None and isinstance(value, dict):
            # Where an edited case lies is nobody's business.
            value = {k: _without(v, job.scratch) if k in ("text", "notice") else v for k, v in value.items()}
        if kind == "said" and "notice" in value:
            job.notices = [*job.notices, value["notice"]][-MOST_NOTICES:]
        elif kind == "said":
            job.stage, job.done, job.total = value["stage"], value["done"], value["total"]
        elif kind == "done":
            job.code, job.text, job.report = value["code"], value["text"], value["report"]
            job.status = "failed" if value["code"] == 2 else "done"
        elif kind == "failed":
            job.status, job.text = "failed", "a fault of the program"
        else:
            job.status, job.text = "failed", f"the job's process died (code {value})"


def _without(text: str, folder: Path) -> str:
    return text.replace(f"{folder}{os.sep}", "").replace(str(folder), "the case")
