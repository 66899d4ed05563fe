"""Jobs run in a process of their own, tell how far they are, and end when they are told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.app.children import echo, fails, sleeps
from tightrope.app.desk import Desk
from tightrope.app.jobs import MOST_WAITING, Job, Jobs, TooManyJobs
from tightrope.executor import Background


def until(true: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def test_a_call_in_the_background_tells_and_returns() -> None:
    said = list(Background(echo, 21).messages())
    assert said == [("said", {"stage": "half", "done": 1, "total": 2}), ("done", 42)]


def test_a_call_that_fails_or_is_ended_says_so() -> None:
    (kind, text), = Background(fails).messages()  # fmt: skip
    assert kind == "failed"
    assert "no good" in text
    process = Background(sleeps)
    messages = process.messages()
    assert next(messages) == ("said", "asleep")
    began = time.monotonic()
    process.end()
    assert time.monotonic() - began < 5
    ((kind, code),) = list(messages)
    assert kind == "died"
    assert code != 0


@pytest.mark.long
def test_a_job_runs_tells_and_is_cancelled(client: TestClient, desk: Desk) -> None:
    answer = client.post("/api/jobs", json={"kind": "fit", "quick": True})
    assert answer.status_code == 202
    name = answer.json()["id"]
    running = until(lambda: running_stage(client, name, "valuing laws"))
    assert running["seconds"] > 0
    began = time.monotonic()
    assert client.delete(f"/api/jobs/{name}").json()["status"] == "cancelled"
    assert time.monotonic() - began < 10
    assert client.delete(f"/api/jobs/{name}").json()["status"] == "cancelled"
    assert client.get(f"/api/jobs/{name}/report").status_code == 404
    (folder,) = desk.out.iterdir()
    assert (folder / "manifest.json").is_file()


def running_stage(client: TestClient, name: str, stage: str) -> dict[str, Any]:
    """The job, once it is at a stage."""
    found = dict(client.get(f"/api/jobs/{name}").json())
    assert found["status"] in ("waiting", "running"), found
    return found if found["stage"].startswith(stage) else {}


@pytest.mark.long
def test_a_job_on_a_text_that_is_not_sound_fails_with_its_problems(client: TestClient, desk: Desk) -> None:
    text = desk.text() + "\nfoo: 1\n"
    name = client.post("/api/jobs", json={"kind": "run", "case": {"text": text}}).json()["id"]
    done = until(lambda: (j := client.get(f"/api/jobs/{name}").json())["status"] == "failed" and j)
    assert "'foo' is not a key here" in done["text"]
    assert done["edited"] is True
    job = desk.jobs.get(name)
    assert job is not None
    assert job.scratch is not None
    assert str(job.scratch) not in done["text"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "rm"},
        {"kind": "what-if"},
        {"kind": "what-if", "scenario": "x"},
        {"kind": "run", "seed": -1},
        {"kind": "run", "out": "/etc"},
        {"kind": "run", "quick": 3},
    ],
)
def test_nonsense_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/api/jobs", json=body).status_code == 422


def test_a_job_that_is_not_there_is_not_found(client: TestClient) -> None:
    for method in ("GET", "DELETE"):
        assert client.request(method, "/api/jobs/999").status_code == 404


class Slow:
    """Stands for a process: says one thing and waits until it is ended."""

    def __init__(self, *_: Any) -> None:
        self.over = False

    def messages(self) -> Any:
        yield "said", {"stage": "at it", "done": 0, "total": None}
        while not self.over:
            time.sleep(0.01)
        yield "died", -15

    def end(self) -> None:
        self.over = True


def add(jobs: Jobs, folder: Path) -> Job:
    return jobs.add("fit", case=folder, quick=True, seed=0, out=folder, scratch=None)


def test_one_runs_a_few_wait_and_the_next_is_refused(tmp_path: Path) -> None:
    jobs = Jobs(start=Slow)  # type: ignore[arg-type]
    try:
        first = add(jobs, tmp_path)
        until(lambda: first.status == "running")
        waiting = [add(jobs, tmp_path) for _ in range(MOST_WAITING)]
        with pytest.raises(TooManyJobs):
            add(jobs, tmp_path)
        jobs.cancel(waiting[0])
        assert waiting[0].status == "cancelled"
        jobs.cancel(first)
        until(lambda: waiting[1].status == "running")
        assert waiting[2].status == "waiting"
    finally:
        jobs.close()
    assert {job.status for job in jobs.all()} == {"cancelled"}


def test_a_report_is_read_from_the_jobs_own_folder_only(tmp_path: Path) -> None:
    jobs = Jobs(start=Slow)  # type: ignore[arg-type]
    try:
        (tmp_path / "out").mkdir()
        job = add(jobs, tmp_path / "out")
        secret = tmp_path / "secret.html"
        secret.write_text("secret", encoding="utf-8")
        for path in (secret, tmp_path / "out" / ".." / "secret.html", tmp_path / "out" / "none.html"):
            job.report = str(path)
            assert jobs.report(job) == ""
        (tmp_path / "out" / "report.html").write_text("whole", encoding="utf-8")
        job.report = str(tmp_path / "out" / "report.html")
        assert jobs.report(job) == "whole"
    finally:
        jobs.close()
